//! What a video encoder is asked and what it answers.

use std::{
    fmt,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Size};

use crate::{EncodeError, Switch};

/// How the pictures are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// H.264 (ITU-T H.264), constrained baseline profile; at 4:4:4 the high 4:4:4 predictive profile.
    H264,
    /// H.265 (ITU-T H.265), main profile.
    H265,
    /// VP8 (RFC 6386).
    Vp8,
    /// VP9, profile 0; at 4:4:4 profile 1.
    Vp9,
    /// AV1, main profile; at 4:4:4 the high profile.
    Av1,
}

impl Codec {
    /// Each of them once, in the order of their declaration.
    pub const ALL: [Self; 5] = [Self::H264, Self::H265, Self::Vp8, Self::Vp9, Self::Av1];
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::H264 => "H.264",
            Self::H265 => "H.265",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
        })
    }
}

/// How many samples of colour a coded picture has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// One for four pixels: 4:2:0, which everything decodes.
    #[default]
    Half,
    /// One for each pixel: 4:4:4, which keeps thin lines and small letters in colour.
    Full,
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Half => "4:2:0",
            Self::Full => "4:4:4",
        })
    }
}

/// One coded picture.
#[derive(Clone, Debug)]
pub struct EncodedFrame {
    /// How `data` is coded.
    pub codec: Codec,
    /// How many samples of colour it has.
    pub sampling: Sampling,
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// Columns and rows of the picture, both even.
    pub size: Size,
    /// One access unit. H.264 and H.265 are in Annex B form, with the parameter sets in front of each IDR picture; AV1 is
    /// a temporal unit in the low-overhead form.
    pub data: Arc<[u8]>,
    /// When the change that led to this picture became known: [`Frame::captured`].
    pub captured: Instant,
    /// How long the conversion to the encoder's colours took.
    pub convert: Duration,
    /// How long the encoder took.
    pub encode: Duration,
}

/// What the viewers ask of the next picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Thousands of bits per second, when `fps` pictures are encoded in each second. At least 1.
    pub bitrate_kbps: u32,
    /// Pictures per second the bitrate is shared by, 1 to 240. Fewer may be encoded: each still gets its share.
    pub fps: u32,
    /// Whether the next picture must be a keyframe.
    pub keyframe: bool,
}

/// Turns pictures into access units.
pub trait VideoEncoder: Send {
    /// Encodes one picture. An empty `damage` encodes the picture before once more, which refines it, or makes a
    /// keyframe of it. The size may change from one frame to the next; the first picture of a size is a keyframe.
    /// Odd sizes lose their last column or row.
    ///
    /// `Ok(None)` means that the encoder took the picture and gave nothing within a second.
    ///
    /// # Errors
    /// [`EncodeError::Frame`] when the frame is smaller than two by two pixels or its bytes do not reach its size,
    /// [`EncodeError::Element`] or [`EncodeError::TooSmall`] when the encoder fails and no other works in its place; the
    /// next call starts it anew.
    fn encode(&mut self, frame: &Frame<'_>, demand: Demand) -> Result<Option<EncodedFrame>, EncodeError>;

    /// Which encoder this is, and why.
    fn info(&self) -> &EncoderInfo;

    /// Whether another encoder took over with the last picture, which is a keyframe then. Asking takes the answer.
    fn switched(&mut self) -> Option<Switch> {
        None
    }
}

/// Which encoder was chosen, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncoderInfo {
    /// The name of the element, for example `x264enc`.
    pub element: String,
    /// What it codes.
    pub codec: Codec,
    /// With how many samples of colour.
    pub sampling: Sampling,
    /// Whether it is a circuit of the GPU.
    pub hardware: bool,
    /// Why it was chosen.
    pub reason: String,
    /// What was asked for by name, where it does not work and this one stands in.
    pub instead_of: Option<String>,
    /// The others, and why each was not chosen.
    pub not_chosen: Vec<(String, String)>,
}

impl EncoderInfo {
    /// Why the others were not chosen, as `NAME, NAME: REASON`: those with one reason together.
    pub fn against_the_others(&self) -> Vec<String> {
        crate::choice::by_reason(&self.not_chosen)
    }
}

/// Which encoder is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// The best of those that work.
    #[default]
    Auto,
    /// The one of this name. That of an element of a GPU stands for whichever element of the same circuit works, and
    /// else for the best of all; `h264enc` is the best of H.264.
    Named(String),
}

impl FromStr for Choice {
    type Err = EncodeError;

    /// `auto`, or the name of an encoder that is known.
    fn from_str(text: &str) -> Result<Self, EncodeError> {
        match text {
            "auto" => Ok(Self::Auto),
            name => crate::plan::known(name).map(Self::Named),
        }
    }
}

/// How an encoder is to be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncoderConfig {
    /// Which one.
    pub choice: Choice,
    /// Threads that work on one picture, 1 to 64; by default one fewer than there are cores, at most 4, or 1 for each million of
    /// pixels.
    pub threads: Option<u32>,
    /// Which codecs all viewers decode, the one to begin with first; none at all where that is not known.
    pub codecs: Vec<Codec>,
    /// Which codecs all viewers decode at 4:4:4 too, and are to be coded so where the encoder can; by default none.
    pub full: Vec<Codec>,
}
