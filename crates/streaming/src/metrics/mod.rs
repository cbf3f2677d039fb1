//! Figures for Prometheus: what is counted, and the form in which it is told.
//!
//! Labels have few values, none of which comes from a viewer: who watches, and from where, stands in no figure.

mod text;

use std::time::Duration;

use cosmos_encoder::EncodedFrame;

pub(crate) use self::text::{Graphics, Logins, render};

/// What was counted since the server began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    /// Pictures that were encoded, keyframes and others.
    pub(crate) keyframes: u64,
    pub(crate) deltas: u64,
    pub(crate) encoded_bytes: u64,
    pub(crate) capture: Times,
    pub(crate) convert: Times,
    pub(crate) encode: Times,
    /// Pictures that sessions which are over were not sent.
    pub(crate) skipped: u64,
    pub(crate) sent_bytes: u64,
    /// Sessions that began, over WebRTC and over WebSockets.
    pub(crate) over_webrtc: u64,
    pub(crate) over_websocket: u64,
    /// How often the desktop was lost.
    pub(crate) losses: u64,
    /// Notices to viewers that tell of something wrong.
    pub(crate) notices: u64,
}

impl Totals {
    /// A picture was encoded; it took this long from the change of the screen to its being in memory.
    pub(crate) fn frame(&mut self, frame: &EncodedFrame, capture: Duration) {
        *(if frame.keyframe { &mut self.keyframes } else { &mut self.deltas }) += 1;
        self.encoded_bytes += frame.data.len() as u64;
        self.capture.add(capture);
        self.convert.add(frame.convert);
        self.encode.add(frame.encode);
    }
}

/// How long something took, sorted by size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    counts: [u64; BOUNDS.len()],
    sum: Duration,
    count: u64,
}

impl Times {
    fn add(&mut self, time: Duration) {
        self.sum += time;
        self.count += 1;
        let seconds = time.as_secs_f64();
        if let Some(at) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[at] += 1;
        }
    }

    /// The number of those up to each bound and above the one before, in seconds.
    fn buckets(&self) -> [(f64, u64); BOUNDS.len()] {
        std::array::from_fn(|at| (BOUNDS[at], self.counts[at]))
    }
}

/// In seconds: around the time that one picture has at 240, 120, 60, 30 and 15 of them in a second.
const BOUNDS: [f64; 9] = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.25];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_once_each() {
        let mut times = Times::default();
        for micros in [0, 500, 501, 16_000, 300_000] {
            times.add(Duration::from_micros(micros));
        }
        assert_eq!(times.counts, [2, 1, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!((times.count, times.sum), (5, Duration::from_micros(317_001)));
    }
}
