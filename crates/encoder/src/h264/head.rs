//! Heads of slices: those of our own, and what changes in those of an encoder that does not know of them (ITU-T H.264,
//! 7.3.3).

use super::{
    bits::{Reader, Writer, escape, unescape},
    params::{Pictures, Sequence},
};

/// What a decoder keeps for later pictures to refer to, which are two at most: the numbers of those it would throw away
/// first, the oldest in front, and whether there is one that it keeps until told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) short: Vec<u32>,
    pub(super) long: bool,
}

impl Kept {
    /// The next picture, where nothing is told of what to throw away (8.2.5.3).
    pub(super) fn slide(&mut self, frame_num: u32) {
        if self.short.len() + usize::from(self.long) == super::params::KEPT as usize {
            self.short.remove(0);
        }
        self.short.push(frame_num);
    }
}

/// The number of a picture, and the one that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) frame_num: u32,
    /// Whether that is the one kept for longer, instead of the last one.
    pub(super) long: bool,
}

/// Appends a slice of an encoder with its head changed, to the unit whose first byte is there. `None` is a head that is not
/// understood.
pub(super) fn rewrite(payload: &[u8], sequence: &Sequence, change: Change, unit: &mut Vec<u8>) -> Option<()> {
    if change.long {
        let payload = unescape(payload);
        let mut reader = Reader::new(&payload);
        let mut writer = Writer::default();
        let end = reader.end()? + 1;
        number(&mut reader, &mut writer, sequence, change.frame_num)?;
        refer(&mut reader, &mut writer)?;
        writer.copy(&mut reader, end);
        escape(&writer.bytes(), unit);
        return Some(());
    }
    // What comes after the number stays as it is, bytes in between and all, if no zeros reach across.
    const HEAD: usize = 16;
    let rest = (HEAD..payload.len()).find(|at| payload[at - 2] != 0 && payload[at - 1] != 0);
    let (head, rest) = payload.split_at(rest.unwrap_or(payload.len()));
    let head = unescape(head);
    let (mut reader, mut writer) = (Reader::new(&head), Writer::default());
    number(&mut reader, &mut writer, sequence, change.frame_num)?;
    writer.copy(&mut reader, 8 * head.len());
    escape(&writer.bytes(), unit);
    unit.extend_from_slice(rest);
    Some(())
}

/// The number that an encoder gave a picture.
pub(super) fn frame_num(payload: &[u8], sequence: &Sequence) -> Option<u32> {
    let head = unescape(&payload[..payload.len().min(16)]);
    let mut reader = Reader::new(&head);
    (0..3).try_for_each(|_| reader.ue().map(drop))?;
    reader.bits(sequence.frame_num_bits)
}

fn number(reader: &mut Reader<'_>, writer: &mut Writer, sequence: &Sequence, frame_num: u32) -> Option<()> {
    reader.ue()?;
    // Of another kind none is expected: what is no keyframe refers to one picture.
    (reader.ue()? % 5 == 0).then_some(())?;
    reader.ue()?;
    let at = reader.at;
    reader.at = 0;
    writer.copy(reader, at);
    reader.bits(sequence.frame_num_bits)?;
    writer.bits(frame_num, sequence.frame_num_bits);
    Some(())
}

/// Lets a slice that refers to the first of the pictures that are kept, which is the last one, refer to the one that is
/// kept for longer (7.3.3.1).
fn refer(reader: &mut Reader<'_>, writer: &mut Writer) -> Option<()> {
    let at = reader.at;
    if reader.flag()? {
        (reader.ue()? == 0).then_some(())?;
    }
    let end = reader.at;
    (!reader.flag()?).then_some(())?;
    reader.at = at;
    writer.copy(reader, end);
    reader.flag()?;
    writer.bits(1, 1);
    [2, 0, 3].into_iter().for_each(|value| writer.ue(value));
    Some(())
}

/// The head of a slice that is all of a picture and refers to the last one. From the first of several on, what the encoder
/// made last is kept for longer: it refers to that.
pub(super) fn write(
    writer: &mut Writer,
    sequence: &Sequence,
    pictures: &Pictures,
    kept: &mut Kept,
    frame_num: u32,
    is_first: bool,
    qp: i32,
) {
    writer.ue(0);
    // All slices of the picture refer to one before.
    writer.ue(5);
    writer.ue(pictures.id);
    writer.bits(frame_num, sequence.frame_num_bits);
    writer.bits(pictures.several.into(), 1);
    if pictures.several {
        writer.ue(0);
    }
    writer.bits(0, 1);
    writer.bits(is_first.into(), 1);
    if is_first {
        keep_last(writer, kept, frame_num, 1 << sequence.frame_num_bits);
    } else {
        kept.slide(frame_num);
    }
    writer.se(qp - pictures.qp);
    if pictures.filter {
        writer.ue(1);
    }
}

/// Keeps the last picture for longer, in place of one that may have been kept so, and throws the others away (7.3.3.3).
fn keep_last(writer: &mut Writer, kept: &mut Kept, frame_num: u32, numbers: u32) {
    let before = |of: u32| frame_num.wrapping_sub(of + 1) % numbers;
    let last = kept.short.pop();
    for of in kept.short.drain(..) {
        [1, before(of)].into_iter().for_each(|value| writer.ue(value));
    }
    if let Some(last) = last {
        [4, 1, 3, before(last), 0].into_iter().for_each(|value| writer.ue(value));
    }
    writer.ue(0);
    *kept = Kept { short: vec![frame_num], long: true };
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEQUENCE: Sequence = Sequence { frame_num_bits: 4, width: 40, height: 30 };

    /// A slice as x264 writes it, with what follows its head.
    fn slice(frame_num: u32, rest: &[u8]) -> Vec<u8> {
        let mut writer = Writer::default();
        [0, 5, 0].into_iter().for_each(|value| writer.ue(value));
        writer.bits(frame_num, 4);
        writer.code("000");
        rest.iter().for_each(|byte| writer.bits((*byte).into(), 8));
        writer.bits(1, 1);
        let mut unit = Vec::new();
        escape(&writer.bytes(), &mut unit);
        unit
    }

    #[test]
    fn a_slice_keeps_all_but_its_number() {
        for rest in [vec![0xa5; 1], vec![0; 12], vec![1; 40], vec![0xff; 40], vec![0; 300]] {
            let mut unit = Vec::new();
            let change = Change { frame_num: 12, long: false };
            rewrite(&slice(9, &rest), &SEQUENCE, change, &mut unit).unwrap();
            assert_eq!(unit, slice(12, &rest));
            assert_eq!(frame_num(&unit, &SEQUENCE), Some(12));
        }
    }

    #[test]
    fn a_slice_can_refer_to_the_picture_that_is_kept() {
        for rest in [vec![0xa5; 1], vec![0; 12], vec![0xff; 300]] {
            let mut unit = Vec::new();
            rewrite(&slice(9, &rest), &SEQUENCE, Change { frame_num: 3, long: true }, &mut unit).unwrap();
            let mut expected = Writer::default();
            [0, 5, 0].into_iter().for_each(|value| expected.ue(value));
            expected.bits(3, 4);
            expected.code("0" /* one picture */);
            expected.code("1" /* not the usual one */);
            expected.code("011100100");
            expected.code("0" /* throw away as usual */);
            rest.iter().for_each(|byte| expected.bits((*byte).into(), 8));
            expected.bits(1, 1);
            assert_eq!(unescape(&unit), expected.bytes());
        }
        for (name, odd) in [
            ("empty", ""),
            ("nothing behind the number", "1 00110 1 0001 1"),
            ("a slice that refers to none", "1 00111 1 0001 0 0 0 1"),
            ("one that refers to two", "1 00110 1 0001 1 010 0 0 1"),
            ("one that refers to another", "1 00110 1 0001 0 1 1 1 00100 0 1"),
        ] {
            let (mut writer, change) = (Writer::default(), Change { frame_num: 3, long: true });
            writer.code(&odd.replace(' ', ""));
            assert_eq!(rewrite(&writer.bytes(), &SEQUENCE, change, &mut Vec::new()), None, "{name}");
        }
    }

    #[test]
    fn what_is_kept_follows_from_what_was_told() {
        let pictures = Pictures { id: 0, qp: 26, chroma: 0, filter: true, several: false };
        let mut kept = Kept::default();
        for (frame_num, is_own, expected) in [
            (14, None, (vec![14], false)),
            (15, None, (vec![14, 15], false)),
            (0, Some("1_010_010_00101_010_00100_1_1_1"), (vec![0], true)),
            (1, Some("0"), (vec![1], true)),
            (2, None, (vec![2], true)),
            (3, None, (vec![3], true)),
            (4, Some("1_00101_010_00100_1_1_1"), (vec![4], true)),
        ] {
            match is_own {
                None => kept.slide(frame_num),
                Some(marking) => {
                    let mut writer = Writer::default();
                    let is_first = marking.starts_with('1');
                    write(&mut writer, &SEQUENCE, &pictures, &mut kept, frame_num, is_first, 26);
                    let mut expected = Writer::default();
                    [0, 5, 0].into_iter().for_each(|value| expected.ue(value));
                    expected.bits(frame_num, 4);
                    expected.code(&format!("00{}1010", marking.replace('_', "")));
                    assert_eq!(writer.bytes(), expected.bytes(), "{frame_num}");
                }
            }
            assert_eq!((kept.short.clone(), kept.long), expected, "{frame_num}");
        }
    }
}
