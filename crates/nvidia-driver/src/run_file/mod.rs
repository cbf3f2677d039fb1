//! `.run` files: NVIDIA's self-extracting archives, read without executing them.
//!
//! A `.run` file is a shell script with a compressed tar archive behind it. Here its settings are read, its payload
//! is decompressed and its checksums are computed in one pass over any [`Read`]; no line of it is ever run. Two
//! arrangements are known, see [`Layout`].
//!
//! ```
//! use cosmos_nvidia_driver::run_file::RunFile;
//! let start = b"#! /bin/sh\nCRCsum=2274921036\nMD5=0123456789abcdef0123456789abcdef\nskip=8\n\
//!     label=\"NVIDIA Accelerated Graphics Driver for Linux-x86_64 470.82.01\"\nversion_string=470.82.01\n\n";
//! let file = RunFile::open(&start[..])?;
//! assert_eq!(file.header().version.as_ref().unwrap().as_str(), "470.82.01");
//! # Ok::<(), cosmos_nvidia_driver::run_file::RunFileError>(())
//! ```

mod cksum;
mod error;
mod header;
mod manifest;
mod path;
mod payload;
mod source;
mod tar;

pub use cksum::Cksum;
pub use error::RunFileError;
pub use header::{Header, Layout};
pub use manifest::{Arch, Entry, FileType, Glvnd, Manifest, ManifestError, Tls};
pub use path::{PathProblem, RelativePath};
pub use payload::Compression;
pub use tar::{CopyError, Member, MemberKind};

use std::io::Read;

use payload::Payload;
use source::Source;

/// A `.run` file whose header was read.
pub struct RunFile<R> {
    header: Header,
    source: Source<R>,
}

/// The sums that a header states. At least one is there in a [`Header`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksums {
    /// That of POSIX `cksum`.
    pub crc: Option<u32>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
}

/// How much an archive may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the decompressed archive, headers and second names included.
    pub bytes: u64,
    /// Members.
    pub members: u32,
}

/// 4 GiB and 20,000 members: several times the largest driver.
impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 30, members: 20_000 }
    }
}

impl<R: Read> RunFile<R> {
    /// Reads the header, up to the first byte of the payload.
    ///
    /// # Errors
    /// Anything that is no `.run` file, or states no checksum.
    pub fn open(reader: R) -> Result<Self, RunFileError> {
        let mut source = Source::new(reader);
        Ok(Self { header: header::read(&mut source)?, source })
    }

    /// What the file says about itself; its checksums are not verified before [`unpack`](Self::unpack) returns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Calls `visit` for each member, then verifies the checksums. What was visited must not be trusted before this
    /// returns without error.
    ///
    /// # Errors
    /// A damaged file is called damaged, whatever else its damage looks like. Errors of `visit` end the reading.
    pub fn unpack<E: From<RunFileError>>(
        mut self,
        limits: Limits,
        mut visit: impl FnMut(&mut Member<'_, '_>) -> Result<(), E>,
    ) -> Result<Header, E> {
        let mut refused = false;
        let outcome = match Payload::new(&mut self.source, limits.bytes) {
            Err(error) => Err(error.into()),
            Ok(mut payload) => {
                let visit = |member: &mut Member<'_, '_>| visit(member).inspect_err(|_| refused = true);
                let outcome = tar::members(&mut payload, limits, visit);
                refused &= !payload.is_faulty();
                outcome
            }
        };
        if refused {
            return outcome.map(|()| self.header);
        }
        self.source.verify(&self.header.checksums)?;
        outcome.map(|()| self.header)
    }

    /// Reads the whole file and verifies its checksums, unpacking nothing.
    ///
    /// # Errors
    /// A damaged file.
    pub fn verify(self) -> Result<Header, RunFileError> {
        self.source.verify(&self.header.checksums)?;
        Ok(self.header)
    }
}
