//! Whether a viewer that understands H.264 is better served by it: pixels are exact, and cost nothing where little changes;
//! where much does, frames of video take fewer bytes. What the processor encodes takes twice as long as JPEG, so pixels go
//! on where the viewer gets them in time.

use std::time::{Duration, Instant};

/// What is written to one viewer, second by second.
#[derive(Debug, Default)]
pub(super) struct Flow {
    since: Option<Instant>,
    bytes: usize,
    /// Seconds in a row that spoke for the other way.
    against: u32,
}

/// How the picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Video,
    /// Pixels, which may be cheaper than video would be.
    Pixels {
        cheap: bool,
    },
}

const SECOND: Duration = Duration::from_secs(1);
/// So many seconds in a row change the way.
const PATIENCE: u32 = 2;
/// Pixels that take more bytes a second than this are dearer than video,
const DEAR: f64 = 500e3;
/// and than any network is for, where they take more than this.
const DEAREST: f64 = 8e6;
/// Video that takes fewer than this shows what hardly changes.
const QUIET: f64 = 50e3;

impl Flow {
    /// So much was written. Returns whether the other way would be better from now on; `late` tells whether the viewer has
    /// answered late in the second that ends.
    pub(super) fn wrote(
        &mut self,
        bytes: usize,
        way: Way,
        late: impl FnOnce() -> bool,
        now: Instant,
    ) -> bool {
        let since = *self.since.get_or_insert(now);
        self.bytes += bytes;
        let took = now.saturating_duration_since(since);
        if took < SECOND {
            return false;
        }
        let (rate, late) = (self.bytes as f64 / took.as_secs_f64(), late());
        let against = match way {
            Way::Video => rate < QUIET,
            Way::Pixels { cheap: false } => rate > DEAR,
            Way::Pixels { cheap: true } => rate > DEAREST || (rate > DEAR && late),
        };
        *self = Self { since: Some(now), bytes: 0, against: if against { self.against + 1 } else { 0 } };
        self.against >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first second after which the other way would be better, of so many bytes every 50 ms.
    fn turns(way: Way, late: bool, bytes: impl Fn(u64) -> usize) -> Option<u64> {
        let (mut flow, start) = (Flow::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let mut turns = |ms: &u64| flow.wrote(bytes(*ms), way, || late, at(*ms));
        (0..200).map(|step| 50 * step).find(|ms| turns(ms)).map(|ms| ms / 1000)
    }

    #[test]
    fn what_goes_on_for_two_seconds_changes_the_way() {
        let pixels = |bytes: &dyn Fn(u64) -> usize| turns(Way::Pixels { cheap: false }, false, bytes);
        assert_eq!(pixels(&|_| 30_000), Some(2));
        assert_eq!(pixels(&|_| 20_000), None);
        assert_eq!(pixels(&|ms| if ms < 900 { 200_000 } else { 100 }), None, "a window opened");
        let video = |bytes: &dyn Fn(u64) -> usize| turns(Way::Video, false, bytes);
        assert_eq!(video(&|_| 1000), Some(2));
        assert_eq!(video(&|_| 5000), None);
        assert_eq!(video(&|ms| if ms < 3000 { 9000 } else { 0 }), Some(5));
    }

    #[test]
    fn pixels_that_are_cheap_go_on_while_they_come_in_time() {
        let cheap = Way::Pixels { cheap: true };
        assert_eq!(turns(cheap, false, |_| 200_000), None);
        assert_eq!(turns(cheap, true, |_| 200_000), Some(2));
        assert_eq!(turns(cheap, true, |_| 20_000), None);
        assert_eq!(turns(cheap, false, |_| 500_000), Some(2), "whatever network it is");
    }
}
