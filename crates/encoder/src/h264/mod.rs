//! Pictures of H.264 that are written here: where little of a picture changes, what differs from the one before, without an
//! encoder looking at all of it again.
//!
//! The encoder does not know of them. Its last picture is kept by decoders until its next one, which is made to refer to that
//! (as a long-term picture, ITU-T H.264, 7.4.3.3 and 8.2.5.4), and its pictures are numbered anew. In between each
//! picture refers to the one before.

mod bits;
mod block;
mod cavlc;
mod flat;
mod head;
mod macroblock;
mod params;
mod slice;
mod tables;

use bits::{Writer, escape, starts, units};
use head::{Change, Kept};
pub(crate) use macroblock::{Pair, copy};
use params::{Pictures, Sequence};
use slice::{Counts, Slice};

/// The stream of one encoder.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    sequence: Option<Sequence>,
    pictures: Option<Pictures>,
    kept: Kept,
    /// The number of the last picture, and by how much the encoder's are less.
    frame_num: u32,
    ahead: u32,
    /// Whether the last picture is not one of the encoder's.
    is_own: bool,
    counts: Counts,
}

/// Of a unit (table 7-1).
const SLICE: u8 = 1;
const IDR: u8 = 5;
const SEQUENCE: u8 = 7;
const PICTURES: u8 = 8;
/// That of a slice which later pictures refer to.
const HEADER: u8 = 0x20 | SLICE;

impl Stream {
    /// An access unit of the encoder as it is to be sent, where that is not as it is.
    pub(crate) fn rewrite(&mut self, unit: &[u8]) -> Option<Vec<u8>> {
        let is_own = std::mem::take(&mut self.is_own);
        if !is_own && self.ahead == 0 {
            // Large pictures are not searched beyond the head of their first slice.
            starts(unit).find(|unit| self.note(unit));
            return None;
        }
        let (mut rewritten, mut is_new) = (Vec::with_capacity(unit.len() + 64), true);
        for unit in units(unit) {
            let (header, payload) = unit.split_first()?;
            if is_new {
                is_new = !self.note(unit);
            }
            rewritten.extend_from_slice(&[0, 0, 0, 1, *header]);
            let change = Change { frame_num: self.frame_num, long: is_own };
            let changed = (header & 0x1f == SLICE)
                .then(|| head::rewrite(payload, self.sequence.as_ref()?, change, &mut rewritten))
                .flatten();
            if changed.is_none() {
                if header & 0x1f == SLICE {
                    tracing::warn!(
                        "a slice of the encoder is not understood: the picture is wrong up to the next IDR"
                    );
                }
                rewritten.extend_from_slice(payload);
            }
        }
        Some(rewritten)
    }

    /// Learns from a unit in front of a picture's slices, or from the first of these. Returns whether it was that.
    fn note(&mut self, unit: &[u8]) -> bool {
        let Some((header, payload)) = unit.split_first() else { return false };
        match header & 0x1f {
            SEQUENCE => self.sequence = Sequence::read(payload),
            PICTURES => self.pictures = Pictures::read(payload),
            IDR => self.begin(),
            SLICE => self.number(payload),
            _ => {}
        }
        matches!(header & 0x1f, IDR | SLICE)
    }

    /// A picture that refers to none, and is the first of a row of numbers.
    fn begin(&mut self) {
        (self.frame_num, self.ahead) = (0, 0);
        self.kept = Kept { short: vec![0], long: false };
    }

    fn number(&mut self, payload: &[u8]) {
        let Some(sequence) = &self.sequence else { return };
        let Some(own) = head::frame_num(payload, sequence) else { return };
        self.frame_num = (own + self.ahead) % (1 << sequence.frame_num_bits);
        self.kept.slide(self.frame_num);
    }

    /// A picture behind the last one, of the macroblocks at these places in order, row by row, and of so many bytes at most.
    /// `None` where there can be none; what is seen is of no use then.
    pub(crate) fn between(
        &mut self,
        mut pair: Pair<'_>,
        changed: &[usize],
        qp: i32,
        most: usize,
    ) -> Option<Vec<u8>> {
        let (Some(sequence), Some(pictures)) = (&self.sequence, &self.pictures) else { return None };
        let numbers = 1 << sequence.frame_num_bits;
        let frame_num = (self.frame_num + 1) % numbers;
        let (mut kept, mut writer) = (self.kept.clone(), Writer::default());
        head::write(&mut writer, sequence, pictures, &mut kept, frame_num, !self.is_own, qp);
        let mut slice = Slice { sequence, pictures, counts: &mut self.counts, qp, most };
        let payload = slice.write(writer, &mut pair, changed)?;
        let mut unit = Vec::with_capacity(payload.len() + 16);
        unit.extend_from_slice(&[0, 0, 0, 1, HEADER]);
        escape(&payload, &mut unit);
        (self.kept, self.frame_num, self.ahead, self.is_own) =
            (kept, frame_num, (self.ahead + 1) % numbers, true);
        Some(unit)
    }
}
