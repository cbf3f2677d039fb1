//! What can be wrong with a `.run` file.

use std::io;

use thiserror::Error;

use super::{Compression, PathProblem};

/// Why a `.run` file was refused. Nothing in it was executed, whatever the reason.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunFileError {
    /// The reader failed.
    #[error("cannot read the .run file")]
    Read {
        /// Why.
        source: io::Error,
    },
    /// The first lines are not those of a self-extracting archive.
    #[error("not a .run file: {why}")]
    NotRunFile {
        /// What was looked for and not found.
        why: &'static str,
    },
    /// A setting of the header has a value that cannot be understood.
    #[error("header field {name}={value:?}: expected {expected}")]
    Field {
        /// The name of the setting.
        name: &'static str,
        /// Its value, cut after 80 characters.
        value: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// The header lacks a setting without which the payload cannot be found.
    #[error("header field {name} is missing")]
    Missing {
        /// The name of the setting.
        name: &'static str,
    },
    /// The header states neither a CRC nor an MD5.
    #[error("the header states neither a CRC nor an MD5: what cannot be verified is not unpacked")]
    NoChecksum,
    /// The CRC of the file is another than its header says.
    #[error("CRC is {found}, the header says {expected}: the file is damaged or cut short")]
    Crc {
        /// What the header says.
        expected: u32,
        /// What `cksum` gives.
        found: u32,
    },
    /// The MD5 of the file is another than its header says.
    #[error("MD5 is {found}, the header says {expected}: the file is damaged or cut short")]
    Md5 {
        /// What the header says, in hexadecimal.
        expected: String,
        /// What the bytes give, in hexadecimal.
        found: String,
    },
    /// The file ends before its payload does.
    #[error("the payload ends {missing} bytes early: the file was cut short")]
    Truncated {
        /// How many bytes of the payload are missing.
        missing: u64,
    },
    /// The payload begins like no format that is known.
    #[error("the payload begins with {magic:02x?}: expected xz, gzip, bzip2, zstd or tar")]
    UnknownCompression {
        /// Its first bytes, at most six.
        magic: Vec<u8>,
    },
    /// The payload cannot be decompressed.
    #[error("the {compression} payload cannot be decompressed")]
    Decode {
        /// The format, as its first bytes say.
        compression: Compression,
        /// What the decoder says.
        source: io::Error,
    },
    /// The tar archive in the payload is malformed.
    #[error("tar archive at byte {offset}: {what}")]
    Tar {
        /// Where, in bytes of the decompressed archive.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A member of the archive has a name that must not be written.
    #[error("member {path:?}: {problem}")]
    Member {
        /// The name as it stands in the archive, cut after 80 characters.
        path: String,
        /// What is wrong with it.
        problem: PathProblem,
    },
    /// A link in the archive leads out of it.
    #[error("member {path:?} links to {target:?}: {problem}")]
    Link {
        /// The name of the link.
        path: String,
        /// Where it leads, cut after 80 characters.
        target: String,
        /// What is wrong with that.
        problem: PathProblem,
    },
    /// A member is a device, a pipe or another thing that no driver contains.
    #[error("member {path:?} is of type {kind:?}: expected a file, a directory or a link")]
    SpecialMember {
        /// The name of the member.
        path: String,
        /// The type byte of its tar header.
        kind: char,
    },
    /// The payload unpacks to more than was allowed.
    #[error("the payload unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The payload has more members than was allowed.
    #[error("the payload has more than {limit} members")]
    TooMany {
        /// The limit.
        limit: u32,
    },
}

/// The text as errors show it: 80 characters at most.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
