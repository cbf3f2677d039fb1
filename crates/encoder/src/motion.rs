//! How much of the picture moves, and whether the rest has settled: what quality encoders are asked for that are told
//! a quality.
//!
//! Coded finely, the rounding errors of a still picture are coded anew in each of its frames for ever, as decoders round
//! to whole levels. So the quantizer is small until what is still has been coded well, and then so large that what is left
//! over counts as nothing, while a clock or a line of text goes on changing.

use cosmos_desktop::{Rect, Size};

use crate::rate::Rate;

/// What the next picture is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// A good part of it has changed.
    Moving,
    /// Little has changed, and the rest is not as good as it can be yet.
    Refining,
    /// Little has changed, and the rest is as good as it is going to be.
    Settled,
}

/// Follows one stream of pictures.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// So many pictures with little change are still those of something that moves.
    moving: u32,
    settled: bool,
    /// The pictures since what was added to a settled one was coded finely.
    touched: u32,
    /// The bytes of the pictures since the last look, and how many these were.
    bytes: usize,
    pictures: u32,
    /// The bytes between the two looks before that.
    before: Option<usize>,
}

/// A picture moves when this part of it changes.
const MOVING: usize = 8;
/// So many pictures with little change may come between two of something that moves, as when a screen is captured in the
/// middle of being drawn: to refine what is about to move costs all the bits there are.
const BETWEEN: u32 = 3;
/// One in so many pictures of a settled screen is coded finely all the same: what was typed since then becomes as good as
/// the rest, for a few hundred bytes.
const TOUCH: u32 = 32;
/// So many pictures are looked at together.
const LOOK: u32 = 8;

impl Watch {
    /// What the picture is like of which this has changed.
    pub(crate) fn look(&mut self, damage: &[Rect], size: Size) -> Motion {
        let changed: usize =
            damage.iter().map(|rect| usize::from(rect.width) * usize::from(rect.height)).sum();
        if changed * MOVING >= size.area() {
            *self = Self { moving: BETWEEN, ..Self::default() };
            return Motion::Moving;
        }
        if self.moving > 0 {
            self.moving -= 1;
            return Motion::Moving;
        }
        self.touched = (self.touched + 1) % TOUCH;
        if self.settled && self.touched > 0 { Motion::Settled } else { Motion::Refining }
    }

    /// Notes what became of it. A picture has settled when its frames no longer become smaller although they might be
    /// larger.
    pub(crate) fn coded(&mut self, bytes: usize, keyframe: bool, rate: Rate) {
        if keyframe {
            *self = Self { moving: self.moving, ..Self::default() };
        }
        self.bytes += bytes;
        self.pictures += 1;
        if self.settled || self.pictures < LOOK {
            return;
        }
        let share = rate.share() * LOOK as usize;
        let is_free = self.bytes * 4 < share * 3;
        self.settled = is_free && self.before.is_some_and(|before| self.bytes * 8 >= before * 7);
        *self = Self { before: Some(self.bytes), bytes: 0, pictures: 0, ..*self };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(1000, 800);
    const RATE: Rate = Rate { kbps: 8000, fps: 50 };
    const CLOCK: [Rect; 1] = [Rect { x: 0, y: 0, width: 100, height: 20 }];

    /// After how many pictures with a small change, of so many bytes each, the picture has settled.
    fn settles(watch: &mut Watch, bytes: impl Fn(u32) -> usize) -> Option<u32> {
        (0..200).find(|picture| {
            let motion = watch.look(&CLOCK, SIZE);
            watch.coded(bytes(*picture), false, RATE);
            motion == Motion::Settled
        })
    }

    #[test]
    fn a_picture_has_settled_when_it_takes_no_less_though_it_might_take_more() {
        // A picture's share is 20,000 bytes.
        for (name, bytes, expected) in [
            ("small from the beginning", &(|_| 500_usize) as &dyn Fn(u32) -> usize, Some(16)),
            ("nothing at all", &|_| 0, Some(16)),
            ("as much as may be", &|_| 19_000, None),
            (
                "less and less, then the same for ever",
                &|at| 14_000_usize.saturating_sub(300 * at as usize).max(5000),
                Some(48),
            ),
        ] {
            assert_eq!(settles(&mut Watch::default(), bytes), expected, "{name}");
        }
    }

    #[test]
    fn what_was_added_to_a_settled_picture_is_refined_now_and_then() {
        let mut watch = Watch::default();
        assert!(settles(&mut watch, |_| 500).is_some());
        let mut fine = || (0..10 * TOUCH).filter(|_| watch.look(&CLOCK, SIZE) == Motion::Refining).count();
        assert_eq!(fine(), 10);
    }

    #[test]
    fn what_moves_and_a_keyframe_begin_anew() {
        let small = |_| 500;
        let mut watch = Watch::default();
        assert_eq!(settles(&mut watch, small), Some(16));
        let half = Rect { x: 0, y: 0, width: 500, height: 800 };
        assert_eq!(watch.look(&[half], SIZE), Motion::Moving);
        assert_eq!(settles(&mut watch, small), Some(16));
        // What is drawn in two steps moves all the same.
        for _ in 0..20 {
            assert_eq!(watch.look(&[half], SIZE), Motion::Moving);
            assert_eq!(watch.look(&CLOCK, SIZE), Motion::Moving);
        }
        let still = [(); 3].map(|()| watch.look(&CLOCK, SIZE));
        assert_eq!(still, [Motion::Moving, Motion::Moving, Motion::Refining]);
        watch.coded(90_000, true, RATE);
        assert_eq!(watch.look(&CLOCK, SIZE), Motion::Refining);
        // What changes in many places counts together.
        assert_eq!(watch.look(&[CLOCK[0]; 50], SIZE), Motion::Moving);
    }
}
