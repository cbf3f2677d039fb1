//! Fetching `.run` files into a cache.
//!
//! A [`Cache`] is a folder that holds each file once, under its name and its SHA-256. What is there and whole is never
//! fetched again, so a machine without a network works from a cache that was filled elsewhere. A file comes into its
//! place in one step, after its length and the checksums in its own header were compared; what an interrupted run has
//! received stays, and the next one asks for the missing bytes alone.
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
mod web;

pub use client::{Answer, Client, ContentRange, Head, Request};
pub use error::{Failure, FetchError, Problem};
pub use web::{Web, WebConfig};

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::RunFileName;
use cache::{Folder, failed, hex};
use course::{Bounds, Course, Then};

/// A folder of `.run` files.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    limit: u64,
    retries: u32,
    pause: Duration,
    patience: Duration,
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
        Self { root: root.into(), limit: LIMIT, retries: 5, pause, patience }
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
        let _lock = folder.lock(self.patience)?;
        if let Some(path) = folder.find(sha256.as_deref()) {
            return Ok(path);
        }
        let bounds = Bounds { length: expected.length, limit: self.limit };
        let course = Course::new(urls.to_vec(), folder.saved(), bounds, self.retries);
        let file = folder.open()?;
        let mut transfer = Transfer { client, folder: &folder, file, course, progress };
        transfer.run(name, sha256.as_deref(), self.pause)
    }
}

/// One download under way.
struct Transfer<'a> {
    client: &'a dyn Client,
    folder: &'a Folder,
    file: File,
    course: Course,
    progress: &'a mut dyn FnMut(Progress),
}

impl Transfer<'_> {
    fn run(
        &mut self,
        name: &RunFileName,
        sha256: Option<&str>,
        pause: Duration,
    ) -> Result<PathBuf, FetchError> {
        while let Some(request) = self.course.request() {
            let mut then = match self.client.get(&request) {
                Ok(answer) => self.take(answer)?,
                Err(error) => self.course.unanswered(error),
            };
            if then == Then::Verify {
                match self.folder.finish(name, sha256)? {
                    Ok(path) => return Ok(path),
                    Err(problem) => then = self.course.spoiled(problem),
                }
            }
            if then == Then::AskLater {
                thread::sleep(pause);
            }
        }
        let failures = std::mem::take(&mut self.course.failures);
        Err(FetchError::Nowhere { name: name.to_string(), failures })
    }

    fn take(&mut self, mut answer: Answer) -> Result<Then, FetchError> {
        let then = self.course.answered(&answer.head);
        if then != Then::Write {
            return Ok(then);
        }
        let part = self.course.part();
        let failed = || failed(&self.folder.part());
        // Cut first: a note beside bytes that it does not speak of would spoil the next run.
        self.file.set_len(part.done).map_err(failed())?;
        self.file.seek(SeekFrom::Start(part.done)).map_err(failed())?;
        self.folder.save(part)?;
        self.copy(&mut answer.body)
    }

    fn copy(&mut self, body: &mut dyn Read) -> Result<Then, FetchError> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = match body.read(&mut buffer) {
                Ok(0) => return Ok(self.course.ended(None)),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(self.course.ended(Some(error))),
            };
            if let Some(then) = self.course.received(length) {
                return Ok(then);
            }
            self.file.write_all(&buffer[..length]).map_err(failed(&self.folder.part()))?;
            let part = self.course.part();
            (self.progress)(Progress { done: part.done, total: part.total });
        }
    }
}

/// Several times the largest driver.
const LIMIT: u64 = 2 << 30;
const BUFFER: usize = 64 * 1024;
