//! Keycodes that no key of the layout uses, bound to keysyms the layout lacks.

use std::time::{Duration, Instant};

/// How long a code is left alone after its last use, so that clients which still have to look up what it meant see
/// the old meaning.
const SETTLE: Duration = Duration::from_millis(50);

/// The spare keycodes, used in turn.
#[derive(Debug, Default)]
pub(super) struct Spares(Vec<Spare>);

#[derive(Debug)]
struct Spare {
    code: u8,
    used: Option<Instant>,
}

/// A code to bind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) code: u8,
    /// How long to wait before its meaning may change.
    pub(super) settle: Duration,
}

impl Spares {
    /// Takes other codes instead; those that stay keep the time of their last use.
    pub(super) fn replace(&mut self, codes: &[u8]) {
        let used = |code| self.0.iter().find(|spare| spare.code == code).and_then(|spare| spare.used);
        self.0 = codes.iter().map(|code| Spare { code: *code, used: used(*code) }).collect();
    }

    pub(super) fn contains(&self, code: u8) -> bool {
        self.0.iter().any(|spare| spare.code == code)
    }

    pub(super) fn codes(&self) -> impl Iterator<Item = u8> {
        self.0.iter().map(|spare| spare.code)
    }

    /// The code that was not used for the longest time and is not pressed. `None` when all are pressed.
    pub(super) fn claim(&mut self, now: Instant, is_pressed: impl Fn(u8) -> bool) -> Option<Claim> {
        let free = self.0.iter().filter(|spare| !is_pressed(spare.code));
        let spare = free.min_by_key(|spare| spare.used)?;
        let since = spare.used.map(|used| now.saturating_duration_since(used));
        let settle = since.map_or(Duration::ZERO, |since| SETTLE.saturating_sub(since));
        Some(Claim { code: spare.code, settle })
    }

    /// Notes that a code is used, if it is one of these.
    pub(super) fn touch(&mut self, code: u8, now: Instant) {
        if let Some(spare) = self.0.iter_mut().find(|spare| spare.code == code) {
            spare.used = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_in_turn_and_settle_before_they_are_taken_again() {
        let start = Instant::now();
        let mut spares = Spares::default();
        spares.replace(&[200, 201]);
        for (ms, pressed, expected) in [
            (0, 0, Some((200, 0))),
            (1, 0, Some((201, 0))),
            (11, 0, Some((200, 39))),
            (80, 0, Some((201, 0))),
            (200, 200, Some((201, 0))),
        ] {
            let now = start + Duration::from_millis(ms);
            let claim = spares.claim(now, |code| code == pressed);
            let found = claim.map(|claim| (claim.code, claim.settle.as_millis()));
            assert_eq!(found, expected, "at {ms} ms");
            spares.touch(found.unwrap().0, now);
        }
        assert_eq!(spares.claim(start, |_| true), None);
    }
}
