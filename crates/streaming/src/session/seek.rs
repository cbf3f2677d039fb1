//! Looking for bandwidth again, where an early measurement or a network that was slow for a while left the estimate low.
//!
//! The estimate climbs by a fifth a second where it is not probed, and the connection probes by itself only at the start,
//! after a larger bitrate is asked for, and after fifteen seconds without a change. So a larger bitrate is asked for: for
//! a moment a little less than what is wanted, and then what is wanted.

use std::time::{Duration, Instant};

/// When the network is asked again whether it carries more.
#[derive(Debug)]
pub(super) struct Seek {
    next: Instant,
    pause: Duration,
    /// Until then a little less is asked for.
    dip_until: Option<Instant>,
    found_kbps: u32,
}

/// The pause before the first question, and the longest one: each probe that finds nothing delays a picture a little.
const FIRST: Duration = Duration::from_millis(1500);
const LONGEST: Duration = Duration::from_secs(24);
/// Longer than the connection leaves between two looks at what is asked for.
const DIP: Duration = Duration::from_millis(60);
/// Out of a hundred of what is wanted: so much is enough.
const ENOUGH: u64 = 95;
/// Out of a hundred of the estimate before: a probe that brought so much was worth it.
const WORTH: u64 = 140;

impl Seek {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now + FIRST, pause: FIRST, dip_until: None, found_kbps: 0 }
    }

    /// What to ask for, in kbit/s, where `wanted` is of use and the network is thought to carry `estimate`, which is 0
    /// where nothing is known.
    pub(super) fn asked(&mut self, wanted: u32, estimate: u32, now: Instant) -> u32 {
        if estimate == 0 || u64::from(estimate) * 100 >= u64::from(wanted) * ENOUGH {
            *self = Self::new(now);
            return wanted;
        }
        if self.dip_until.is_none() && self.next <= now {
            let worth = u64::from(estimate) * 100 >= u64::from(self.found_kbps) * WORTH;
            self.pause = if worth { FIRST } else { (self.pause * 2).min(LONGEST) };
            self.found_kbps = estimate;
            self.next = now + self.pause;
            self.dip_until = Some(now + DIP);
        }
        self.dip_until = self.dip_until.filter(|until| now < *until);
        wanted - u32::from(self.dip_until.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in ms at which a larger bitrate is asked for, in `seconds` with the estimate that `carries` tells.
    fn questions(seconds: u64, carries: impl Fn(u64) -> u32) -> Vec<u64> {
        let start = Instant::now();
        let mut seek = Seek::new(start);
        let mut before = 8000;
        let mut asked = Vec::new();
        for ms in (0..seconds * 1000).step_by(20) {
            let now = seek.asked(8000, carries(ms), start + Duration::from_millis(ms));
            if now > before {
                asked.push(ms);
            }
            before = now;
        }
        asked
    }

    #[test]
    fn a_network_that_carries_enough_or_nobody_knows_what_is_not_asked() {
        assert!(questions(60, |_| 7800).is_empty());
        assert!(questions(60, |_| 0).is_empty());
    }

    #[test]
    fn one_that_carries_no_more_is_asked_less_and_less_often() {
        let asked = questions(120, |_| 2000);
        let pauses: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(asked[0], 1560);
        assert_eq!(pauses[..5], [1500, 3000, 6000, 12_000, 24_000]);
        assert!(pauses[5..].iter().all(|pause| *pause == 24_000), "{pauses:?}");
    }

    #[test]
    fn one_that_turns_out_to_carry_more_is_asked_again_soon() {
        let asked = questions(40, |ms| if ms < 20_000 { 500 } else { 500 * (ms / 10_000) as u32 });
        let later: Vec<u64> = asked.into_iter().filter(|ms| *ms > 20_000).collect();
        assert!(later.windows(2).any(|pair| pair[1] - pair[0] == 1500), "{later:?}");
    }

    #[test]
    fn one_that_fell_is_asked_as_if_it_were_new() {
        let asked = questions(70, |ms| if (40_000..45_000).contains(&ms) { 8000 } else { 1000 });
        assert!(asked.iter().any(|ms| (46_000..47_000).contains(ms)), "{asked:?}");
    }
}
