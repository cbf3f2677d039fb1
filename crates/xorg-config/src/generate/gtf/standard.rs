//! The formula in double precision, from each of the three numbers with which the standard lets it begin.

use super::{
    CELL_PIXELS, FRONT_PORCH, GtfCurve, HSYNC_PERCENT, MARGIN_PERCENT, MIN_VSYNC_BP, ModeRequest, Spans,
    TOO_SMALL_OR_LARGE,
};
use crate::generate::request::GenerateError;
use crate::timing::{Polarity, Timing};
use crate::units::PixelClock;

/// A request with its border, and the curve's derived parameters.
pub(super) struct Standard<'a> {
    request: &'a ModeRequest,
    width: f64,
    field_lines: f64,
    border: (f64, f64),
    c_prime: f64,
    m_prime: f64,
    polarity: (Polarity, Polarity),
}

impl<'a> Standard<'a> {
    pub(super) fn new(request: &'a ModeRequest, curve: GtfCurve, margins: bool) -> Self {
        let width = (f64::from(request.width()) / CELL_PIXELS).round() * CELL_PIXELS;
        let field_lines = f64::from(request.field_lines());
        let border = match margins {
            true => (
                (width * MARGIN_PERCENT / 100.0 / CELL_PIXELS).round() * CELL_PIXELS,
                (MARGIN_PERCENT / 100.0 * field_lines).round(),
            ),
            false => (0.0, 0.0),
        };
        let ((c, m, k, j), polarity) = match curve {
            GtfCurve::Default => ((40.0, 600.0, 128.0, 20.0), (Polarity::Negative, Polarity::Positive)),
            GtfCurve::Secondary { c2, m, k, j2 } => (
                (f64::from(c2) / 2.0, f64::from(m), f64::from(k), f64::from(j2) / 2.0),
                (Polarity::Positive, Polarity::Negative),
            ),
        };
        let (c_prime, m_prime) = ((c - j) * k / 256.0 + j, k / 256.0 * m);
        Self { request, width, field_lines, border, c_prime, m_prime, polarity }
    }

    pub(super) fn at_rate(&self) -> Result<Timing, GenerateError> {
        let (rate, half_line) = (self.request.refresh().hz(), self.request.half_line());
        let lines = self.field_lines + self.border.1 * 2.0;
        let period_estimate =
            ((1.0 / rate) - MIN_VSYNC_BP / 1_000_000.0) / (lines + FRONT_PORCH + half_line) * 1_000_000.0;
        let sync_and_back = (MIN_VSYNC_BP / period_estimate).round();
        let total_lines = lines + sync_and_back + half_line + FRONT_PORCH;
        let rate_estimate = 1.0 / period_estimate / total_lines * 1_000_000.0;
        let period = period_estimate / (rate / rate_estimate);
        let hblank = self.hblank(self.c_prime - (self.m_prime * period / 1000.0));
        self.timing(hblank, sync_and_back, (self.pixels() + hblank) / period)
    }

    pub(super) fn at_line_rate(&self, hz: u32) -> Result<Timing, GenerateError> {
        let khz = f64::from(hz) / 1000.0;
        let hblank = self.hblank(self.c_prime - self.m_prime / khz);
        let sync_and_back = (MIN_VSYNC_BP * khz / 1000.0).round();
        self.timing(hblank, sync_and_back, (self.pixels() + hblank) * khz / 1000.0)
    }

    pub(super) fn at_clock(&self, clock: PixelClock) -> Result<Timing, GenerateError> {
        let mhz = clock.hz() as f64 / 1_000_000.0;
        let rest = 100.0 - self.c_prime;
        let root = rest * rest + 0.4 * self.m_prime * (self.pixels() + self.border.0 * 2.0) / mhz;
        let period = (root.sqrt() - rest) / 2.0 / self.m_prime * 1000.0;
        let hblank = self.hblank(self.c_prime - self.m_prime * period / 1000.0);
        let line_khz = mhz / (self.pixels() + hblank) * 1000.0;
        self.timing(hblank, (MIN_VSYNC_BP * line_khz / 1000.0).round(), mhz)
    }

    fn pixels(&self) -> f64 {
        self.width + self.border.0 * 2.0
    }

    /// Pixels of blanking that take so many percent of a line.
    fn hblank(&self, duty: f64) -> f64 {
        (self.pixels() * duty / (100.0 - duty) / (2.0 * CELL_PIXELS)).round() * 2.0 * CELL_PIXELS
    }

    fn timing(&self, hblank: f64, sync_and_back: f64, mhz: f64) -> Result<Timing, GenerateError> {
        let total = self.pixels() + hblank;
        let hsync = (HSYNC_PERCENT / 100.0 * total / CELL_PIXELS).round() * CELL_PIXELS;
        let parts = Spans { width: self.width, hblank, hsync, sync_and_back };
        let clock = PixelClock::from_hz(((1000.0 * mhz).round() as u64).saturating_mul(1000));
        let border = (self.border.0 as i64, self.border.1 as i64);
        parts
            .timing(self.request, border, clock, self.polarity)
            .ok_or_else(|| self.request.refused(TOO_SMALL_OR_LARGE))
    }
}
