//! Figures about the frame path, and how things stand.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use cosmos_desktop::Size;
use cosmos_encoder::{EncodedFrame, EncoderInfo};
use cosmos_protocol::{DesktopState, Stats};

use crate::{Policy, metrics::Totals, tier::Tier};

/// Sums over the frames since the last report.
pub(crate) struct Means {
    since: Instant,
    frames: u32,
    capture: Duration,
    convert: Duration,
    encode: Duration,
}

impl Default for Means {
    fn default() -> Self {
        let (capture, convert, encode) = Default::default();
        Self { since: Instant::now(), frames: 0, capture, convert, encode }
    }
}

impl Means {
    /// Adds a frame, if it is of the first encode; tells how long it took to be in memory.
    pub(crate) fn frame(&mut self, tier: Tier, frame: &EncodedFrame, now: Instant) -> Duration {
        let age = now.saturating_duration_since(frame.captured);
        let capture = age.saturating_sub(frame.convert + frame.encode);
        if tier == Tier::First {
            self.frames += 1;
            self.convert += frame.convert;
            self.encode += frame.encode;
            self.capture += capture;
        }
        capture
    }

    /// The time since the last report and the means over it; sums begin anew.
    pub(crate) fn take(&mut self, now: Instant) -> (Duration, Stats) {
        let sums = std::mem::take(self);
        self.since = now;
        let elapsed = now.saturating_duration_since(sums.since).max(Duration::from_millis(1));
        let mean = |sum: Duration| (sum / sums.frames.max(1)).as_micros() as u32;
        let stats = Stats {
            fps_x10: (f64::from(sums.frames) * 10.0 / elapsed.as_secs_f64()).round() as u16,
            capture_us: mean(sums.capture),
            convert_us: mean(sums.convert),
            encode_us: mean(sums.encode),
            ..Stats::default()
        };
        (elapsed, stats)
    }
}

/// How things stand.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) viewers: usize,
    /// How many of them there are of each kind: the transport, and the role.
    pub(crate) watching: BTreeMap<(&'static str, &'static str), usize>,
    pub(crate) size: Option<Size>,
    pub(crate) encoder: Option<EncoderInfo>,
    pub(crate) desktop: (DesktopState, String),
    pub(crate) policy: Policy,
    pub(crate) audio: bool,
    /// What the encoder is asked for, in kbit/s; 0 while nobody looks.
    pub(crate) target_kbps: u32,
    /// Pictures that pages were not sent.
    pub(crate) skipped: u64,
    pub(crate) totals: Totals,
}
