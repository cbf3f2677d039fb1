//! What differs between the encoders, as data: one row each, best first.

mod nvidia;
mod software;
mod vaapi;

use std::{fmt, sync::LazyLock};

use cosmos_desktop::Size;

use crate::{Codec, EncodeError, Format, Sampling, motion::Motion, rate::Rate};

/// How one element spells what we want of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The name of the element.
    pub element: &'static str,
    /// The releases of GStreamer whose element this row describes.
    pub versions: Versions,
    /// What it codes.
    pub codec: Codec,
    /// What codes.
    pub maker: Maker,
    /// The Debian and Ubuntu package that holds it.
    pub package: &'static str,
    /// The pictures it takes, best first.
    pub inputs: &'static [Format],
    /// The smallest picture that it takes.
    pub least: Size,
    /// What it is to be asked for at its output.
    pub output: &'static str,
    /// How it is told the bitrate.
    pub bitrate: Bitrate,
    /// Everything else that it is told, in groups.
    pub settings: &'static [&'static [Setting]],
    /// How it codes colours at 4:4:4; `None` where it does not, or where nobody would decode it.
    pub full: Option<Full>,
}

/// What is different for colours at 4:4:4: the pictures are [`Format::Y444`] then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full {
    /// What it is to be asked for at its output.
    pub output: &'static str,
    /// Everything but the bitrate that it is told, in groups.
    pub settings: &'static [&'static [Setting]],
}

/// What does the work of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// NVENC, a circuit of NVIDIA GPUs.
    Nvidia,
    /// A circuit behind VA-API, of AMD and Intel GPUs.
    VaApi,
    /// The CPU.
    Cpu,
    /// The CPU, which has better things to do: only taken by name, or where nothing else works.
    SlowCpu,
}

/// How an element is told the bitrate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bitrate {
    /// The property.
    pub property: &'static str,
    /// Units of that property in a thousand bits per second.
    pub per_kilobit: u32,
    /// What a change of it costs.
    pub change: Change,
}

/// What a change of the bitrate costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing: it holds from the next picture on.
    Free,
    /// A keyframe.
    Keyframe,
    /// The element takes a new one only when it is started anew, which costs a keyframe as well.
    Restart,
}

/// One property of an element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// What it is for.
    pub notion: Notion,
    /// Its name.
    pub property: &'static str,
    /// What it is set to.
    pub value: Value,
    /// The releases of GStreamer whose element has it.
    pub versions: Versions,
    /// Whether the element must not be started without it.
    pub vital: bool,
}

/// What a property is for. All elements have some word for most of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notion {
    /// How the bitrate is kept.
    Rate,
    /// The buffer of the rate control: so much longer than its share may a picture take on the way.
    Buffer,
    /// Keyframes come when they are asked for, and only then.
    Gop,
    /// Each picture comes out in the call that it went in.
    Latency,
    /// Speed before anything else.
    Preset,
    /// What decoders are asked to understand.
    Profile,
    /// Work on one picture side by side.
    Threads,
    /// What is known of pictures of a screen.
    Screen,
}

/// What a property is set to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Always this.
    Is(&'static str),
    /// The number of threads.
    Threads,
    /// The largest power of two within the number of threads, as an exponent.
    ThreadsLog2,
    /// Whether there is more than one thread.
    SeveralThreads,
    /// So many milliseconds, kept up to date.
    Milliseconds(u32),
    /// The kilobits of so many milliseconds, kept up to date.
    Kilobits(u32),
    /// The kilobits of so many milliseconds at the beginning.
    FirstKilobits(u32),
    /// A quantizer for pictures that move, one for those that are refined, and one for those that have settled.
    Quantizer([&'static str; 3]),
    /// Text with `{threads}`, `{kbps}` and `{kbit}`, which is what so many milliseconds take, at the beginning.
    Text(&'static str, u32),
}

/// Minor versions of GStreamer 1: the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions(pub u32, pub u32);

impl Versions {
    pub(crate) const ALL: Self = Self(0, u32::MAX);

    pub(crate) const fn from(first: u32) -> Self {
        Self(first, u32::MAX)
    }

    pub(crate) fn contain(self, minor: u32) -> bool {
        // Versions with an odd number lead to the next even one.
        (self.0..=self.1).contains(&minor.next_multiple_of(2))
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("all"),
            Self(first, u32::MAX) => write!(f, "1.{first} and later"),
            Self(0, last) => write!(f, "up to 1.{last}"),
            Self(first, last) => write!(f, "1.{first} to 1.{last}"),
        }
    }
}

/// What the values of properties follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub threads: u32,
    pub rate: Rate,
    pub motion: Motion,
}

impl Figures {
    fn kilobits(&self, milliseconds: u32) -> u64 {
        (self.rate.nominal_kbps() * u64::from(self.rate.nominal_ms(milliseconds)) / 1000).max(1)
    }
}

impl Value {
    pub(crate) fn text(self, figures: &Figures) -> String {
        let threads = figures.threads.max(1);
        match self {
            Self::Is(value) => value.into(),
            Self::Threads => threads.to_string(),
            Self::ThreadsLog2 => threads.ilog2().to_string(),
            Self::SeveralThreads => (threads > 1).to_string(),
            Self::Milliseconds(milliseconds) => figures.rate.nominal_ms(milliseconds).to_string(),
            Self::Kilobits(milliseconds) | Self::FirstKilobits(milliseconds) => {
                figures.kilobits(milliseconds).to_string()
            }
            Self::Quantizer([moving, refining, settled]) => match figures.motion {
                Motion::Moving => moving.into(),
                Motion::Refining => refining.into(),
                Motion::Settled => settled.into(),
            },
            Self::Text(text, milliseconds) => text
                .replace("{threads}", &threads.to_string())
                .replace("{kbps}", &figures.rate.nominal_kbps().to_string())
                .replace("{kbit}", &figures.kilobits(milliseconds).to_string()),
        }
    }

    /// Whether it follows the bitrate while the element runs.
    pub(crate) fn follows_the_rate(self) -> bool {
        matches!(self, Self::Milliseconds(_) | Self::Kilobits(_))
    }

    /// Whether it follows what moves in the picture while the element runs.
    pub(crate) fn follows_the_motion(self) -> bool {
        matches!(self, Self::Quantizer(_))
    }
}

/// No two rows hold for the same element of the same release and the same sampling.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        (self.element, self.versions, self.sampling()) == (other.element, other.versions, other.sampling())
    }
}

impl fmt::Display for Row {
    /// The name of the element, and what is unusual.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sampling() {
            Sampling::Half => f.write_str(self.element),
            Sampling::Full => write!(f, "{} at {}", self.element, Sampling::Full),
        }
    }
}

impl Row {
    /// Whether it is a circuit of the GPU.
    pub(crate) fn hardware(&self) -> bool {
        matches!(self.maker, Maker::Nvidia | Maker::VaApi)
    }

    /// How many samples of colour it codes.
    pub(crate) fn sampling(&self) -> Sampling {
        if self.inputs.contains(&Format::Y444) { Sampling::Full } else { Sampling::Half }
    }

    /// The same element for colours at 4:4:4, if it codes them.
    pub(crate) fn in_full(&self) -> Option<&'static Self> {
        FULL.iter().find(|full| (full.element, full.versions) == (self.element, self.versions))
    }

    /// All properties but that of the bitrate, in the order in which they are set.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        self.settings.iter().copied().flatten()
    }

    /// Whether a property follows what moves in the picture.
    pub(crate) fn follows_the_motion(&self) -> bool {
        self.settings().any(|setting| setting.value.follows_the_motion())
    }
}

/// The rows that hold for a minor version of GStreamer 1.
pub(crate) fn rows_of(minor: u32) -> impl Iterator<Item = &'static Row> {
    all().filter(move |row| row.versions.contain(minor))
}

/// The rows that hold for the GStreamer at hand.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    rows_of(gstreamer::version().1)
}

/// A row for each element that only other versions of GStreamer have.
pub(crate) fn strangers() -> Vec<&'static Row> {
    let mut found: Vec<&Row> = Vec::new();
    for row in all() {
        if rows().chain(found.iter().copied()).all(|known| known.element != row.element) {
            found.push(row);
        }
    }
    found
}

/// The row of an element of the GStreamer at hand; or of another one, of which it is then not installed.
pub(crate) fn row(name: &str) -> Result<&'static Row, EncodeError> {
    let is_it = |row: &&Row| row.element == name;
    rows().find(is_it).or_else(|| all().find(is_it)).ok_or_else(|| unknown(name))
}

pub(crate) fn unknown(name: &str) -> EncodeError {
    let mut accepted = vec![crate::plan::ANY_H264];
    for row in all() {
        if !accepted.contains(&row.element) {
            accepted.push(row.element);
        }
    }
    EncodeError::Unknown { name: name.into(), accepted: accepted.join(", ") }
}

/// All encoders, best first: what hardware makes that everybody decodes, then software, then what few decode and what
/// costs too much.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    ORDER.iter().copied().flatten()
}

/// What codes colours at 4:4:4.
static FULL: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let in_full = |row: &Row| {
        let Full { output, settings } = row.full?;
        Some(Row { inputs: &[Format::Y444], output, settings, full: None, ..row.clone() })
    };
    all().filter_map(in_full).collect()
});

const ORDER: &[&[Row]] = &[
    nvidia::H264,
    vaapi::H264,
    nvidia::AV1,
    vaapi::VP9,
    vaapi::AV1,
    software::USUAL,
    nvidia::H265,
    vaapi::H265,
    software::COSTLY,
];

/// No keyframe unless it is asked for: the largest distance that all elements accept.
const NEVER: &str = "2147483647";

/// The smallest picture of elements that take all.
const ANY_SIZE: Size = Size::new(2, 2);

const fn set(notion: Notion, property: &'static str, value: &'static str) -> Setting {
    follow(notion, property, Value::Is(value))
}

const fn follow(notion: Notion, property: &'static str, value: Value) -> Setting {
    Setting { notion, property, value, versions: Versions::ALL, vital: false }
}

impl Setting {
    const fn only(self, versions: Versions) -> Self {
        Self { versions, ..self }
    }

    const fn vital(self) -> Self {
        Self { vital: true, ..self }
    }
}

#[cfg(test)]
mod tests;
