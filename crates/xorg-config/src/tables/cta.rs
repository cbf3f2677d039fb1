//! Video identification codes of CTA-861-I: 1 to 127 and 193 to 219.

use super::{NN, PN, PP, Polarities, matches, timing};
use crate::timing::{Scan, Timing};
use crate::units::RefreshRate;

mod rows;

/// A video format that televisions know by number.
///
/// Where one number stands for several timings, with more or fewer lines of blanking or at 1000/1001 of the rate,
/// this is the shortest at the whole rate, or at 59.94 Hz where the standard's own clock gives that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CtaMode {
    /// The video identification code, VIC.
    pub vic: u8,
    /// Width to height of the picture, whose pixels need not be square.
    pub aspect: (u16, u16),
    /// What is sent. Pixels count as often as they are repeated.
    pub timing: Timing,
}

impl CtaMode {
    /// All formats, by code.
    ///
    /// ```
    /// use cosmos_xorg_config::CtaMode;
    /// assert_eq!(CtaMode::all().len(), 154);
    /// ```
    pub const fn all() -> &'static [Self] {
        &rows::ROWS
    }

    /// The format with this code; none for codes that are reserved.
    ///
    /// ```
    /// use cosmos_xorg_config::CtaMode;
    /// let mode = CtaMode::by_vic(97).expect("it is listed");
    /// assert_eq!((mode.timing.horizontal.active, mode.timing.clock.khz()), (3840, 594_000));
    /// assert!(CtaMode::by_vic(128).is_none());
    /// ```
    pub fn by_vic(vic: u8) -> Option<&'static Self> {
        let at = Self::all().binary_search_by_key(&vic, |mode| mode.vic).ok()?;
        Self::all().get(at)
    }

    /// The formats of this size whose rate is less than a hertz from the one given, by code. Several differ in
    /// aspect ratio and scan only.
    ///
    /// ```
    /// use cosmos_xorg_config::{CtaMode, RefreshRate};
    /// let vics: Vec<u8> = CtaMode::matching(1920, 1080, RefreshRate::from_hz(60)?).map(|mode| mode.vic).collect();
    /// assert_eq!(vics, [5, 16, 76]);
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub fn matching(width: u32, height: u32, refresh: RefreshRate) -> impl Iterator<Item = &'static Self> {
        Self::all().iter().filter(move |mode| matches(&mode.timing, width, height, refresh))
    }

    /// The code of exactly this timing; the lowest, where several differ in aspect ratio only.
    ///
    /// ```
    /// use cosmos_xorg_config::CtaMode;
    /// let timing = CtaMode::by_vic(76).expect("it is listed").timing;
    /// assert_eq!(CtaMode::of_timing(&timing).map(|mode| mode.vic), Some(16));
    /// ```
    pub fn of_timing(timing: &Timing) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.timing == *timing)
    }
}

const fn row(
    vic: u8,
    aspect: (u16, u16),
    khz: u32,
    horizontal: [u32; 4],
    vertical: [u32; 4],
    polarities: Polarities,
) -> CtaMode {
    CtaMode { vic, aspect, timing: timing(khz, horizontal, vertical, polarities) }
}

const fn interlaced(
    vic: u8,
    aspect: (u16, u16),
    khz: u32,
    horizontal: [u32; 4],
    vertical: [u32; 4],
    polarities: Polarities,
) -> CtaMode {
    let mut mode = row(vic, aspect, khz, horizontal, vertical, polarities);
    mode.timing.scan = Scan::Interlaced;
    mode
}
