//! Monitors, and modes that they share.

use std::fmt;

use super::{ConfiguredMode, Options, part};
use crate::conf::number::real;
use crate::conf::view::{EntryView, Value};

part! {
    /// What a monitor can show.
    Monitor {
        /// What a screen calls it.
        "Identifier" identifier: String = identifier,
        /// Who made it.
        "VendorName" vendor: Option<String> = text,
        /// What its maker calls it.
        "ModelName" model: Option<String> = text,
        /// Lines per second, in kilohertz; 8 ranges at most.
        "HorizSync" horizontal_sync: Vec<FrequencyRange> = ranges,
        /// Pictures per second, in hertz; 8 ranges at most.
        "VertRefresh" vertical_refresh: Vec<FrequencyRange> = ranges,
        /// Width and height of the picture in millimetres.
        "DisplaySize" size: Option<[f64; 2]> = millimetres,
        /// Gamma of red, green and blue.
        "Gamma" gamma: Option<[f64; 3]> = gamma,
        /// The `Modes` sections that it shares.
        "UseModes" shared_modes: Vec<String> = each,
        /// Its own modes.
        "ModeLine" modes: Vec<ConfiguredMode> = modes,
        /// Options.
        "Option" options: Options = options,
    }
}

part! {
    /// Modes that several monitors share.
    Modes {
        /// What a monitor calls it.
        "Identifier" identifier: String = identifier,
        /// The modes.
        "ModeLine" modes: Vec<ConfiguredMode> = modes,
    }
}

/// Frequencies from one to another, both included.
///
/// ```
/// use cosmos_xorg_config::FrequencyRange;
/// assert_eq!(FrequencyRange { low: 5.0, high: 1000.0 }.to_string(), "5-1000");
/// assert_eq!(FrequencyRange { low: 31.5, high: 31.5 }.to_string(), "31.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrequencyRange {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl FrequencyRange {
    pub(super) fn read(entry: EntryView<'_>) -> Vec<Self> {
        let mut ranges: Vec<Self> = Vec::new();
        let mut values = entry.values();
        while let Some(value) = values.next() {
            match (value, ranges.last_mut()) {
                (Value::Number(low), _) => ranges.push(Self { low: real(low), high: real(low) }),
                (_, Some(range)) => {
                    range.high = values.next().map_or(range.low, |high| real(high.as_str()));
                }
                _ => {}
            }
        }
        ranges
    }
}

impl fmt::Display for FrequencyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.low == self.high {
            true => write!(f, "{}", self.low),
            false => write!(f, "{}-{}", self.low, self.high),
        }
    }
}
