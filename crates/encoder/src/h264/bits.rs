//! Bits and the units they lie in (ITU-T H.264, 7.2, 7.3.1, 9.1 and annex B).

use crate::headers::start_code;

/// Writes bits, the first one highest.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, lowest last.
    pending: u64,
    count: u32,
}

impl Writer {
    /// The lowest `count` bits of a value, at most 32.
    pub(super) fn bits(&mut self, value: u32, count: u32) {
        self.pending = self.pending << count | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count) as u8);
        }
        self.pending &= (1 << self.count) - 1;
    }

    /// An unsigned Exp-Golomb code.
    pub(super) fn ue(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.bits(0, length);
        self.bits(value + 1, length + 1);
    }

    /// A signed Exp-Golomb code.
    pub(super) fn se(&mut self, value: i32) {
        self.ue(if value > 0 { 2 * value.unsigned_abs() - 1 } else { 2 * value.unsigned_abs() });
    }

    /// A code as it is printed.
    pub(super) fn code(&mut self, code: &str) {
        let value = code.bytes().fold(0, |value, digit| value << 1 | u32::from(digit & 1));
        self.bits(value, code.len() as u32);
    }

    /// Bits from one place to another.
    pub(super) fn copy(&mut self, from: &mut Reader<'_>, end: usize) {
        while from.at < end {
            let count = (end - from.at).min(24) as u32;
            let Some(bits) = from.bits(count) else { return };
            self.bits(bits, count);
        }
    }

    /// How many bits were written.
    pub(super) fn len(&self) -> usize {
        8 * self.bytes.len() + self.count as usize
    }

    /// The bytes, the last one filled up with zeros.
    pub(super) fn bytes(mut self) -> Vec<u8> {
        self.bits(0, self.count.wrapping_neg() % 8);
        self.bytes
    }
}

/// Reads bits. `None` is the end.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// So many bits, at most 32.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        let end = self.at + count as usize;
        let bytes = self.bytes.get(self.at / 8..end.div_ceil(8))?;
        let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let below = value >> (end.next_multiple_of(8) - end);
        self.at = end;
        Some((below & ((1 << count) - 1)) as u32)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    /// An unsigned Exp-Golomb code of less than 2^16.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut length = 0;
        while !self.flag()? {
            length += 1;
        }
        (length <= 16).then_some(())?;
        Some((1 << length | self.bits(length)?) - 1)
    }

    /// A signed Exp-Golomb code.
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = self.ue()? as i32;
        Some(if code % 2 == 1 { (code + 1) / 2 } else { -code / 2 })
    }

    /// The bit that ends what is to be read: the last one that is set.
    pub(super) fn end(&self) -> Option<usize> {
        let last = self.bytes.iter().rposition(|byte| *byte != 0)?;
        Some(8 * last + 7 - self.bytes[last].trailing_zeros() as usize)
    }
}

/// Appends the payload of a unit, with a byte in between wherever it would look like a start code.
pub(super) fn escape(payload: &[u8], unit: &mut Vec<u8>) {
    let mut zeros = 0;
    for byte in payload {
        if zeros == 2 && *byte <= 3 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        unit.push(*byte);
    }
}

/// The payload without those bytes.
pub(super) fn unescape(unit: &[u8]) -> Vec<u8> {
    let (mut payload, mut zeros) = (Vec::with_capacity(unit.len()), 0);
    for byte in unit {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        payload.push(*byte);
    }
    payload
}

/// From the beginning of each unit of an access unit on. Where one ends is not looked for.
pub(super) fn starts(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        data = &data[start_code(data)? + 3..];
        Some(data)
    })
}

/// The units of an access unit, without start codes.
pub(super) fn units(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data = start_code(data).map_or(&[], |at| &data[at + 3..]);
    std::iter::from_fn(move || {
        if data.is_empty() {
            return None;
        }
        let next = start_code(data);
        let unit = &data[..next.unwrap_or(data.len())];
        data = next.map_or(&[], |at| &data[at + 3..]);
        // The zeros behind a unit belong to the start code of the next one.
        let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(&unit[..end])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exp_golomb_codes_are_those_of_the_recommendation() {
        // Tables 9-2 and 9-3.
        for (unsigned, signed, code) in [
            (0, 0, "1"),
            (1, 1, "010"),
            (2, -1, "011"),
            (3, 2, "00100"),
            (4, -2, "00101"),
            (8, -4, "0001001"),
        ] {
            let [mut ue, mut se, mut printed] = [(); 3].map(|()| Writer::default());
            ue.ue(unsigned);
            se.se(signed);
            printed.code(code);
            let printed = printed.bytes();
            assert_eq!((ue.bytes(), se.bytes()), (printed.clone(), printed.clone()), "{unsigned}");
            assert_eq!(Reader::new(&printed).ue(), Some(unsigned));
            assert_eq!(Reader::new(&printed).se(), Some(signed));
        }
        assert_eq!(Reader::new(&[0; 8]).ue(), None);
        assert_eq!(Reader::new(&[0, 0, 0x40]).ue(), None);
    }

    #[test]
    fn units_end_where_the_next_start_code_begins() {
        let data = [0, 0, 0, 1, 0x67, 5, 0, 0, 0, 1, 0x68, 0, 0, 1, 0x65, 1, 2, 0];
        let found = units(&data).collect::<Vec<_>>();
        assert_eq!(found, [&[0x67, 5][..], &[0x68], &[0x65, 1, 2]]);
        assert!(starts(&data).zip(found).all(|(start, unit)| start.starts_with(unit)));
        assert_eq!(starts(&data).count(), 3);
        assert_eq!(units(&[]).count() + units(&[1, 2, 3]).count(), 0);
    }

    proptest! {
        #[test]
        fn what_is_escaped_holds_no_start_code_and_comes_back(payload in prop::collection::vec(0..5_u8, 0..60)) {
            let mut unit = Vec::new();
            escape(&payload, &mut unit);
            prop_assert!(!unit.windows(3).any(|bytes| bytes[..2] == [0, 0] && bytes[2] < 3));
            prop_assert_eq!(unescape(&unit), payload);
        }

        #[test]
        fn bits_come_back(values in prop::collection::vec((any::<u32>(), 0..=32_u32), 0..40)) {
            let mut writer = Writer::default();
            let low = |value: u32, count: u32| (u64::from(value) & ((1 << count) - 1)) as u32;
            values.iter().for_each(|(value, count)| writer.bits(low(*value, *count), *count));
            let bytes = writer.bytes();
            let mut reader = Reader::new(&bytes);
            for (value, count) in values {
                prop_assert_eq!(reader.bits(count), Some(low(value, count)));
            }
        }
    }
}
