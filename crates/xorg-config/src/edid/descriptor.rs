//! The four descriptors of a base block (E-EDID 1.4, section 3.10).

use super::detailed::DetailedTiming;

/// One of the four descriptors of 18 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Descriptor {
    /// A timing.
    Timing(DetailedTiming),
    /// 0xFF: the serial number as text.
    Serial(String),
    /// 0xFE: text of no stated meaning.
    Text(String),
    /// 0xFD: the range in which the display works.
    RangeLimits(RangeLimits),
    /// 0xFC: the name of the product.
    Name(String),
    /// 0xFB: two more white points, undecoded: bytes 5 to 17.
    ColorPoints([u8; 13]),
    /// 0xFA: six more codes of standard timings, in the order of their bytes.
    StandardTimings([[u8; 2]; 6]),
    /// 0xF9: polynomials for colour management, undecoded: bytes 5 to 17.
    ColorManagement([u8; 13]),
    /// 0xF8: four codes of CVT timings, three bytes each.
    CvtCodes([[u8; 3]; 4]),
    /// 0xF7: Established Timings III, six bytes of bits.
    EstablishedTimings([u8; 6]),
    /// 0x10: nothing.
    Dummy,
    /// Whatever else, or a timing whose numbers contradict each other: all 18 bytes.
    Other([u8; 18]),
}

impl Descriptor {
    /// The descriptor of these bytes.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::Descriptor;
    /// let name = *b"\0\0\0\xfc\0COSMOS\n      ";
    /// assert_eq!(Descriptor::decode(&name), Descriptor::Name("COSMOS".into()));
    /// ```
    pub fn decode(bytes: &[u8; 18]) -> Self {
        if bytes[..2] != [0, 0] {
            return DetailedTiming::decode(bytes).map_or(Self::Other(*bytes), Self::Timing);
        }
        let [_, _, _, tag, _, rest @ ..] = *bytes;
        match tag {
            0xff => Self::Serial(text_of(&rest)),
            0xfe => Self::Text(text_of(&rest)),
            0xfd => Self::RangeLimits(RangeLimits::decode(bytes)),
            0xfc => Self::Name(text_of(&rest)),
            0xfb => Self::ColorPoints(rest),
            0xfa => Self::StandardTimings(std::array::from_fn(|code| [rest[code * 2], rest[code * 2 + 1]])),
            0xf9 => Self::ColorManagement(rest),
            0xf8 => Self::CvtCodes(std::array::from_fn(|code| {
                [rest[code * 3 + 1], rest[code * 3 + 2], rest[code * 3 + 3]]
            })),
            0xf7 => Self::EstablishedTimings(std::array::from_fn(|byte| rest[byte + 1])),
            0x10 => Self::Dummy,
            _ => Self::Other(*bytes),
        }
    }
}

/// The range of frequencies in which a display works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeLimits {
    /// Refresh rates in hertz, lowest and highest.
    pub vertical_hz: (u16, u16),
    /// Lines per second in kilohertz, lowest and highest.
    pub horizontal_khz: (u16, u16),
    /// The highest pixel clock in megahertz, a multiple of 10; 0 where not stated.
    pub clock_mhz: u16,
    /// Which timings beyond the listed ones are possible: 0 by GTF, 1 none, 2 by the secondary curve of GTF, 4 by
    /// CVT.
    pub formula: u8,
    /// Parameters of the formula, undecoded.
    pub parameters: [u8; 7],
}

impl RangeLimits {
    fn decode(bytes: &[u8; 18]) -> Self {
        let [_, _, _, _, offsets, v_min, v_max, h_min, h_max, clock, formula, parameters @ ..] = *bytes;
        let at = |value: u8, bit: u8| u16::from(value) + if offsets & bit == 0 { 0 } else { 255 };
        Self {
            vertical_hz: (at(v_min, 1), at(v_max, 2)),
            horizontal_khz: (at(h_min, 4), at(h_max, 8)),
            clock_mhz: u16::from(clock) * 10,
            formula,
            parameters,
        }
    }

    /// The bytes of a descriptor that states these limits. `None` where they do not fit: rates and frequencies are
    /// 1 to 255, or up to 510 in EDID 1.4 (`offsets`); clocks end at 2550 MHz.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{Descriptor, RangeLimits};
    /// let limits = RangeLimits {
    ///     vertical_hz: (48, 240),
    ///     horizontal_khz: (31, 275),
    ///     clock_mhz: 1190,
    ///     formula: 1,
    ///     parameters: *b"\n      ",
    /// };
    /// let bytes = limits.encode(true).expect("they fit");
    /// assert_eq!(Descriptor::decode(&bytes), Descriptor::RangeLimits(limits));
    /// assert_eq!(limits.encode(false), None);
    /// ```
    pub fn encode(&self, offsets: bool) -> Option<[u8; 18]> {
        let (v, h) = (pair(self.vertical_hz, offsets)?, pair(self.horizontal_khz, offsets)?);
        let clock = u8::try_from(self.clock_mhz.div_ceil(10)).ok()?;
        let mut bytes = [0; 18];
        bytes[3..11].copy_from_slice(&[0xfd, v.2 | h.2 << 2, v.0, v.1, h.0, h.1, clock, self.formula]);
        bytes[11..].copy_from_slice(&self.parameters);
        Some(bytes)
    }
}

/// Lowest and highest as bytes, and the bits that say which of them is 255 more.
fn pair((low, high): (u16, u16), offsets: bool) -> Option<(u8, u8, u8)> {
    let most = if offsets { 510 } else { 255 };
    if low == 0 || low > high || high > most {
        return None;
    }
    let part = |value: u16| if value > 255 { ((value - 255) as u8, true) } else { (value as u8, false) };
    let ((low, far_low), (high, far_high)) = (part(low), part(high));
    Some((low, high, u8::from(far_low) | u8::from(far_high) << 1))
}

/// Text ends at a newline, or with the field. What is no printable ASCII becomes the replacement character, or
/// vanishes at the end.
fn text_of(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let shown =
        |byte: &u8| if byte.is_ascii() && !byte.is_ascii_control() { char::from(*byte) } else { '\u{fffd}' };
    text.iter().map(shown).collect::<String>().trim_end_matches([' ', '\u{fffd}']).to_owned()
}

/// A descriptor of text: a newline where it is shorter than the field, then spaces.
pub(super) fn text_descriptor(tag: u8, text: &str) -> [u8; 18] {
    let mut bytes = *b"\0\0\0\0\0             ";
    bytes[3] = tag;
    let field = text.bytes().chain([b'\n']);
    bytes[5..].iter_mut().zip(field).for_each(|(to, from)| *to = from);
    bytes
}

/// Descriptor 0x10: nothing.
pub(super) const DUMMY: [u8; 18] = {
    let mut bytes = [0; 18];
    bytes[3] = 0x10;
    bytes
};
