//! What all viewers together ask of the one encoder.

use std::{
    mem,
    time::{Duration, Instant},
};

use super::{Hub, Live};
use crate::{session::Wish, tier::Tier};

/// Less than this makes no picture.
const MIN_KBPS: u32 = 300;
/// The same of the second encode, which may be of a quarter of the pixels.
const MIN_SECOND_KBPS: u32 = 150;
/// What the second encode takes at most, in hundredths of what the first may: who can take more is shown that one.
const SECOND_PART: u32 = 75;
/// The least time between two keyframes, however many viewers ask.
pub(super) const KEYFRAME_EVERY: Duration = Duration::from_millis(300);
/// The least time to a keyframe that only those ask for who are too slow for what is encoded: it costs all the others.
pub(crate) const KEYFRAME_FOR_SLOW_EVERY: Duration = Duration::from_secs(4);
/// How soon a keyframe that could not be asked for yet is thought of again.
const RETRY: Duration = Duration::from_millis(30);
/// The encoder follows the slowest viewer down to this fraction of what the fastest can take. Who is slower than that
/// does not slow the others down, and is passed over from keyframe to keyframe instead.
const SLOWEST: u32 = 4;

/// What all viewers together want.
#[derive(Debug, Default, PartialEq, Eq)]
struct Together {
    video: bool,
    audio: bool,
    /// In kbit/s.
    kbps: u32,
    fps: u32,
    /// The least time since the last keyframe after which another one is wanted; `None` where none is.
    keyframe_after: Option<Duration>,
}

impl Together {
    fn of(
        wishes: &(impl Iterator<Item = Wish> + Clone),
        (min_kbps, max_kbps): (u32, u32),
        max_fps: u32,
    ) -> Self {
        let watching = || wishes.clone().filter(|wish| wish.video);
        let fastest = watching().map(|wish| wish.max_kbps).max().unwrap_or(0).min(max_kbps);
        let keeps_up = |wish: &Wish| wish.max_kbps >= fastest / SLOWEST;
        let kbps = watching().filter(keeps_up).map(|wish| wish.max_kbps).min();
        let fps = watching().map(|wish| if wish.max_fps == 0 { max_fps } else { wish.max_fps.into() });
        let keyframe = watching()
            .filter(|wish| wish.keyframe)
            .map(|wish| if keeps_up(&wish) { KEYFRAME_EVERY } else { KEYFRAME_FOR_SLOW_EVERY });
        Self {
            video: watching().next().is_some(),
            audio: wishes.clone().any(|wish| wish.audio),
            kbps: kbps.unwrap_or(max_kbps).clamp(min_kbps, max_kbps.max(min_kbps)),
            fps: fps.max().unwrap_or(0).min(max_fps).max(1),
            keyframe_after: keyframe.min(),
        }
    }
}

impl Hub {
    pub(super) fn update_demand(&mut self, now: Instant) {
        let mut wishes = mem::take(&mut self.wishes);
        if self.config.waits_for.is_none() {
            let wish = |live: &mut Live| (live.standing.tier, live.session.wish(now));
            wishes.extend(self.sessions.iter_mut().map(wish));
            wishes.extend(self.film_wish().map(|wish| (Tier::First, wish)));
        }
        let of = |tier| wishes.iter().filter(move |(of, _)| *of == tier).map(|(_, wish)| *wish);
        let (max_kbps, max_fps) = (self.max_kbps(), self.max_fps());
        let first = Together::of(&of(Tier::First), (MIN_KBPS, max_kbps), max_fps);
        let most = (max_kbps / 100).saturating_mul(SECOND_PART);
        // Of half as many pictures each has twice the share.
        let second = Together::of(&of(Tier::Second), (MIN_SECOND_KBPS, most), max_fps.div_ceil(2));
        wishes.clear();
        self.wishes = wishes;
        self.demand.set_rate(first.kbps, first.fps);
        self.demand.second().set(second.video, second.kbps, second.fps);
        self.demand.audio().set((first.audio || second.audio) && self.config.audio);
        self.looked_at(first.video || second.video, now);
        self.reconsider = self.awaits_keyframe().then_some(now + RETRY);
        if is_due(first.keyframe_after, self.last_keyframe, now) && !self.demand.wants_keyframe() {
            self.demand.ask_keyframe();
        }
        if is_due(second.keyframe_after, self.tiers.last_keyframe(), now)
            && !self.demand.second().wants_keyframe()
        {
            self.demand.second().ask_keyframe();
            self.demand.wake_frames();
        }
    }

    /// What VNC viewers want of the encoder together.
    fn film_wish(&mut self) -> Option<Wish> {
        let film = &self.rfb.film;
        self.filmed = film.is_watched();
        let keyframe = film.wants_keyframe();
        self.filmed.then(|| Wish { video: true, keyframe, max_kbps: self.max_kbps(), ..Wish::default() })
    }

    /// Whether somebody waits for a keyframe.
    pub(super) fn awaits_keyframe(&self) -> bool {
        self.sessions.iter().any(|live| live.session.waits()) || self.rfb.film.wants_keyframe()
    }
}

/// Whether a keyframe is wanted now that is wanted so long after the `last` one, if at all.
fn is_due(after: Option<Duration>, last: Option<Instant>, now: Instant) -> bool {
    after.is_some_and(|after| last.is_none_or(|last| now >= last + after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watcher(max_kbps: u32) -> Wish {
        Wish { video: true, max_kbps, ..Wish::default() }
    }

    fn of(wishes: &[Wish]) -> Together {
        Together::of(&wishes.iter().copied(), (MIN_KBPS, 8000), 60)
    }

    #[test]
    fn the_rate_follows_the_slowest_who_keeps_up() {
        for (rates, expected) in [
            (&[][..], 8000),
            (&[6000], 6000),
            (&[90_000], 8000),
            (&[8000, 7000, 2000], 2000),
            (&[8000, 7000, 1999], 7000),
            (&[100_000, 3000, 500], 3000),
            (&[500], 500),
            (&[500, 450, 100], 450),
            (&[100], MIN_KBPS),
        ] {
            let wishes: Vec<Wish> = rates.iter().copied().map(watcher).collect();
            assert_eq!(of(&wishes).kbps, expected, "{rates:?}");
        }
        let hidden = Wish { video: false, ..watcher(300) };
        assert_eq!(of(&[watcher(8000), hidden]).kbps, 8000, "who does not look counts not");
    }

    #[test]
    fn a_keyframe_for_the_slow_waits_longer() {
        let asking = |kbps| Wish { keyframe: true, ..watcher(kbps) };
        for (wishes, expected) in [
            (&[watcher(8000)][..], None),
            (&[watcher(8000), asking(4000)], Some(KEYFRAME_EVERY)),
            (&[watcher(8000), asking(500)], Some(KEYFRAME_FOR_SLOW_EVERY)),
            (&[asking(8000), asking(500)], Some(KEYFRAME_EVERY)),
            (&[asking(500)], Some(KEYFRAME_EVERY)),
        ] {
            assert_eq!(of(wishes).keyframe_after, expected, "{wishes:?}");
        }
    }

    #[test]
    fn the_pace_is_that_of_the_fastest() {
        let at = |max_fps| Wish { max_fps, ..watcher(8000) };
        for (paces, expected) in [(&[30, 15][..], 30), (&[30, 0], 60), (&[144], 60), (&[], 1)] {
            let wishes: Vec<Wish> = paces.iter().copied().map(at).collect();
            assert_eq!(of(&wishes).fps, expected, "{paces:?}");
        }
    }
}
