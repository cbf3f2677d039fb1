//! NVENC, the circuit of NVIDIA GPUs. Elements exist where the driver's libraries do and the GPU has the circuit.
//!
//! There are two families of elements. The older sends a keyframe with every change of the bitrate, and has no word for
//! parameter sets in front of each. The newer came with GStreamer 1.22, and took the names of the older with 1.26.

use cosmos_desktop::Size;

use super::{
    Bitrate, Change, Full, Maker,
    Notion::{Buffer, Gop, Latency, Preset, Profile, Rate, Screen},
    Row, Setting, Value, Versions, follow, set,
};
use crate::{Codec, Format};

/// The element of the newer family, best first; the one that looks for a GPU by itself; the older family.
pub(super) const H264: &[Row] = &[
    Row { element: "nvh264enc", versions: Versions::from(26), ..NEW_H264 },
    Row { element: "nvcudah264enc", ..NEW_H264 },
    Row { element: "nvautogpuh264enc", ..NEW_H264 },
    Row { element: "nvh264enc", output: H264_OUTPUT, codec: Codec::H264, ..OLD },
];

pub(super) const H265: &[Row] = &[
    Row { element: "nvh265enc", versions: Versions::from(26), ..NEW_H265 },
    Row { element: "nvcudah265enc", ..NEW_H265 },
    Row { element: "nvautogpuh265enc", ..NEW_H265 },
    Row { element: "nvh265enc", output: H265_OUTPUT, codec: Codec::H265, full: None, ..OLD },
];

pub(super) const AV1: &[Row] =
    &[Row { element: "nvav1enc", ..NEW_AV1 }, Row { element: "nvautogpuav1enc", ..NEW_AV1 }];

const NEW_H264: Row = Row {
    element: "",
    versions: Versions::from(22),
    codec: Codec::H264,
    maker: Maker::Nvidia,
    package: PACKAGE,
    inputs: &[Format::Nv12],
    least: Size::new(160, 64),
    output: H264_OUTPUT,
    bitrate: KILOBITS,
    settings: &[NEW, NEW_H26X],
    full: Some(Full { output: H264_FULL, settings: &[NEW, NEW_H26X] }),
};

const NEW_H265: Row = Row { codec: Codec::H265, output: H265_OUTPUT, full: None, ..NEW_H264 };

const NEW_AV1: Row = Row {
    versions: Versions::from(26),
    codec: Codec::Av1,
    output: "video/x-av1,alignment=tu",
    settings: &[NEW],
    full: None,
    ..NEW_H264
};

const OLD: Row = Row {
    element: "",
    versions: Versions(0, 24),
    codec: Codec::H264,
    maker: Maker::Nvidia,
    package: PACKAGE,
    inputs: &[Format::Nv12, Format::I420],
    least: Size::new(146, 50),
    output: H264_OUTPUT,
    bitrate: Bitrate { change: Change::Keyframe, ..KILOBITS },
    settings: &[OLD_SETTINGS],
    full: Some(Full { output: H264_FULL, settings: &[OLD_SETTINGS] }),
};

const PACKAGE: &str = "gstreamer1.0-plugins-bad";
const H264_OUTPUT: &str = "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline";
/// Which GPUs take is up to them: an element whose GPU does not code 4:4:4 takes no such pictures.
const H264_FULL: &str = "video/x-h264,stream-format=byte-stream,alignment=au,profile=(string)high-4:4:4";
const H265_OUTPUT: &str = "video/x-h265,stream-format=byte-stream,alignment=au,profile=main";
const KILOBITS: Bitrate = Bitrate { property: "bitrate", per_kilobit: 1, change: Change::Free };

/// How long more than its share a picture may take, in milliseconds.
const BUFFER: u32 = 25;

const NEW: &[Setting] = &[
    set(Preset, "preset", "p4").only(Versions::from(24)),
    set(Latency, "tune", "ultra-low-latency").only(Versions::from(24)),
    set(Rate, "multi-pass", "two-pass-quarter").only(Versions::from(24)),
    set(Rate, "rate-control", "cbr").only(UNTIL_24),
    set(Rate, "rc-mode", "cbr").only(SINCE_26),
    follow(Buffer, "vbv-buffer-size", Value::Kilobits(BUFFER)),
    set(Gop, "gop-size", "-1"),
    set(Gop, "strict-gop", "true"),
    set(Latency, "b-frames", "0").only(UNTIL_24),
    set(Latency, "bframes", "0").only(SINCE_26),
    set(Latency, "zero-reorder-delay", "true").only(UNTIL_24),
    set(Latency, "zerolatency", "true").only(SINCE_26),
    set(Latency, "b-adapt", "false"),
    set(Latency, "rc-lookahead", "0"),
    // Where a screen is simple, as text is, errors show.
    set(Screen, "spatial-aq", "true"),
];

const NEW_H26X: &[Setting] = &[set(Profile, "aud", "false"), set(Profile, "repeat-sequence-header", "true")];

const OLD_SETTINGS: &[Setting] = &[
    set(Preset, "preset", "low-latency-hq"),
    set(Rate, "rc-mode", "cbr"),
    // It is read when the element starts, and never again.
    follow(Buffer, "vbv-buffer-size", Value::FirstKilobits(BUFFER)),
    set(Gop, "gop-size", "-1"),
    set(Gop, "strict-gop", "true"),
    set(Latency, "zerolatency", "true"),
    set(Latency, "bframes", "0"),
    set(Latency, "b-adapt", "false"),
    set(Latency, "rc-lookahead", "0"),
    set(Profile, "aud", "false"),
    set(Screen, "spatial-aq", "true"),
];

const UNTIL_24: Versions = Versions(22, 24);
const SINCE_26: Versions = Versions::from(26);
