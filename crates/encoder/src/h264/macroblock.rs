//! What differs between two pictures in one macroblock, as levels.

use std::ops::Range;

use super::{
    block::{Levels, Quantizer, invert, transform},
    flat::Flat,
};
use crate::{Layout, convert::Plane};

/// The bytes of two pictures of one layout: the one on the screen, and what viewers see but for the errors of an encoder.
pub(crate) struct Pair<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) screen: &'a [u8],
    pub(crate) seen: &'a mut [u8],
}

/// One macroblock that differs.
pub(super) enum Macroblock {
    /// From what was there.
    Blocks(Box<Blocks>),
    /// From its neighbours.
    Flat(Flat),
}

/// The levels of one.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Of each block of brightness, row by row.
    pub(super) luma: [Levels; 16],
    /// Of each colour: the first level of its four blocks, and the others of each.
    pub(super) first: [[i16; 4]; 2],
    pub(super) chroma: [[Levels; 4]; 2],
}

/// The quantizers of brightness and of colours.
#[derive(Clone, Copy)]
pub(super) struct Quantizers {
    pub(super) luma: Quantizer,
    pub(super) chroma: Quantizer,
}

/// The corner of a block of a colour, or of brightness, in units of such blocks.
fn corner(at: usize, side: usize) -> (usize, usize) {
    (4 * (at % side), 4 * (at / side))
}

impl Macroblock {
    /// The one at this column and row of macroblocks, or `None` where there is no difference. It is seen from then on.
    pub(super) fn between(pair: &mut Pair<'_>, column: usize, row: usize, with: Quantizers) -> Option<Self> {
        let (x, y) = (16 * column, 16 * row);
        let planes = [(0, x, y, 16), (1, x / 2, y / 2, 8), (2, x / 2, y / 2, 8)];
        planes.iter().any(|(plane, x, y, side)| pair.differs(*plane, *x, *y, *side)).then_some(())?;
        let flat = Flat::of(pair, column, row, with).map(Self::Flat);
        flat.or_else(|| Some(Self::Blocks(Box::new(Blocks::between(pair, x, y, with)))))
    }
}

impl Blocks {
    fn between(pair: &mut Pair<'_>, x: usize, y: usize, with: Quantizers) -> Self {
        let mut luma = [[0; 16]; 16];
        for (at, levels) in luma.iter_mut().enumerate() {
            let (across, down) = corner(at, 4);
            let (x, y) = (x + across, y + down);
            *levels = with.luma.levels(&transform(pair.block(0, x, y)), 0);
            pair.add(0, x, y, with.luma.coefficients(levels, None));
        }
        let (mut first, mut chroma) = ([[0; 4]; 2], [[[0; 16]; 4]; 2]);
        for colour in 0..2 {
            let corners =
                [0, 1, 2, 3].map(|at| corner(at, 2)).map(|(across, down)| (x / 2 + across, y / 2 + down));
            let blocks = corners.map(|(x, y)| transform(pair.block(colour + 1, x, y)));
            first[colour] = with.chroma.first_levels(blocks.map(|block| block[0]));
            chroma[colour] = blocks.map(|block| with.chroma.levels(&block, 1));
            let firsts = with.chroma.first_coefficients(first[colour]);
            for ((x, y), (levels, first)) in corners.into_iter().zip(chroma[colour].iter().zip(firsts)) {
                pair.add(colour + 1, x, y, with.chroma.coefficients(levels, Some(first)));
            }
        }
        Self { luma, first, chroma }
    }
}

impl Pair<'_> {
    fn differs(&self, plane: usize, x: usize, y: usize, side: usize) -> bool {
        self.layout.plane(plane).rows(x, y, side).any(|row| self.screen[row.clone()] != self.seen[row])
    }

    /// A block of 4x4 differences; what lies beyond the picture does not differ.
    fn block(&self, plane: usize, x: usize, y: usize) -> [i32; 16] {
        let mut block = [0; 16];
        for (to, row) in block.chunks_exact_mut(4).zip(self.layout.plane(plane).rows(x, y, 4)) {
            for (to, at) in to.iter_mut().zip(row) {
                *to = i32::from(self.screen[at]) - i32::from(self.seen[at]);
            }
        }
        block
    }

    /// Adds to a block what decoders will.
    fn add(&mut self, plane: usize, x: usize, y: usize, coefficients: [i32; 16]) {
        if coefficients == [0; 16] {
            return;
        }
        let block = invert(coefficients);
        for (from, row) in block.chunks_exact(4).zip(self.layout.plane(plane).rows(x, y, 4)) {
            for (from, at) in from.iter().zip(row) {
                self.seen[at] = (i32::from(self.seen[at]) + from).clamp(0, 255) as u8;
            }
        }
    }
}

impl Plane {
    /// The bytes of each row of a square, as far as it lies within the picture.
    fn rows(self, x: usize, y: usize, side: usize) -> impl Iterator<Item = Range<usize>> {
        let columns = x.min(self.width)..self.width.min(x + side);
        (y..self.height.min(y + side)).map(move |y| {
            let at = self.offset + y * self.stride;
            at + columns.start..at + columns.end
        })
    }
}

/// Copies a macroblock of one picture to the other.
pub(crate) fn copy(layout: &Layout, from: &[u8], to: &mut [u8], column: usize, row: usize) {
    for (plane, side) in [(0, 16), (1, 8), (2, 8)] {
        for row in layout.plane(plane).rows(side * column, side * row, side) {
            to[row.clone()].copy_from_slice(&from[row]);
        }
    }
}
