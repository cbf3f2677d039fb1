//! How session descriptions tell what a picture is coded with.

use cosmos_encoder::{Codec, Sampling};
use str0m::{
    format::{self, CodecConfig, FormatParams},
    media::Frequency,
};

use super::Codecs;

/// What WebRTC calls a codec.
pub(super) fn of(codec: Codec) -> format::Codec {
    match codec {
        Codec::H265 => format::Codec::H265,
        Codec::Vp8 => format::Codec::Vp8,
        Codec::Vp9 => format::Codec::Vp9,
        Codec::Av1 => format::Codec::Av1,
        _ => format::Codec::H264,
    }
}

/// How many samples of colour pictures of this format have.
pub(super) fn sampling(codec: format::Codec, format: &FormatParams) -> Sampling {
    let is_full = match codec {
        format::Codec::H264 => format.profile_level_id.is_some_and(|id| id >> 16 == H264_HIGH_444),
        format::Codec::Vp9 => format.profile_id == Some(1),
        format::Codec::Av1 => format.profile == Some(1),
        _ => false,
    };
    if is_full { Sampling::Full } else { Sampling::Half }
}

/// Adds the formats of those codecs that are wanted at 4:4:4. An answer takes over the payload types of the offer.
pub(super) fn add_full(config: &mut CodecConfig, codecs: Codecs) {
    for (codec, [pt, resend], format) in full() {
        if codecs.has_full(codec) {
            let rate = Frequency::NINETY_KHZ;
            config.add_config(pt.into(), Some(resend.into()), of(codec), rate, None, format);
        }
    }
}

/// What is coded at 4:4:4, each with payload types that nothing else has by default.
fn full() -> [(Codec, [u8; 2], FormatParams); 3] {
    let h264 = FormatParams {
        level_asymmetry_allowed: Some(true),
        packetization_mode: Some(1),
        // Level 3.1, as all others are told: no browser heeds it.
        profile_level_id: Some(H264_HIGH_444 << 16 | 0x1f),
        ..FormatParams::default()
    };
    let vp9 = FormatParams { profile_id: Some(1), ..FormatParams::default() };
    let (profile, level_idx, tier) = (Some(1), Some(5), Some(0));
    let av1 = FormatParams { profile, level_idx, tier, ..FormatParams::default() };
    [(Codec::H264, [112, 113], h264), (Codec::Vp9, [104, 105], vp9), (Codec::Av1, [47, 48], av1)]
}

/// The high 4:4:4 predictive profile (ITU-T H.264, annex A).
const H264_HIGH_444: u32 = 0xf4;

/// Which of these codecs an answer holds.
pub(super) fn agreed(answer: &str, codecs: Codecs) -> Codecs {
    let with = |codec: Codec, wanted: Sampling| {
        let maps = answer.lines().filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '));
        let types = maps.filter(|(_, name)| *name == rtpmap(codec)).map(|(pt, _)| pt);
        types.map(|pt| sampling(of(codec), &params(answer, pt))).any(|sampling| sampling == wanted)
    };
    let half: Codecs = codecs.iter().filter(|codec| with(*codec, Sampling::Half)).collect();
    half.in_full(
        half.iter().filter(|codec| codecs.has_full(*codec) && with(*codec, Sampling::Full)).collect(),
    )
}

/// The parameters of a payload type.
fn params(answer: &str, pt: &str) -> FormatParams {
    let lines = answer.lines().filter_map(|line| line.strip_prefix("a=fmtp:")?.split_once(' '));
    let mut found = lines.filter(|(of, _)| *of == pt).map(|(_, params)| params);
    found.next().map(FormatParams::parse_line).unwrap_or_default()
}

/// How a session description names the codec (RFC 6184, RFC 7798, RFC 7741, RFC 9628, and that of AV1).
fn rtpmap(codec: Codec) -> &'static str {
    match of(codec) {
        format::Codec::H265 => "H265/90000",
        format::Codec::Vp8 => "VP8/90000",
        format::Codec::Vp9 => "VP9/90000",
        format::Codec::Av1 => "AV1/90000",
        _ => "H264/90000",
    }
}
