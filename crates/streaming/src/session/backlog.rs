//! How far behind a viewer is: a bucket that frames fill and the network drains.

use std::time::{Duration, Instant};

/// What has been given to the network and, as far as its estimated rate tells, has not yet left.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: f64,
    drained: Option<Instant>,
}

/// Above this much time on the wire, deltas are skipped until the next keyframe.
const FULL: Duration = Duration::from_millis(300);
/// A keyframe is taken only when this much or less is left, or the keyframe would only make it worse.
const EMPTY: Duration = Duration::from_millis(60);

impl Backlog {
    /// Whether another frame may go, at a network rate of `kbps`.
    pub(super) fn admits(&mut self, now: Instant, kbps: u32, keyframe: bool) -> bool {
        let rate = f64::from(kbps.max(1)) * 1000.0 / 8.0;
        let elapsed = self.drained.map_or(0.0, |then| now.saturating_duration_since(then).as_secs_f64());
        self.drained = Some(now);
        self.bytes = (self.bytes - elapsed * rate).max(0.0);
        let limit = if keyframe { EMPTY } else { FULL };
        self.bytes <= rate * limit.as_secs_f64()
    }

    /// A frame of so many bytes went.
    pub(super) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bucket_waits_for_room_for_a_keyframe() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut backlog = Backlog::default();
        assert!(backlog.admits(at(0), 800, true));
        // 800 kbit/s are 100 bytes a millisecond.
        backlog.add(40_000);
        assert!(!backlog.admits(at(50), 800, false), "350 ms are left");
        assert!(backlog.admits(at(120), 800, false), "280 ms are left");
        assert!(!backlog.admits(at(300), 800, true), "100 ms are left");
        assert!(backlog.admits(at(350), 800, true), "50 ms are left");
    }
}
