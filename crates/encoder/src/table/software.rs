//! Encoders on the CPU.

use cosmos_desktop::Size;

use super::{
    ANY_SIZE, Bitrate, Change, Full, Maker, NEVER,
    Notion::{Buffer, Gop, Latency, Preset, Profile, Rate, Screen, Threads},
    Row, Setting, Value, Versions, follow, set,
};
use crate::{Codec, Format};

const I420: &[Format] = &[Format::I420];

/// Those that any machine can afford.
pub(super) const USUAL: &[Row] = &[
    Row {
        element: "x264enc",
        versions: Versions::ALL,
        codec: Codec::H264,
        maker: Maker::Cpu,
        package: "gstreamer1.0-plugins-ugly",
        inputs: &[Format::I420, Format::Nv12],
        least: ANY_SIZE,
        output: "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
        bitrate: Bitrate { property: "bitrate", per_kilobit: 1, change: Change::Free },
        settings: &[X264, &[X264_HALF]],
        full: Some(Full { output: H264_FULL, settings: &[X264, &[X264_FULL]] }),
    },
    Row {
        element: "openh264enc",
        versions: Versions::ALL,
        codec: Codec::H264,
        maker: Maker::Cpu,
        package: "gstreamer1.0-plugins-bad",
        inputs: I420,
        least: Size::new(16, 16),
        output: "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
        bitrate: Bitrate { property: "bitrate", per_kilobit: 1000, change: Change::Free },
        settings: &[&[
            // Content that is taken for a screen is never refined once it stands still.
            set(Screen, "usage-type", "camera"),
            set(Preset, "complexity", "low"),
            set(Rate, "rate-control", "bitrate"),
            set(Gop, "gop-size", NEVER),
            set(Threads, "slice-mode", "n-slices"),
            set(Latency, "enable-frame-skip", "false"),
            set(Gop, "scene-change-detection", "false"),
            set(Screen, "background-detection", "false"),
            set(Screen, "adaptive-quantization", "false"),
            follow(Threads, "multi-thread", Value::Threads),
            follow(Threads, "num-slices", Value::Threads),
        ]],
        full: None,
    },
    Row {
        element: "vp8enc",
        versions: Versions::ALL,
        codec: Codec::Vp8,
        maker: Maker::Cpu,
        package: "gstreamer1.0-plugins-good",
        inputs: I420,
        least: ANY_SIZE,
        output: "video/x-vp8",
        bitrate: VPX_BITRATE,
        settings: &[
            VPX,
            &[
                set(Preset, "cpu-used", "-16"),
                set(Gop, "error-resilient", "default"),
                set(Screen, "min-quantizer", "4"),
                follow(Threads, "threads", Value::Threads),
            ],
        ],
        full: None,
    },
    Row {
        element: "vp9enc",
        versions: Versions::ALL,
        codec: Codec::Vp9,
        maker: Maker::Cpu,
        package: "gstreamer1.0-plugins-good",
        inputs: I420,
        least: ANY_SIZE,
        output: "video/x-vp9,profile=(string)0",
        bitrate: VPX_BITRATE,
        settings: &[VPX, VP9],
        full: Some(Full { output: "video/x-vp9,profile=(string)1", settings: &[VPX, VP9] }),
    },
];

const X264: &[Setting] = &[
    set(Latency, "tune", "zerolatency"),
    set(Preset, "speed-preset", "ultrafast"),
    // Constant quality below the cap of the buffer: a plain constant bitrate keeps to an average of its own
    // and leaves a quarter of the bitrate unused, 3 to 7 dB on text and video at the same cost.
    set(Rate, "pass", "qual"),
    // Where the rate control takes the same quantizer for all that is simple, 14 is the first that leaves the
    // rounding errors of the finer ones alone.
    follow(Rate, "quantizer", Value::Quantizer(["16", "1", "14"])),
    set(Screen, "qp-min", "1"),
    follow(Buffer, "vbv-buf-capacity", Value::Milliseconds(150)),
    set(Gop, "key-int-max", NEVER),
    set(Latency, "bframes", "0"),
    set(Latency, "b-adapt", "false"),
    set(Latency, "rc-lookahead", "0"),
    set(Latency, "sync-lookahead", "0"),
    set(Latency, "mb-tree", "false"),
    set(Profile, "aud", "false"),
    set(Profile, "byte-stream", "true"),
    set(Profile, "insert-vui", "true"),
    follow(Threads, "threads", Value::Threads),
    follow(Threads, "sliced-threads", Value::SeveralThreads),
];

/// Blocks of 4x4 follow glyphs: a text that scrolls takes a tenth to a quarter less, at 2 dB more. Colours have
/// half the resolution, so what moves by an odd number of rows changes all of them: coded as finely as
/// brightness, they take most of the bits. Decoders keep two pictures: the encoder's last one, and one of ours.
const X264_HALF: Setting =
    set(Screen, "option-string", "qcomp=1:partitions=i4x4:chroma-qp-offset=6:dpb-size=2");

/// As above, but colours are what this is for, and the library gives them 6 steps less by itself.
const X264_FULL: Setting = set(Screen, "option-string", "qcomp=1:partitions=i4x4");

const H264_FULL: &str = "video/x-h264,stream-format=byte-stream,alignment=au,profile=(string)high-4:4:4";

const VPX_BITRATE: Bitrate = Bitrate { property: "target-bitrate", per_kilobit: 1000, change: Change::Free };

const VPX: &[Setting] = &[
    set(Preset, "deadline", "1"),
    set(Rate, "end-usage", "cbr"),
    set(Latency, "lag-in-frames", "0"),
    set(Gop, "keyframe-mode", "disabled"),
    set(Gop, "keyframe-max-dist", NEVER),
    set(Rate, "undershoot", "25"),
    set(Rate, "overshoot", "10"),
    set(Screen, "static-threshold", "0"),
    set(Rate, "max-intra-bitrate", "250"),
    follow(Buffer, "buffer-size", Value::Milliseconds(300)),
    follow(Buffer, "buffer-initial-size", Value::Milliseconds(150)),
    follow(Buffer, "buffer-optimal-size", Value::Milliseconds(200)),
];

const VP9: &[Setting] = &[
    set(Preset, "cpu-used", "9"),
    set(Threads, "row-mt", "true"),
    set(Threads, "frame-parallel-decoding", "true"),
    follow(Threads, "threads", Value::Threads),
    follow(Threads, "tile-columns", Value::ThreadsLog2),
];

/// Those that cost several times as much.
pub(super) const COSTLY: &[Row] = &[
    Row {
        element: "svtav1enc",
        versions: Versions::from(24),
        codec: Codec::Av1,
        maker: Maker::SlowCpu,
        package: "gstreamer1.0-plugins-bad",
        inputs: I420,
        least: Size::new(64, 64),
        output: AV1,
        bitrate: Bitrate { property: "target-bitrate", per_kilobit: 1, change: Change::Restart },
        settings: &[&[
            set(Preset, "preset", "12"),
            set(Gop, "intra-period-length", "-1"),
            // A constant bitrate, pictures that follow only those before them, and nothing read ahead.
            set(Rate, "parameters-string", "rc=2:pred-struct=1:lookahead=0:fast-decode=1:scm=1"),
            follow(Threads, "logical-processors", Value::Threads),
            follow(Threads, "level-of-parallelism", Value::Threads).only(Versions::from(26)),
        ]],
        full: None,
    },
    Row {
        element: "av1enc",
        versions: Versions::ALL,
        codec: Codec::Av1,
        maker: Maker::SlowCpu,
        package: "gstreamer1.0-plugins-bad",
        inputs: I420,
        least: Size::new(16, 16),
        output: AV1,
        bitrate: Bitrate { property: "target-bitrate", per_kilobit: 1, change: Change::Free },
        settings: &[AOM],
        full: Some(Full { output: AV1, settings: &[AOM] }),
    },
    Row {
        element: "rav1enc",
        versions: Versions::ALL,
        codec: Codec::Av1,
        maker: Maker::SlowCpu,
        package: "gstreamer1.0-plugins-rs",
        inputs: I420,
        least: Size::new(16, 16),
        output: AV1,
        bitrate: Bitrate { property: "bitrate", per_kilobit: 1000, change: Change::Restart },
        settings: &[&[
            set(Preset, "speed-preset", "10"),
            set(Latency, "low-latency", "true"),
            set(Latency, "rdo-lookahead-frames", "1"),
            set(Gop, "max-key-frame-interval", NEVER),
            set(Gop, "min-key-frame-interval", "0"),
            set(Buffer, "reservoir-frame-delay", "12"),
            set(Screen, "tune", "psnr"),
            follow(Threads, "threads", Value::Threads),
            follow(Threads, "tiles", Value::Threads),
        ]],
        full: None,
    },
    Row {
        element: "x265enc",
        versions: Versions::ALL,
        codec: Codec::H265,
        maker: Maker::SlowCpu,
        package: "gstreamer1.0-plugins-bad",
        inputs: I420,
        least: Size::new(16, 16),
        output: "video/x-h265,stream-format=byte-stream,alignment=au,profile=main",
        bitrate: Bitrate { property: "bitrate", per_kilobit: 1, change: Change::Keyframe },
        settings: &[&[
            set(Latency, "tune", "zerolatency"),
            set(Preset, "speed-preset", "ultrafast"),
            set(Gop, "key-int-max", NEVER),
            follow(
                Rate,
                "option-string",
                Value::Text(
                    "bframes=0:b-adapt=0:rc-lookahead=0:scenecut=0:vbv-maxrate={kbps}:vbv-bufsize={kbit}:\
                     colorprim=bt709:transfer=bt709:colormatrix=bt709:range=limited:pools={threads}:frame-threads=1",
                    150,
                ),
            ),
        ]],
        full: None,
    },
];

/// One temporal unit at a time, as a sequence of units with their sizes in front.
const AV1: &str = "video/x-av1,alignment=tu";

const AOM: &[Setting] = &[
    // Without a range of its own the library asserts that the one it is given is not empty, and aborts.
    set(Rate, "min-quantizer", "2").vital(),
    set(Rate, "max-quantizer", "63").vital(),
    set(Rate, "end-usage", "cbr"),
    set(Rate, "undershoot-pct", "25"),
    set(Rate, "overshoot-pct", "10"),
    follow(Buffer, "buf-sz", Value::Milliseconds(300)),
    follow(Buffer, "buf-initial-sz", Value::Milliseconds(150)),
    follow(Buffer, "buf-optimal-sz", Value::Milliseconds(200)),
    set(Latency, "usage-profile", "realtime").only(Versions::from(22)),
    set(Latency, "lag-in-frames", "0").only(Versions::from(22)),
    set(Latency, "drop-frame", "0"),
    set(Gop, "keyframe-mode", "disabled").only(Versions::from(22)),
    set(Gop, "keyframe-max-dist", NEVER).only(Versions::from(22)),
    set(Preset, "cpu-used", "10").only(Versions::from(22)),
    set(Preset, "cpu-used", "8").only(Versions(0, 20)),
    set(Threads, "row-mt", "true"),
    follow(Threads, "threads", Value::Threads),
    follow(Threads, "tile-columns", Value::ThreadsLog2),
];
