//! The DisplayID extension: a section of data blocks that knows no limit of 655 MHz and 4095 pixels.

use super::cta::{DataBlock, data_blocks};
use super::displayid_timing::DisplayIdTiming;

/// The section inside of a DisplayID extension block (DisplayID 1.3, section 2.2; DisplayID 2.0, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayIdSection {
    /// Version and revision in one byte: 0x12, 0x13, 0x20.
    pub version: u8,
    /// What the display is for; 0 in all sections but the first.
    pub purpose: u8,
    /// How many more sections follow.
    pub extensions: u8,
    /// The data blocks in their order.
    pub data_blocks: Vec<DisplayIdBlock>,
}

impl DisplayIdSection {
    /// The most bytes of data blocks in a section that lies in an EDID.
    pub const MAX_DATA: usize = 121;

    /// Reads a block of 128 bytes, the tag of the extension first.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{DisplayIdBlock, DisplayIdSection};
    /// let mut bytes = [0; 128];
    /// bytes[..9].copy_from_slice(&[0x70, 0x20, 4, 4, 0, 0x2b, 0, 1, 9]);
    /// let section = DisplayIdSection::decode(&bytes);
    /// assert_eq!(section.version, 0x20);
    /// assert_eq!(section.data_blocks, [DisplayIdBlock::Other { tag: 0x2b, revision: 0, payload: vec![9] }]);
    /// ```
    pub fn decode(bytes: &[u8; 128]) -> Self {
        let length = usize::from(bytes[2]).min(Self::MAX_DATA);
        Self {
            version: bytes[1],
            purpose: bytes[3],
            extensions: bytes[4],
            data_blocks: blocks_of(&bytes[5..5 + length]),
        }
    }
}

/// One data block of a DisplayID section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisplayIdBlock {
    /// 0x00, 0x20: which product it is.
    Product(DisplayIdProduct),
    /// 0x01, 0x21: its picture.
    Parameters(DisplayIdParameters),
    /// 0x03, 0x04, 0x13, 0x22: timings in full, types I, II, VI and VII.
    Timings(Vec<DisplayIdTiming>),
    /// 0x06, 0x23: timings by their codes, types IV and VIII; 0x07, 0x08: codes of DMT and CTA-861 as bits.
    Codes {
        /// Which codes: 0 of DMT, 1 of CTA-861, 2 of HDMI.
        of: u8,
        /// The codes.
        codes: Vec<u16>,
    },
    /// 0x81: data blocks of CTA-861.
    Cta(Vec<DataBlock>),
    /// Whatever else, or too short for its tag.
    Other {
        /// The tag.
        tag: u8,
        /// Revision (bits 2 to 0) and flags.
        revision: u8,
        /// What follows the length.
        payload: Vec<u8>,
    },
}

/// Product Identification (tag 0x20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayIdProduct {
    /// The IEEE identifier of the manufacturer; three letters before version 2.
    pub vendor: [u8; 3],
    /// The manufacturer's number of the product.
    pub product: u16,
    /// Serial number, 0 for none.
    pub serial: u32,
    /// Week 1 to 54, 0 for none, 255 where the year is that of the model.
    pub week: u8,
    /// The year, 2000 to 2255.
    pub year: u16,
    /// The name, as far as it is UTF-8.
    pub name: String,
}

/// Display Parameters (tag 0x21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayIdParameters {
    /// Width and height in tenths of a millimetre, 0 where unknown.
    pub image_tenths_mm: (u32, u32),
    /// Pixels of the panel, 0 where there is none.
    pub native: (u16, u16),
    /// Colours, luminances, depth and gamma, undecoded.
    pub rest: Vec<u8>,
}

impl DisplayIdBlock {
    /// Reads one data block without its three bytes of header.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DisplayIdBlock;
    /// let codes = DisplayIdBlock::decode(0x23, 0x40, &[97, 16]);
    /// assert_eq!(codes, DisplayIdBlock::Codes { of: 1, codes: vec![97, 16] });
    /// ```
    pub fn decode(tag: u8, revision: u8, payload: &[u8]) -> Self {
        let typed = match tag {
            0x00 | 0x20 => DisplayIdProduct::decode(payload).map(Self::Product),
            0x01 | 0x21 => DisplayIdParameters::decode(payload, tag, revision).map(Self::Parameters),
            0x03 | 0x04 | 0x13 | 0x22 => DisplayIdTiming::all(tag, revision, payload).map(Self::Timings),
            0x06 | 0x23 => Some(Self::Codes { of: revision >> 6, codes: codes(tag, revision, payload) }),
            0x07 | 0x08 => Some(Self::Codes { of: tag - 0x07, codes: codes_of_bits(payload) }),
            0x81 => Some(Self::Cta(data_blocks(payload))),
            _ => None,
        };
        typed.unwrap_or_else(|| Self::Other { tag, revision, payload: payload.to_vec() })
    }
}

impl DisplayIdProduct {
    fn decode(payload: &[u8]) -> Option<Self> {
        let (&[a, b, c, p0, p1, s0, s1, s2, s3, week, year, length], name) = payload.split_first_chunk()?;
        Some(Self {
            vendor: [a, b, c],
            product: u16::from_le_bytes([p0, p1]),
            serial: u32::from_le_bytes([s0, s1, s2, s3]),
            week,
            year: 2000 + u16::from(year),
            name: String::from_utf8_lossy(name.get(..length.into()).unwrap_or(name)).into_owned(),
        })
    }
}

impl DisplayIdParameters {
    /// Version 2 counts whole millimetres where the top bit of the revision says so.
    fn decode(payload: &[u8], tag: u8, revision: u8) -> Option<Self> {
        let (&[w0, w1, h0, h1, x0, x1, y0, y1], rest) = payload.split_first_chunk()?;
        let unit = if tag == 0x21 && revision & 0x80 != 0 { 10 } else { 1 };
        let size = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes)) * unit;
        Some(Self {
            image_tenths_mm: (size([w0, w1]), size([h0, h1])),
            native: (u16::from_le_bytes([x0, x1]), u16::from_le_bytes([y0, y1])),
            rest: rest.to_vec(),
        })
    }
}

fn codes(tag: u8, revision: u8, payload: &[u8]) -> Vec<u16> {
    match tag == 0x23 && revision & 8 != 0 {
        true => payload.as_chunks::<2>().0.iter().map(|code| u16::from_le_bytes(*code)).collect(),
        false => payload.iter().copied().map(u16::from).collect(),
    }
}

/// The lowest bit of the first byte stands for code 1.
fn codes_of_bits(payload: &[u8]) -> Vec<u16> {
    let bits = payload.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    bits.zip(1..).filter(|(set, _)| *set).map(|(_, code)| code).collect()
}

/// A header of zeros is the filler behind the last block.
fn blocks_of(mut bytes: &[u8]) -> Vec<DisplayIdBlock> {
    let mut blocks = Vec::new();
    while let Some((&[tag, revision, length], rest)) = bytes.split_first_chunk() {
        if (tag, length) == (0, 0) {
            break;
        }
        let (payload, behind) = rest.split_at_checked(length.into()).unwrap_or((rest, &[]));
        blocks.push(DisplayIdBlock::decode(tag, revision, payload));
        bytes = behind;
    }
    blocks
}
