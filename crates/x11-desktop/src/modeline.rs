//! Timings for a mode that no monitor ever shows.

use cosmos_desktop::Size;
use x11rb::protocol::randr::{ModeFlag, ModeInfo};

/// What our modes are called, before the size.
pub(crate) const PREFIX: &str = "cosmos-";

/// The pixel clock that every driver takes, in Hz: the dummy driver refuses more than 300 MHz. The refresh rate
/// drops below 60 Hz where this is not enough, which nothing without a monitor notices.
const MAX_CLOCK: u64 = 300_000_000;

/// Blanking of CVT, in pixels and rows, that is never under a reduced one.
const MIN_VERTICAL_BLANKING: u32 = 30;

/// The name of the mode of this size.
pub(crate) fn name(size: Size) -> String {
    format!("{PREFIX}{size}")
}

/// A mode of this size at 60 Hz, or as near as the clock allows, in the manner of CVT (a quarter of the width and 3 %
/// of the height for blanking). `None` when the totals leave 16 bits.
pub(crate) fn modeline(size: Size, name_len: u16) -> Option<ModeInfo> {
    let (width, height) = (u32::from(size.width), u32::from(size.height));
    let porch = (width / 32).next_multiple_of(8).max(8);
    let sync = (width / 10).next_multiple_of(8).max(8);
    let htotal = (width + porch + sync + porch + sync).next_multiple_of(8);
    let vtotal = height + (height * 3 / 100).max(MIN_VERTICAL_BLANKING);
    let clock = (u64::from(htotal) * u64::from(vtotal) * 60).min(MAX_CLOCK);
    Some(ModeInfo {
        id: 0,
        width: size.width,
        height: size.height,
        dot_clock: clock as u32,
        hsync_start: u16::try_from(width + porch).ok()?,
        hsync_end: u16::try_from(width + porch + sync).ok()?,
        htotal: u16::try_from(htotal).ok()?,
        hskew: 0,
        vsync_start: u16::try_from(height + 3).ok()?,
        vsync_end: u16::try_from(height + 9).ok()?,
        vtotal: u16::try_from(vtotal).ok()?,
        name_len,
        mode_flags: ModeFlag::HSYNC_NEGATIVE | ModeFlag::VSYNC_POSITIVE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timings_are_in_order_and_within_the_clock() {
        for (width, height) in [(2, 2), (320, 200), (1366, 768), (1920, 1080), (3840, 2160), (16384, 16384)] {
            let mode = modeline(Size::new(width, height), 0).unwrap();
            let horizontal = [mode.width, mode.hsync_start, mode.hsync_end, mode.htotal];
            let vertical = [mode.height, mode.vsync_start, mode.vsync_end, mode.vtotal];
            for timings in [horizontal, vertical] {
                assert!(timings.is_sorted_by(|a, b| a < b), "{timings:?}");
            }
            assert!(u64::from(mode.dot_clock) <= MAX_CLOCK);
        }
        assert!(modeline(Size::new(65534, 2), 0).is_none());
    }

    #[test]
    fn a_common_size_runs_at_sixty() {
        let mode = modeline(Size::new(1920, 1080), 0).unwrap();
        let total = u64::from(mode.htotal) * u64::from(mode.vtotal);
        assert_eq!(u64::from(mode.dot_clock).div_ceil(total), 60);
    }
}
