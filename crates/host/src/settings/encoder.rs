//! The names of video encoders, and what has to be there for each.

use std::str::FromStr;

/// A video encoder by the name of its GStreamer element, or the choice of the best.
///
/// ```
/// use cosmos_host::settings::{Codec, Encoder};
/// let encoder: Encoder = "nvav1enc".parse().unwrap();
/// assert_eq!(encoder.nvenc(), Some(Codec::Av1));
/// assert_eq!("x264enc".parse::<Encoder>().unwrap().nvenc(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoder(&'static Row);

/// How pictures are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// H.264, also called AVC.
    H264,
    /// H.265, also called HEVC.
    Hevc,
    /// AV1.
    Av1,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    codec: Option<Codec>,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Best,
    Nvidia,
    VaApi,
    Cpu,
}

impl Encoder {
    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What NVENC has to be able to code for it; `None` where it needs no NVENC.
    pub fn nvenc(self) -> Option<Codec> {
        self.0.codec.filter(|_| self.0.place == Place::Nvidia)
    }

    /// Whether it needs a circuit of a GPU.
    pub const fn is_hardware(self) -> bool {
        matches!(self.0.place, Place::Nvidia | Place::VaApi)
    }

    /// The encoder on the CPU that makes pictures of the same kind.
    pub fn software(self) -> &'static str {
        let same = |row: &&Row| row.place == Place::Cpu && row.codec == self.0.codec;
        ROWS.iter().find(same).map_or("x264enc", |row| row.name)
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.name)
    }
}

/// `x264enc` is the encoder on the CPU, as it was in the beginning, though a successor takes the same word for a
/// hardware encoder.
impl FromStr for Encoder {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let name = text.trim();
        ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name)).map(Self).ok_or(())
    }
}

const fn row(name: &'static str, codec: Codec, place: Place) -> Row {
    Row { name, codec: Some(codec), place }
}

static ROWS: [Row; 17] = [
    Row { name: "auto", codec: None, place: Place::Best },
    row("nvh264enc", Codec::H264, Place::Nvidia),
    row("nvh265enc", Codec::Hevc, Place::Nvidia),
    row("nvav1enc", Codec::Av1, Place::Nvidia),
    row("vah264enc", Codec::H264, Place::VaApi),
    row("vah265enc", Codec::Hevc, Place::VaApi),
    row("vaav1enc", Codec::Av1, Place::VaApi),
    row("vavp9enc", Codec::Vp9, Place::VaApi),
    row("x264enc", Codec::H264, Place::Cpu),
    row("openh264enc", Codec::H264, Place::Cpu),
    row("vp8enc", Codec::Vp8, Place::Cpu),
    row("vp9enc", Codec::Vp9, Place::Cpu),
    row("x265enc", Codec::Hevc, Place::Cpu),
    row("svtav1enc", Codec::Av1, Place::Cpu),
    row("av1enc", Codec::Av1, Place::Cpu),
    row("rav1enc", Codec::Av1, Place::Cpu),
    // The name of a successor for H.264 by whatever does it best.
    Row { name: "h264enc", codec: Some(Codec::H264), place: Place::Best },
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn an_encoder_of_the_gpu_has_one_of_the_cpu_that_makes_the_same() {
        for (name, nvenc, software) in [
            ("nvh264enc", Some(Codec::H264), "x264enc"),
            ("nvav1enc", Some(Codec::Av1), "svtav1enc"),
            ("vavp9enc", None, "vp9enc"),
            ("vp8enc", None, "vp8enc"),
            ("auto", None, "x264enc"),
        ] {
            let encoder: Encoder = name.parse().unwrap();
            assert_eq!((encoder.name(), encoder.nvenc(), encoder.software()), (name, nvenc, software));
        }
        assert!("nvenc".parse::<Encoder>().is_err());
    }
}
