//! VESA Display Monitor Timings 1.0, revision 13.

use super::{NN, NP, PN, PP, Polarities, matches, timing};
use crate::timing::{Scan, Timing};
use crate::units::RefreshRate;

mod rows;

/// A timing that VESA lists for computer screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmtMode {
    /// Its number in the list.
    pub id: u8,
    /// What is sent.
    pub timing: Timing,
    /// Whether it has the reduced blanking of CVT.
    pub reduced_blanking: bool,
    /// The two bytes that stand for it in an EDID's standard timings.
    pub standard_code: Option<[u8; 2]>,
    /// The three bytes that stand for it in an EDID's CVT timing codes.
    pub cvt_code: Option<[u8; 3]>,
}

impl DmtMode {
    /// All timings, by width, height and rate.
    ///
    /// ```
    /// use cosmos_xorg_config::DmtMode;
    /// assert_eq!(DmtMode::all().len(), 88);
    /// ```
    pub const fn all() -> &'static [Self] {
        &rows::ROWS
    }

    /// The timing with this number.
    ///
    /// ```
    /// use cosmos_xorg_config::DmtMode;
    /// assert_eq!(DmtMode::by_id(0x52).map(|mode| mode.timing.clock.khz()), Some(148_500));
    /// assert!(DmtMode::by_id(0).is_none());
    /// ```
    pub fn by_id(id: u8) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.id == id)
    }

    /// The timing that these two bytes of an EDID stand for.
    ///
    /// ```
    /// use cosmos_xorg_config::DmtMode;
    /// assert_eq!(DmtMode::by_standard_code([0xd1, 0xc0]).map(|mode| mode.id), Some(0x52));
    /// ```
    pub fn by_standard_code(code: [u8; 2]) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.standard_code == Some(code))
    }

    /// The timing that these three bytes of an EDID stand for.
    ///
    /// ```
    /// use cosmos_xorg_config::DmtMode;
    /// assert_eq!(DmtMode::by_cvt_code([0x57, 0x28, 0x21]).map(|mode| mode.id), Some(0x44));
    /// ```
    pub fn by_cvt_code(code: [u8; 3]) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.cvt_code == Some(code))
    }

    /// The timings of this size whose rate is less than a hertz from the one given, in the order of the list.
    ///
    /// ```
    /// use cosmos_xorg_config::{DmtMode, RefreshRate};
    /// let ids: Vec<u8> = DmtMode::matching(1920, 1200, RefreshRate::from_hz(60)?).map(|mode| mode.id).collect();
    /// assert_eq!(ids, [0x44, 0x45]);
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub fn matching(width: u32, height: u32, refresh: RefreshRate) -> impl Iterator<Item = &'static Self> {
        Self::all().iter().filter(move |mode| matches(&mode.timing, width, height, refresh))
    }

    /// The entry with exactly this timing.
    ///
    /// ```
    /// use cosmos_xorg_config::{Cvt, DmtMode};
    /// let timing = Cvt::XorgCompat { reduced: true }.timing(&"1920x1200".parse()?)?;
    /// assert_eq!(DmtMode::of_timing(&timing).map(|mode| mode.id), Some(0x44));
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    pub fn of_timing(timing: &Timing) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.timing == *timing)
    }

    const fn interlaced(mut self) -> Self {
        self.timing.scan = Scan::Interlaced;
        self
    }

    const fn reduced(self) -> Self {
        Self { reduced_blanking: true, ..self }
    }

    const fn std(self, first: u8, second: u8) -> Self {
        Self { standard_code: Some([first, second]), ..self }
    }

    const fn cvt(self, first: u8, second: u8, third: u8) -> Self {
        Self { cvt_code: Some([first, second, third]), ..self }
    }
}

const fn row(id: u8, khz: u32, horizontal: [u32; 4], vertical: [u32; 4], polarities: Polarities) -> DmtMode {
    DmtMode {
        id,
        timing: timing(khz, horizontal, vertical, polarities),
        reduced_blanking: false,
        standard_code: None,
        cvt_code: None,
    }
}
