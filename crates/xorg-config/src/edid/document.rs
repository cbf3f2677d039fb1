//! A whole EDID: bytes that were checked, and what they say.

use super::base::BaseBlock;
use super::cta::{CtaExtension, DataBlock};
use super::descriptor::Descriptor;
use super::displayid::{DisplayIdBlock, DisplayIdSection};
use super::error::EdidError;
use super::hex::bytes_from_hex;
use super::listed::{self, ListedTiming};
use crate::timing::Timing;
use crate::units::PixelClock;

/// An EDID. It keeps its bytes, so what is not understood is never lost: printed again, it is what was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edid {
    /// 128 at least.
    bytes: Vec<u8>,
}

/// An extension block.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extension {
    /// Tag 0x02.
    Cta(CtaExtension),
    /// Tag 0x70.
    DisplayId(DisplayIdSection),
    /// Tag 0xF0: the tags of the blocks behind this one, up to the first 0.
    BlockMap(Vec<u8>),
    /// Another tag: localized strings (0x50), timings of VTB (0x10), display information (0x40), and others.
    Other {
        /// The first byte.
        tag: u8,
        /// The whole block.
        bytes: Box<[u8; 128]>,
    },
}

impl Edid {
    /// Bytes of a block.
    pub const BLOCK: usize = 128;

    /// Reads an EDID that is right: header, version, checksums, and no more and no fewer blocks than announced.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{Edid, EdidError};
    /// assert_eq!(Edid::parse(&[0; 100]), Err(EdidError::Short { found: 100 }));
    /// assert!(matches!(Edid::parse(&[0; 128]), Err(EdidError::Header { .. })));
    /// ```
    ///
    /// # Errors
    /// The first thing that is wrong, with its block and what was expected there.
    pub fn parse(bytes: &[u8]) -> Result<Self, EdidError> {
        let (edid, problems) = Self::parse_lenient(bytes)?;
        problems.into_iter().next().map_or(Ok(edid), Err)
    }

    /// Reads an EDID as displays really send them: all that is wrong is listed and nothing is refused but what is
    /// shorter than a base block. A part of a block at the end is kept, and not looked at.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{Edid, EdidError};
    /// let (edid, problems) = Edid::parse_lenient(&[0; 130])?;
    /// assert_eq!(edid.as_bytes(), [0; 130]);
    /// assert!(problems.contains(&EdidError::Trailing { found: 130, expected: 128 }));
    /// # Ok::<(), EdidError>(())
    /// ```
    ///
    /// # Errors
    /// [`EdidError::Short`] below 128 bytes.
    pub fn parse_lenient(bytes: &[u8]) -> Result<(Self, Vec<EdidError>), EdidError> {
        if bytes.len() < Self::BLOCK {
            return Err(EdidError::Short { found: bytes.len() });
        }
        let edid = Self { bytes: bytes.to_vec() };
        let problems = edid.problems();
        Ok((edid, problems))
    }

    /// Reads the text in which a tool shows an EDID: see [`bytes_from_hex`].
    ///
    /// ```
    /// use cosmos_xorg_config::edid::{Edid, EdidError};
    /// assert_eq!(Edid::from_hex("00 ff ff"), Err(EdidError::Short { found: 3 }));
    /// ```
    ///
    /// # Errors
    /// Those of [`bytes_from_hex`] and of [`parse`](Self::parse).
    pub fn from_hex(text: &str) -> Result<Self, EdidError> {
        Self::parse(&bytes_from_hex(text)?)
    }

    /// The bytes, as they were read.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let (edid, _) = Edid::parse_lenient(&[7; 128])?;
    /// assert_eq!(edid.as_bytes(), [7; 128]);
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the base block says.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let (edid, _) = Edid::parse_lenient(&[7; 128])?;
    /// assert_eq!(edid.base().product, 0x0707);
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn base(&self) -> BaseBlock {
        BaseBlock::decode(self.block(0))
    }

    /// The extensions that are there, announced or not.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::{Edid, Extension};
    /// let (edid, _) = Edid::parse_lenient(&[[0; 128], [0xf0; 128]].concat())?;
    /// assert!(matches!(edid.extensions()[..], [Extension::BlockMap(_)]));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn extensions(&self) -> Vec<Extension> {
        self.blocks().iter().skip(1).map(Extension::decode).collect()
    }

    /// Version and revision: 1 and 3 in EDID 1.3.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let (edid, _) = Edid::parse_lenient(&[1; 128])?;
    /// assert_eq!(edid.version(), (1, 1));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn version(&self) -> (u8, u8) {
        let block = self.block(0);
        (block[18], block[19])
    }

    /// The name of the product.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let mut bytes = [0; 128];
    /// bytes[54..72].copy_from_slice(b"\0\0\0\xfc\0COSMOS\n      ");
    /// assert_eq!(Edid::parse_lenient(&bytes)?.0.name().as_deref(), Some("COSMOS"));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn name(&self) -> Option<String> {
        self.base().descriptors.into_iter().find_map(|descriptor| match descriptor {
            Descriptor::Name(name) => Some(name),
            _ => None,
        })
    }

    /// The serial number: the text, or else the number where it is not 0.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let mut bytes = [0; 128];
    /// bytes[12] = 42;
    /// assert_eq!(Edid::parse_lenient(&bytes)?.0.serial().as_deref(), Some("42"));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn serial(&self) -> Option<String> {
        let base = self.base();
        let text = base.descriptors.into_iter().find_map(|descriptor| match descriptor {
            Descriptor::Serial(text) => Some(text),
            _ => None,
        });
        text.or_else(|| (base.serial > 0).then(|| base.serial.to_string()))
    }

    /// Width and height of the picture in millimetres: of the first detailed timing, or else of the base block,
    /// which counts centimetres. `None` where unknown.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let mut bytes = [0; 128];
    /// (bytes[21], bytes[22]) = (60, 34);
    /// assert_eq!(Edid::parse_lenient(&bytes)?.0.physical_size_mm(), Some((600, 340)));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn physical_size_mm(&self) -> Option<(u16, u16)> {
        listed::physical_size_mm(&self.base())
    }

    /// Whether sound can be sent.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let mut cta = [0; 128];
    /// cta[..4].copy_from_slice(&[2, 3, 4, 0x40]);
    /// assert!(Edid::parse_lenient(&[[0; 128], cta].concat())?.0.audio());
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn audio(&self) -> bool {
        let basic =
            self.extensions().iter().any(|block| matches!(block, Extension::Cta(cta) if cta.basic_audio));
        basic || self.cta_blocks().iter().any(|block| matches!(block, DataBlock::Audio(_)))
    }

    /// The highest rate at which TMDS characters may be sent, if it is an HDMI display and says so.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// let mut cta = [0; 128];
    /// cta[..12].copy_from_slice(&[2, 3, 12, 0, 0x67, 3, 0x0c, 0, 0x10, 0, 0, 68]);
    /// let clock = Edid::parse_lenient(&[[0; 128], cta].concat())?.0.maximum_tmds_clock();
    /// assert_eq!(clock.map(|clock| clock.to_string()).as_deref(), Some("340.00 MHz"));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn maximum_tmds_clock(&self) -> Option<PixelClock> {
        let clocks = self.cta_blocks().into_iter().filter_map(|block| match block {
            DataBlock::Hdmi(hdmi) => hdmi.max_tmds_mhz,
            DataBlock::HdmiForum(hdmi) => hdmi.max_tmds_mhz,
            _ => None,
        });
        clocks.max().map(|mhz| PixelClock::from_khz(u32::from(mhz) * 1000))
    }

    /// The timing that the display prefers: the first that its DisplayID section marks so, or else the first
    /// detailed timing of the base block.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::Edid;
    /// assert_eq!(Edid::parse_lenient(&[0; 128])?.0.preferred_timing(), None);
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn preferred_timing(&self) -> Option<Timing> {
        listed::preferred(&self.timings())
    }

    /// Every timing that is listed, in the order of the bytes, with the place where it stands. One that stands at
    /// several places is listed as often. Codes that name no known timing are left out.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::{Edid, TimingSource};
    /// let mut cta = [0; 128];
    /// cta[..6].copy_from_slice(&[2, 3, 6, 0, 0x41, 16]);
    /// let timings = Edid::parse_lenient(&[[0; 128], cta].concat())?.0.timings();
    /// assert_eq!(timings[0].source, TimingSource::Vic(16));
    /// assert_eq!(timings[0].timing.horizontal.active, 1920);
    /// # Ok::<(), cosmos_xorg_config::edid::EdidError>(())
    /// ```
    pub fn timings(&self) -> Vec<ListedTiming> {
        listed::timings(&self.base(), &self.extensions())
    }

    /// An EDID of whole blocks, which is right.
    pub(super) fn of_blocks(bytes: Vec<u8>) -> Self {
        debug_assert!(bytes.len() >= Self::BLOCK);
        Self { bytes }
    }

    /// The data blocks of all CTA-861 extensions, and those that lie in DisplayID sections.
    pub(super) fn cta_blocks(&self) -> Vec<DataBlock> {
        self.extensions().into_iter().flat_map(Extension::into_cta_blocks).collect()
    }

    fn blocks(&self) -> &[[u8; 128]] {
        self.bytes.as_chunks().0
    }

    fn block(&self, at: usize) -> &[u8; 128] {
        self.blocks().get(at).expect("no EDID has less than a base block")
    }

    fn problems(&self) -> Vec<EdidError> {
        let base = self.block(0);
        let header = *base.first_chunk::<8>().expect("a block has 128 bytes");
        let mut problems = Vec::new();
        problems.extend((header != HEADER).then_some(EdidError::Header { found: header }));
        problems.extend((base[18] != 1).then_some(EdidError::Version { found: base[18] }));
        for (at, block) in self.blocks().iter().enumerate() {
            problems.extend(checksum_of(at, block));
            problems.extend((at > 0 && block[0] == 0x70).then(|| section_of(at, block)).flatten());
        }
        problems.extend(self.miscounted());
        problems
    }

    /// HDMI lets an EDID for old readers announce one extension and tell the true number inside of it.
    fn miscounted(&self) -> Option<EdidError> {
        let overridden = self.blocks().get(1).map(Extension::decode).and_then(|block| match block {
            Extension::Cta(cta) => cta.data_blocks.into_iter().find_map(|block| match block {
                DataBlock::ExtensionOverride(blocks) if blocks > 0 => Some(blocks),
                _ => None,
            }),
            _ => None,
        });
        let announced = usize::from(overridden.unwrap_or(self.block(0)[126])) + 1;
        let (whole, expected) = (self.blocks().len(), announced * Self::BLOCK);
        if whole < announced {
            return Some(EdidError::Missing { found: whole, expected: announced });
        }
        let found = self.bytes.len();
        (found > expected).then_some(EdidError::Trailing { found, expected })
    }
}

impl Extension {
    /// Reads a block of 128 bytes.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::Extension;
    /// let mut bytes = [0; 128];
    /// bytes[..3].copy_from_slice(&[0xf0, 0x02, 0x70]);
    /// assert_eq!(Extension::decode(&bytes), Extension::BlockMap(vec![0x02, 0x70]));
    /// ```
    pub fn decode(bytes: &[u8; 128]) -> Self {
        match bytes[0] {
            0x02 => Self::Cta(CtaExtension::decode(bytes)),
            0x70 => Self::DisplayId(DisplayIdSection::decode(bytes)),
            0xf0 => Self::BlockMap(bytes[1..127].iter().copied().take_while(|tag| *tag > 0).collect()),
            tag => Self::Other { tag, bytes: Box::new(*bytes) },
        }
    }

    fn into_cta_blocks(self) -> Vec<DataBlock> {
        match self {
            Self::Cta(cta) => cta.data_blocks,
            Self::DisplayId(section) => {
                let inner = section.data_blocks.into_iter().filter_map(|block| match block {
                    DisplayIdBlock::Cta(blocks) => Some(blocks),
                    _ => None,
                });
                inner.flatten().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The byte that makes these and it add up to a multiple of 256.
pub(super) fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

fn checksum_of(block: usize, bytes: &[u8; 128]) -> Option<EdidError> {
    let (found, expected) = (bytes[127], checksum(&bytes[..127]));
    (found != expected).then_some(EdidError::Checksum { block, found, expected })
}

fn section_of(block: usize, bytes: &[u8; 128]) -> Option<EdidError> {
    let length = usize::from(bytes[2]);
    if length > DisplayIdSection::MAX_DATA {
        return Some(EdidError::SectionLength { block, found: bytes[2] });
    }
    let (found, expected) = (bytes[5 + length], checksum(&bytes[1..5 + length]));
    (found != expected).then_some(EdidError::SectionChecksum { block, found, expected })
}

pub(super) const HEADER: [u8; 8] = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
