//! What of the parameter sets the slices depend on (ITU-T H.264, 7.3.2.1 and 7.3.2.2).

use super::bits::{Reader, unescape};

/// Of a sequence parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    /// Bits of `frame_num`.
    pub(super) frame_num_bits: u32,
    /// Macroblocks in a row, and rows of them.
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Of a picture parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pictures {
    pub(super) id: u32,
    /// The quantizer that slices tell their own against.
    pub(super) qp: i32,
    /// How much the quantizer of colours differs.
    pub(super) chroma: i32,
    /// Whether slices tell how they are filtered.
    pub(super) filter: bool,
    /// Whether a slice refers to more than one picture unless it says so.
    pub(super) several: bool,
}

/// Pictures that decoders keep.
pub(super) const KEPT: u32 = 2;

impl Sequence {
    /// One of the kind that is understood: baseline, frames only, shown in the order in which they are coded, of which
    /// decoders keep two.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        const BASELINE: u32 = 66;
        let payload = unescape(payload);
        let mut reader = Reader::new(&payload);
        (reader.bits(8)? == BASELINE).then_some(())?;
        reader.bits(16)?;
        reader.ue()?;
        let frame_num_bits = reader.ue()? + 4;
        let (order, kept) = (reader.ue()?, reader.ue()?);
        (frame_num_bits <= 16 && order == 2 && kept == KEPT).then_some(())?;
        reader.flag()?;
        let (width, height) = (reader.ue()? as usize + 1, reader.ue()? as usize + 1);
        reader.flag()?.then_some(Self { frame_num_bits, width, height })
    }
}

impl Pictures {
    /// One of the kind that is understood: CAVLC, no groups of slices, no weights, and what refers to no picture may be
    /// predicted from what does.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let payload = unescape(payload);
        let mut reader = Reader::new(&payload);
        let id = reader.ue()?;
        reader.ue()?;
        let (cabac, fields) = (reader.flag()?, reader.flag()?);
        let groups = reader.ue()?;
        let several = reader.ue()? > 0;
        reader.ue()?;
        let weighted = reader.flag()?;
        reader.bits(2)?;
        let qp = 26 + reader.se()?;
        reader.se()?;
        let chroma = reader.se()?;
        let filter = reader.flag()?;
        let (constrained, redundant) = (reader.flag()?, reader.flag()?);
        let is_known = !cabac && !fields && groups == 0 && !weighted && !constrained && !redundant;
        is_known.then_some(Self { id, qp, chroma, filter, several })
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::Writer;
    use super::*;

    /// What x264 writes for 640 by 480, but for some values.
    fn sequence(profile: u32, order: u32, kept: u32, frames_only: bool) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bits(profile, 8);
        writer.bits(0xc0_1e, 16);
        [0, 1, order, kept].into_iter().for_each(|value| writer.ue(value));
        writer.bits(0, 1);
        [39, 29].into_iter().for_each(|value| writer.ue(value));
        writer.bits(u32::from(frames_only), 1);
        writer.code("1001");
        writer.bytes()
    }

    #[test]
    fn sets_of_other_kinds_are_not_understood() {
        let known = Sequence { frame_num_bits: 5, width: 40, height: 30 };
        assert_eq!(Sequence::read(&sequence(66, 2, 2, true)), Some(known));
        for (name, set) in [
            ("high profile", sequence(100, 2, 2, true)),
            ("order told", sequence(66, 0, 2, true)),
            ("one is kept", sequence(66, 2, 1, true)),
            ("fields", sequence(66, 2, 2, false)),
            ("cut short", sequence(66, 2, 2, true)[..5].to_vec()),
            ("empty", Vec::new()),
        ] {
            assert_eq!(Sequence::read(&set), None, "{name}");
        }
        let pictures = |printed: &str| {
            let mut writer = Writer::default();
            writer.code(&printed.replace(' ', ""));
            Pictures::read(&writer.bytes())
        };
        let usual = Pictures { id: 0, qp: 26, chroma: 0, filter: true, several: false };
        assert_eq!(pictures("1 1 0 0 1 1 1 0 00 1 1 1 1 0 0 1"), Some(usual));
        for (name, printed) in [
            ("CABAC", "1 1 1 0 1 1 1 0 00 1 1 1 1 0 0 1"),
            ("fields", "1 1 0 1 1 1 1 0 00 1 1 1 1 0 0 1"),
            ("groups of slices", "1 1 0 0 010 1 1 0 00 1 1 1 1 0 0 1"),
            ("weights", "1 1 0 0 1 1 1 1 00 1 1 1 1 0 0 1"),
            ("neighbours apart", "1 1 0 0 1 1 1 0 00 1 1 1 1 1 0 1"),
            ("slices twice", "1 1 0 0 1 1 1 0 00 1 1 1 1 0 1 1"),
            ("cut short", "1 1 0 0 1 1 1"),
        ] {
            assert_eq!(pictures(printed), None, "{name}");
        }
    }
}
