//! Modes as a configuration file holds them.

use std::fmt;

use super::field::{quoted, strings};
use crate::conf::name::same_name;
use crate::conf::number::{kilohertz, whole};
use crate::conf::view::{EntryView, Value};
use crate::modeline::{Modeline, ModelineError};
use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::PixelClock;

/// A `ModeLine` or a `Mode`, with everything that the server keeps of it, sense or none.
///
/// ```
/// use cosmos_xorg_config::{Config, Document, Modeline};
/// let text = "Section \"Monitor\"\nIdentifier \"m\"\nModeLine \"vga\" 25.175 640 656 752 800 480 490 492 525\nEndSection";
/// let config = Config::read(&[Document::parse(text)?])?;
/// let mode: Modeline = (&config.monitors[0].modes[0]).try_into()?;
/// assert_eq!(mode.timing().clock.khz(), 25_175);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredMode {
    /// Its name.
    pub name: String,
    /// The clock, in whole kilohertz as the server keeps it.
    pub clock: PixelClock,
    /// Pixels.
    pub horizontal: Axis,
    /// Lines.
    pub vertical: Axis,
    /// Flags, in order.
    pub flags: Vec<ModeFlag>,
    /// How far the picture is shifted, in pixels.
    pub skew: Option<u32>,
    /// How often each line is sent.
    pub vscan: Option<u32>,
}

/// A flag of a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModeFlag {
    /// `interlace`
    Interlace,
    /// `doublescan`
    DoubleScan,
    /// `+hsync`
    PositiveHsync,
    /// `-hsync`
    NegativeHsync,
    /// `+vsync`
    PositiveVsync,
    /// `-vsync`
    NegativeVsync,
    /// `composite`
    Composite,
    /// `+csync`
    PositiveCsync,
    /// `-csync`
    NegativeCsync,
    /// `bcast`
    Broadcast,
}

impl ModeFlag {
    /// As a mode line holds it.
    ///
    /// ```
    /// use cosmos_xorg_config::ModeFlag;
    /// assert_eq!(ModeFlag::PositiveHsync.name(), "+hsync");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interlace => "interlace",
            Self::DoubleScan => "doublescan",
            Self::PositiveHsync => "+hsync",
            Self::NegativeHsync => "-hsync",
            Self::PositiveVsync => "+vsync",
            Self::NegativeVsync => "-vsync",
            Self::Composite => "composite",
            Self::PositiveCsync => "+csync",
            Self::NegativeCsync => "-csync",
            Self::Broadcast => "bcast",
        }
    }

    fn find(word: &str) -> Option<Self> {
        ALL_FLAGS.into_iter().find(|flag| same_name(flag.name(), word))
    }
}

impl ConfiguredMode {
    pub(in crate::conf) fn read(entry: &EntryView<'_>) -> Option<Self> {
        match entry.keyword() {
            "ModeLine" => Self::read_line(entry),
            "Mode" => Self::read_block(entry),
            _ => None,
        }
    }

    fn read_line(entry: &EntryView<'_>) -> Option<Self> {
        let values: Vec<Value<'_>> = entry.values().collect();
        let (head, flags) = values.split_at_checked(10)?;
        let numbers: Vec<&str> = head.iter().map(|value| value.as_str()).collect();
        let mut mode = Self {
            name: numbers[0].to_owned(),
            clock: PixelClock::from_khz(kilohertz(numbers[1])),
            horizontal: axis(&numbers[2..6])?,
            vertical: axis(&numbers[6..10])?,
            flags: Vec::new(),
            skew: None,
            vscan: None,
        };
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            match ModeFlag::find(flag.as_str()) {
                Some(flag) => mode.flags.push(flag),
                None => {
                    let number = whole(flags.next()?.as_str());
                    let skew = same_name("hskew", flag.as_str());
                    if skew { &mut mode.skew } else { &mut mode.vscan }.replace(number);
                }
            }
        }
        Some(mode)
    }

    fn read_block(entry: &EntryView<'_>) -> Option<Self> {
        let section = entry.section()?;
        let last = |keyword: &str| {
            let found = section.entries().rfind(|entry| entry.keyword() == keyword)?;
            Some(strings(&found))
        };
        let flags = section.entries().filter(|entry| entry.keyword() == "Flags");
        let flags = flags.flat_map(|entry| strings(&entry)).filter_map(ModeFlag::find).collect();
        Some(Self {
            name: section.name().to_owned(),
            clock: PixelClock::from_khz(kilohertz(section.text("DotClock")?)),
            horizontal: axis(&last("HTimings")?)?,
            vertical: axis(&last("VTimings")?)?,
            flags,
            skew: section.text("HSkew").map(whole),
            vscan: section.text("VScan").map(whole),
        })
    }

    fn has(&self, flag: ModeFlag) -> bool {
        self.flags.contains(&flag)
    }
}

/// What stands behind `ModeLine`.
impl fmt::Display for ConfiguredMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, v) = (self.horizontal, self.vertical);
        let clock = self.clock.to_string();
        write!(f, "{} {}", quoted(&self.name), clock.trim_end_matches(" MHz"))?;
        write!(f, " {} {} {} {}", h.active, h.sync_start, h.sync_end, h.total)?;
        write!(f, " {} {} {} {}", v.active, v.sync_start, v.sync_end, v.total)?;
        self.flags.iter().try_for_each(|flag| write!(f, " {}", flag.name()))?;
        self.skew.iter().try_for_each(|skew| write!(f, " hskew {skew}"))?;
        self.vscan.iter().try_for_each(|vscan| write!(f, " vscan {vscan}"))
    }
}

/// What a digital output needs of a mode. A polarity that is not given is negative.
impl TryFrom<&ConfiguredMode> for Modeline {
    type Error = ModelineError;

    fn try_from(mode: &ConfiguredMode) -> Result<Self, ModelineError> {
        let polarity = |flag| if mode.has(flag) { Polarity::Positive } else { Polarity::Negative };
        let scan = match (mode.has(ModeFlag::Interlace), mode.has(ModeFlag::DoubleScan)) {
            (true, _) => Scan::Interlaced,
            (false, true) => Scan::Double,
            (false, false) => Scan::Progressive,
        };
        let (hsync, vsync) = (polarity(ModeFlag::PositiveHsync), polarity(ModeFlag::PositiveVsync));
        let (clock, horizontal, vertical) = (mode.clock, mode.horizontal, mode.vertical);
        Self::new(mode.name.as_str(), Timing { clock, horizontal, vertical, hsync, vsync, scan })
    }
}

/// Fractions of a kilohertz are rounded off, as the server does.
impl From<&Modeline> for ConfiguredMode {
    fn from(mode: &Modeline) -> Self {
        let Timing { clock, horizontal, vertical, hsync, vsync, scan } = mode.timing();
        let mut flags = match scan {
            Scan::Progressive => Vec::new(),
            Scan::Interlaced => vec![ModeFlag::Interlace],
            Scan::Double => vec![ModeFlag::DoubleScan],
        };
        flags.push(if hsync == Polarity::Positive {
            ModeFlag::PositiveHsync
        } else {
            ModeFlag::NegativeHsync
        });
        flags.push(if vsync == Polarity::Positive {
            ModeFlag::PositiveVsync
        } else {
            ModeFlag::NegativeVsync
        });
        let clock = PixelClock::from_hz((clock.hz() + 500) / 1000 * 1000);
        Self { name: mode.name().to_owned(), clock, horizontal, vertical, flags, skew: None, vscan: None }
    }
}

fn axis(numbers: &[&str]) -> Option<Axis> {
    let [active, sync_start, sync_end, total] = <[&str; 4]>::try_from(numbers).ok()?.map(whole);
    Some(Axis { active, sync_start, sync_end, total })
}

const ALL_FLAGS: [ModeFlag; 10] = [
    ModeFlag::Interlace,
    ModeFlag::DoubleScan,
    ModeFlag::PositiveHsync,
    ModeFlag::NegativeHsync,
    ModeFlag::PositiveVsync,
    ModeFlag::NegativeVsync,
    ModeFlag::Composite,
    ModeFlag::PositiveCsync,
    ModeFlag::NegativeCsync,
    ModeFlag::Broadcast,
];
