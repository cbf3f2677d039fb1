//! Why bytes are no EDID, and why a monitor cannot be described by one.

use thiserror::Error;

/// What is wrong with the bytes of an EDID.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EdidError {
    /// Fewer bytes than a base block has.
    #[error("{found} bytes: an EDID has 128 at least")]
    Short {
        /// Bytes that are there.
        found: usize,
    },
    /// The first eight bytes are others.
    #[error("block 0 begins with {found:02x?}: expected 00 ff ff ff ff ff ff 00")]
    Header {
        /// The first eight bytes.
        found: [u8; 8],
    },
    /// Structure version 2 and later are other formats.
    #[error("block 0 says version {found}: expected 1")]
    Version {
        /// Byte 18.
        found: u8,
    },
    /// The bytes of a block do not add up to a multiple of 256.
    #[error("block {block} ends with checksum {found:#04x}: expected {expected:#04x}")]
    Checksum {
        /// Counted from 0, the base block.
        block: usize,
        /// The last byte of the block.
        found: u8,
        /// What it should be.
        expected: u8,
    },
    /// The section inside of a DisplayID extension has a checksum of its own.
    #[error(
        "the DisplayID section of block {block} ends with checksum {found:#04x}: expected {expected:#04x}"
    )]
    SectionChecksum {
        /// Counted from 0, the base block.
        block: usize,
        /// The byte behind the data blocks.
        found: u8,
        /// What it should be.
        expected: u8,
    },
    /// A DisplayID section that does not fit into its block.
    #[error("the DisplayID section of block {block} has {found} bytes of data: expected 121 at most")]
    SectionLength {
        /// Counted from 0, the base block.
        block: usize,
        /// The length that it states.
        found: u8,
    },
    /// Extension blocks that the base block announces are not there.
    #[error("{found} whole blocks: expected {expected}, the base block and its extensions")]
    Missing {
        /// Whole blocks of 128 bytes that are there.
        found: usize,
        /// Blocks that should be there.
        expected: usize,
    },
    /// Bytes behind the last announced block.
    #[error("{found} bytes: expected {expected}, {} blocks of 128", expected / 128)]
    Trailing {
        /// All bytes.
        found: usize,
        /// Bytes of the announced blocks.
        expected: usize,
    },
    /// Text that holds no hexadecimal digits where they should begin.
    #[error("line {line}: {found:?}: expected pairs of hexadecimal digits")]
    NotHex {
        /// Counted from 1.
        line: usize,
        /// The line, cut after 40 characters.
        found: String,
    },
}

/// Which value of an [`EdidSpec`](super::EdidSpec) no EDID can hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EdidSpecError {
    /// Not the identifier of a manufacturer.
    #[error("manufacturer {given:?}: expected three letters A to Z, as \"CSM\"")]
    Manufacturer {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// Not the name of a monitor.
    #[error("name {given:?}: expected 1 to 13 printable ASCII characters, no space at the end")]
    Name {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// Not a serial number in text.
    #[error("serial {given:?}: expected 1 to 13 printable ASCII characters, no space at the end")]
    Serial {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// Not a week or not a year.
    #[error("made in week {week} of {year}: expected week 1 to 53 or none, year 2000 to 2245")]
    Date {
        /// The week; 0 for none.
        week: u8,
        /// The year.
        year: u16,
    },
    /// A picture that is too small or too large.
    #[error("picture of {width} x {height} mm: expected 0 x 0 for unknown, or 10 to 2550 each")]
    Size {
        /// Millimetres.
        width: u16,
        /// Millimetres.
        height: u16,
    },
    /// A timing with a number that no descriptor holds.
    #[error("{field} of {value}: expected {accepted}")]
    Timing {
        /// Which number.
        field: &'static str,
        /// Its value.
        value: u64,
        /// What is possible.
        accepted: &'static str,
    },
    /// More timings than are written.
    #[error("{given} timings: expected {most} at most", most = super::EdidSpec::MAX_TIMINGS)]
    TooManyTimings {
        /// Timings, the preferred one included.
        given: usize,
    },
    /// Another EDID that this one cannot be made from.
    #[error("the EDID has no {field}")]
    Absent {
        /// What is not there.
        field: &'static str,
    },
}

/// `text`, cut so that an error stays short.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
