//! An encoder that is lost in mid-stream is replaced by the next one, and comes back when it works again.

use std::{
    fmt,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Size};

use crate::{
    Demand, EncodeError, EncodedFrame, EncoderInfo, VideoEncoder,
    encoder::{ElementEncoder, now},
    table::{Maker, Row},
    threads::Threads,
};

/// One encoder took over from another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switch {
    /// The element that encoded so far, and what is unusual of it.
    pub from: String,
    /// The element that encodes now, likewise.
    pub to: String,
    /// Why the first no longer does; `None` when the better one works again.
    pub failure: Option<String>,
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Some(reason) => write!(f, "{} encodes instead of {}, which failed: {reason}", self.to, self.from),
            None => write!(f, "{} works again and encodes instead of {}", self.to, self.from),
        }
    }
}

/// The encoders of a plan, of which one encodes.
pub(crate) struct Fallover {
    candidates: Vec<Candidate>,
    threads: Threads,
    current: usize,
    encoder: ElementEncoder,
    info: EncoderInfo,
    switched: Option<Switch>,
    /// Pictures in a row for which nothing came.
    silent: u32,
}

struct Candidate {
    row: &'static Row,
    loss: Option<Loss>,
}

/// When and how an encoder was lost.
#[derive(Clone)]
struct Loss {
    at: Instant,
    size: Size,
    /// How often it has failed since it worked last.
    times: u32,
}

/// How soon an encoder that failed is tried again; twice as long after each time.
const AGAIN: Duration = Duration::from_secs(30);
/// The longest that it is left alone, as a power of two of the above.
const MOST_DOUBLINGS: u32 = 5;
/// So many pictures for which nothing comes are a failure.
const SILENT: u32 = 3;

impl Loss {
    /// A picture of another size may be what it takes.
    fn is_over(&self, size: Size, now: Instant) -> bool {
        let pause = AGAIN * 2_u32.pow((self.times - 1).min(MOST_DOUBLINGS));
        self.size != size || now.saturating_duration_since(self.at) >= pause
    }
}

impl Fallover {
    pub(crate) fn new(
        encoder: ElementEncoder,
        info: EncoderInfo,
        candidates: Vec<&'static Row>,
        current: usize,
        threads: Threads,
    ) -> Self {
        let mut candidates =
            candidates.into_iter().map(|row| Candidate { row, loss: None }).collect::<Vec<_>>();
        // What failed when it was opened is not tried with every picture either.
        candidates.drain(..current);
        Self { candidates, threads, current: 0, encoder, info, switched: None, silent: 0 }
    }

    /// Encodes with another encoder, which stays if it works.
    fn try_other(
        &mut self,
        index: usize,
        frame: &Frame<'_>,
        demand: Demand,
        failure: Option<&EncodeError>,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let row = self.candidates[index].row;
        let mut encoder = ElementEncoder::start(row, self.threads, frame.size, demand)?;
        let encoded = encoder.encode(frame, demand)?;
        let (from, to) = (self.candidates[self.current].row.to_string(), row.to_string());
        let switch = Switch { from, to, failure: failure.map(text) };
        (self.current, self.encoder, self.silent) = (index, encoder, 0);
        self.candidates[index].loss = None;
        self.info = EncoderInfo {
            element: row.element.into(),
            codec: row.codec,
            sampling: row.sampling(),
            hardware: row.hardware(),
            reason: switch.to_string(),
            ..self.info.clone()
        };
        self.switched = Some(switch);
        Ok(encoded)
    }

    /// Back to a better encoder, if one may work again.
    fn come_back(&mut self, frame: &Frame<'_>, demand: Demand) -> Option<EncodedFrame> {
        let (now, size) = (now(frame), frame.size);
        let is_due =
            |candidate: &Candidate| candidate.loss.as_ref().is_some_and(|loss| loss.is_over(size, now));
        let better = self.candidates[..self.current].iter().position(is_due)?;
        match self.try_other(better, frame, demand, None) {
            Ok(encoded) => encoded,
            Err(_) => {
                self.lose(better, size, now);
                None
            }
        }
    }

    fn lose(&mut self, index: usize, size: Size, at: Instant) {
        let loss = &mut self.candidates[index].loss;
        let times = loss.as_ref().map_or(1, |loss| loss.times.saturating_add(1));
        *loss = Some(Loss { at, size, times });
    }

    /// On with the next encoder that works: of the same codec, if one can be afforded, so that nobody has to come back.
    fn fall_over(
        &mut self,
        frame: &Frame<'_>,
        demand: Demand,
        error: EncodeError,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let (now, size, lost) = (now(frame), frame.size, self.current);
        self.lose(lost, size, now);
        let codec = self.candidates[lost].row.codec;
        let mut others = (0..self.candidates.len()).filter(|index| *index != lost).collect::<Vec<_>>();
        others.sort_by_key(|index| {
            let row = self.candidates[*index].row;
            (row.maker == Maker::SlowCpu, row.codec != codec)
        });
        for index in others {
            if self.candidates[index].loss.as_ref().is_some_and(|loss| !loss.is_over(size, now)) {
                continue;
            }
            match self.try_other(index, frame, demand, Some(&error)) {
                Ok(encoded) => return Ok(encoded),
                Err(_) => self.lose(index, size, now),
            }
        }
        // Whoever comes here had no other: it is tried again with the next picture.
        self.candidates.iter_mut().for_each(|candidate| candidate.loss = None);
        Err(error)
    }

    fn encode_with_current(
        &mut self,
        frame: &Frame<'_>,
        demand: Demand,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let encoded = self.encoder.encode(frame, demand)?;
        self.silent = if encoded.is_some() { 0 } else { self.silent + 1 };
        if self.silent < SILENT {
            return Ok(encoded);
        }
        let (element, reason) = (self.candidates[self.current].row.element, "nothing came out".to_owned());
        Err(EncodeError::Element { element, doing: "encode pictures", reason, source: None })
    }
}

impl VideoEncoder for Fallover {
    fn encode(&mut self, frame: &Frame<'_>, demand: Demand) -> Result<Option<EncodedFrame>, EncodeError> {
        if let Some(encoded) = self.come_back(frame, demand) {
            return Ok(Some(encoded));
        }
        match self.encode_with_current(frame, demand) {
            Err(error @ EncodeError::Frame { .. }) => Err(error),
            Err(error) => self.fall_over(frame, demand, error),
            encoded => encoded,
        }
    }

    fn info(&self) -> &EncoderInfo {
        &self.info
    }

    fn switched(&mut self) -> Option<Switch> {
        self.switched.take()
    }
}

fn text(error: &EncodeError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_left_alone_for_longer_each_time() {
        let (at, size) = (Instant::now(), Size::new(640, 480));
        for (times, seconds) in [(1, 30), (2, 60), (6, 960), (7, 960), (u32::MAX, 960)] {
            let loss = Loss { at, size, times };
            let after = |seconds| at + Duration::from_secs(seconds);
            assert!(!loss.is_over(size, after(seconds - 1)), "{times}");
            assert!(loss.is_over(size, after(seconds)), "{times}");
            assert!(loss.is_over(Size::new(640, 482), at), "{times}: another size");
        }
    }
}
