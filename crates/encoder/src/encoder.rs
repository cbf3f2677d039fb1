//! One video encoder: converts what changed, pushes the picture, takes the access unit.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Rect, Size};
use gstreamer as gst;

use crate::{
    Demand, EncodeError, EncodedFrame, Layout,
    convert::bad,
    element::Element,
    headers::Headers,
    motion::{Motion, Watch},
    rate::{NOMINAL_FPS, Rate, Told},
    table::{Change, Row},
};

/// An element, and the picture it is fed with.
pub(crate) struct ElementEncoder {
    row: &'static Row,
    threads: u32,
    stream: Option<Stream>,
    /// Whether the element has no ear for the wish for a keyframe, and is started anew for each.
    deaf: bool,
}

/// What lives as long as the size stays.
struct Stream {
    element: Element,
    layout: Layout,
    picture: gst::Buffer,
    pushed: u64,
    told: Told,
    /// What moves, where the element asks.
    watch: Option<Watch>,
    motion: Motion,
    headers: Headers,
    /// The pictures that have not come out yet, oldest first.
    pending: VecDeque<Pending>,
}

struct Pending {
    captured: Instant,
    convert: Duration,
}

/// Pictures that an encoder may hold back; those beyond were dropped by it.
const HELD_BACK: usize = 4;

impl ElementEncoder {
    pub(crate) fn start(
        row: &'static Row,
        threads: u32,
        size: Size,
        demand: Demand,
    ) -> Result<Self, EncodeError> {
        let stream = Stream::start(row, threads, size.even(), Rate::of(demand), Instant::now())?;
        Ok(Self { row, threads, stream: Some(stream), deaf: false })
    }

    fn stream(&mut self, size: Size, rate: Rate, now: Instant) -> Result<Stream, EncodeError> {
        match self.stream.take() {
            Some(mut stream) if stream.layout.size == size => match stream.follow(self.row, rate, now) {
                Some(rate) => Stream::start(self.row, self.threads, size, rate, now),
                None => Ok(stream),
            },
            _ => Stream::start(self.row, self.threads, size, rate, now),
        }
    }

    fn anew(&self, stream: &Stream, now: Instant) -> Result<Stream, EncodeError> {
        Stream::start(self.row, self.threads, stream.layout.size, stream.told.rate(), now)
    }

    /// As [`VideoEncoder::encode`](crate::VideoEncoder::encode). After a failure the next call starts the element anew.
    pub(crate) fn encode(
        &mut self,
        frame: &Frame<'_>,
        demand: Demand,
    ) -> Result<Option<EncodedFrame>, EncodeError> {
        let size = frame.size.even();
        if size.area() == 0 {
            return Err(bad(frame));
        }
        let now = now(frame);
        let mut stream = self.stream(size, Rate::of(demand), now)?;
        if demand.keyframe && self.deaf && stream.pushed > 0 {
            stream = self.anew(&stream, now)?;
        } else if demand.keyframe {
            stream.element.force_keyframe();
        }
        let mut encoded = stream.encode(self.row, frame)?;
        if demand.keyframe && encoded.as_ref().is_some_and(|encoded| !encoded.keyframe) {
            self.deaf = true;
            stream = self.anew(&stream, now)?;
            encoded = stream.encode(self.row, frame)?;
        }
        self.stream = Some(stream);
        Ok(encoded)
    }
}

impl Stream {
    fn start(
        row: &'static Row,
        threads: u32,
        size: Size,
        rate: Rate,
        now: Instant,
    ) -> Result<Self, EncodeError> {
        let element = Element::start(row, size, threads, rate)?;
        let layout = Layout::new(element.format(), size);
        let memory = |error: gst::glib::BoolError| element.failure("get memory", &error.to_string());
        let picture = gst::Buffer::with_size(layout.len).map_err(memory)?;
        let pending = VecDeque::with_capacity(HELD_BACK);
        let (told, headers) = (Told::new(rate, now), Headers::default());
        let (watch, motion) = (row.follows_the_motion().then(Watch::default), Motion::Moving);
        Ok(Self { element, layout, picture, pushed: 0, told, watch, motion, headers, pending })
    }

    /// Tells the element the rate, or else with which rate it is to be started anew.
    fn follow(&mut self, row: &Row, rate: Rate, now: Instant) -> Option<Rate> {
        let change = row.bitrate.change;
        let told = self.told.follow(rate, change, now)?;
        if change == Change::Restart {
            return Some(told);
        }
        self.element.set_rate(told);
        None
    }

    fn encode(&mut self, row: &Row, frame: &Frame<'_>) -> Result<Option<EncodedFrame>, EncodeError> {
        let begun = Instant::now();
        self.follow_motion(frame.damage);
        self.paint(frame)?;
        let convert = begun.elapsed();
        self.pending.push_back(Pending { captured: frame.captured, convert });
        let begun = Instant::now();
        let coded = self.element.push(self.picture.clone())?;
        let Some(coded) = coded else {
            self.pending.truncate(HELD_BACK);
            return Ok(None);
        };
        let encoded = self.emit(row, &coded, begun.elapsed())?;
        if let Some(watch) = &mut self.watch {
            watch.coded(encoded.data.len(), encoded.keyframe, self.told.rate());
        }
        Ok(Some(encoded))
    }

    fn follow_motion(&mut self, damage: &[Rect]) {
        let Some(watch) = &mut self.watch else { return };
        let motion = watch.look(damage, self.layout.size);
        if motion != self.motion {
            self.motion = motion;
            self.element.set_motion(self.told.rate(), motion);
        }
    }

    /// Brings the picture up to date, and its time to the next nominal tick.
    fn paint(&mut self, frame: &Frame<'_>) -> Result<(), EncodeError> {
        let whole: [Rect; 1] = [self.layout.size.rect()];
        let damage = if self.pushed == 0 { &whole } else { frame.damage };
        // Encoders copy what they keep, so nobody else holds the picture now; if one does, this makes a copy.
        let picture = self.picture.make_mut();
        picture.set_pts(tick(self.pushed));
        picture.set_duration(tick(1));
        self.pushed += 1;
        let mut planes =
            picture.map_writable().map_err(|error| self.element.failure("get memory", &error.to_string()))?;
        self.layout.convert(frame, damage, &mut planes)
    }

    fn emit(
        &mut self,
        row: &Row,
        coded: &gst::BufferRef,
        encode: Duration,
    ) -> Result<EncodedFrame, EncodeError> {
        let bytes =
            coded.map_readable().map_err(|error| self.element.failure("get memory", &error.to_string()))?;
        let pending = self.pending.pop_front().expect("an output follows an input");
        let keyframe = !coded.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let data = match keyframe {
            true => self.headers.complete(row.codec, &bytes),
            false => Arc::from(bytes.as_slice()),
        };
        Ok(EncodedFrame {
            codec: row.codec,
            keyframe,
            size: self.layout.size,
            data,
            captured: pending.captured,
            convert: pending.convert,
            encode,
        })
    }
}

/// The time at which a frame is encoded, which no clock that stands still holds back.
pub(crate) fn now(frame: &Frame<'_>) -> Instant {
    Instant::now().max(frame.captured)
}

fn tick(count: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(count * 1_000_000_000 / u64::from(NOMINAL_FPS))
}

#[cfg(test)]
mod tests;
