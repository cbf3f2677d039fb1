//! VA-API, through which the circuits of AMD and Intel GPUs code. Elements exist where a driver offers them; those with
//! `lp` in their name are a circuit of Intel's with less power.

use cosmos_desktop::Size;

use super::{
    Bitrate, Change, Maker,
    Notion::{Buffer, Gop, Latency, Preset, Profile, Rate, Threads},
    Row, Setting, Value, Versions, follow, set,
};
use crate::{Codec, Format};

pub(super) const H264: &[Row] =
    &[Row { element: "vah264enc", ..H264_ROW }, Row { element: "vah264lpenc", ..H264_ROW }];
pub(super) const H265: &[Row] =
    &[Row { element: "vah265enc", ..H265_ROW }, Row { element: "vah265lpenc", ..H265_ROW }];
pub(super) const VP9: &[Row] =
    &[Row { element: "vavp9enc", ..VP9_ROW }, Row { element: "vavp9lpenc", ..VP9_ROW }];
pub(super) const AV1: &[Row] =
    &[Row { element: "vaav1enc", ..AV1_ROW }, Row { element: "vaav1lpenc", ..AV1_ROW }];

const H264_ROW: Row = Row {
    element: "",
    versions: Versions::from(22),
    codec: Codec::H264,
    maker: Maker::VaApi,
    package: "gstreamer1.0-plugins-bad",
    inputs: &[Format::Nv12],
    least: Size::new(32, 32),
    output: "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
    bitrate: Bitrate { property: "bitrate", per_kilobit: 1, change: Change::Free },
    settings: &[COMMON, H26X, &[set(Profile, "dct8x8", "false")]],
    // Those that code 4:4:4 at all take it as packed pixels, and in codecs that browsers do not decode so.
    full: None,
};

const H265_ROW: Row = Row {
    codec: Codec::H265,
    least: Size::new(128, 128),
    output: "video/x-h265,stream-format=byte-stream,alignment=au,profile=main",
    settings: &[COMMON, H26X],
    ..H264_ROW
};

const VP9_ROW: Row = Row {
    codec: Codec::Vp9,
    versions: Versions::from(26),
    output: "video/x-vp9,profile=(string)0",
    settings: &[COMMON],
    ..H264_ROW
};

const AV1_ROW: Row = Row {
    codec: Codec::Av1,
    versions: Versions::from(24),
    output: "video/x-av1,alignment=tu",
    settings: &[COMMON],
    ..H264_ROW
};

const COMMON: &[Setting] = &[
    set(Rate, "rate-control", "cbr"),
    set(Rate, "mbbrc", "disabled"),
    follow(Buffer, "cpb-size", Value::Kilobits(25)),
    // The largest that all drivers take.
    set(Gop, "key-int-max", "1024"),
    set(Latency, "ref-frames", "1"),
    set(Preset, "target-usage", "6"),
];

const H26X: &[Setting] =
    &[set(Latency, "b-frames", "0"), set(Threads, "num-slices", "4"), set(Profile, "aud", "false")];
