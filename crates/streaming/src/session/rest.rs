//! A session in which nothing moves: it is woken rarely, and does not probe a network it has no use for.

use std::time::{Duration, Instant};

/// When a session rests.
#[derive(Debug)]
pub(super) struct Rest {
    /// Until then it keeps to the connection's own times.
    busy_until: Instant,
    /// Until then it has a use for more bandwidth.
    keen_until: Instant,
    woken: Instant,
    desire_kbps: u32,
    told_kbps: Option<u32>,
}

/// How long after a frame its retransmissions and acknowledgements are waited for.
const BUSY: Duration = Duration::from_millis(300);
/// How long after a larger frame more may be expected.
const KEEN: Duration = Duration::from_secs(3);
/// No more often is a resting session woken by itself. The padding that the connection would send between two wakings
/// is not sent at all.
const NAP: Duration = Duration::from_millis(50);
/// What a still picture needs from time to time is no reason to look for bandwidth, however little there is.
const SMALL: usize = 1000;
/// So many of the frames of one second together take what the network carries when each is as large as may be. A frame
/// of half of that share is a use for more.
const SHARES: usize = 60;
/// So little that it is never probed for. Nothing at all would not be taken for an answer.
const NOTHING_KBPS: u32 = 1;

impl Rest {
    /// A session that begins is busy, with connecting and with finding out what the network carries.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            busy_until: now + KEEN,
            keen_until: now + KEEN,
            woken: now,
            desire_kbps: NOTHING_KBPS,
            told_kbps: None,
        }
    }

    /// A frame of so many bytes was sent to a viewer who gets `kbps`.
    pub(super) fn disturb(&mut self, now: Instant, bytes: usize, kbps: u32) {
        self.busy_until = self.busy_until.max(now + BUSY);
        if bytes > SMALL.max(kbps as usize * 1000 / 8 / SHARES / 2) {
            self.keen_until = self.keen_until.max(now + KEEN);
        }
    }

    pub(super) fn desire(&mut self, kbps: u32) {
        self.desire_kbps = kbps.max(NOTHING_KBPS);
    }

    /// The bandwidth to look for, in kbit/s, when it is another than before; `asked` tells what to ask for where more is
    /// of use.
    pub(super) fn wanted(&mut self, now: Instant, asked: impl FnOnce(u32) -> u32) -> Option<u32> {
        let kbps = if now < self.keen_until { asked(self.desire_kbps) } else { NOTHING_KBPS };
        (self.told_kbps.replace(kbps) != Some(kbps)).then_some(kbps)
    }

    /// It was woken by itself.
    pub(super) fn woken(&mut self, now: Instant) {
        self.woken = now;
    }

    /// When to wake, instead of at `at`.
    pub(super) fn lengthen(&self, at: Instant, now: Instant) -> Instant {
        let soonest = if now < self.busy_until { now } else { self.woken + NAP };
        at.max(soonest).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_session_wakes_rarely_and_stops_probing() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let wanted = |rest: &mut Rest, ms| rest.wanted(at(ms), |kbps| kbps);
        let mut rest = Rest::new(start);
        rest.desire(8000);
        assert_eq!((wanted(&mut rest, 0), wanted(&mut rest, 1)), (Some(8000), None));
        assert_eq!(rest.lengthen(at(3), at(1)), at(3));
        assert_eq!(wanted(&mut rest, 3000), Some(NOTHING_KBPS));
        rest.woken(at(7000));
        assert_eq!(rest.lengthen(at(7001), at(7000)), at(7050));
        assert_eq!(rest.lengthen(at(7021), at(7020)), at(7050), "whatever else happens in between");
        rest.disturb(at(8000), 8000, 8000);
        assert_eq!((wanted(&mut rest, 8000), rest.lengthen(at(8001), at(8000))), (None, at(8001)));
        rest.disturb(at(9000), 8400, 8000);
        assert_eq!(wanted(&mut rest, 9000), Some(8000));
        assert_eq!(wanted(&mut rest, 12_001), Some(NOTHING_KBPS));
    }
}
