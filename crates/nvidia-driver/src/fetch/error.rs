//! What can go wrong while a `.run` file is fetched.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::client::ClientError;
use super::pace::Pace;
use crate::DriverVersion;
use crate::run_file::RunFileError;

/// Why a file was not fetched. What has arrived of it stays in the cache, for the next attempt to go on from.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No address had the file, or none had it whole.
    #[error("{name} could not be had{}", Listed(failures))]
    Nowhere {
        /// The name of the file.
        name: String,
        /// What happened at each address, in order. Empty where there was no address.
        failures: Vec<Failure>,
    },
    /// The disk, or the share of it that this user may fill, is full.
    #[error("no room for {}", path.display())]
    Full {
        /// What was being written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The cache cannot be read or written.
    #[error("cannot use {}", path.display())]
    Cache {
        /// What was being read or written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was asked to stop.
    #[error("stopped while fetching {name}")]
    Cancelled {
        /// The name of the file.
        name: String,
    },
    /// Another process has been fetching the same file for longer than was to be waited.
    #[error("{} is held by another process", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
}

/// What happened at one address.
#[derive(Debug)]
pub struct Failure {
    /// The address, without the name and the password that it may hold.
    pub url: String,
    /// What happened.
    pub problem: Problem,
}

/// Why an address did not give the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// It answered something else than the file: 404 where there is none.
    #[error("HTTP status {0}")]
    Status(u16),
    /// It could not be reached, did not answer in time, or may not be trusted.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The bytes came more slowly than is put up with.
    #[error("ended after {done} bytes: fewer than {} came within {:?}", pace.bytes, pace.within)]
    Slow {
        /// How many bytes of the file are there.
        done: u64,
        /// The slowest pace.
        pace: Pace,
    },
    /// The transfer ended early.
    #[error("ended after {done} bytes{}", Because(source.as_ref()))]
    Cut {
        /// How many bytes of the file are there.
        done: u64,
        /// What the client says, where it noticed.
        source: Option<io::Error>,
    },
    /// The file has another length than was expected.
    #[error("{found} bytes: expected {expected}")]
    Length {
        /// How many it should have.
        expected: u64,
        /// How many it has, or had when it was given up.
        found: u64,
    },
    /// The file is larger than is allowed.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The SHA-256 of the file is another than the one that was given.
    #[error("SHA-256 {found}: expected {expected}")]
    Sha256 {
        /// In hexadecimal.
        expected: String,
        /// In hexadecimal.
        found: String,
    },
    /// The file is of another version than its name.
    #[error("the header names version {}: expected {expected}", found.as_ref().map_or("none", DriverVersion::as_str))]
    Version {
        /// The version in the name.
        expected: DriverVersion,
        /// The version in the header.
        found: Option<DriverVersion>,
    },
    /// The file is no `.run` file, or is damaged.
    #[error(transparent)]
    RunFile(#[from] RunFileError),
}

struct Listed<'f>(&'f [Failure]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str(": no address was given"),
            failures => failures.iter().try_for_each(|failure| {
                let sign = if std::ptr::eq(failure, &failures[0]) { ':' } else { ';' };
                write!(f, "{sign} {}: {}", failure.url, failure.problem)
            }),
        }
    }
}

struct Because<'e>(Option<&'e io::Error>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |error| write!(f, ": {error}"))
    }
}
