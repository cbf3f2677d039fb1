//! VESA Generalized Timing Formula 1.1, as the standard has it and as the X server's `gtf` computes it.

use super::request::{GenerateError, ModeRequest, TOO_SMALL_OR_LARGE};
use super::{CELL, Parts};
use crate::modeline::Modeline;
use crate::timing::{Polarity, Timing};
use crate::units::PixelClock;

/// The Generalized Timing Formula.
///
/// ```
/// use cosmos_xorg_config::Gtf;
/// let mode = Gtf::XorgCompat.modeline(&"1920x1080@59.94".parse()?)?;
/// assert_eq!(mode.name(), "1920x1080_59.94");
/// assert_eq!(mode.timing().clock.khz(), 172_630);
/// # Ok::<(), cosmos_xorg_config::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gtf {
    /// What `gtf` of the X server prints: single precision, the clock to two places of a megahertz. Progressive
    /// only.
    XorgCompat,
    /// As the standard has it.
    Vesa {
        /// How blanking depends on the length of a line.
        curve: GtfCurve,
        /// A border of 1.8 % on each side. It counts as blanking, for a modeline has no border.
        margins: bool,
    },
}

/// The blanking curve. The numbers are those of the display range limits of an EDID, C and J in halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GtfCurve {
    /// C 40 %, M 600 %/kHz, K 128, J 20 %; `-hsync +vsync`.
    Default,
    /// A screen's own curve; `+hsync -vsync`.
    Secondary {
        /// Twice the offset C, in percent.
        c2: u8,
        /// The gradient M, in percent per kilohertz.
        m: u16,
        /// The scaling factor K, in 256ths.
        k: u8,
        /// Twice the weighting J, in percent.
        j2: u8,
    },
}

impl Gtf {
    /// The timing for a request. Widths are rounded to the nearest multiple of 8.
    ///
    /// ```
    /// use cosmos_xorg_config::{Gtf, GtfCurve};
    /// let formula = Gtf::Vesa { curve: GtfCurve::Default, margins: false };
    /// assert_eq!(formula.timing(&"1920x1080".parse()?)?.clock.khz(), 172_798);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// [`GenerateError::NoTiming`] where the formula leaves no room for blanking, which a small picture or a
    /// secondary curve may bring about, and where [`Gtf::XorgCompat`] is asked for an interlaced mode.
    pub fn timing(&self, request: &ModeRequest) -> Result<Timing, GenerateError> {
        match *self {
            Self::XorgCompat => single(request).map(|(timing, _)| timing),
            Self::Vesa { curve, margins } => Vesa::new(request, curve, margins).at_rate(),
        }
    }

    /// The timing whose lines come at this rate, in hertz, and whose refresh rate follows from it; the one of the
    /// request has no meaning.
    ///
    /// ```
    /// use cosmos_xorg_config::{Gtf, GtfCurve};
    /// let formula = Gtf::Vesa { curve: GtfCurve::Default, margins: false };
    /// assert_eq!(formula.timing_at_line_rate(&"1024x768".parse()?, 60_000)?.clock.khz(), 81_600);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`timing`](Self::timing), and [`GenerateError::NoTiming`] with [`Gtf::XorgCompat`], which has no
    /// such way.
    pub fn timing_at_line_rate(&self, request: &ModeRequest, hz: u32) -> Result<Timing, GenerateError> {
        match *self {
            Self::XorgCompat => Err(request.refused(RATE_ONLY)),
            Self::Vesa { curve, margins } => Vesa::new(request, curve, margins).at_line_rate(hz),
        }
    }

    /// The timing with this clock, whose refresh rate follows from it; the one of the request has no meaning.
    ///
    /// ```
    /// use cosmos_xorg_config::{Gtf, GtfCurve, PixelClock};
    /// let formula = Gtf::Vesa { curve: GtfCurve::Default, margins: false };
    /// let timing = formula.timing_at_clock(&"1024x768".parse()?, PixelClock::from_khz(65_000))?;
    /// assert_eq!(timing.horizontal.total, 1344);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`timing_at_line_rate`](Self::timing_at_line_rate).
    pub fn timing_at_clock(&self, request: &ModeRequest, clock: PixelClock) -> Result<Timing, GenerateError> {
        match *self {
            Self::XorgCompat => Err(request.refused(RATE_ONLY)),
            Self::Vesa { curve, margins } => Vesa::new(request, curve, margins).at_clock(clock),
        }
    }

    /// The timing under the name that `gtf` gives it: `1920x1080_60.00`.
    ///
    /// ```
    /// use cosmos_xorg_config::Gtf;
    /// assert_eq!(Gtf::XorgCompat.modeline(&"1366x768@75".parse()?)?.name(), "1368x768_75.00");
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`timing`](Self::timing).
    pub fn modeline(&self, request: &ModeRequest) -> Result<Modeline, GenerateError> {
        let timing = self.timing(request)?;
        let rate = request.refresh().hz() as f32;
        let name = format!("{}x{}_{rate:.2}", timing.horizontal.active, timing.vertical.active);
        Modeline::new(name, timing).map_err(|_| request.refused(TOO_SMALL_OR_LARGE))
    }

    /// What `gtf` prints: an empty line, comment and modeline with two spaces before them, an empty line.
    ///
    /// ```
    /// use cosmos_xorg_config::{Gtf, Modeline};
    /// let text = Gtf::text(&"1920x1080".parse()?)?;
    /// assert!(text.starts_with("\n  # 1920x1080 @ 60.00 Hz (GTF) hsync: 67.08 kHz; pclk: 172.80 MHz\n  Modeline"));
    /// assert!(text.parse::<Modeline>().is_ok());
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`timing`](Self::timing) with [`Gtf::XorgCompat`].
    pub fn text(request: &ModeRequest) -> Result<String, GenerateError> {
        let (Timing { horizontal: h, vertical: v, .. }, found) = single(request)?;
        let (rate, clock, line_rate) = (request.refresh().hz() as f32, found.mhz, found.line_khz);
        let size = format!("{}x{}", h.active, v.active);
        Ok(format!(
            "\n  # {size} @ {rate:.2} Hz (GTF) hsync: {line_rate:.2} kHz; pclk: {clock:.2} MHz\n  \
             Modeline \"{size}_{rate:.2}\"  {clock:.2}  {} {} {} {}  {} {} {} {}  -HSync +Vsync\n\n",
            h.active, h.sync_start, h.sync_end, h.total, v.active, v.sync_start, v.sync_end, v.total,
        ))
    }
}

/// What `gtf` prints besides the timing.
struct Single {
    mhz: f32,
    line_khz: f32,
}

/// In single precision, as `gtf` keeps every step, with each step computed in double.
fn single(request: &ModeRequest) -> Result<(Timing, Single), GenerateError> {
    if request.half_line() > 0.0 {
        return Err(request.refused("expected a progressive mode, as `gtf` knows no other"));
    }
    let width = (f64::from(request.width() as f32) / CELL_PIXELS).round_ties_even() * CELL_PIXELS;
    let lines = request.height() as f32;
    let rate = f64::from(request.refresh().hz() as f32);
    let lines_and_porch = f64::from(lines) + FRONT_PORCH;
    let period_estimate = ((1.0 / rate - MIN_VSYNC_BP / 1_000_000.0) / lines_and_porch * 1_000_000.0) as f32;
    let sync_and_back = (MIN_VSYNC_BP / f64::from(period_estimate)).round_ties_even() as f32;
    let total_lines = (f64::from(lines + sync_and_back) + FRONT_PORCH) as f32;
    let rate_estimate = (1.0 / f64::from(period_estimate) / f64::from(total_lines) * 1_000_000.0) as f32;
    let period = period_estimate / (rate as f32 / rate_estimate);
    let duty = (30.0 - 300.0 * f64::from(period) / 1000.0) as f32;
    let hblank = (f64::from(width as f32 * duty) / (100.0 - f64::from(duty)) / (2.0 * CELL_PIXELS))
        .round_ties_even()
        * 2.0
        * CELL_PIXELS;
    let total = width + hblank;
    let mhz = total as f32 / period;
    let line_khz = (1000.0 / f64::from(period)) as f32;
    let hsync = (HSYNC_PERCENT / 100.0 * total / CELL_PIXELS).round_ties_even() * CELL_PIXELS;
    let parts = Spans { width, hblank, hsync, sync_and_back: f64::from(sync_and_back) };
    // Two places, as printed.
    let hz = (f64::from(mhz) * 100.0).round_ties_even() as u64 * 10_000;
    let polarity = (Polarity::Negative, Polarity::Positive);
    let timing = parts.timing(request, (0, 0), PixelClock::from_hz(hz), polarity);
    let timing = timing.ok_or_else(|| request.refused(TOO_SMALL_OR_LARGE))?;
    Ok((timing, Single { mhz, line_khz }))
}

/// The formula in double precision.
struct Vesa<'a> {
    request: &'a ModeRequest,
    width: f64,
    field_lines: f64,
    border: (f64, f64),
    c_prime: f64,
    m_prime: f64,
    polarity: (Polarity, Polarity),
}

impl<'a> Vesa<'a> {
    fn new(request: &'a ModeRequest, curve: GtfCurve, margins: bool) -> Self {
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

    fn at_rate(&self) -> Result<Timing, GenerateError> {
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

    fn at_line_rate(&self, hz: u32) -> Result<Timing, GenerateError> {
        let khz = f64::from(hz) / 1000.0;
        let hblank = self.hblank(self.c_prime - self.m_prime / khz);
        let sync_and_back = (MIN_VSYNC_BP * khz / 1000.0).round();
        self.timing(hblank, sync_and_back, (self.pixels() + hblank) * khz / 1000.0)
    }

    fn at_clock(&self, clock: PixelClock) -> Result<Timing, GenerateError> {
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

/// What both ways find: pixels, and lines of a field.
struct Spans {
    width: f64,
    hblank: f64,
    hsync: f64,
    sync_and_back: f64,
}

impl Spans {
    fn timing(
        &self,
        request: &ModeRequest,
        border: (i64, i64),
        clock: PixelClock,
        (hsync, vsync): (Polarity, Polarity),
    ) -> Option<Timing> {
        let front = whole(self.hblank / 2.0 - self.hsync);
        let sync = whole(self.hsync);
        let horizontal =
            Parts { active: self.width as u32, front: border.0 + front, sync, back: border.0 + front + sync };
        let back = whole(self.sync_and_back - VSYNC_LINES);
        let vertical = Parts {
            active: request.height(),
            front: border.1 + FRONT_PORCH as i64,
            sync: VSYNC_LINES as i64,
            back: border.1 + back,
        };
        let scan = request.scan();
        let usable = self.width > 0.0 && clock.hz() > 0;
        let (horizontal, vertical) = (horizontal.axis().filter(|_| usable)?, vertical.of_frame(scan).axis()?);
        Some(Timing { clock, horizontal, vertical, hsync, vsync, scan })
    }
}

/// Steep curves lead far away, where sums would overflow; no such number is a timing.
const fn whole(value: f64) -> i64 {
    value.clamp(-1e9, 1e9) as i64
}

const RATE_ONLY: &str = "`gtf` starts from a refresh rate; expected the formula of the standard";
const CELL_PIXELS: f64 = CELL as f64;
const MARGIN_PERCENT: f64 = 1.8;
const FRONT_PORCH: f64 = 1.0;
const VSYNC_LINES: f64 = 3.0;
const HSYNC_PERCENT: f64 = 8.0;
const MIN_VSYNC_BP: f64 = 550.0;
