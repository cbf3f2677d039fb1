//! The second encode of the one picture, for those whose network is too slow for the first.
//!
//! It is made on a thread of its own, of fewer pictures and, where the rate is too low for a sharp one, of half the width
//! and height; only while somebody needs it. The video thread hands over a picture whenever that thread has none, and
//! never waits for it.

mod picture;
mod second;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use cosmos_encoder::Demand;

pub(crate) use self::second::Second;

/// Which of the two encodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tier {
    /// What everybody is shown whose network carries it.
    #[default]
    First,
    /// What the others are shown.
    Second,
}

/// What is wanted of the second encode; the newest wins.
#[derive(Default)]
pub(crate) struct SecondDemand {
    wanted: AtomicBool,
    bitrate_kbps: AtomicU32,
    fps: AtomicU32,
    keyframe: AtomicBool,
}

impl SecondDemand {
    /// Sets the rate and the pace, and whether anybody looks at it.
    pub(crate) fn set(&self, wanted: bool, bitrate_kbps: u32, fps: u32) {
        self.bitrate_kbps.store(bitrate_kbps, Relaxed);
        self.fps.store(fps, Relaxed);
        self.wanted.store(wanted, Relaxed);
    }

    /// Nobody needs it, or nobody can have it.
    pub(crate) fn forget(&self) {
        self.wanted.store(false, Relaxed);
    }

    /// Whether anybody looks at it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }

    /// The rate that is set, in kbit/s.
    pub(crate) fn rate(&self) -> u32 {
        self.bitrate_kbps.load(Relaxed)
    }

    /// The pictures per second that are set.
    pub(crate) fn fps(&self) -> u32 {
        self.fps.load(Relaxed)
    }

    /// Asks for a keyframe. Whoever makes pictures is to be woken besides.
    pub(crate) fn ask_keyframe(&self) {
        self.keyframe.store(true, Relaxed);
    }

    /// Whether a keyframe is asked for, by somebody who looks.
    pub(crate) fn wants_keyframe(&self) -> bool {
        self.is_wanted() && self.keyframe.load(Relaxed)
    }

    /// What the encoder shall do next. A keyframe is asked for once.
    pub(crate) fn take(&self) -> Demand {
        let keyframe = self.keyframe.swap(false, Relaxed);
        Demand { bitrate_kbps: self.rate().max(1), fps: self.fps().max(1), keyframe }
    }
}
