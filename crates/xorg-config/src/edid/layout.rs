//! Which timing of a monitor is written where.

use super::detailed::DetailedTiming;
use super::displayid_timing::DisplayIdTiming;
use super::modes;
use super::spec::{EdidSpec, LinkProfile, Serial};
use crate::timing::{Scan, Timing};
use crate::units::PixelClock;

/// Where each timing goes.
pub(super) struct Layout {
    /// The first detailed timing of the base block: the preferred one, or the nearest that a descriptor holds.
    pub first: Timing,
    /// Codes for the Video Data Block.
    pub vics: Vec<u8>,
    /// Detailed timings of the CTA-861 extension.
    pub detailed: Vec<Timing>,
    /// Timings for DisplayID, the preferred one first.
    pub displayid: Vec<DisplayIdTiming>,
    /// The frequencies of all of them.
    pub limits: Limits,
}

/// Frequencies that are reached, lowest and highest.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Whole hertz around the refresh rates.
    pub hz: (u64, u64),
    /// Whole kilohertz around the lines per second.
    pub khz: (u64, u64),
    /// The highest pixel clock in whole megahertz.
    pub mhz: u64,
}

impl Layout {
    pub fn of(spec: &EdidSpec) -> Self {
        let preferred = &spec.preferred;
        let first = if DetailedTiming::fits(preferred) { *preferred } else { fallback(preferred) };
        let room = room_for_detailed(spec);
        let mut layout = Self {
            first,
            vics: modes::vic_of(preferred).into_iter().collect(),
            detailed: Vec::new(),
            displayid: Vec::new(),
            limits: Limits::of(&first),
        };
        for timing in &spec.timings {
            match modes::vic_of(timing) {
                Some(vic) if layout.vics.len() < MAX_VICS => layout.vics.push(vic),
                _ if DetailedTiming::fits(timing) && layout.detailed.len() < room => {
                    layout.detailed.push(*timing);
                }
                _ => layout.displayid.push(DisplayIdTiming { timing: *timing, preferred: false }),
            }
        }
        if first != *preferred || !layout.displayid.is_empty() {
            layout.displayid.insert(0, DisplayIdTiming { timing: *preferred, preferred: true });
        }
        let all = spec.timings.iter().chain([preferred]).copied().chain(modes::of_vic(VGA));
        layout.limits = all.map(|timing| Limits::of(&timing)).fold(layout.limits, Limits::with);
        layout
    }

    /// Whether the first detailed timing has the pixels of the preferred one.
    pub fn is_native(&self, spec: &EdidSpec) -> bool {
        let pixels = |timing: &Timing| (timing.horizontal.active, timing.vertical.active);
        pixels(&self.first) == pixels(&spec.preferred)
    }
}

impl Limits {
    fn of(timing: &Timing) -> Self {
        let line_hz = timing.clock.hz() / u64::from(timing.horizontal.total).max(1);
        let rate = timing.refresh_rate().map_or(0, |rate| u64::from(rate.millihertz()));
        Self {
            hz: (rate / 1000, rate.div_ceil(1000)),
            khz: (line_hz / 1000, (line_hz + 1).div_ceil(1000)),
            mhz: timing.clock.hz().div_ceil(1_000_000),
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            hz: (self.hz.0.min(other.hz.0), self.hz.1.max(other.hz.1)),
            khz: (self.khz.0.min(other.khz.0), self.khz.1.max(other.khz.1)),
            mhz: self.mhz.max(other.mhz),
        }
    }
}

/// A timing that a descriptor holds, as near as possible to one that none holds: with the same pixels and a rounded
/// clock, or else less often, or else the largest common one that is not larger.
fn fallback(preferred: &Timing) -> Timing {
    let lines = u64::from(preferred.vertical.total) * u64::from(preferred.horizontal.total);
    let per_frame = if preferred.scan == Scan::Interlaced { 2 } else { 1 };
    let rate = preferred.refresh_rate().map_or(0, |rate| rate.millihertz());
    let slower = RATES.iter().filter(|hz| **hz * 1000 < rate).map(|hz| lines * u64::from(*hz) / per_frame);
    let clocks = [preferred.clock.hz()].into_iter().chain(slower);
    let same_pixels = clocks.map(|hz| Timing { clock: PixelClock::from_hz(hz), ..*preferred });
    let smaller = SMALLER_VICS.iter().filter_map(|vic| modes::of_vic(*vic)).filter(|known| {
        known.horizontal.active <= preferred.horizontal.active
            && known.vertical.active <= preferred.vertical.active
    });
    let mut fitting =
        same_pixels.chain(smaller).chain(modes::of_vic(VGA)).map(rounded).filter(DetailedTiming::fits);
    fitting.next().unwrap_or(*preferred)
}

/// To the steps in which a descriptor states clocks.
fn rounded(timing: Timing) -> Timing {
    Timing { clock: PixelClock::from_hz((timing.clock.hz() + 5000) / 10_000 * 10_000), ..timing }
}

/// How many descriptors of 18 bytes the CTA-861 extension has room for, if its Video Data Block is as long as it can
/// become.
fn room_for_detailed(spec: &EdidSpec) -> usize {
    let codes = spec.timings.iter().chain([&spec.preferred]).filter(|timing| modes::vic_of(timing).is_some());
    let video = 1 + codes.count().min(MAX_VICS);
    let audio = if spec.audio { 8 } else { 0 };
    let hdmi = if spec.profile == LinkProfile::Hdmi { 16 } else { 0 };
    (123 - video - audio - hdmi - CAPABILITY_AND_PREFERENCE) / 18
}

impl Serial {
    /// The number, 0 where there is none.
    pub(super) fn number(&self) -> u32 {
        match self {
            Self::Number(number) => *number,
            _ => 0,
        }
    }
}

/// The most that the range limits of EDID 1.4 can state.
pub(super) const MOST_HZ: u32 = 510;
pub(super) const MOST_KHZ: u64 = 510;

/// 640x480 at 60 Hz, which every EDID here lists.
const VGA: u8 = 1;
/// What the length field of a data block allows.
const MAX_VICS: usize = 31;
const CAPABILITY_AND_PREFERENCE: usize = 6;
const RATES: [u32; 9] = [120, 100, 75, 60, 50, 48, 30, 25, 24];
const SMALLER_VICS: [u8; 5] = [97, 90, 16, 4, 1];
