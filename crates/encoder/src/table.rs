//! What differs between the encoders, as data: one row each, best first.

use crate::{Codec, EncodeError};

/// How one element spells what we want of it.
#[derive(Debug)]
pub(crate) struct Row {
    /// The name of the element.
    pub element: &'static str,
    /// What it codes.
    pub codec: Codec,
    /// Whether it is a circuit of the GPU.
    pub hardware: bool,
    /// The Debian and Ubuntu package that holds it.
    pub package: &'static str,
    /// What it is to be asked for at its output.
    pub output: &'static str,
    /// The property that holds the bitrate.
    pub bitrate: &'static str,
    /// Units of that property in a thousand bits per second.
    pub per_kilobit: u32,
    /// Properties in milliseconds that hold the size of the rate control's buffer: so much longer than its share
    /// may a picture take on the way.
    pub buffer_ms: &'static [(&'static str, u32)],
    /// Properties that follow the number of threads.
    pub threads: &'static [(&'static str, Threads)],
    /// Properties that never change.
    pub constants: &'static [(&'static str, &'static str)],
}

/// How a property follows the number of threads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Threads {
    /// It is that number.
    Count,
    /// It is the largest power of two within that number, as an exponent.
    Log2,
    /// It is true when there is more than one.
    Several,
}

impl Threads {
    pub(crate) fn value(self, threads: u32) -> String {
        match self {
            Self::Count => threads.to_string(),
            Self::Log2 => threads.max(1).ilog2().to_string(),
            Self::Several => (threads > 1).to_string(),
        }
    }
}

/// The row of an element.
pub(crate) fn row(name: &str) -> Result<&'static Row, EncodeError> {
    TABLE.iter().find(|row| row.element == name).ok_or_else(|| EncodeError::Unknown {
        name: name.into(),
        accepted: TABLE.iter().map(|row| row.element).collect::<Vec<_>>().join(", "),
    })
}

/// No keyframe unless it is asked for: the largest distance that all elements accept.
const NEVER: &str = "2147483647";

/// All encoders, best first.
pub(crate) const TABLE: &[Row] = &[
    Row {
        element: "x264enc",
        codec: Codec::H264,
        hardware: false,
        package: "gstreamer1.0-plugins-ugly",
        output: "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
        bitrate: "bitrate",
        per_kilobit: 1,
        buffer_ms: &[("vbv-buf-capacity", 150)],
        threads: &[("threads", Threads::Count), ("sliced-threads", Threads::Several)],
        constants: &[
            ("tune", "zerolatency"),
            ("speed-preset", "ultrafast"),
            // Constant quality below the cap of the buffer: a plain constant bitrate keeps to an average of its own
            // and leaves a quarter of the bitrate unused, 3 to 7 dB on text and video at the same cost.
            ("pass", "qual"),
            ("quantizer", "9"),
            // More of the bits go to what is simple, which on a screen is text.
            ("option-string", "qcomp=0.4"),
            // A still picture sinks to this floor, where what is left over is coded once and skipped from then on. Between
            // 3 and 5 the rounding errors of one frame are coded in the next for ever, at three times the bytes.
            ("qp-min", "1"),
            ("key-int-max", NEVER),
            ("bframes", "0"),
            ("b-adapt", "false"),
            ("rc-lookahead", "0"),
            ("sync-lookahead", "0"),
            ("mb-tree", "false"),
            ("aud", "false"),
            ("byte-stream", "true"),
            ("insert-vui", "true"),
        ],
    },
    Row {
        element: "openh264enc",
        codec: Codec::H264,
        hardware: false,
        package: "gstreamer1.0-plugins-bad",
        output: "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
        bitrate: "bitrate",
        per_kilobit: 1000,
        buffer_ms: &[],
        threads: &[("multi-thread", Threads::Count), ("num-slices", Threads::Count)],
        constants: &[
            // Content that is taken for a screen is never refined once it stands still.
            ("usage-type", "camera"),
            ("complexity", "low"),
            ("rate-control", "bitrate"),
            ("gop-size", NEVER),
            ("slice-mode", "n-slices"),
            ("enable-frame-skip", "false"),
            ("scene-change-detection", "false"),
            ("background-detection", "false"),
            ("adaptive-quantization", "false"),
        ],
    },
    Row {
        element: "vp8enc",
        codec: Codec::Vp8,
        hardware: false,
        package: "gstreamer1.0-plugins-good",
        output: "video/x-vp8",
        bitrate: "target-bitrate",
        per_kilobit: 1000,
        buffer_ms: VPX_BUFFER,
        threads: &[("threads", Threads::Count)],
        constants: &[
            ("deadline", "1"),
            ("cpu-used", "-16"),
            ("end-usage", "cbr"),
            ("lag-in-frames", "0"),
            ("keyframe-mode", "disabled"),
            ("keyframe-max-dist", NEVER),
            ("undershoot", "25"),
            ("overshoot", "10"),
            ("static-threshold", "0"),
            ("max-intra-bitrate", "250"),
            ("error-resilient", "default"),
            ("min-quantizer", "4"),
        ],
    },
    Row {
        element: "vp9enc",
        codec: Codec::Vp9,
        hardware: false,
        package: "gstreamer1.0-plugins-good",
        output: "video/x-vp9,profile=(string)0",
        bitrate: "target-bitrate",
        per_kilobit: 1000,
        buffer_ms: VPX_BUFFER,
        threads: &[("threads", Threads::Count), ("tile-columns", Threads::Log2)],
        constants: &[
            ("deadline", "1"),
            ("cpu-used", "9"),
            ("end-usage", "cbr"),
            ("lag-in-frames", "0"),
            ("keyframe-mode", "disabled"),
            ("keyframe-max-dist", NEVER),
            ("undershoot", "25"),
            ("overshoot", "10"),
            ("static-threshold", "0"),
            ("max-intra-bitrate", "250"),
            ("error-resilient", "default"),
            ("row-mt", "true"),
            ("frame-parallel-decoding", "true"),
        ],
    },
];

const VPX_BUFFER: &[(&str, u32)] =
    &[("buffer-size", 300), ("buffer-initial-size", 150), ("buffer-optimal-size", 200)];
