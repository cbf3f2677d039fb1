//! Bitrates as elements are told them, and how often.

use std::time::{Duration, Instant};

use crate::{Demand, table::Change};

/// The rate that elements are told, in pictures per second. It never changes: a real rate of `fps` is spelled as a
/// bitrate of `NOMINAL_FPS / fps` times as much, which needs no new caps and so no keyframe.
pub(crate) const NOMINAL_FPS: u32 = 60;

/// Bits per second, and the pictures they are shared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub kbps: u32,
    pub fps: u32,
}

impl Rate {
    pub(crate) fn of(demand: Demand) -> Self {
        Self { kbps: demand.bitrate_kbps.max(1), fps: demand.fps.clamp(1, 240) }
    }

    /// The bitrate that gives each picture its share at the nominal rate.
    pub(crate) fn nominal_kbps(self) -> u64 {
        (u64::from(self.kbps) * u64::from(NOMINAL_FPS) / u64::from(self.fps)).max(1)
    }

    /// Bytes of each picture.
    pub(crate) fn share(self) -> usize {
        self.kbps as usize * 125 / self.fps as usize
    }

    /// A time at the nominal rate in which as many pictures fit as in `milliseconds` at the real one, but no less
    /// than four pictures, below which rate controls leave much of the bitrate unused.
    pub(crate) fn nominal_ms(self, milliseconds: u32) -> u32 {
        (milliseconds * self.fps / NOMINAL_FPS).max(4000 / NOMINAL_FPS)
    }
}

/// The rate that an element was told, and when.
#[derive(Debug)]
pub(crate) struct Told {
    rate: Rate,
    at: Instant,
}

/// Where a change costs a keyframe, so much of the bitrate is not worth one, in percent.
const STEP: u64 = 15;
/// Where a change costs a keyframe, the least time from one to the next.
const STEP_EVERY: Duration = Duration::from_secs(2);

impl Told {
    pub(crate) fn new(rate: Rate, at: Instant) -> Self {
        Self { rate, at }
    }

    /// The rate that it was told.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// What the element is to be told of a demand for `rate`, and then has been.
    pub(crate) fn follow(&mut self, rate: Rate, change: Change, now: Instant) -> Option<Rate> {
        let rate = match change {
            Change::Free => rate,
            // A still picture is refined at a slower pace, which is not worth a keyframe; what is told then must not be too
            // much when it moves again.
            Change::Keyframe | Change::Restart => Rate { fps: rate.fps.max(self.rate.fps), ..rate },
        };
        let told = rate != self.rate && (change == Change::Free || self.is_worth_a_keyframe(rate, now));
        if told {
            *self = Self { rate, at: now };
        }
        told.then_some(rate)
    }

    fn is_worth_a_keyframe(&self, rate: Rate, now: Instant) -> bool {
        let (old, new) = (self.rate.nominal_kbps(), rate.nominal_kbps());
        old.abs_diff(new) * 100 >= old * STEP && now.saturating_duration_since(self.at) >= STEP_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_has_its_share_at_every_rate() {
        for ((kbps, fps), nominal, buffer) in [
            ((8000, 60), 8000, 150),
            ((8000, 30), 16_000, 75),
            ((8000, 1), 480_000, 66),
            ((0, 0), 60, 66),
            ((1, 1000), 1, 600),
            ((u32::MAX, 1), 60 * u64::from(u32::MAX), 66),
        ] {
            let rate = Rate::of(Demand { bitrate_kbps: kbps, fps, keyframe: false });
            assert_eq!((rate.nominal_kbps(), rate.nominal_ms(150)), (nominal, buffer), "{kbps} {fps}");
        }
    }

    #[test]
    fn a_change_that_costs_a_keyframe_is_large_and_seldom() {
        let start = Instant::now();
        let steps = [
            (100, (8000, 60), None),
            (2000, (7000, 60), None),
            (2000, (6800, 60), Some((6800, 60))),
            (3900, (3000, 60), None),
            (4000, (3000, 60), Some((3000, 60))),
            // A still picture comes at a slower pace.
            (6000, (3000, 20), None),
            (6000, (1500, 20), Some((1500, 60))),
            (8000, (1500, 120), Some((1500, 120))),
        ];
        for change in [Change::Keyframe, Change::Restart] {
            let mut told = Told::new(Rate { kbps: 8000, fps: 60 }, start);
            for (ms, (kbps, fps), expected) in steps {
                let now = start + Duration::from_millis(ms);
                let expected = expected.map(|(kbps, fps)| Rate { kbps, fps });
                assert_eq!(
                    told.follow(Rate { kbps, fps }, change, now),
                    expected,
                    "{change:?} at {ms}: {kbps}"
                );
            }
        }
    }

    #[test]
    fn a_change_that_costs_nothing_is_followed_at_once() {
        let start = Instant::now();
        let mut told = Told::new(Rate { kbps: 8000, fps: 60 }, start);
        for (kbps, fps, expected) in [(8001, 60, true), (8001, 60, false), (8001, 20, true), (8000, 60, true)]
        {
            let rate = Rate { kbps, fps };
            assert_eq!(told.follow(rate, Change::Free, start), expected.then_some(rate));
        }
    }
}
