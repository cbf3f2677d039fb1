//! The first block of every EDID (E-EDID 1.4, section 3).

use std::fmt;
use std::str::FromStr;

use super::descriptor::Descriptor;
use super::error::{EdidSpecError, cut};

/// What the base block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseBlock {
    /// Who made the display.
    pub manufacturer: Manufacturer,
    /// The manufacturer's number of the product.
    pub product: u16,
    /// Serial number; 0 where it has none or states it as text.
    pub serial: u32,
    /// When it was made.
    pub date: Date,
    /// The revision of the structure: 3 in EDID 1.3.
    pub revision: u8,
    /// The kind of signal.
    pub input: VideoInput,
    /// How large the picture is.
    pub size: ScreenSize,
    /// Transfer characteristic in hundredths: 220 for a gamma of 2.2. `None` where an extension states it.
    pub gamma: Option<u16>,
    /// Byte 24 as it stands: standby, suspend, off (bits 7 to 5), colour (4, 3), sRGB (2), preferred timing (1),
    /// continuous frequency, or GTF before 1.4 (0).
    pub features: u8,
    /// The colours of red, green, blue and white: x and y of CIE 1931, each in parts of 1024.
    pub chromaticity: [(u16, u16); 4],
    /// Bits of Established Timings I and II, bit 7 of the first byte first.
    pub established: [u8; 3],
    /// Codes of standard timings, in the order of their bytes; unused ones are `01 01`.
    pub standard: [[u8; 2]; 8],
    /// The four descriptors.
    pub descriptors: [Descriptor; 4],
    /// How many extensions the block announces.
    pub extensions: u8,
}

impl BaseBlock {
    /// Reads a base block. Header and checksum are not looked at.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{BaseBlock, Date};
    /// let mut bytes = [0; 128];
    /// (bytes[8], bytes[9], bytes[17]) = (0x0e, 0x6d, 34);
    /// let block = BaseBlock::decode(&bytes);
    /// assert_eq!(block.manufacturer.to_string(), "CSM");
    /// assert_eq!(block.date, Date::Made { week: None, year: 2024 });
    /// ```
    pub fn decode(bytes: &[u8; 128]) -> Self {
        let descriptor =
            |at: usize| Descriptor::decode(&std::array::from_fn(|byte| bytes[54 + at * 18 + byte]));
        Self {
            manufacturer: Manufacturer([bytes[8], bytes[9]]),
            product: u16::from_le_bytes([bytes[10], bytes[11]]),
            serial: u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            date: Date::decode(bytes[16], bytes[17]),
            revision: bytes[19],
            input: VideoInput::decode(bytes[20], bytes[19]),
            size: ScreenSize::decode(bytes[21], bytes[22], bytes[19]),
            gamma: (bytes[23] != 0xff).then(|| u16::from(bytes[23]) + 100),
            features: bytes[24],
            chromaticity: chromaticity(bytes),
            established: [bytes[35], bytes[36], bytes[37]],
            standard: std::array::from_fn(|at| [bytes[38 + at * 2], bytes[39 + at * 2]]),
            descriptors: std::array::from_fn(descriptor),
            extensions: bytes[126],
        }
    }
}

/// Three letters that name a manufacturer, given out by UEFI (formerly the Plug and Play identifiers).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Manufacturer(pub(super) [u8; 2]);

impl FromStr for Manufacturer {
    type Err = EdidSpecError;

    fn from_str(text: &str) -> Result<Self, EdidSpecError> {
        match text.as_bytes() {
            letters @ &[a, b, c] if letters.iter().all(u8::is_ascii_uppercase) => {
                let number = |letter: u8| u16::from(letter - b'@');
                Ok(Self((number(a) << 10 | number(b) << 5 | number(c)).to_be_bytes()))
            }
            _ => Err(EdidSpecError::Manufacturer { given: cut(text) }),
        }
    }
}

/// The three letters; what is no letter prints as the character of its number, `@` or `[` to `_`.
impl fmt::Display for Manufacturer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u16::from_be_bytes(self.0);
        let letter = |shift: u32| char::from((code >> shift & 31) as u8 + b'@');
        write!(f, "{}{}{}", letter(10), letter(5), letter(0))
    }
}

impl fmt::Debug for Manufacturer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manufacturer({self})")
    }
}

/// When a display was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Date {
    /// In a week, 1 to 54, if stated, of a year, 1990 to 2245.
    Made {
        /// The week.
        week: Option<u8>,
        /// The year.
        year: u16,
    },
    /// The year of the model (EDID 1.4).
    Model {
        /// The year.
        year: u16,
    },
}

impl Date {
    fn decode(week: u8, year: u8) -> Self {
        let year = 1990 + u16::from(year);
        match week {
            0xff => Self::Model { year },
            week => Self::Made { week: (week > 0).then_some(week), year },
        }
    }

    /// Week and year as the base block states them.
    pub(super) fn encode(self) -> (u8, u16) {
        match self {
            Self::Made { week, year } => (week.unwrap_or(0), year),
            Self::Model { year } => (0xff, year),
        }
    }
}

/// The kind of signal that a display takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoInput {
    /// Analog: byte 20 as it stands.
    Analog(u8),
    /// Digital, with what EDID 1.4 adds.
    Digital {
        /// Bits for each primary colour, 6 to 16, where stated.
        depth: Option<u8>,
        /// The kind of link, where stated.
        interface: Option<Interface>,
    },
}

impl VideoInput {
    fn decode(byte: u8, revision: u8) -> Self {
        if byte & 0x80 == 0 {
            return Self::Analog(byte);
        }
        let stated = |value: u8| (revision >= 4).then_some(value);
        let depth = stated(byte >> 4 & 7).filter(|code| (1..7).contains(code)).map(|code| code * 2 + 4);
        let interface = stated(byte & 15).and_then(|code| match code {
            1 => Some(Interface::Dvi),
            2 => Some(Interface::HdmiA),
            3 => Some(Interface::HdmiB),
            4 => Some(Interface::Mddi),
            5 => Some(Interface::DisplayPort),
            _ => None,
        });
        Self::Digital { depth, interface }
    }
}

/// A digital link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Interface {
    Dvi,
    HdmiA,
    HdmiB,
    Mddi,
    DisplayPort,
}

/// How large a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenSize {
    /// Width and height in centimetres, 1 to 255.
    Centimetres(u8, u8),
    /// Only the ratio of width to height is known, in hundredths (EDID 1.4).
    Ratio(u16),
    /// Not stated: a projector, or a picture of no fixed size.
    Unknown,
}

impl ScreenSize {
    fn decode(width: u8, height: u8, revision: u8) -> Self {
        match (width, height) {
            (0, 0) => Self::Unknown,
            (wide, 0) if revision >= 4 => Self::Ratio(u16::from(wide) + 99),
            (0, tall) if revision >= 4 => Self::Ratio(10_000 / (u16::from(tall) + 99)),
            (0, _) | (_, 0) => Self::Unknown,
            (width, height) => Self::Centimetres(width, height),
        }
    }
}

/// Bytes 25 to 34: the two low bits of all eight numbers, then their high bytes.
fn chromaticity(bytes: &[u8; 128]) -> [(u16, u16); 4] {
    let low = u16::from_be_bytes([bytes[25], bytes[26]]);
    let number = |at: usize| u16::from(bytes[27 + at]) << 2 | low >> (14 - 2 * at) & 3;
    std::array::from_fn(|color| (number(color * 2), number(color * 2 + 1)))
}
