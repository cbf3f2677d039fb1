//! Timings that standards list by number.

mod cta;
mod dmt;
mod hdmi;
mod rid;

pub use cta::CtaMode;
pub use dmt::DmtMode;
pub use hdmi::HdmiMode;
pub use rid::Rid;

use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::{PixelClock, RefreshRate};

/// Whether a timing shows this size at about this rate: the rates that standards name are up to a hertz off, while
/// 24 and 25 Hz are two.
fn matches(timing: &Timing, width: u32, height: u32, refresh: RefreshRate) -> bool {
    let size = (timing.horizontal.active, timing.vertical.active);
    let near = |rate: RefreshRate| rate.millihertz().abs_diff(refresh.millihertz()) < 1000;
    size == (width, height) && timing.refresh_rate().is_some_and(near)
}

/// A progressive timing. Active, front porch, sync and back porch of both directions, the vertical one in lines of a
/// frame.
const fn timing(
    khz: u32,
    [width, hfront, hsync_width, hback]: [u32; 4],
    [height, vfront, vsync_lines, vback]: [u32; 4],
    (hsync, vsync): Polarities,
) -> Timing {
    Timing {
        clock: PixelClock::from_khz(khz),
        horizontal: Axis::from_parts(width, hfront, hsync_width, hback),
        vertical: Axis::from_parts(height, vfront, vsync_lines, vback),
        hsync,
        vsync,
        scan: Scan::Progressive,
    }
}

type Polarities = (Polarity, Polarity);

const PP: Polarities = (Polarity::Positive, Polarity::Positive);
const PN: Polarities = (Polarity::Positive, Polarity::Negative);
const NP: Polarities = (Polarity::Negative, Polarity::Positive);
const NN: Polarities = (Polarity::Negative, Polarity::Negative);

#[cfg(test)]
mod tests;
