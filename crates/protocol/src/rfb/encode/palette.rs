//! The colours of an area, as long as they are few.

/// Colours in the order in which they were met, each with its index.
pub(super) struct Palette {
    colours: Vec<u32>,
    /// Indices by the hash of the colour, plus one; 0 where there is none.
    table: [u16; SLOTS],
}

const SLOTS: usize = 1024;
/// The most colours that a palette holds.
pub(super) const MOST: usize = 256;

impl Palette {
    /// The colours of `values`, or `None` where they are more than `most`.
    pub(super) fn of(values: &[u32], most: usize) -> Option<Self> {
        let mut palette = Self { colours: Vec::new(), table: [0; SLOTS] };
        let mut last = None;
        for value in values {
            if last != Some(*value) && !palette.add(*value, most.min(MOST)) {
                return None;
            }
            last = Some(*value);
        }
        Some(palette)
    }

    fn add(&mut self, value: u32, most: usize) -> bool {
        let slot = self.slot(value);
        if self.table[slot] == 0 {
            if self.colours.len() == most {
                return false;
            }
            self.colours.push(value);
            self.table[slot] = self.colours.len() as u16;
        }
        true
    }

    /// Where the colour is, or would be. A quarter of the slots is used at most, so there is always an end.
    fn slot(&self, value: u32) -> usize {
        let mut slot = (value.wrapping_mul(0x9e37_79b1) >> 22) as usize;
        while let Some(at) = usize::from(self.table[slot]).checked_sub(1)
            && self.colours[at] != value
        {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    /// The colours.
    pub(super) fn colours(&self) -> &[u32] {
        &self.colours
    }

    /// The index of a colour that is in it.
    pub(super) fn index(&self, value: u32) -> u8 {
        (self.table[self.slot(value)] - 1) as u8
    }

    /// Writes the index of each value in so many bits, the first in the highest ones; every row begins a new byte.
    pub(super) fn pack(&self, values: &[u32], width: usize, bits: usize, out: &mut Vec<u8>) {
        let each = 8 / bits;
        for row in values.chunks(width) {
            for few in row.chunks(each) {
                let indices = few.iter().zip(1..).map(|(value, at)| self.index(*value) << (8 - bits * at));
                out.push(indices.fold(0, |byte, bits| byte | bits));
            }
        }
    }
}
