//! Macroblocks of one colour, told as how they differ from the mean of what is next to them: a tenth of what sixteen blocks
//! take that each differ from what was there.

use super::macroblock::{Pair, Quantizers};
use crate::convert::Plane;

/// One of them, predicted as Intra_16x16 with mode 2, and its colours with mode 0 (ITU-T H.264, 8.3.3.3 and 8.3.4.1).
#[derive(Debug)]
pub(super) struct Flat {
    /// The only level of brightness.
    pub(super) luma: i16,
    /// Of each colour: the first level of its four blocks.
    pub(super) first: [[i16; 4]; 2],
}

impl Flat {
    /// The one at this column and row of macroblocks, if all of it lies within the picture and is of one colour. It is seen from then on.
    pub(super) fn of(pair: &mut Pair<'_>, column: usize, row: usize, with: Quantizers) -> Option<Self> {
        let squares = [(0, 16), (1, 8), (2, 8)].map(|(plane, side)| Square {
            plane: pair.layout.plane(plane),
            column,
            row,
            side,
        });
        let [luma, blue, red] = squares.map(|square| square.colour(pair.screen));
        let colours = [blue?, red?];
        let mean = mean(squares[0].above(pair.seen, 0, 16), squares[0].left(pair.seen, 0, 16), 16);
        let level = with.luma.even_level(luma? - mean);
        squares[0].fill(pair.seen, (0, 0), 16, mean + with.luma.even_difference(level));
        let mut first = [[0; 4]; 2];
        for ((square, colour), first) in squares[1..].iter().zip(colours).zip(&mut first) {
            let means = square.means(pair.seen);
            *first = with.chroma.first_levels(means.map(|mean| 16 * (colour - mean)));
            let back = with.chroma.first_coefficients(*first);
            for (block, (mean, back)) in means.into_iter().zip(back).enumerate() {
                square.fill(pair.seen, (4 * (block % 2), 4 * (block / 2)), 4, mean + ((back + 32) >> 6));
            }
        }
        Some(Self { luma: level, first })
    }
}

/// What a macroblock covers of a plane.
#[derive(Clone, Copy)]
struct Square {
    plane: Plane,
    column: usize,
    row: usize,
    side: usize,
}

impl Square {
    fn corner(&self) -> (usize, usize) {
        (self.side * self.column, self.side * self.row)
    }

    fn at(&self, x: usize, y: usize) -> usize {
        self.plane.offset + y * self.plane.stride + x
    }

    /// The value of all its samples.
    fn colour(&self, bytes: &[u8]) -> Option<i32> {
        let ((x, y), side) = (self.corner(), self.side);
        (x + side <= self.plane.width && y + side <= self.plane.height).then_some(())?;
        let colour = bytes[self.at(x, y)];
        let is_even = |y| bytes[self.at(x, y)..][..side].iter().all(|byte| *byte == colour);
        (y..y + side).all(is_even).then_some(colour.into())
    }

    /// The sum of some samples above it.
    fn above(&self, bytes: &[u8], from: usize, count: usize) -> Option<i32> {
        let (x, y) = self.corner();
        let at = self.at(x + from, y.checked_sub(1)?);
        Some(bytes[at..at + count].iter().map(|byte| i32::from(*byte)).sum())
    }

    /// The sum of some samples to the left of it.
    fn left(&self, bytes: &[u8], from: usize, count: usize) -> Option<i32> {
        let (x, y) = self.corner();
        let x = x.checked_sub(1)?;
        Some((y + from..y + from + count).map(|y| i32::from(bytes[self.at(x, y)])).sum())
    }

    /// The means next to the four blocks of a colour.
    fn means(&self, bytes: &[u8]) -> [i32; 4] {
        let [above, above_right] = [0, 4].map(|from| self.above(bytes, from, 4));
        let [left, left_below] = [0, 4].map(|from| self.left(bytes, from, 4));
        [
            mean(above, left, 4),
            mean(above_right, left.filter(|_| above_right.is_none()), 4),
            mean(above.filter(|_| left_below.is_none()), left_below, 4),
            mean(above_right, left_below, 4),
        ]
    }

    fn fill(&self, bytes: &mut [u8], (across, down): (usize, usize), side: usize, value: i32) {
        let (x, y) = self.corner();
        for y in y + down..y + down + side {
            let at = self.at(x + across, y);
            bytes[at..at + side].fill(value.clamp(0, 255) as u8);
        }
    }
}

/// Of sums of so many samples each.
fn mean(above: Option<i32>, left: Option<i32>, count: i32) -> i32 {
    match (above, left) {
        (Some(above), Some(left)) => (above + left + count) / (2 * count),
        (Some(sum), None) | (None, Some(sum)) => (sum + count / 2) / count,
        (None, None) => 128,
    }
}
