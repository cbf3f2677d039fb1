//! Who is shown which of the two encodes.

use std::time::{Duration, Instant};

use super::Hub;
use crate::tier::Tier;

/// How a viewer stands between the two encodes.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) tier: Tier,
    /// Since when the other one would suit better.
    since: Option<Instant>,
    /// When it last came up again, and how long it had to be fit for that.
    came_up: Option<Instant>,
    patience: Duration,
}

/// What it depends on, all in kbit/s.
#[derive(Clone, Copy, Debug)]
struct Rates {
    /// What the viewer can take.
    own: u32,
    /// What the fastest can take, and may.
    fastest: u32,
    /// What the first encode came to in the last second.
    sent: u32,
}

/// So long must a viewer be too slow before it goes down: who has just come is still finding out how fast it is.
const DOWN_AFTER: Duration = Duration::from_secs(4);
/// So long must it be fast enough before it comes up: longer each time when it goes down again soon.
const UP_AFTER: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(80)];
const SOON: Duration = Duration::from_secs(30);
/// In hundredths of what the fastest can take: slower than the one goes down, faster than the other comes up.
const PART: [u32; 2] = [60, 75];
/// Whoever can take so much is shown what hardly moves as sharp as it is.
const CALM_KBPS: u32 = 1000;
/// So long does nobody go down after the second encode failed.
const SHUT: Duration = Duration::from_secs(60);

impl Standing {
    /// Looks whether the viewer is to be shown the other one now, which it then is.
    fn look(&mut self, rates: Rates, now: Instant) -> bool {
        let Rates { own, fastest, sent } = rates;
        let part = |hundredths: u32| u64::from(fastest) * u64::from(hundredths) / 100;
        let unfit = match self.tier {
            // What is sent may be far less than what could be: then nothing is gained.
            Tier::First => u64::from(own) < part(PART[0]) && sent >= own / 4 * 3,
            Tier::Second => u64::from(own) >= part(PART[1]) || (own >= CALM_KBPS && sent <= own / 2),
        };
        if !unfit {
            self.since = None;
            return false;
        }
        let wait = if self.tier == Tier::First { DOWN_AFTER } else { self.patience };
        if now < *self.since.get_or_insert(now) + wait {
            return false;
        }
        match self.tier {
            Tier::First => self.go_down(now),
            Tier::Second => self.come_up(now),
        }
        true
    }

    fn go_down(&mut self, now: Instant) {
        let soon = self.came_up.is_some_and(|at| now < at + SOON);
        let [least, most] = UP_AFTER;
        self.patience = if soon { (2 * self.patience).clamp(least, most) } else { least };
        (self.tier, self.since) = (Tier::Second, None);
    }

    fn come_up(&mut self, now: Instant) {
        self.came_up = Some(now);
        (self.tier, self.since) = (Tier::First, None);
    }
}

/// What the hub keeps of the two encodes.
#[derive(Debug, Default)]
pub(super) struct Tiers {
    /// Bytes of the first encode since that was last looked at.
    bytes: u64,
    last_keyframe: Option<Instant>,
    /// The second encode failed: nobody goes down until then.
    shut: Option<Instant>,
}

impl Tiers {
    /// A picture was encoded.
    pub(super) fn encoded(&mut self, tier: Tier, bytes: usize, keyframe: bool, now: Instant) {
        match tier {
            Tier::First => self.bytes += bytes as u64,
            Tier::Second if keyframe => self.last_keyframe = Some(now),
            Tier::Second => {}
        }
    }

    /// The last keyframe of the second encode.
    pub(super) fn last_keyframe(&self) -> Option<Instant> {
        self.last_keyframe
    }
}

impl Hub {
    /// Looks who is to be shown which encode; `elapsed` has passed since.
    pub(super) fn look_at_tiers(&mut self, elapsed: Duration, now: Instant) {
        let bits = 8 * std::mem::take(&mut self.tiers.bytes);
        let sent = (bits / (elapsed.as_millis() as u64).max(1)) as u32;
        self.keep_first(now);
        if !self.config.adapts || self.tiers.shut.is_some_and(|until| now < until) {
            return;
        }
        let most = self.max_kbps();
        // VNC viewers are shown the first encode at any rate.
        let film = self.rfb.film.is_watched().then_some(most);
        let fastest = self.sessions.iter().filter_map(|live| live.session.takes()).chain(film);
        let fastest = fastest.max().unwrap_or(0).min(most);
        let mut changed = false;
        for live in &mut self.sessions {
            let Some(own) = live.session.takes() else { continue };
            if live.standing.look(Rates { own, fastest, sent }, now) {
                let user = &live.session.viewer().user;
                tracing::info!(user, own, fastest, sent, tier = ?live.standing.tier, "another encode, in kbit/s");
                live.session.begin_anew();
                changed = true;
            }
        }
        if changed {
            self.update_demand(now);
        }
    }

    /// Sees to it that the first encode is made for somebody, if any is: the second is beside it, not instead of it.
    pub(super) fn keep_first(&mut self, now: Instant) {
        let looks =
            |tier| move |live: &super::Live| live.standing.tier == tier && live.session.takes().is_some();
        let first = self.rfb.film.is_watched() || self.sessions.iter().any(looks(Tier::First));
        if self.sessions.iter().any(looks(Tier::Second)) && !first {
            self.all_up(now);
            self.update_demand(now);
        }
    }

    /// There is no second encode, for this reason.
    pub(super) fn no_second(&mut self, why: &str, now: Instant) {
        tracing::warn!("{why}");
        self.tiers.shut = Some(now + SHUT);
        self.all_up(now);
        self.update_demand(now);
    }

    fn all_up(&mut self, now: Instant) {
        for live in self.sessions.iter_mut().filter(|live| live.standing.tier == Tier::Second) {
            live.standing.come_up(now);
            live.session.begin_anew();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At which second the viewer changes over, given what it can take at each.
    fn changes(rates: impl Fn(u64) -> (u32, u32), seconds: u64) -> Vec<u64> {
        let (start, mut standing) = (Instant::now(), Standing::default());
        let mut look = |second: u64| {
            let (own, sent) = rates(second);
            standing.look(Rates { own, fastest: 8000, sent }, start + Duration::from_secs(second))
        };
        (0..seconds).filter(|second| look(*second)).collect()
    }

    #[test]
    fn a_slow_viewer_goes_down_after_a_while_and_comes_up_again() {
        for (name, rates, expected) in [
            ("fast", (|_| (8000, 8000)) as fn(u64) -> (u32, u32), &[][..]),
            ("a little slower", |_| (5000, 8000), &[]),
            ("much slower", |_| (4000, 8000), &[4]),
            ("slow for a moment", |at| (if at % 5 == 0 { 8000 } else { 500 }, 8000), &[]),
            ("slow, and nothing moves", |_| (2000, 1000), &[]),
            ("slow, until nothing moves", |at| (2000, if at < 20 { 8000 } else { 900 }), &[4, 25]),
            ("very slow, until nothing moves", |at| (900, if at < 20 { 8000 } else { 10 }), &[4]),
            ("recovers", |at| (if at < 20 { 1000 } else { 7000 }, 8000), &[4, 25]),
            ("recovers not quite", |at| (if at < 20 { 1000 } else { 5500 }, 8000), &[4]),
        ] {
            assert_eq!(changes(rates, 200), expected, "{name}");
        }
    }

    #[test]
    fn who_goes_down_again_soon_waits_longer() {
        // It can take everything only while it does not.
        let (start, mut standing) = (Instant::now(), Standing::default());
        let mut changed = Vec::new();
        for second in 0..400 {
            let own = if standing.tier == Tier::First { 1000 } else { 8000 };
            let rates = Rates { own, fastest: 8000, sent: 8000 };
            if standing.look(rates, start + Duration::from_secs(second)) {
                changed.push(second);
            }
        }
        let waits: Vec<u64> = changed.chunks_exact(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.starts_with(&[6, 11, 21, 41, 81, 81]), "{waits:?}");
    }
}
