//! The compressed payload, its format told from its first bytes.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use super::RunFileError;

/// How a payload is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// xz, with or without integrity check: NVIDIA's archives have none.
    Xz,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// Zstandard.
    Zstd,
    /// A tar archive as it is.
    None,
}

impl Compression {
    /// What these first bytes are of; 262 are enough for any answer.
    pub fn of(start: &[u8]) -> Option<Self> {
        let tar = start.get(257..262) == Some(b"ustar");
        let known = MAGICS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, format)| *format);
        known.or(tar.then_some(Self::None))
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xz => "xz",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
            Self::None => "uncompressed",
        })
    }
}

/// The decompressed bytes, counted, and no more of them than was allowed.
pub(super) struct Payload<'s> {
    reader: Box<dyn Read + 's>,
    compression: Compression,
    produced: u64,
    limit: u64,
    faulty: bool,
}

impl<'s> Payload<'s> {
    pub fn new(source: impl Read + 's, limit: u64) -> Result<Self, RunFileError> {
        let mut source = BufReader::with_capacity(BUFFER, source);
        let start = source.fill_buf().map_err(|source| RunFileError::Read { source })?;
        let unknown = || RunFileError::UnknownCompression { magic: start.iter().take(6).copied().collect() };
        let compression = Compression::of(start).ok_or_else(unknown)?;
        let reader =
            decoder(source, compression).map_err(|source| RunFileError::Decode { compression, source })?;
        Ok(Self { reader, compression, produced: 0, limit, faulty: false })
    }

    /// How many bytes came out so far.
    pub fn produced(&self) -> u64 {
        self.produced
    }

    /// Whether an error came from the payload, and not from whoever reads it.
    pub fn is_faulty(&self) -> bool {
        self.faulty
    }

    /// Reads until the buffer is full or the payload ends, and says how much there was.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, RunFileError> {
        let filled = self.try_fill(buffer);
        self.faulty |= filled.is_err();
        filled
    }

    /// Fills the buffer.
    pub fn exactly(&mut self, buffer: &mut [u8]) -> Result<(), RunFileError> {
        if self.fill(buffer)? == buffer.len() {
            return Ok(());
        }
        self.faulty = true;
        Err(RunFileError::Tar { offset: self.produced, what: "the archive ends within a member" })
    }

    fn try_fill(&mut self, buffer: &mut [u8]) -> Result<usize, RunFileError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(RunFileError::Decode { compression: self.compression, source }),
            }
        }
        self.produced = self.produced.saturating_add(filled as u64);
        self.charge(0).map(|()| filled)
    }

    /// Counts bytes that are copied rather than unpacked.
    pub fn charge(&mut self, bytes: u64) -> Result<(), RunFileError> {
        self.limit = self.limit.saturating_sub(bytes);
        match self.produced > self.limit {
            true => Err(RunFileError::TooLarge { limit: self.limit }),
            false => Ok(()),
        }
    }
}

fn decoder<'s>(source: impl BufRead + 's, compression: Compression) -> io::Result<Box<dyn Read + 's>> {
    Ok(match compression {
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(source, false, MOST_MEMORY_KIB)),
        Compression::Gzip => Box::new(flate2::bufread::GzDecoder::new(source)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
        Compression::Zstd => {
            let window = u64::from(MOST_MEMORY_KIB) * 1024;
            let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(source, window);
            Box::new(decoder.map_err(io::Error::other)?)
        }
        Compression::None => Box::new(source),
    })
}

const MAGICS: &[(&[u8], Compression)] = &[
    (b"\xfd7zXZ\0", Compression::Xz),
    (b"\x1f\x8b", Compression::Gzip),
    (b"BZh", Compression::Bzip2),
    (b"\x28\xb5\x2f\xfd", Compression::Zstd),
];
const BUFFER: usize = 64 * 1024;
/// Dictionaries of more than this are refused; `xz -9` needs 65 MiB.
const MOST_MEMORY_KIB: u32 = 192 * 1024;
