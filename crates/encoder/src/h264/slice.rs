//! A picture that says of some macroblocks how they differ from the picture before, and of all others that they do not
//! (ITU-T H.264, 7.3.3 to 7.3.5).

use super::{
    bits::Writer,
    block::{Levels, Quantizer},
    cavlc::{self, Kind},
    flat::Flat,
    macroblock::{Blocks, Macroblock, Pair, Quantizers},
    params::{Pictures, Sequence},
};

/// By the pattern of coded blocks, of macroblocks that refer to another picture: its code (table 9-4).
const PATTERN: [u8; 48] = [
    0, 2, 3, 7, 4, 8, 17, 13, 5, 18, 9, 14, 10, 15, 16, 11, 1, 32, 33, 36, 34, 37, 44, 40, 35, 45, 38, 41,
    39, 42, 43, 19, 6, 24, 25, 20, 26, 21, 46, 28, 27, 47, 22, 29, 23, 30, 31, 12,
];
/// Bits that a macroblock may have (A.3.1).
const MOST_OF_ONE: usize = 3200;

/// The blocks of brightness in the order in which they are coded (6.4.3), row by row.
const ORDER: [usize; 16] = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];

/// How many levels each block of a picture has, by macroblock: sixteen of brightness and four of each colour, row by row.
#[derive(Debug, Default)]
pub(super) struct Counts {
    of: Vec<[u8; 24]>,
    used: Vec<usize>,
}

impl Counts {
    fn clear(&mut self, macroblocks: usize) {
        self.used.drain(..).for_each(|at| self.of[at] = [0; 24]);
        self.of.resize(macroblocks, [0; 24]);
    }
}

/// All of a picture.
pub(super) struct Slice<'a> {
    pub(super) sequence: &'a Sequence,
    pub(super) pictures: &'a Pictures,
    pub(super) counts: &'a mut Counts,
    pub(super) qp: i32,
    /// Bytes that it may have.
    pub(super) most: usize,
}

impl Slice<'_> {
    /// The payload, of the macroblocks at these places in order, behind its head. `None` is one that the profile
    /// cannot say, or that is too large.
    pub(super) fn write(
        &mut self,
        mut writer: Writer,
        pair: &mut Pair<'_>,
        changed: &[usize],
    ) -> Option<Vec<u8>> {
        let chroma = self.qp + self.pictures.chroma;
        // Above that the quantizer of colours grows more slowly (table 8-15).
        (0..30).contains(&chroma).then_some(())?;
        let with = Quantizers { luma: Quantizer::new(self.qp), chroma: Quantizer::new(chroma) };
        let width = self.sequence.width;
        self.counts.clear(width * self.sequence.height);
        let mut next = 0;
        for at in changed {
            let Some(macroblock) = Macroblock::between(pair, at % width, at / width, with) else { continue };
            let skipped = (at - next) as u32;
            match macroblock {
                Macroblock::Flat(flat) => {
                    writer.ue(skipped);
                    self.flat(&flat, *at, &mut writer)?;
                }
                Macroblock::Blocks(blocks) => {
                    let pattern = pattern(&blocks);
                    if pattern == 0 {
                        continue;
                    }
                    writer.ue(skipped);
                    let begun = writer.len();
                    self.blocks(&blocks, pattern, *at, &mut writer)?;
                    (writer.len() - begun <= MOST_OF_ONE).then_some(())?;
                }
            }
            (writer.len() <= 8 * self.most).then_some(())?;
            next = at + 1;
        }
        let rest = width * self.sequence.height - next;
        if rest > 0 {
            writer.ue(rest as u32);
        }
        writer.bits(1, 1);
        Some(writer.bytes())
    }

    fn flat(&self, flat: &Flat, at: usize, writer: &mut Writer) -> Option<()> {
        let has_colours = flat.first.iter().any(|first| cavlc::count(first) > 0);
        // Those that refer to no picture come behind five others; mode 2, and whether its colours have levels (table 7-11).
        writer.ue(5 + 3 + 4 * u32::from(has_colours));
        writer.ue(0);
        writer.se(0);
        let near = self.near(at, (0, 4), 0);
        let mut levels = [0; 16];
        levels[0] = flat.luma;
        cavlc::write(&levels, Kind::Block { near }, writer)?;
        if has_colours {
            flat.first.iter().try_for_each(|first| cavlc::write(first, Kind::Chroma, writer))?;
        }
        Some(())
    }

    fn blocks(&mut self, macroblock: &Blocks, pattern: usize, at: usize, writer: &mut Writer) -> Option<()> {
        // One part of 16x16, which moves as its neighbours do: not at all.
        writer.ue(0);
        writer.se(0);
        writer.se(0);
        writer.ue(PATTERN[pattern].into());
        writer.se(0);
        self.counts.used.push(at);
        for block in ORDER.into_iter().filter(|block| pattern >> (block / 8 * 2 + block % 4 / 2) & 1 == 1) {
            self.block(&macroblock.luma[block], at, (0, 4), block, writer)?;
        }
        if pattern >= 16 {
            macroblock.first.iter().try_for_each(|first| cavlc::write(first, Kind::Chroma, writer))?;
        }
        if pattern >= 32 {
            for (colour, block) in (0..8).map(|at| (at / 4, at % 4)) {
                let levels = &macroblock.chroma[colour][block][1..];
                self.block(levels, at, (16 + 4 * colour, 2), block, writer)?;
            }
        }
        Some(())
    }

    /// One block of a plane whose counts begin at `first` and whose blocks are `side` in a row.
    fn block(
        &mut self,
        levels: &[i16],
        at: usize,
        (first, side): (usize, usize),
        block: usize,
        writer: &mut Writer,
    ) -> Option<()> {
        let near = self.near(at, (first, side), block);
        self.counts.of[at][first + block] = cavlc::count(levels);
        cavlc::write(levels, Kind::Block { near }, writer)
    }

    /// 9.2.1: the mean of the blocks to the left and above, as far as there are any.
    fn near(&self, at: usize, (first, side): (usize, usize), block: usize) -> u8 {
        let of = |at: usize, block: usize| self.counts.of[at][first + block];
        let width = self.sequence.width;
        let left = match block % side {
            0 if at.is_multiple_of(width) => None,
            0 => Some(of(at - 1, block + side - 1)),
            _ => Some(of(at, block - 1)),
        };
        let above = match block / side {
            0 if at < width => None,
            0 => Some(of(at - width, block + side * (side - 1))),
            _ => Some(of(at, block - side)),
        };
        match (left, above) {
            (Some(left), Some(above)) => (left + above).div_ceil(2),
            (left, above) => left.or(above).unwrap_or(0),
        }
    }
}

/// Which quarters of brightness have levels, and which of the colours' levels there are (7.4.5).
fn pattern(macroblock: &Blocks) -> usize {
    let any = |levels: &[i16]| levels.iter().any(|level| *level != 0);
    let has = |at: &usize| any(&macroblock.luma[*at]);
    let quarters: usize = [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
        .iter()
        .enumerate()
        .map(|(quarter, blocks)| usize::from(blocks.iter().any(has)) << quarter)
        .sum();
    let others = |colour: &[Levels; 4]| colour.iter().any(|levels| any(levels));
    let colours = match macroblock.first.iter().any(|first| any(first)) {
        _ if macroblock.chroma.iter().any(others) => 2,
        true => 1,
        false => 0,
    };
    quarters + 16 * colours
}
