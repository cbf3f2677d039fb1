//! Levels as bits (ITU-T H.264, 9.2).

use super::{
    bits::Writer,
    tables::{COEFF_TOKEN, RUN_BEFORE, TOTAL_ZEROS, TOTAL_ZEROS_CHROMA},
};

/// What is coded in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All levels of a block, or all but the first one, next to blocks with so many.
    Block { near: u8 },
    /// The first levels of a colour.
    Chroma,
}

/// How many of the levels are not 0.
pub(super) fn count(levels: &[i16]) -> u8 {
    levels.iter().filter(|level| **level != 0).count() as u8
}

/// Writes the levels of a block. `None` is a level beyond what the profile can say.
pub(super) fn write(levels: &[i16], kind: Kind, writer: &mut Writer) -> Option<()> {
    // From the last one, with how many zeros come right before each.
    let mut found = [(0, 0); 16];
    let (mut total, mut zeros) = (0, 0);
    for level in levels {
        if *level == 0 {
            zeros += 1;
        } else {
            found[total] = (i32::from(*level), zeros);
            (total, zeros) = (total + 1, 0);
        }
    }
    let found = &mut found[..total];
    found.reverse();
    let ones = found.iter().take(3).take_while(|(level, _)| level.abs() == 1).count();
    token(kind, total, ones, writer);
    if total == 0 {
        return Some(());
    }
    found[..ones].iter().for_each(|(level, _)| writer.bits(u32::from(*level < 0), 1));
    others(&found[ones..], total, ones, writer)?;
    runs(found, levels.len(), kind, writer);
    Some(())
}

fn token(kind: Kind, total: usize, ones: usize, writer: &mut Writer) {
    let table = match kind {
        Kind::Block { near: 0..2 } => 0,
        Kind::Block { near: 2..4 } => 1,
        Kind::Block { near: 4..8 } => 2,
        Kind::Chroma => 3,
        Kind::Block { .. } => {
            // Of a fixed length: the count less one and the ones, or 3 for nothing.
            let code = if total == 0 { 3 } else { 4 * (total - 1) + ones };
            return writer.bits(code as u32, 6);
        }
    };
    writer.code(COEFF_TOKEN[table][total][ones]);
}

/// The levels behind the trailing ones.
fn others(found: &[(i32, usize)], total: usize, ones: usize, writer: &mut Writer) -> Option<()> {
    let mut suffix = u32::from(total > 10 && ones < 3);
    for (at, (level, _)) in found.iter().enumerate() {
        let mut code = 2 * level.unsigned_abs() - 2 + u32::from(*level < 0);
        // The first one is no trailing one, or it would have been counted.
        if at == 0 && ones < 3 {
            code -= 2;
        }
        write_level(code, suffix, writer)?;
        suffix = suffix.max(1);
        if level.unsigned_abs() > 3 << (suffix - 1) && suffix < 6 {
            suffix += 1;
        }
    }
    Some(())
}

/// 9.2.2.1, from a level to its bits.
fn write_level(code: u32, suffix: u32, writer: &mut Writer) -> Option<()> {
    let escape = if suffix == 0 { 30 } else { 15 << suffix };
    let (prefix, value, length) = match code {
        code if code >= escape => (15, code - escape, 12),
        code if suffix > 0 => (code >> suffix, code & ((1 << suffix) - 1), suffix),
        code if code < 14 => (code, 0, 0),
        code => (14, code - 14, 4),
    };
    (value < 1 << length).then_some(())?;
    writer.bits(1, prefix + 1);
    writer.bits(value, length);
    Some(())
}

/// Where the levels are.
fn runs(found: &[(i32, usize)], len: usize, kind: Kind, writer: &mut Writer) {
    let mut left = found.iter().map(|(_, zeros)| zeros).sum::<usize>();
    if found.len() < len {
        writer.code(match kind {
            Kind::Block { .. } => TOTAL_ZEROS[found.len() - 1][left],
            Kind::Chroma => TOTAL_ZEROS_CHROMA[found.len() - 1][left],
        });
    }
    for (_, zeros) in &found[..found.len() - 1] {
        if left == 0 {
            return;
        }
        writer.code(RUN_BEFORE[left.min(7) - 1][*zeros]);
        left -= zeros;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(levels: &[i16], kind: Kind) -> Option<Vec<u8>> {
        let mut writer = Writer::default();
        write(levels, kind, &mut writer).map(|()| writer.bytes())
    }

    #[test]
    fn blocks_are_written_as_worked_out_by_hand() {
        let near = |near| Kind::Block { near };
        for (levels, kind, printed) in [
            (&[0_i16; 16][..], near(0), "1"),
            (&[0; 16], near(3), "11"),
            (&[0; 16], near(9), "000011"),
            (&[0; 4], Kind::Chroma, "01"),
            // 3 trailing ones of five: their signs, 1 and 3, three zeros: of them one, none, none and one before.
            (&[0, 3, 0, 1, -1, -1, 0, 1], near(0), "0000100 0 1 1 1 0010 111 10 1 1 01"),
            // One level alone, at the end of sixteen.
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], near(1), "000101 1 000000001"),
            // No zero is told of where there is no room for one.
            (&[1, 1, 1, 1], Kind::Chroma, "0000000 0 0 0 1"),
            (&[17, 0, 0, 0], Kind::Chroma, "000111 0000000000000001 000000000000 1"),
        ] {
            let mut expected = Writer::default();
            expected.code(&printed.replace(' ', ""));
            assert_eq!(written(levels, kind), Some(expected.bytes()), "{levels:?}");
        }
    }

    #[test]
    fn a_level_that_cannot_be_said_is_refused() {
        let kind = Kind::Block { near: 0 };
        assert!(written(&[2063, 0], kind).is_some());
        assert!(written(&[-2064, 0], kind).is_some());
        assert_eq!(written(&[2065, 0], kind), None);
        assert_eq!(written(&[0, -4000], kind), None);
    }
}
