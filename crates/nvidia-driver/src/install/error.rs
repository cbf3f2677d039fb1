//! What can go wrong while installing.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::NotInstalled;
use crate::DriverVersion;
use crate::run_file::{ManifestError, RelativePath, RunFileError};

/// Why a driver was not installed. Nothing of it is in its place then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The `.run` file was refused.
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    /// The manifest in it was refused.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no manifest in it: not a driver.
    #[error("the archive has no .manifest: not a driver")]
    NoManifest,
    /// The header names no version.
    #[error("the label {label:?} names no version of a driver")]
    NoVersion {
        /// The label in the header.
        label: String,
    },
    /// The header and the manifest name different versions.
    #[error("the header says {stated}, the manifest {found}")]
    Version {
        /// What the header says.
        stated: DriverVersion,
        /// What the manifest says.
        found: DriverVersion,
    },
    /// The manifest lists a file that the archive lacks.
    #[error(".manifest line {line}: {file} is not in the archive")]
    Missing {
        /// Which line, from 1.
        line: u32,
        /// The name in the archive.
        file: RelativePath,
    },
    /// A file that is read as text is longer than those of any driver.
    #[error("{file} has {length} bytes: expected {limit} at most")]
    TooLong {
        /// The name in the archive.
        file: RelativePath,
        /// How many bytes it has.
        length: u64,
        /// How many it may have.
        limit: u64,
    },
    /// A second name of a file that the archive lacks.
    #[error("member {path} is a second name of {target}, which is not in the archive")]
    NoLinkTarget {
        /// The second name.
        path: RelativePath,
        /// The first.
        target: RelativePath,
    },
    /// A file in the store could not be written, or not read again.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process is installing into the same store.
    #[error("{} is held by another process", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// The caller wanted it no more.
    #[error("it was asked to end")]
    Cancelled,
    /// What was installed is not there: somebody else writes into the store.
    #[error("what was just installed is not there")]
    NotInstalled(#[source] NotInstalled),
}
