//! Modelines: a timing with a name, as `xorg.conf` and `xrandr --newmode` take it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::PixelClock;

/// A mode of `xorg.conf`: a name and a timing that a line of text can hold.
///
/// It prints as `cvt` prints it, and reads what `cvt`, `gtf`, `nvidia-xconfig`, `edid-decode -X` and `xrandr` take
/// or give: `Modeline` in any case, and sync polarities in any case. Blank lines and comments are passed over, so
/// the whole output of `cvt` is one modeline too.
///
/// ```
/// use cosmos_xorg_config::Modeline;
/// let line = r#"Modeline "1920x1080R"  138.50  1920 1968 2000 2080  1080 1083 1088 1111 +hsync -vsync"#;
/// let mode: Modeline = line.parse()?;
/// assert_eq!(mode.timing().clock.khz(), 138_500);
/// assert_eq!(mode.to_string(), line);
/// # Ok::<(), cosmos_xorg_config::ModelineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Modeline {
    name: String,
    timing: Timing,
}

impl Modeline {
    /// The largest number of pixels or lines that a modeline may hold, blanking included. RandR has 16 bits for it.
    pub const MAX_TOTAL: u32 = 65_535;

    /// A named timing.
    ///
    /// ```
    /// use cosmos_xorg_config::{Modeline, ModelineError};
    /// # let line = r#"Modeline "a"  25.175  640 656 752 800  480 490 492 525 -hsync -vsync"#;
    /// # let timing = line.parse::<Modeline>()?.timing();
    /// assert_eq!(Modeline::new("vga", timing)?.name(), "vga");
    /// assert!(matches!(Modeline::new("a\"b", timing), Err(ModelineError::Name { .. })));
    /// # Ok::<(), ModelineError>(())
    /// ```
    ///
    /// # Errors
    /// [`ModelineError::Name`] where the name is empty, or holds a quote or a control character, for which
    /// `xorg.conf` has no escape; [`ModelineError::Clock`] where the clock is zero, or more than the
    /// server can count in kilohertz;
    /// [`ModelineError::Order`] where the four numbers of an axis are out of order or the total is above
    /// [`MAX_TOTAL`](Self::MAX_TOTAL).
    pub fn new(name: impl Into<String>, timing: Timing) -> Result<Self, ModelineError> {
        let name = name.into();
        if name.is_empty() || name.contains(|c: char| c == '"' || c.is_control()) {
            return Err(ModelineError::Name { given: excerpt(&name) });
        }
        if !(1..=MAX_CLOCK_HZ).contains(&timing.clock.hz()) {
            return Err(ModelineError::Clock { given: timing.clock.to_string() });
        }
        for (axis, name) in [(timing.horizontal, "horizontal"), (timing.vertical, "vertical")] {
            if !axis.is_ordered() || axis.total > Self::MAX_TOTAL {
                let Axis { active, sync_start, sync_end, total } = axis;
                return Err(ModelineError::Order { axis: name, active, sync_start, sync_end, total });
            }
        }
        Ok(Self { name, timing })
    }

    /// What `Modes` in a `Display` subsection calls it.
    ///
    /// ```
    /// # use cosmos_xorg_config::Modeline;
    /// let mode: Modeline = "Modeline \"vga\" 25.175 640 656 752 800 480 490 492 525".parse()?;
    /// assert_eq!(mode.name(), "vga");
    /// # Ok::<(), cosmos_xorg_config::ModelineError>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is sent.
    ///
    /// ```
    /// # use cosmos_xorg_config::Modeline;
    /// let mode: Modeline = "Modeline \"vga\" 25.175 640 656 752 800 480 490 492 525".parse()?;
    /// assert_eq!(mode.timing().horizontal.total, 800);
    /// # Ok::<(), cosmos_xorg_config::ModelineError>(())
    /// ```
    pub const fn timing(&self) -> Timing {
        self.timing
    }
}

/// As `cvt` prints it: two places of the clock, or as many as it needs.
impl fmt::Display for Modeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timing { clock, horizontal: h, vertical: v, hsync, vsync, scan } = self.timing;
        let clock = clock.to_string();
        let clock = clock.trim_end_matches(" MHz");
        write!(f, "Modeline \"{}\"  {clock:>6}", self.name)?;
        write!(f, "  {} {} {} {}", h.active, h.sync_start, h.sync_end, h.total)?;
        write!(f, "  {} {} {} {}", v.active, v.sync_start, v.sync_end, v.total)?;
        f.write_str(match scan {
            Scan::Progressive => "",
            Scan::Interlaced => " interlace",
            Scan::Double => " doublescan",
        })?;
        write!(f, " {}hsync {}vsync", sign(hsync), sign(vsync))
    }
}

/// With the word `Modeline` or, as `xrandr --newmode` takes it, without. The name may then go without quotes.
///
/// A polarity that is not given is negative, which is what a cleared flag says to a driver.
impl FromStr for Modeline {
    type Err = ModelineError;

    fn from_str(text: &str) -> Result<Self, ModelineError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().ok_or(ModelineError::Missing { field: "name" })?;
        if let Some(more) = lines.next() {
            return Err(ModelineError::Flag { given: excerpt(more) });
        }
        let (name, rest) = split_name(line)?;
        let mut words = rest.split('#').next().unwrap_or_default().split_whitespace();
        let clock = parse_clock(words.next().ok_or(ModelineError::Missing { field: "clock" })?)?;
        let horizontal = parse_axis(&mut words, ["hdisplay", "hsyncstart", "hsyncend", "htotal"])?;
        let vertical = parse_axis(&mut words, ["vdisplay", "vsyncstart", "vsyncend", "vtotal"])?;
        let mut flags = Flags::default();
        words.try_for_each(|word| flags.take(word))?;
        let (hsync, vsync) = (flags.hsync.unwrap_or(NOT_GIVEN), flags.vsync.unwrap_or(NOT_GIVEN));
        let scan = flags.scan.unwrap_or_default();
        Self::new(name, Timing { clock, horizontal, vertical, hsync, vsync, scan })
    }
}

/// Why something is no modeline.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelineError {
    /// The line ends too early.
    #[error("modeline: {field} is missing; expected {FORM}")]
    Missing {
        /// The first field that is not there.
        field: &'static str,
    },
    /// Not a name.
    #[error(
        "modeline: name {given:?}: expected printable text in double quotes, without a double quote inside"
    )]
    Name {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// Not a pixel clock.
    #[error(
        "modeline: clock {given:?}: expected megahertz above 0 and up to 2147483, as 148.5, with up to six places"
    )]
    Clock {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// Not a number of pixels or lines.
    #[error("modeline: {field} {given:?}: expected a whole number from 0 to 65535 without leading zeros")]
    Number {
        /// The field, as the manual page of `xorg.conf` calls it.
        field: &'static str,
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// The numbers of an axis contradict each other.
    #[error(
        "modeline: {axis} {active} {sync_start} {sync_end} {total}: expected 0 < display <= sync start <= sync \
         end <= total <= 65535"
    )]
    Order {
        /// `horizontal` or `vertical`.
        axis: &'static str,
        /// Pixels or lines shown.
        active: u32,
        /// Start of the sync pulse.
        sync_start: u32,
        /// End of the sync pulse.
        sync_end: u32,
        /// Total.
        total: u32,
    },
    /// Not a flag of a modeline.
    #[error(
        "modeline: flag {given:?}: expected interlace, doublescan, +hsync, -hsync, +vsync or -vsync, each once"
    )]
    Flag {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// A flag that the server knows and that a digital output has no use for: composite sync, skew, repeated lines.
    #[error(
        "modeline: flag {given:?} has no meaning on a digital output; expected interlace, doublescan, +hsync, \
         -hsync, +vsync or -vsync"
    )]
    AnalogueFlag {
        /// The flag.
        given: String,
    },
}

#[derive(Default)]
struct Flags {
    hsync: Option<Polarity>,
    vsync: Option<Polarity>,
    scan: Option<Scan>,
}

impl Flags {
    fn take(&mut self, word: &str) -> Result<(), ModelineError> {
        let lower = word.to_ascii_lowercase();
        let fresh = match lower.as_str() {
            "+hsync" => self.hsync.replace(Polarity::Positive).is_none(),
            "-hsync" => self.hsync.replace(Polarity::Negative).is_none(),
            "+vsync" => self.vsync.replace(Polarity::Positive).is_none(),
            "-vsync" => self.vsync.replace(Polarity::Negative).is_none(),
            "interlace" => self.scan.replace(Scan::Interlaced).is_none(),
            "doublescan" => self.scan.replace(Scan::Double).is_none(),
            known if ANALOGUE_FLAGS.contains(&known) => {
                return Err(ModelineError::AnalogueFlag { given: lower });
            }
            _ => false,
        };
        match fresh {
            true => Ok(()),
            false => Err(ModelineError::Flag { given: excerpt(word) }),
        }
    }
}

/// The name, and what follows it.
fn split_name(line: &str) -> Result<(&str, &str), ModelineError> {
    let (keyword, body) = match line.split_at_checked(KEYWORD.len()) {
        Some((word, rest)) if word.eq_ignore_ascii_case(KEYWORD) && rest.starts_with([' ', '\t', '"']) => {
            (true, rest.trim_start())
        }
        _ => (false, line),
    };
    let refused = || ModelineError::Name { given: excerpt(body) };
    match body.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or_else(refused),
        None if keyword => Err(refused()),
        None => Ok(body.split_once([' ', '\t']).unwrap_or((body, ""))),
    }
}

fn parse_clock(word: &str) -> Result<PixelClock, ModelineError> {
    let refused = || ModelineError::Clock { given: excerpt(word) };
    let (whole, places) = word.split_once('.').unwrap_or((word, "0"));
    let (whole_digits, place_digits) = (whole.len(), places.len());
    if !(1..=7).contains(&whole_digits) || !(1..=6).contains(&place_digits) {
        return Err(refused());
    }
    let whole: u64 = digits(whole).ok_or_else(refused)?;
    let places: u64 = digits(places).ok_or_else(refused)?;
    Ok(PixelClock::from_hz(whole * 1_000_000 + places * 10_u64.pow(6 - place_digits as u32)))
}

fn parse_axis<'a>(
    words: &mut impl Iterator<Item = &'a str>,
    fields: [&'static str; 4],
) -> Result<Axis, ModelineError> {
    let mut next = |field| {
        let word = words.next().ok_or(ModelineError::Missing { field })?;
        // The server reads a leading zero as octal.
        let decimal = !word.starts_with('0') || word == "0";
        let number = decimal.then(|| digits(word)).flatten().and_then(|number| u16::try_from(number).ok());
        number.map(u32::from).ok_or_else(|| ModelineError::Number { field, given: excerpt(word) })
    };
    let [active, sync_start, sync_end, total] = fields;
    Ok(Axis {
        active: next(active)?,
        sync_start: next(sync_start)?,
        sync_end: next(sync_end)?,
        total: next(total)?,
    })
}

/// Digits only: no sign, no exponent.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

const fn sign(polarity: Polarity) -> char {
    match polarity {
        Polarity::Positive => '+',
        Polarity::Negative => '-',
    }
}

const KEYWORD: &str = "modeline";
/// The server counts kilohertz in 31 bits.
const MAX_CLOCK_HZ: u64 = i32::MAX as u64 * 1000;
const NOT_GIVEN: Polarity = Polarity::Negative;
const ANALOGUE_FLAGS: [&str; 7] = ["composite", "+csync", "-csync", "hskew", "bcast", "custom", "vscan"];
const FORM: &str = r#"Modeline "name" clock hdisplay hsyncstart hsyncend htotal vdisplay vsyncstart vsyncend vtotal [flags]"#;

#[cfg(test)]
mod tests;
