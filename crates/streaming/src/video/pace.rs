//! When pictures are taken, and what each is given.

use std::time::{Duration, Instant};

use cosmos_encoder::Demand;

/// The most pictures of a still screen that are sent in a row after the last change, each better than the one before.
const REFINEMENTS: u32 = 80;
/// The time from one of them to the next.
const REFINE_EVERY: Duration = Duration::from_millis(50);
/// A refinement this small had nothing left to refine, or nothing to refine it with.
const REFINED_BYTES: usize = 600;
/// So many such refinements in a row tell the two apart: by then an encoder has made up for a picture that was far
/// larger than its share.
const REFINED_AFTER: u32 = 16;
/// How often a still screen is sent again when nothing is left to refine. Browsers that decode nothing for three
/// seconds take that for a loss, and the keyframe that they ask for costs far more.
const REMIND_EVERY: Duration = Duration::from_secs(2);
/// Why a picture is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Changed,
    Keyframe,
    Refine,
}

/// How fast pictures follow each other, which is what the bitrate is shared by: a film of 24 pictures a second on a
/// desktop of 60 has all of it.
#[derive(Default)]
pub(super) struct Rhythm {
    last: Option<Instant>,
    mean: Duration,
}

/// A change after such a pause tells nothing of when the next one comes.
const PAUSE: Duration = Duration::from_millis(400);
/// The parts of the pace that are told apart, as fractions; each change of them is one of the encoder.
const PARTS: [(u32, u32); 7] = [(1, 4), (1, 3), (2, 5), (1, 2), (2, 3), (5, 6), (11, 12)];

/// So much faster than a pace, pictures still have it.
const TOLERANCE: f64 = 1.05;

impl Rhythm {
    /// What is asked of the next picture, with the pace that the bitrate is shared by.
    pub(super) fn share(&mut self, reason: Reason, wanted: Demand, now: Instant) -> Demand {
        let fps = match reason {
            Reason::Changed => self.pace(wanted.fps, now),
            Reason::Keyframe => wanted.fps,
            // They are few, so each may take a larger share.
            Reason::Refine => wanted.fps.min((1000 / REFINE_EVERY.as_millis()) as u32),
        };
        Demand { fps, ..wanted }
    }

    fn pace(&mut self, most: u32, now: Instant) -> u32 {
        let since = self.last.replace(now).map_or(PAUSE, |last| now.saturating_duration_since(last));
        let shortest = Duration::from_secs(1) / most.max(1);
        self.mean = match since {
            since if since >= PAUSE => shortest,
            // What becomes fast is believed at once, as too large a share fills the line.
            since if since * 3 < self.mean * 2 => since,
            since => (self.mean * 7 + since) / 8,
        };
        let interval = self.mean.max(shortest).mul_f64(TOLERANCE);
        let of = |(part, whole): (u32, u32)| (most * part).div_ceil(whole).max(1);
        let holds = |fps: &u32| Duration::from_secs(1) / *fps <= interval;
        PARTS.into_iter().map(of).find(holds).unwrap_or(most)
    }
}

/// When the next picture is due.
#[derive(Default)]
pub(super) struct Pace {
    next: Option<Instant>,
    interval: Duration,
    refine: Option<Instant>,
    refinements: u32,
    small: u32,
}

impl Pace {
    /// Until when to wait for a change.
    pub(super) fn look_again(&self, now: Instant) -> Instant {
        self.refine.unwrap_or(now + super::NAP)
    }

    pub(super) fn reason(&self, changed: Option<Instant>, keyframe: bool, now: Instant) -> Option<Reason> {
        match changed {
            Some(_) => Some(Reason::Changed),
            None if keyframe => Some(Reason::Keyframe),
            None => self.refine.filter(|at| *at <= now).map(|_| Reason::Refine),
        }
    }

    /// When the next picture may be taken, unless it may be taken at once. A quarter of an interval early is on time,
    /// or a screen that changes at the very pace would lose every other picture to jitter.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        self.next.map(|next| next - self.interval / 4).filter(|due| *due > now)
    }

    pub(super) fn begin(&mut self, now: Instant, fps: u32) {
        self.interval = Duration::from_secs(1) / fps.max(1);
        self.next = Some(self.next.map_or(now, |next| next.max(now)) + self.interval);
    }

    /// Nothing is to be refined any more.
    pub(super) fn rest(&mut self) {
        self.refine = None;
    }

    pub(super) fn encoded(&mut self, reason: Reason, bytes: usize, now: Instant) {
        self.small = if bytes < REFINED_BYTES { self.small + 1 } else { 0 };
        self.refinements = match reason {
            Reason::Changed | Reason::Keyframe => REFINEMENTS,
            Reason::Refine if self.small >= REFINED_AFTER => 0,
            Reason::Refine => self.refinements.saturating_sub(1),
        };
        if reason != Reason::Refine {
            self.small = 0;
        }
        let pause = if self.refinements > 0 { REFINE_EVERY.max(self.interval) } else { REMIND_EVERY };
        self.refine = Some(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_kept_with_a_quarter_of_tolerance() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::default();
        assert_eq!(pace.due(at(0)), None);
        pace.begin(at(0), 25);
        assert_eq!(pace.due(at(10)), Some(at(30)));
        assert_eq!(pace.due(at(30)), None);
        pace.begin(at(30), 25);
        assert_eq!(pace.due(at(31)), Some(at(70)), "what came early does not raise the rate");
        pace.begin(at(500), 25);
        assert_eq!(pace.due(at(501)), Some(at(530)), "a pause earns no burst");
    }

    /// The paces that the bitrate is shared by, of changes at these milliseconds on a desktop of 60.
    fn paces(changes: impl IntoIterator<Item = u64>) -> Vec<u32> {
        let (start, mut rhythm) = (Instant::now(), Rhythm::default());
        let wanted = Demand { bitrate_kbps: 1, fps: 60, keyframe: false };
        let share = |at| rhythm.share(Reason::Changed, wanted, start + Duration::from_millis(at)).fps;
        changes.into_iter().map(share).collect()
    }

    #[test]
    fn the_bitrate_is_shared_by_the_pictures_that_come() {
        for (name, interval, jitter, expected) in [
            ("the whole pace", 16, 3, 60),
            ("half of it", 33, 3, 30),
            ("a film", 42, 4, 24),
            ("now and then", 200, 50, 15),
            ("too seldom to say", 500, 0, 60),
        ] {
            let paces = paces((0..60).map(|count| count * interval + count * 7 % (jitter + 1)));
            assert!(paces[30..].iter().all(|pace| *pace == expected), "{name}: {paces:?}");
        }
    }

    #[test]
    fn what_becomes_fast_is_believed_at_once_and_what_becomes_slow_is_not() {
        let (slow, fast) = ((0..20).map(|count| 100 * count), (1..20).map(|count| 1900 + 16 * count));
        let found = paces(slow.chain(fast));
        assert_eq!(found[19..], [&[15][..], &[60; 19]].concat(), "{found:?}");
        let (fast, slow) = ((0..20).map(|count| 16 * count), (1..40).map(|count| 304 + 33 * count));
        let found = paces(fast.chain(slow));
        assert!(found[20] >= 50 && found[24] >= 40 && found[58] == 30, "{found:?}");
    }

    #[test]
    fn refinements_and_keyframes_tell_nothing_of_the_rhythm() {
        let (start, mut rhythm) = (Instant::now(), Rhythm::default());
        let wanted = Demand { bitrate_kbps: 1, fps: 60, keyframe: false };
        for (reason, expected) in [(Reason::Refine, 20), (Reason::Keyframe, 60), (Reason::Changed, 60)] {
            assert_eq!(rhythm.share(reason, wanted, start).fps, expected, "{reason:?}");
        }
        let few = Demand { fps: 5, ..wanted };
        assert_eq!(rhythm.share(Reason::Refine, few, start).fps, 5);
    }

    /// When the refinements after a change are sent, as milliseconds, until `end` milliseconds.
    fn refinements(bytes: impl Fn(u64) -> usize, end: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.begin(start, 25);
        pace.encoded(Reason::Changed, 9000, start);
        let mut sent = Vec::new();
        for ms in (0..end).step_by(10) {
            let now = start + Duration::from_millis(ms);
            if pace.reason(None, false, now) == Some(Reason::Refine) {
                pace.encoded(Reason::Refine, bytes(ms), now);
                sent.push(ms);
            }
        }
        sent
    }

    #[test]
    fn a_still_screen_is_refined_and_then_only_reminded_of() {
        for (name, bytes, most) in [
            ("never small", (|_| 5000) as fn(u64) -> usize, u64::from(REFINEMENTS)),
            ("nothing left at once", |_| 100, u64::from(REFINED_AFTER)),
            ("starved, then refined", |ms| if (400..2000).contains(&ms) { 5000 } else { 100 }, 39 + 16),
        ] {
            let sent = refinements(bytes, 20_000);
            let last = 50 * most;
            let quick = sent.iter().filter(|ms| **ms <= last).count() as u64;
            assert_eq!(quick, most, "{name}");
            let reminders: Vec<u64> = sent.into_iter().filter(|ms| *ms > last).collect();
            assert_eq!(reminders[0], last + 2000, "{name}");
            assert!(reminders.is_sorted_by(|a, b| b - a == 2000), "{name}: {reminders:?}");
        }
    }

    #[test]
    fn a_change_begins_anew() {
        let start = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..=REFINED_AFTER {
            pace.encoded(Reason::Refine, 100, start);
        }
        let soon = start + Duration::from_millis(100);
        assert_eq!(pace.reason(None, false, soon), None);
        assert_eq!(pace.reason(None, true, soon), Some(Reason::Keyframe));
        pace.encoded(Reason::Changed, 100, start);
        assert_eq!(pace.reason(None, false, soon), Some(Reason::Refine));
    }
}
