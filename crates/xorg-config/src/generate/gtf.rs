//! VESA Generalized Timing Formula 1.1, as the standard has it and as the X server's `gtf` computes it.

use super::request::{GenerateError, ModeRequest, TOO_SMALL_OR_LARGE};
use super::{CELL, Parts};
use crate::modeline::Modeline;
use crate::timing::{Polarity, Timing};
use crate::units::PixelClock;

mod server;
mod standard;

use standard::Standard;

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
            Self::XorgCompat => server::answer(request).map(|answer| answer.timing),
            Self::Vesa { curve, margins } => Standard::new(request, curve, margins).at_rate(),
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
            Self::Vesa { curve, margins } => Standard::new(request, curve, margins).at_line_rate(hz),
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
            Self::Vesa { curve, margins } => Standard::new(request, curve, margins).at_clock(clock),
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
        let server::Answer { timing, mhz: clock, line_khz: line_rate } = server::answer(request)?;
        let Timing { horizontal: h, vertical: v, .. } = timing;
        let rate = request.refresh().hz() as f32;
        let size = format!("{}x{}", h.active, v.active);
        Ok(format!(
            "\n  # {size} @ {rate:.2} Hz (GTF) hsync: {line_rate:.2} kHz; pclk: {clock:.2} MHz\n  \
             Modeline \"{size}_{rate:.2}\"  {clock:.2}  {} {} {} {}  {} {} {} {}  -HSync +Vsync\n\n",
            h.active, h.sync_start, h.sync_end, h.total, v.active, v.sync_start, v.sync_end, v.total,
        ))
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
