//! Turns of the wheel, which XTEST knows only as whole clicks.

/// What a click of the wheel is, in 120ths of a notch.
const NOTCH: i32 = 120;

/// The part of a notch that was turned and not yet clicked, along one axis.
#[derive(Debug, Default)]
pub(super) struct Axis(i32);

impl Axis {
    /// Turns by so many 120ths and returns the whole clicks, negative ones being up or left. A turn the other way
    /// forgets what was left over.
    pub(super) fn turn(&mut self, amount: i16) -> i32 {
        let amount = i32::from(amount);
        if amount.signum() * self.0.signum() < 0 {
            self.0 = 0;
        }
        self.0 += amount;
        let clicks = self.0 / NOTCH;
        self.0 %= NOTCH;
        clicks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notches_are_clicks_and_the_rest_is_kept() {
        for (turns, clicks) in [
            (&[120, -120, 240][..], &[1, -1, 2][..]),
            (&[40, 40, 40, 40], &[0, 0, 1, 0]),
            (&[-100, -100, -100], &[0, -1, -1]),
            (&[110, -20, 110, 10], &[0, 0, 0, 1]),
            (&[0, i16::MAX], &[0, 273]),
        ] {
            let mut axis = Axis::default();
            let found: Vec<_> = turns.iter().map(|amount| axis.turn(*amount)).collect();
            assert_eq!(found, clicks, "{turns:?}");
        }
    }
}
