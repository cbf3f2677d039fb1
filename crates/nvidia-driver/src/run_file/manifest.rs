//! `.manifest`: what the files of a driver are, and where they belong.
//!
//! Eight lines of header (description, version, one that is ignored, kernel modules, four that are ignored), then a
//! line for each file: name, permissions, type, and as much as the type has of architecture, TLS class, folder, link
//! target and tags (nvidia-installer, `manifest.c`).

use thiserror::Error;

use super::error::shown;
use super::{PathProblem, RelativePath};
use crate::{DriverVersion, VersionError};

mod types;

pub use types::FileType;

/// A parsed `.manifest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// `NVIDIA Accelerated Graphics Driver for Linux-x86_64`.
    pub description: String,
    /// The version of the driver.
    pub version: DriverVersion,
    /// The names of the kernel modules.
    pub kernel_modules: Vec<String>,
    /// The files, in the order of the lines.
    pub entries: Vec<Entry>,
}

/// One file of a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line it stands on, from 1.
    pub line: u32,
    /// The file in the archive; for links, the name of the link.
    pub file: RelativePath,
    /// Permission bits, 0 to 0o7777; links have 0.
    pub mode: u32,
    /// What it is.
    pub kind: FileType,
    /// For which processor, where the type says.
    pub arch: Option<Arch>,
    /// The folder below the one where its type belongs, where the line names one. `/usr/share/nvidia` loses its
    /// first slash.
    pub folder: Option<RelativePath>,
    /// Where a link leads, as written.
    pub target: Option<String>,
    /// With which dispatch of OpenGL it goes.
    pub glvnd: Option<Glvnd>,
    /// For which thread-local storage it was built.
    pub tls: Option<Tls>,
}

/// The processor of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// That of the driver.
    Native,
    /// Its 32-bit mode.
    Compat32,
}

/// The dispatch of OpenGL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glvnd {
    /// Only where libglvnd dispatches.
    Glvnd,
    /// Only where it does not.
    NonGlvnd,
}

/// Thread-local storage, up to driver 390.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// That of the kernel and C library since 2003.
    New,
    /// What was before.
    Classic,
}

/// Why a manifest was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is not text.
    #[error(".manifest is not UTF-8 text")]
    NotText,
    /// It ends within its header.
    #[error(".manifest has {lines} lines: expected a header of 8 and then the files")]
    Short {
        /// How many it has.
        lines: usize,
    },
    /// The second line is no version.
    #[error(".manifest line 2")]
    Version(#[source] VersionError),
    /// A line has less than a name, permissions and a type.
    #[error(".manifest line {line}: expected a name, permissions and a type, got {text:?}")]
    Fields {
        /// Which line, from 1.
        line: u32,
        /// What it says, cut after 80 characters.
        text: String,
    },
    /// Permissions are no octal number.
    #[error(".manifest line {line}: permissions {value:?}: expected 1 to 5 octal digits, as 0755")]
    Mode {
        /// Which line, from 1.
        line: u32,
        /// What it says, cut after 80 characters.
        value: String,
    },
    /// A name, folder or target leads out of where it belongs.
    #[error(".manifest line {line}: path {value:?}: {problem}")]
    Path {
        /// Which line, from 1.
        line: u32,
        /// What it says, cut after 80 characters.
        value: String,
        /// What is wrong with it.
        problem: PathProblem,
    },
    /// A link says not where it leads.
    #[error(".manifest line {line}: link {name:?} lacks its target")]
    NoTarget {
        /// Which line, from 1.
        line: u32,
        /// The name of the link.
        name: String,
    },
}

impl Manifest {
    /// Parses the text. Types that are unknown are kept as [`FileType::Other`], since every branch adds some.
    ///
    /// ```
    /// use cosmos_nvidia_driver::run_file::{FileType, Manifest};
    /// let text = "NVIDIA Accelerated Graphics Driver for Linux-x86_64\n440.44\n \nnvidia nvidia-uvm\n \n \n./kernel/\n./\n\
    ///     nvidia_drv.so 0755 XMODULE_SHARED_LIB drivers/ MODULE:xdriver\n";
    /// let manifest = Manifest::parse(text.as_bytes())?;
    /// assert_eq!(manifest.entries[0].kind, FileType::XModule);
    /// assert_eq!(manifest.entries[0].folder.as_ref().unwrap().as_str(), "drivers");
    /// # Ok::<(), cosmos_nvidia_driver::run_file::ManifestError>(())
    /// ```
    ///
    /// # Errors
    /// A header that is cut short, a line that cannot be understood, a path that climbs.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let text = std::str::from_utf8(text).map_err(|_| ManifestError::NotText)?;
        let lines: Vec<&str> = text.lines().collect();
        let [description, version, _, modules, _, _, _, _, files @ ..] = &lines[..] else {
            return Err(ManifestError::Short { lines: lines.len() });
        };
        let files = files.iter().zip(9..).filter(|(line, _)| !line.trim().is_empty());
        Ok(Self {
            description: description.trim().to_owned(),
            version: version.trim().parse().map_err(ManifestError::Version)?,
            kernel_modules: modules.split_whitespace().map(str::to_owned).collect(),
            entries: files.map(|(text, line)| entry(text, line)).collect::<Result<_, _>>()?,
        })
    }
}

fn entry(text: &str, line: u32) -> Result<Entry, ManifestError> {
    let mut words = text.split_whitespace();
    let (Some(name), Some(mode), Some(kind)) = (words.next(), words.next(), words.next()) else {
        return Err(ManifestError::Fields { line, text: shown(text) });
    };
    let mode = octal(mode).ok_or_else(|| ManifestError::Mode { line, value: shown(mode) })?;
    let file = checked(name, line, RelativePath::new(name))?;
    let kind = FileType::from_name(kind);
    let mut entry =
        Entry { line, file, mode, kind, arch: None, folder: None, target: None, glvnd: None, tls: None };
    let rest = words.filter(|word| !entry.take_tag(word)).collect::<Vec<_>>();
    entry.take_positions(&rest, line)?;
    Ok(entry)
}

impl Entry {
    /// Whether the word is one of those that are told by their looks.
    fn take_tag(&mut self, word: &str) -> bool {
        match word {
            "NATIVE" => self.arch = Some(Arch::Native),
            "COMPAT32" => self.arch = Some(Arch::Compat32),
            "NEW" => self.tls = Some(Tls::New),
            "CLASSIC" => self.tls = Some(Tls::Classic),
            "GLVND" => self.glvnd = Some(Glvnd::Glvnd),
            "NON_GLVND" => self.glvnd = Some(Glvnd::NonGlvnd),
            word => return word.starts_with("MODULE:") || word.starts_with("INHERIT_PATH_DEPTH:"),
        }
        true
    }

    /// The rest is a folder, a target, or both in this order. Older drivers leave out folders that newer ones state.
    fn take_positions(&mut self, words: &[&str], line: u32) -> Result<(), ManifestError> {
        if matches!(self.kind, FileType::Other(_)) {
            return Ok(());
        }
        let (folder, target) = match (self.kind.is_link(), words) {
            (false, words) => (words.first(), None),
            (true, [target]) => (None, Some(target)),
            (true, [folder, target, ..]) => (Some(folder), Some(target)),
            (true, []) => return Err(ManifestError::NoTarget { line, name: self.file.to_string() }),
        };
        let folder = folder.map(|folder| folder.trim_matches('/')).filter(|folder| !folder.is_empty());
        self.folder = folder.map(|folder| checked(folder, line, RelativePath::new(folder))).transpose()?;
        self.target = target.map(|target| (*target).to_owned());
        Ok(())
    }
}

fn checked<T>(value: &str, line: u32, path: Result<T, PathProblem>) -> Result<T, ManifestError> {
    path.map_err(|problem| ManifestError::Path { line, value: shown(value), problem })
}

fn octal(digits: &str) -> Option<u32> {
    let plain = (1..=5).contains(&digits.len()) && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    plain.then(|| u32::from_str_radix(digits, 8).ok())?.filter(|mode| *mode <= 0o7777)
}
