//! Fetching `.run` files into a cache.
//!
//! A [`Cache`] is a folder that holds each file once, under its name and its SHA-256. What is there and whole is never
//! fetched again, so a machine without a network works from a cache that was filled elsewhere. A file comes into its
//! place in one step, after its length and the checksums in its own header were compared; what an interrupted run has
//! received stays, and the next one asks for the missing bytes alone.
//!
//! Every wait is bounded: for a connection and for the head of an answer by [`WebConfig`], for the bytes of a body by
//! [`Cache::with_pace`], for another process by [`Cache::with_patience`]; and an address is given up after as many
//! failures as [`Cache::with_retries`] says. Whoever wants to stop earlier does so by [`Cache::with_stop`].
//!
//! ```no_run
//! use cosmos_nvidia_driver::fetch::{Cache, Expected, Web, WebConfig};
//! use cosmos_nvidia_driver::{Processor, RunFileName};
//!
//! let name = RunFileName::new("570.172.08".parse()?, Processor::X86_64);
//! let cache = Cache::new("/var/cache/nvidia-driver");
//! let web = Web::new(&WebConfig::default())?;
//! let path = cache.fetch(&web, &name, &name.urls(&[]), &Expected::default(), &mut |progress| {
//!     eprintln!("{} of {:?} bytes", progress.done, progress.total);
//! })?;
//! println!("{}", path.display());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod client;
mod course;
mod error;
mod pace;
mod transfer;
mod web;

pub use client::{Answer, Client, ClientError, ContentRange, Head, Request};
pub use error::{Failure, FetchError, Problem};
pub use pace::Pace;
pub use web::{Web, WebConfig, WebError};

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::RunFileName;
use cache::{Folder, hex};
use course::{Bounds, Course};
use transfer::Transfer;

/// A folder of `.run` files.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    limit: u64,
    retries: u32,
    pause: Duration,
    patience: Duration,
    pace: Pace,
    stop: Arc<AtomicBool>,
}

/// What is known of a file before it is there, beside its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its length in bytes.
    pub length: Option<u64>,
    /// Its SHA-256.
    pub sha256: Option<[u8; 32]>,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes are there, those of earlier runs included.
    pub done: u64,
    /// How many the file has, where the server says so.
    pub total: Option<u64>,
}

impl Cache {
    /// The cache in that folder, which is created when something is fetched.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let (pause, patience) = (Duration::from_secs(1), Duration::from_mins(30));
        let (pace, stop) = (Pace::default(), Arc::default());
        Self { root: root.into(), limit: LIMIT, retries: 5, pause, patience, pace, stop }
    }

    /// With another limit on the length of a file in bytes; 2 GiB otherwise.
    #[must_use]
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// With another number of failures after which an address is given up, and another pause after each; 5, and one
    /// second, otherwise.
    #[must_use]
    pub fn with_retries(self, retries: u32, pause: Duration) -> Self {
        Self { retries, pause, ..self }
    }

    /// With another time to wait for a process that is fetching the same file; 30 minutes otherwise.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// With another slowest pace; a transfer that is slower counts as a failure, and goes on from where it was.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// With a flag that ends [`fetch`](Self::fetch) once it is true: with the next bytes, or where none come, after
    /// the client's own limit on silence. What has arrived stays, and the next attempt goes on from there.
    #[must_use]
    pub fn with_stop(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop, ..self }
    }

    /// The file, where it is in the cache and whole. Its bytes are read; the network is not asked.
    pub fn find(&self, name: &RunFileName, sha256: Option<[u8; 32]>) -> Option<PathBuf> {
        Folder::new(&self.root, name).find(sha256.map(|sum| hex(&sum)).as_deref())
    }

    /// Fetches a file, unless it is in the cache, from the first address that has it. `progress` is called after each
    /// piece.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub fn fetch(
        &self,
        client: &dyn Client,
        name: &RunFileName,
        urls: &[String],
        expected: &Expected,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, FetchError> {
        let folder = Folder::new(&self.root, name);
        let sha256 = expected.sha256.map(|sum| hex(&sum));
        if let Some(path) = folder.find(sha256.as_deref()) {
            return Ok(path);
        }
        let stopped = || self.stop.load(Ordering::Relaxed);
        let cancelled = || FetchError::Cancelled { name: name.to_string() };
        let _lock = folder.lock(self.patience, &stopped)?.ok_or_else(cancelled)?;
        if let Some(path) = folder.find(sha256.as_deref()) {
            return Ok(path);
        }
        let bounds = Bounds { length: expected.length, limit: self.limit };
        let course = Course::new(urls.to_vec(), folder.saved(), bounds, self.retries);
        let file = folder.open()?;
        let limits = transfer::Limits { pause: self.pause, pace: self.pace, stopped: &stopped };
        let mut transfer = Transfer { client, folder: &folder, file, course, limits, progress };
        transfer.run(name, sha256.as_deref())
    }
}

/// Several times the largest driver.
const LIMIT: u64 = 2 << 30;
