//! The formula in the arithmetic of the X server's `gtf`: each step is computed in double precision and kept in
//! single.

use super::{CELL_PIXELS, FRONT_PORCH, HSYNC_PERCENT, MIN_VSYNC_BP, ModeRequest, Spans, TOO_SMALL_OR_LARGE};
use crate::generate::request::GenerateError;
use crate::timing::{Polarity, Timing};
use crate::units::PixelClock;

/// A timing, and what `gtf` prints besides it.
pub(super) struct Answer {
    pub(super) timing: Timing,
    pub(super) mhz: f32,
    pub(super) line_khz: f32,
}

pub(super) fn answer(request: &ModeRequest) -> Result<Answer, GenerateError> {
    if request.half_line() > 0.0 {
        return Err(request.refused("expected a progressive mode, as `gtf` knows no other"));
    }
    let width = (f64::from(request.width() as f32) / CELL_PIXELS).round_ties_even() * CELL_PIXELS;
    let Lines { sync_and_back, period } = lines(request);
    let hblank = hblank(width as f32, period);
    let total = width + hblank;
    let mhz = total as f32 / period;
    let hsync = (HSYNC_PERCENT / 100.0 * total / CELL_PIXELS).round_ties_even() * CELL_PIXELS;
    let spans = Spans { width, hblank, hsync, sync_and_back };
    // Two places, as printed.
    let clock = PixelClock::from_hz((f64::from(mhz) * 100.0).round_ties_even() as u64 * 10_000);
    let timing = spans.timing(request, (0, 0), clock, (Polarity::Negative, Polarity::Positive));
    let timing = timing.ok_or_else(|| request.refused(TOO_SMALL_OR_LARGE))?;
    Ok(Answer { timing, mhz, line_khz: (1000.0 / f64::from(period)) as f32 })
}

/// Lines of sync and back porch, and microseconds of one.
struct Lines {
    sync_and_back: f64,
    period: f32,
}

fn lines(request: &ModeRequest) -> Lines {
    let lines = request.height() as f32;
    let rate = request.refresh().hz() as f32;
    let active = 1.0 / f64::from(rate) - MIN_VSYNC_BP / 1_000_000.0;
    let estimate = (active / (f64::from(lines) + FRONT_PORCH) * 1_000_000.0) as f32;
    let sync_and_back = (MIN_VSYNC_BP / f64::from(estimate)).round_ties_even() as f32;
    let total = (f64::from(lines + sync_and_back) + FRONT_PORCH) as f32;
    let rate_estimate = (1.0 / f64::from(estimate) / f64::from(total) * 1_000_000.0) as f32;
    Lines { sync_and_back: sync_and_back.into(), period: estimate / (rate / rate_estimate) }
}

fn hblank(width: f32, period: f32) -> f64 {
    let duty = (30.0 - 300.0 * f64::from(period) / 1000.0) as f32;
    let cells = f64::from(width * duty) / (100.0 - f64::from(duty)) / (2.0 * CELL_PIXELS);
    cells.round_ties_even() * (2.0 * CELL_PIXELS)
}
