//! VESA Coordinated Video Timings, as the standard has them and as the X server computes them.

use super::request::{GenerateError, ModeRequest};
use super::{vesa, xorg};
use crate::modeline::Modeline;
use crate::timing::Timing;
use crate::units::RefreshRate;

/// A CVT formula.
///
/// ```
/// use cosmos_xorg_config::{Blanking, Cvt, ModeRequest};
/// let request: ModeRequest = "3840x2160@120".parse()?;
/// let khz = |formula: Cvt| formula.timing(&request).map(|timing| timing.clock.khz());
/// assert_eq!(khz(Cvt::XorgCompat { reduced: true })?, 1_097_250);
/// assert_eq!(khz(Cvt::Vesa { blanking: Blanking::Reduced, margins: false })?, 1_097_750);
/// assert_eq!(khz(Cvt::Vesa { blanking: Blanking::ReducedV2 { video: false }, margins: false })?, 1_075_804);
/// # Ok::<(), cosmos_xorg_config::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cvt {
    /// Bit for bit what `libxcvt` 0.1.2 answers, and with it `cvt` and the X server: single precision, a back
    /// porch of at least 3 lines, or 6 where reduced, and with reduced blanking a clock that follows from an
    /// estimate of the line period, so that 120 Hz become 119.94 Hz. 1360x768 becomes 1366x768.
    XorgCompat {
        /// Blanking for flat panels, version 1.
        reduced: bool,
    },
    /// VESA CVT 1.2 and 2.0.
    Vesa {
        /// How much of the time is spent on no picture.
        blanking: Blanking,
        /// A border of 1.8 % on each side. It counts as blanking, for a modeline has no border.
        margins: bool,
    },
}

/// How much of the time CVT spends on no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blanking {
    /// For tubes: a fifth of a line and more.
    Normal,
    /// Version 1: 160 pixels, 460 µs.
    Reduced,
    /// Version 2: 80 pixels, clock in steps of 1 kHz, any width.
    ReducedV2 {
        /// The rate times 1000/1001, as video has it.
        video: bool,
    },
    /// Version 3.
    ReducedV3(ReducedV3),
}

/// The options of reduced blanking version 3.
///
/// ```
/// use cosmos_xorg_config::{Blanking, Cvt, ReducedV3};
/// let blanking = Blanking::ReducedV3(ReducedV3 { hblank: 160, ..ReducedV3::default() });
/// let timing = Cvt::Vesa { blanking, margins: false }.timing(&"1920x1080".parse()?)?;
/// assert_eq!(timing.horizontal.blank(), 160);
/// # Ok::<(), cosmos_xorg_config::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReducedV3 {
    /// Pixels of horizontal blanking: 80 to 200 in steps of 8.
    pub hblank: u32,
    /// Microseconds of vertical blanking, at least: 460 to 705.
    pub vblank_us: u32,
    /// The sync pulse comes early, half of the blanking before the picture.
    pub early_vsync: bool,
}

/// 80 pixels, 460 µs, late sync.
impl Default for ReducedV3 {
    fn default() -> Self {
        Self { hblank: 80, vblank_us: 460, early_vsync: false }
    }
}

impl Cvt {
    /// The formula for someone who asks for reduced blanking and no more: that of the X server where it keeps the
    /// rate about right, which is at multiples of 60 Hz, so that a mode is the one that `cvt -r` prints; else that
    /// of the standard.
    ///
    /// ```
    /// use cosmos_xorg_config::{Cvt, RefreshRate};
    /// assert_eq!(Cvt::reduced_for(RefreshRate::from_hz(120)?), Cvt::XorgCompat { reduced: true });
    /// assert!(matches!(Cvt::reduced_for("59.94".parse()?), Cvt::Vesa { .. }));
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub const fn reduced_for(refresh: RefreshRate) -> Self {
        match refresh.whole_hz() {
            Some(hz) if hz % 60 == 0 => Self::XorgCompat { reduced: true },
            _ => Self::Vesa { blanking: Blanking::Reduced, margins: false },
        }
    }

    /// The timing for a request. Widths are rounded down to a multiple of 8, except with version 2 of reduced
    /// blanking.
    ///
    /// ```
    /// use cosmos_xorg_config::Cvt;
    /// let timing = Cvt::XorgCompat { reduced: false }.timing(&"1920x1080@75".parse()?)?;
    /// assert_eq!(timing.clock.khz(), 220_750);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// [`GenerateError::Option`] where an option of [`ReducedV3`] is out of its range,
    /// [`GenerateError::NoTiming`] where the picture is too small for a sync pulse, or too large and fast.
    pub fn timing(&self, request: &ModeRequest) -> Result<Timing, GenerateError> {
        match *self {
            Self::XorgCompat { reduced } => xorg::cvt(request, reduced),
            Self::Vesa { blanking, margins } => vesa::timing(request, blanking, margins),
        }
    }

    /// The timing under the name that `cvt` gives it: `1920x1080_75.00`, or `1920x1080R` where reduced.
    ///
    /// With [`XorgCompat`](Self::XorgCompat) the width is rounded *up* to a multiple of 8, as `cvt` does before it
    /// asks the library.
    ///
    /// ```
    /// use cosmos_xorg_config::Cvt;
    /// let mode = Cvt::XorgCompat { reduced: true }.modeline(&"1366x768".parse()?)?;
    /// assert_eq!(mode.name(), "1368x768R");
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`timing`](Self::timing).
    pub fn modeline(&self, request: &ModeRequest) -> Result<Modeline, GenerateError> {
        let (request, reduced) = match *self {
            Self::XorgCompat { reduced } => (xorg::rounded_up(request), reduced),
            Self::Vesa { blanking, .. } => (*request, blanking != Blanking::Normal),
        };
        let timing = self.timing(&request)?;
        Modeline::new(xorg::cvt_name(&request, reduced), timing)
            .map_err(|_| request.refused("the pixel clock is more than the server can hold"))
    }

    /// What `cvt` prints, comment and modeline, with a newline behind each.
    ///
    /// The comment says `(CVT 2.07M9-R)` where [`XorgCompat`](Self::XorgCompat) would be a standard mode, and
    /// `(CVT)` elsewhere.
    ///
    /// ```
    /// use cosmos_xorg_config::Cvt;
    /// let text = Cvt::XorgCompat { reduced: true }.text(&"1920x1080".parse()?)?;
    /// assert!(text.starts_with("# 1920x1080 59.93 Hz (CVT 2.07M9-R) hsync: 66.59 kHz; pclk: 138.50 MHz\n"));
    /// assert!(text.ends_with("  138.50  1920 1968 2000 2080  1080 1083 1088 1111 +hsync -vsync\n"));
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`timing`](Self::timing).
    pub fn text(&self, request: &ModeRequest) -> Result<String, GenerateError> {
        let mode = self.modeline(request)?;
        let standard = match *self {
            Self::XorgCompat { reduced } => {
                xorg::standard(&xorg::rounded_up(request), &mode.timing(), reduced)
            }
            Self::Vesa { .. } => None,
        };
        Ok(format!("{}\n{mode}\n", xorg::cvt_comment(&mode.timing(), standard)))
    }
}
