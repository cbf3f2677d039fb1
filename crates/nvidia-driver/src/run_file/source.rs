//! The bytes of a `.run` file in one pass: lines, then payload, summed as they go by.

use std::io::{self, BufRead, BufReader, Read};

use md5::{Digest, Md5};

use super::cksum::Cksum;
use super::{Checksums, RunFileError};

/// A reader that counts lines and sums what passes once it was told to.
pub(super) struct Source<R> {
    inner: BufReader<R>,
    summing: bool,
    cksum: Cksum,
    md5: Md5,
    /// How many bytes of the payload are still to come, where the header says so.
    left: Option<u64>,
}

impl<R: Read> Source<R> {
    pub fn new(inner: R) -> Self {
        let inner = BufReader::with_capacity(BUFFER, inner);
        Self { inner, summing: false, cksum: Cksum::default(), md5: Md5::new(), left: None }
    }

    /// From here on, all bytes are summed.
    pub fn start_sums(&mut self) {
        self.summing = true;
    }

    /// From here on, there are that many bytes and no more.
    pub fn limit(&mut self, bytes: u64) {
        self.left = Some(bytes);
    }

    /// The next line without its end, cut after [`LONGEST_LINE`] bytes; nothing at the end of the file.
    pub fn line(&mut self) -> Result<Option<Vec<u8>>, RunFileError> {
        let mut line = Vec::new();
        let passed = self.until_newline(&mut |bytes| {
            let room = LONGEST_LINE.saturating_sub(line.len());
            line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        })?;
        Ok((passed > 0).then(|| {
            line.pop_if(|last| *last == b'\n');
            line
        }))
    }

    /// Passes over a line, and says how long it was with its end: 0 at the end of the file.
    pub fn skip_line(&mut self) -> Result<u64, RunFileError> {
        self.until_newline(&mut |_| {})
    }

    fn until_newline(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<u64, RunFileError> {
        let mut passed = 0;
        loop {
            let buffer = self.inner.fill_buf().map_err(|source| RunFileError::Read { source })?;
            if buffer.is_empty() {
                return Ok(passed);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |at| at + 1);
            take(&buffer[..length]);
            if self.summing {
                self.cksum.update(&buffer[..length]);
                self.md5.update(&buffer[..length]);
            }
            self.inner.consume(length);
            passed += length as u64;
            if end.is_some() {
                return Ok(passed);
            }
        }
    }

    /// Reads to the end and compares the sums with those of the header.
    pub fn verify(mut self, expected: &Checksums) -> Result<(), RunFileError> {
        io::copy(&mut self, &mut io::sink()).map_err(|source| RunFileError::Read { source })?;
        if let Some(missing @ 1..) = self.left {
            return Err(RunFileError::Truncated { missing });
        }
        let crc = self.cksum.finish();
        if let Some(expected) = expected.crc.filter(|expected| *expected != crc) {
            return Err(RunFileError::Crc { expected, found: crc });
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        match expected.md5.filter(|expected| *expected != md5) {
            Some(expected) => Err(RunFileError::Md5 { expected: hex(&expected), found: hex(&md5) }),
            None => Ok(()),
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self
            .left
            .map_or(buffer.len(), |left| buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        let length = self.inner.read(&mut buffer[..room])?;
        self.left = self.left.map(|left| left - length as u64);
        if self.summing {
            self.cksum.update(&buffer[..length]);
            self.md5.update(&buffer[..length]);
        }
        Ok(length)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const BUFFER: usize = 64 * 1024;
const LONGEST_LINE: usize = 4096;
