//! Picture and sound.

use super::{Consumer::Stream, Setting, row, seed, successor};
use crate::settings::Kind;

pub(super) static ROWS: &[Setting] = &[
    row(
        ["encoder", "encoder", "COSMOS_ENCODER"],
        Kind::Encoder,
        Stream,
        "Encoder of the picture: the best, or one by the name of its GStreamer element; x264enc is the one on the CPU.",
    )
    .by_default("auto")
    .older(&[successor("SELKIES_ENCODER"), seed("WEBRTC_ENCODER")]),
    row(
        ["encoder_threads", "encoder-threads", "COSMOS_ENCODER_THREADS"],
        Kind::Integer(1, 64),
        Stream,
        "Threads that encode one picture; otherwise one fewer than there are cores, at most 4, or 1 for each million of pixels.",
    ),
    row(
        ["full_colour", "full-colour", "COSMOS_FULL_COLOUR"],
        Kind::Boolean,
        Stream,
        "Code colours at 4:4:4, which keeps small letters in colour, where the encoder can and all who watch decode it; \
         the encoder takes a fifth to a half more time.",
    )
    .by_default("false")
    .older(&[successor("SELKIES_VIDEO_FULLCOLOR"), successor("SELKIES_H264_FULLCOLOR")]),
    row(["framerate", "framerate", "COSMOS_FRAMERATE"], Kind::Integer(1, 240), Stream, "Most pictures per second.")
        .by_default("60")
        .in_unit("1/s")
        .older(&[successor("SELKIES_FRAMERATE"), seed("WEBRTC_FRAMERATE")]),
    row(
        ["video_bitrate", "video-bitrate", "COSMOS_VIDEO_BITRATE"],
        Kind::Integer(300, 100_000),
        Stream,
        "Most that one viewer's picture may take.",
    )
    .by_default("8000")
    .in_unit("kbit/s")
    .older(&[successor("SELKIES_VIDEO_BITRATE"), seed("WEBRTC_VIDEO_BITRATE")]),
    row(
        ["keyframe_distance", "keyframe-distance", "COSMOS_KEYFRAME_DISTANCE"],
        Kind::Integer(-1, 3600),
        Stream,
        "Longest time between keyframes; -1 makes them on demand only.",
    )
    .by_default("-1")
    .in_unit("s")
    .older(&[successor("SELKIES_KEYFRAME_DISTANCE")]),
    row(
        ["congestion_control", "congestion-control", "COSMOS_CONGESTION_CONTROL"],
        Kind::Boolean,
        Stream,
        "Send less where the network carries less; the bitrate is fixed otherwise, and what the network does not carry is \
         lost.",
    )
    .by_default("true")
    .older(&[successor("SELKIES_CONGESTION_CONTROL")]),
    row(
        ["cursors", "cursors", "COSMOS_CURSORS"],
        Kind::Boolean,
        Stream,
        "Tell pages the shape of the desktop's pointer; they show the browser's arrow otherwise, as no picture has a \
         pointer in it. VNC viewers are always told.",
    )
    .by_default("true")
    .older(&[successor("SELKIES_ENABLE_CURSORS"), successor("WEBRTC_ENABLE_CURSORS")]),
    row(
        ["clipboard", "clipboard", "COSMOS_CLIPBOARD"],
        Kind::Clipboard,
        Stream,
        "Carry the clipboard: both ways, not at all, into the desktop, or out of it.",
    )
    .by_default("true")
    .older(&[successor("SELKIES_ENABLE_CLIPBOARD"), seed("ENABLE_CLIPBOARD")]),
    row(["audio", "audio", "COSMOS_AUDIO"], Kind::Boolean, Stream, "Start a sound server and stream what it plays.")
        .by_default("true")
        .older(&[successor("SELKIES_AUDIO_ENABLED"), seed("ENABLE_AUDIO")]),
    row(
        ["audio_bitrate", "audio-bitrate", "COSMOS_AUDIO_BITRATE"],
        Kind::Integer(6000, 510_000),
        Stream,
        "Bitrate of the sound.",
    )
    .by_default("128000")
    .in_unit("bit/s")
    .older(&[successor("SELKIES_AUDIO_BITRATE"), seed("WEBRTC_AUDIO_BITRATE")]),
    row(
        ["audio_channels", "audio-channels", "COSMOS_AUDIO_CHANNELS"],
        Kind::Integer(1, 2),
        Stream,
        "Channels of the sound.",
    )
    .by_default("2")
    .older(&[successor("SELKIES_AUDIO_CHANNELS"), successor("WEBRTC_AUDIO_CHANNELS")]),
    row(
        ["audio_device", "audio-device", "COSMOS_AUDIO_DEVICE"],
        Kind::Text,
        Stream,
        "PulseAudio source to stream; what the desktop plays otherwise.",
    ),
];
