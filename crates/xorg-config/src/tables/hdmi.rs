//! The four formats that HDMI 1.4 numbered before CTA-861 did.

use super::CtaMode;

/// A format of HDMI's vendor-specific block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HdmiMode {
    /// The HDMI video identification code, 1 to 4.
    pub hdmi_vic: u8,
    /// The same format, as CTA-861 has it since.
    pub cta: &'static CtaMode,
}

impl HdmiMode {
    /// All formats, by code.
    ///
    /// ```
    /// use cosmos_xorg_config::HdmiMode;
    /// assert_eq!(HdmiMode::all().len(), 4);
    /// ```
    pub const fn all() -> &'static [Self] {
        &ROWS
    }

    /// The format with this code.
    ///
    /// ```
    /// use cosmos_xorg_config::HdmiMode;
    /// assert_eq!(HdmiMode::by_hdmi_vic(1).map(|mode| mode.cta.vic), Some(95));
    /// ```
    pub fn by_hdmi_vic(hdmi_vic: u8) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.hdmi_vic == hdmi_vic)
    }

    /// The format with this code of CTA-861.
    ///
    /// ```
    /// use cosmos_xorg_config::HdmiMode;
    /// assert_eq!(HdmiMode::by_vic(98).map(|mode| mode.hdmi_vic), Some(4));
    /// ```
    pub fn by_vic(vic: u8) -> Option<&'static Self> {
        Self::all().iter().find(|mode| mode.cta.vic == vic)
    }
}

const fn row(hdmi_vic: u8, vic: u8) -> HdmiMode {
    HdmiMode { hdmi_vic, cta: &CtaMode::all()[vic as usize - 1] }
}

const ROWS: [HdmiMode; 4] = [row(1, 95), row(2, 94), row(3, 93), row(4, 98)];
