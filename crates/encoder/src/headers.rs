//! Parameter sets of H.264 and H.265, without which nobody can begin to decode: some elements send them once, and a
//! viewer who comes later needs them as well.

use std::sync::Arc;

use crate::Codec;

/// The parameter sets that were sent last.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    kept: Vec<u8>,
}

impl Headers {
    /// A keyframe in Annex B form with its parameter sets in front. What it lacks is what the one before had.
    pub(crate) fn complete(&mut self, codec: Codec, keyframe: &[u8]) -> Arc<[u8]> {
        let Some(kinds) = Kinds::of(codec) else { return Arc::from(keyframe) };
        let found = sets(keyframe, kinds);
        if !found.is_empty() {
            self.kept = found.concat();
            return Arc::from(keyframe);
        }
        [&self.kept, keyframe].concat().into()
    }
}

/// How the units of a codec are told apart.
#[derive(Clone, Copy)]
struct Kinds {
    kind: fn(u8) -> u8,
    sets: &'static [u8],
    pictures: fn(u8) -> bool,
}

impl Kinds {
    /// Of the codecs that have parameter sets (ITU-T H.264, table 7-1; ITU-T H.265, table 7-1).
    fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::H264 => Some(Self {
                kind: |header| header & 0x1f,
                sets: &[7, 8],
                pictures: |kind| (1..=5).contains(&kind),
            }),
            Codec::H265 => Some(Self {
                kind: |header| header >> 1 & 0x3f,
                sets: &[32, 33, 34],
                pictures: |kind| kind < 32,
            }),
            Codec::Vp8 | Codec::Vp9 | Codec::Av1 => None,
        }
    }
}

/// The parameter sets in front of a picture, each with a start code of four bytes.
fn sets(data: &[u8], kinds: Kinds) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = data;
    while let Some(start) = start_code(rest) {
        rest = &rest[start + 3..];
        let Some(kind) = rest.first().map(|header| (kinds.kind)(*header)) else { break };
        if (kinds.pictures)(kind) {
            break;
        }
        if kinds.sets.contains(&kind) {
            let end = start_code(rest).unwrap_or(rest.len());
            let unit = rest[..end].strip_suffix(&[0]).unwrap_or(&rest[..end]);
            found.push([&[0, 0, 0, 1], unit].concat());
        }
    }
    found
}

/// Where the next start code of three bytes begins.
pub(crate) fn start_code(data: &[u8]) -> Option<usize> {
    data.windows(3).position(|bytes| bytes == [0, 0, 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0, 0, 0, 1, 0x67, 66, 0xc0];
    const PPS: &[u8] = &[0, 0, 0, 1, 0x68, 1];
    const SEI: &[u8] = &[0, 0, 1, 0x06, 9];
    const IDR: &[u8] = &[0, 0, 1, 0x65, 0, 0, 2, 0x67, 8];

    #[test]
    fn a_keyframe_without_parameter_sets_gets_those_of_the_one_before() {
        for (name, keyframes, expected) in [
            ("all there", vec![[SPS, PPS, IDR].concat()], [SPS, PPS, IDR].concat()),
            ("nothing known", vec![IDR.to_vec()], IDR.to_vec()),
            ("once only", vec![[SPS, PPS, SEI, IDR].concat(), IDR.to_vec()], [SPS, PPS, IDR].concat()),
            (
                "short start codes",
                vec![[&SPS[1..], &PPS[1..], IDR].concat(), [SEI, IDR].concat()],
                [SPS, PPS, SEI, IDR].concat(),
            ),
            ("cut short", vec![vec![0, 0, 1]], vec![0, 0, 1]),
            ("empty", vec![vec![]], vec![]),
        ] {
            let mut headers = Headers::default();
            let last = keyframes.iter().map(|keyframe| headers.complete(Codec::H264, keyframe)).last();
            assert_eq!(last.as_deref(), Some(&*expected), "{name}");
        }
    }

    #[test]
    fn new_parameter_sets_take_the_place_of_the_old() {
        let other: &[u8] = &[0, 0, 0, 1, 0x67, 77, 0];
        let mut headers = Headers::default();
        headers.complete(Codec::H264, &[SPS, PPS, IDR].concat());
        headers.complete(Codec::H264, &[other, PPS, IDR].concat());
        assert_eq!(*headers.complete(Codec::H264, IDR), [other, PPS, IDR].concat());
    }

    #[test]
    fn those_of_h265_are_three_and_other_codecs_have_none() {
        let sets: &[u8] = &[0, 0, 0, 1, 0x40, 1, 0, 0, 0, 1, 0x42, 1, 0, 0, 0, 1, 0x44, 1];
        let idr: &[u8] = &[0, 0, 1, 0x26, 1, 9];
        let mut headers = Headers::default();
        headers.complete(Codec::H265, &[sets, idr].concat());
        assert_eq!(*headers.complete(Codec::H265, idr), [sets, idr].concat());
        for codec in [Codec::Vp8, Codec::Vp9, Codec::Av1] {
            let mut headers = Headers::default();
            headers.complete(codec, &[SPS, PPS, IDR].concat());
            assert_eq!(*headers.complete(codec, IDR), *IDR, "{codec}");
        }
    }
}
