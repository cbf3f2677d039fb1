//! The shell settings at the top of a `.run` file, read and never executed.

use std::io::Read;

use super::error::shown;
use super::source::{Source, hex};
use super::{Checksums, RunFileError};
use crate::DriverVersion;

/// What a `.run` file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Which program made it.
    pub layout: Layout,
    /// `NVIDIA Accelerated Graphics Driver for Linux-x86_64 470.82.01`.
    pub label: String,
    /// The version of the driver: that of `version_string`, or else the one in the label.
    pub version: Option<DriverVersion>,
    /// The folder it would unpack into.
    pub target_dir: String,
    /// `x86_64`, where it says so.
    pub target_arch: Option<String>,
    /// The sums it states.
    pub checksums: Checksums,
}

/// The two ways of arranging a self-extracting archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// NVIDIA's makeself 1.6.0-nv: sums on lines 2 and 3, of everything from line 4 on; `skip` is the line on which
    /// the payload starts.
    Nvidia,
    /// makeself 2: sums of the payload alone, whose length is `filesizes`; `skip` is the number of lines before it.
    Makeself,
}

impl Header {
    /// A name for exactly this file: its version and its stronger checksum, `470.82.01-6f…`. None without a version.
    pub fn identity(&self) -> Option<String> {
        let version = self.version.as_ref()?;
        let sum = match (self.checksums.md5, self.checksums.crc) {
            (Some(md5), _) => hex(&md5),
            (None, Some(crc)) => format!("crc{crc:08x}"),
            (None, None) => return None,
        };
        Some(format!("{version}-{sum}"))
    }
}

/// Reads the header and leaves the source at the first byte of the payload.
pub(super) fn read<R: Read>(source: &mut Source<R>) -> Result<Header, RunFileError> {
    let first = source.line()?.unwrap_or_default();
    if !(first.starts_with(b"#!") && first.ends_with(b"sh")) {
        return Err(RunFileError::NotRunFile { why: "the first line names no shell" });
    }
    let mut fields = Fields { lines: 1, found: Vec::new() };
    fields.next(source)?;
    let layout = if fields.get("CRCsum").is_some() { Layout::Nvidia } else { Layout::Makeself };
    match layout {
        Layout::Nvidia => fields.nvidia(source)?,
        Layout::Makeself => fields.makeself(source)?,
    }
    fields.header(layout)
}

/// The settings seen so far.
struct Fields {
    /// How many lines were read.
    lines: u64,
    found: Vec<(&'static str, String)>,
}

impl Fields {
    fn get(&self, name: &'static str) -> Option<&str> {
        self.found.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &'static str) -> Result<u64, RunFileError> {
        let value = self.get(name).ok_or(RunFileError::Missing { name })?;
        let refused = || RunFileError::Field { name, value: shown(value), expected: "a decimal number" };
        value.parse().map_err(|_| refused())
    }

    /// Reads one line and keeps the first value of each setting that is known.
    fn next<R: Read>(&mut self, source: &mut Source<R>) -> Result<(), RunFileError> {
        let ended = RunFileError::NotRunFile { why: "the file ends within its header" };
        let line = source.line()?.ok_or(ended)?;
        self.lines += 1;
        let line = String::from_utf8_lossy(&line);
        if let Some((name, value)) = line.split_once('=')
            && let Some(known) = KNOWN.iter().find(|known| **known == name)
            && self.get(known).is_none()
        {
            self.found.push((known, value.trim().trim_matches(['"', '\'']).to_owned()));
        }
        Ok(())
    }

    fn nvidia<R: Read>(&mut self, source: &mut Source<R>) -> Result<(), RunFileError> {
        self.next(source)?;
        self.get("MD5").ok_or(RunFileError::Missing { name: "MD5" })?;
        source.start_sums();
        self.next(source)?;
        let start = self.number("skip")?;
        let settings = SETTINGS_LINES.min(start.saturating_sub(1));
        while self.lines < settings && self.lines + 1 != self.number("skip_decompress").unwrap_or(0) {
            self.next(source)?;
        }
        self.pass(source, start.saturating_sub(1))
    }

    fn makeself<R: Read>(&mut self, source: &mut Source<R>) -> Result<(), RunFileError> {
        while self.get("skip").is_none() {
            if self.lines >= SETTINGS_LINES {
                return Err(RunFileError::Missing { name: "skip" });
            }
            self.next(source)?;
        }
        let before = self.number("skip")?;
        let length = self.number("filesizes")?;
        self.pass(source, before)?;
        source.start_sums();
        source.limit(length);
        Ok(())
    }

    /// Passes over lines until `lines` of them are behind.
    fn pass<R: Read>(&mut self, source: &mut Source<R>, lines: u64) -> Result<(), RunFileError> {
        let mut bytes = 0;
        while self.lines < lines {
            match source.skip_line()? {
                0 => return Err(RunFileError::NotRunFile { why: "the file ends before its payload" }),
                length => bytes += length,
            }
            if bytes > MOST_BEFORE_PAYLOAD {
                return Err(RunFileError::NotRunFile { why: "no payload in the first 64 MiB" });
            }
            self.lines += 1;
        }
        Ok(())
    }

    fn header(&self, layout: Layout) -> Result<Header, RunFileError> {
        let checksums = Checksums { crc: self.crc()?, md5: self.md5()? };
        if checksums == Checksums::default() {
            return Err(RunFileError::NoChecksum);
        }
        let text = |name| self.get(name).unwrap_or_default().to_owned();
        let stated = self.get("version_string").and_then(|version| version.parse().ok());
        Ok(Header {
            layout,
            label: text("label"),
            version: stated.or_else(|| DriverVersion::find_in(self.get("label")?)),
            target_dir: text("targetdir"),
            target_arch: self.get("TARGET_ARCH").map(str::to_owned),
            checksums,
        })
    }

    /// Ten zeros say that there is none.
    fn crc(&self) -> Result<Option<u32>, RunFileError> {
        let Some(value) = self.get("CRCsum").filter(|value| *value != "0000000000") else { return Ok(None) };
        let refused = || RunFileError::Field {
            name: "CRCsum",
            value: shown(value),
            expected: "the decimal checksum of one archive",
        };
        value.parse().map(Some).map_err(|_| refused())
    }

    /// Zeros say that there is none.
    fn md5(&self) -> Result<Option<[u8; 16]>, RunFileError> {
        let Some(value) = self.get("MD5") else { return Ok(None) };
        let refused =
            || RunFileError::Field { name: "MD5", value: shown(value), expected: "32 hexadecimal digits" };
        let number = u128::from_str_radix(value, 16).ok();
        let number = number.filter(|_| value.len() == 32 && !value.starts_with('+')).ok_or_else(refused)?;
        Ok((number != 0).then(|| number.to_be_bytes()))
    }
}

const KNOWN: &[&str] = &[
    "CRCsum",
    "MD5",
    "skip",
    "skip_decompress",
    "filesizes",
    "label",
    "version_string",
    "targetdir",
    "TARGET_ARCH",
];
const SETTINGS_LINES: u64 = 128;
const MOST_BEFORE_PAYLOAD: u64 = 64 << 20;
