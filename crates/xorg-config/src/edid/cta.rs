//! The CTA-861 extension: data blocks about video, sound and vendors, then more detailed timings.

use super::detailed::DetailedTiming;

/// A CTA-861 extension block (CTA-861-H, section 7.5), revisions 1 to 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CtaExtension {
    /// 1 has only detailed timings, 2 adds the flags, 3 the data blocks.
    pub revision: u8,
    /// IT formats are shown without overscan.
    pub underscan: bool,
    /// Two channels of uncompressed sound at 32, 44.1 and 48 kHz.
    pub basic_audio: bool,
    /// YCbCr 4:4:4 is understood.
    pub ycbcr444: bool,
    /// YCbCr 4:2:2 is understood.
    pub ycbcr422: bool,
    /// So many detailed timings, from the base block on, are native.
    pub native: u8,
    /// The data blocks in their order.
    pub data_blocks: Vec<DataBlock>,
    /// The detailed timings in their order.
    pub timings: Vec<DetailedTiming>,
}

impl CtaExtension {
    /// Reads a block of 128 bytes. What is broken in it is left out; a data block that does not end before the
    /// timings begin is an [`Other`](DataBlock::Other) with what is there.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{CtaExtension, DataBlock, VideoCode};
    /// let mut bytes = [0; 128];
    /// bytes[..7].copy_from_slice(&[2, 3, 7, 0xc0, 0x42, 0x90, 0x04]);
    /// let block = CtaExtension::decode(&bytes);
    /// assert!(block.basic_audio && block.underscan);
    /// let native = VideoCode { vic: 16, native: true };
    /// assert_eq!(block.data_blocks, [DataBlock::Video(vec![native, VideoCode { vic: 4, native: false }])]);
    /// ```
    pub fn decode(bytes: &[u8; 128]) -> Self {
        let (revision, flags) = (bytes[1], if bytes[1] >= 2 { bytes[3] } else { 0 });
        let timings_at = usize::from(bytes[2]).min(127);
        let blocks = bytes.get(4..timings_at).filter(|_| revision >= 3).unwrap_or_default();
        Self {
            revision,
            underscan: flags & 0x80 != 0,
            basic_audio: flags & 0x40 != 0,
            ycbcr444: flags & 0x20 != 0,
            ycbcr422: flags & 0x10 != 0,
            native: flags & 0x0f,
            data_blocks: data_blocks(blocks),
            timings: if timings_at < 4 { Vec::new() } else { timings(&bytes[timings_at..127]) },
        }
    }
}

/// One data block of a CTA-861 extension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataBlock {
    /// Tag 1: formats of sound.
    Audio(Vec<AudioFormat>),
    /// Tag 2: formats of pictures.
    Video(Vec<VideoCode>),
    /// Tag 3 of HDMI (OUI 00-0C-03).
    Hdmi(Hdmi),
    /// Tag 3 of the HDMI Forum (OUI C4-5D-D8), or its Sink Capability Data Block (extended tag 121).
    HdmiForum(HdmiForum),
    /// Tag 3 of another vendor.
    Vendor {
        /// The IEEE identifier.
        oui: u32,
        /// What follows it.
        payload: Vec<u8>,
    },
    /// Tag 4: which speakers there are, three bytes of bits, the first with front left and right in bit 0.
    Speakers([u8; 3]),
    /// Extended tag 0: quantization and scan behaviour, one byte.
    VideoCapability(u8),
    /// Extended tag 5: colour spaces, two bytes of bits.
    Colorimetry([u8; 2]),
    /// Extended tag 6: transfer functions and luminances of HDR.
    HdrStaticMetadata(HdrStaticMetadata),
    /// Extended tag 13: what is preferred, as short video references: codes, or 129 and up for detailed timings.
    VideoFormatPreference(Vec<u8>),
    /// Extended tag 14: formats of pictures that only YCbCr 4:2:0 can send.
    Ycbcr420Video(Vec<VideoCode>),
    /// Extended tag 15: which of the formats of tag 2 may also be sent as YCbCr 4:2:0, in bits from the first on;
    /// all of them where it is empty.
    Ycbcr420Map(Vec<u8>),
    /// Extended tag 120: the number of extension blocks, which the base block is too old to state.
    ExtensionOverride(u8),
    /// Whatever else, or too short for its tag.
    Other {
        /// 0 to 7.
        tag: u8,
        /// The first byte of tag 7.
        extended: Option<u8>,
        /// What follows.
        payload: Vec<u8>,
    },
}

/// A short video descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoCode {
    /// The video identification code, 1 to 127 and 193 to 219 where known.
    pub vic: u8,
    /// Whether it is native: only codes up to 64 can say so.
    pub native: bool,
}

/// A short audio descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFormat {
    /// 1 is uncompressed (linear PCM), 15 stands for one of the extensions.
    pub format: u8,
    /// Channels, 1 to 8.
    pub channels: u8,
    /// Sample rates in bits: 32, 44.1, 48, 88.2, 96, 176.4 and 192 kHz.
    pub rates: u8,
    /// Depths in bits of linear PCM (16, 20, 24), the highest bit rate in 8 kbit/s of formats 2 to 8, or other.
    pub detail: u8,
}

/// HDMI Vendor-Specific Data Block (HDMI 1.4b, section 8.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hdmi {
    /// Address among CEC devices: `0x1000` is 1.0.0.0.
    pub physical_address: u16,
    /// Deep colours and others: byte 6, 0 where absent.
    pub flags: u8,
    /// The highest TMDS clock in megahertz, a multiple of 5; `None` where not stated.
    pub max_tmds_mhz: Option<u16>,
    /// Latencies, 3D and HDMI formats, undecoded.
    pub rest: Vec<u8>,
}

/// HDMI Forum data block (HDMI 2.1, section 10.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HdmiForum {
    /// 1.
    pub version: u8,
    /// The highest rate of TMDS characters in megahertz, 345 to 600; `None` where 340 are not exceeded.
    pub max_tmds_mhz: Option<u16>,
    /// SCDC present (bit 7) and others: byte 6.
    pub flags: u8,
    /// Fixed rate link: 0 none, 1 is 3 lanes of 3 Gbit/s, 6 is 4 lanes of 12 Gbit/s.
    pub max_frl: u8,
    /// What follows the fourth byte, undecoded, and the low half of that byte before it.
    pub rest: Vec<u8>,
}

/// HDR Static Metadata Data Block (CTA-861-H, section 7.5.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HdrStaticMetadata {
    /// SDR gamma (bit 0), HDR gamma (1), SMPTE ST 2084 (2), hybrid log-gamma (3).
    pub eotfs: u8,
    /// Kinds of metadata that are understood.
    pub metadata: u8,
    /// Coded luminances: highest, highest of a frame's average, lowest; 0 where not stated.
    pub luminances: [u8; 3],
}

impl DataBlock {
    /// Reads one data block without its first byte, which holds the tag, 0 to 7, and the length.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DataBlock;
    /// assert_eq!(DataBlock::decode(7, &[0, 0xca]), DataBlock::VideoCapability(0xca));
    /// assert!(matches!(DataBlock::decode(3, &[3, 0x0c, 0, 0x10, 0, 0, 68]), DataBlock::Hdmi(_)));
    /// ```
    pub fn decode(tag: u8, payload: &[u8]) -> Self {
        let other =
            |extended: Option<u8>, payload: &[u8]| Self::Other { tag, extended, payload: payload.to_vec() };
        match (tag, payload) {
            (1, formats) if formats.len().is_multiple_of(3) => {
                Self::Audio(formats.chunks_exact(3).map(AudioFormat::decode).collect())
            }
            (2, codes) => Self::Video(codes.iter().copied().map(VideoCode::decode).collect()),
            (3, &[low, middle, high, ref rest @ ..]) => {
                Self::of_vendor(u32::from_be_bytes([0, high, middle, low]), rest)
            }
            (4, &[a, b, c, ..]) => Self::Speakers([a, b, c]),
            (7, &[extended, ref rest @ ..]) => {
                Self::extended(extended, rest).unwrap_or_else(|| other(Some(extended), rest))
            }
            _ => other(None, payload),
        }
    }

    fn of_vendor(oui: u32, payload: &[u8]) -> Self {
        match (oui, payload) {
            (0x00_0c_03, &[high, low, ref rest @ ..]) => Self::Hdmi(Hdmi {
                physical_address: u16::from_be_bytes([high, low]),
                flags: rest.first().copied().unwrap_or(0),
                max_tmds_mhz: rest.get(1).filter(|rate| **rate > 0).map(|rate| u16::from(*rate) * 5),
                rest: rest.get(2..).unwrap_or_default().to_vec(),
            }),
            (0xc4_5d_d8, payload) if payload.len() >= 4 => Self::HdmiForum(HdmiForum::decode(payload)),
            _ => Self::Vendor { oui, payload: payload.to_vec() },
        }
    }

    fn extended(tag: u8, payload: &[u8]) -> Option<Self> {
        match (tag, payload) {
            (0, &[capability, ..]) => Some(Self::VideoCapability(capability)),
            (5, &[a, b, ..]) => Some(Self::Colorimetry([a, b])),
            (6, &[eotfs, metadata, ref rest @ ..]) => {
                let luminances = std::array::from_fn(|at| rest.get(at).copied().unwrap_or(0));
                Some(Self::HdrStaticMetadata(HdrStaticMetadata { eotfs, metadata, luminances }))
            }
            (13, references) => Some(Self::VideoFormatPreference(references.to_vec())),
            (14, codes) => Some(Self::Ycbcr420Video(codes.iter().copied().map(VideoCode::decode).collect())),
            (15, map) => Some(Self::Ycbcr420Map(map.to_vec())),
            (120, &[blocks]) => Some(Self::ExtensionOverride(blocks)),
            (121, &[_, _, ref rest @ ..]) if rest.len() >= 4 => {
                Some(Self::HdmiForum(HdmiForum::decode(rest)))
            }
            _ => None,
        }
    }
}

impl VideoCode {
    /// The top bit of codes up to 64 says native; from 65 on it belongs to the code.
    fn decode(byte: u8) -> Self {
        match byte {
            129..=192 => Self { vic: byte & 0x7f, native: true },
            vic => Self { vic, native: false },
        }
    }
}

impl AudioFormat {
    fn decode(bytes: &[u8]) -> Self {
        let at = |byte: usize| bytes.get(byte).copied().unwrap_or(0);
        Self { format: at(0) >> 3 & 15, channels: (at(0) & 7) + 1, rates: at(1) & 0x7f, detail: at(2) }
    }
}

impl HdmiForum {
    fn decode(bytes: &[u8]) -> Self {
        let at = |byte: usize| bytes.get(byte).copied().unwrap_or(0);
        let mut rest = vec![at(3) & 15];
        rest.extend_from_slice(bytes.get(4..).unwrap_or_default());
        let max_tmds_mhz = (at(1) > 0).then(|| u16::from(at(1)) * 5);
        Self { version: at(0), max_tmds_mhz, flags: at(2), max_frl: at(3) >> 4, rest }
    }
}

/// All data blocks of such a collection, which DisplayID can hold too.
pub(super) fn data_blocks(mut bytes: &[u8]) -> Vec<DataBlock> {
    let mut blocks = Vec::new();
    while let Some((&header, rest)) = bytes.split_first() {
        let (tag, length) = (header >> 5, usize::from(header & 31));
        let Some((payload, behind)) = rest.split_at_checked(length) else {
            blocks.push(DataBlock::Other { tag, extended: None, payload: rest.to_vec() });
            break;
        };
        blocks.push(DataBlock::decode(tag, payload));
        bytes = behind;
    }
    blocks
}

/// Detailed timings end with the first one that has no clock: the padding.
fn timings(bytes: &[u8]) -> Vec<DetailedTiming> {
    let descriptors = bytes.as_chunks::<18>().0.iter();
    descriptors.take_while(|bytes| **bytes != [0; 18]).filter_map(DetailedTiming::decode).collect()
}
