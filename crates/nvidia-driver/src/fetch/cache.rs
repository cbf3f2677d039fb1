//! The folder of one file in the cache: the finished file, what is there of an unfinished one, and a lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::course::Part;
use super::error::{FetchError, Problem};
use crate::RunFileName;
use crate::run_file::{RunFile, RunFileError};

/// `<cache>/<name of the file>`.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(cache: &Path, name: &RunFileName) -> Self {
        Self { path: cache.join(name.to_string()) }
    }

    /// The finished file whose bytes still have the sum it is named after: that sum, or any.
    pub fn find(&self, sha256: Option<&str>) -> Option<PathBuf> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths.into_iter().find(|path| {
            let sum = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(RUN));
            sum.is_some_and(|sum| {
                sha256.is_none_or(|wanted| wanted == sum) && sha256_of(path).is_some_and(|found| found == sum)
            })
        })
    }

    /// Waits until no other process fetches this file; nothing where it was stopped meanwhile.
    pub fn lock(&self, patience: Duration, stopped: &dyn Fn() -> bool) -> Result<Option<File>, FetchError> {
        fs::create_dir_all(&self.path).map_err(failed(&self.path))?;
        let path = self.path.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(&path).map_err(failed(&path))?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(lock)),
                Err(TryLockError::Error(source)) => return Err(failed(&path)(source)),
                Err(TryLockError::WouldBlock) if stopped() => return Ok(None),
                Err(TryLockError::WouldBlock) if started.elapsed() >= patience => {
                    return Err(FetchError::Busy { path });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// The unfinished file, which may be empty.
    pub fn open(&self) -> Result<File, FetchError> {
        let path = self.part();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed(&path))
    }

    pub fn part(&self) -> PathBuf {
        self.path.join("part")
    }

    /// What is there of an unfinished file; none where that is not known for certain.
    pub fn saved(&self) -> Option<Part> {
        let done = self.part().metadata().ok()?.len();
        let text = self.noted()?;
        let text = text.strip_prefix(FIRST_LINE)?.strip_suffix(LAST_LINE)?;
        let [url, validator, total] = text.lines().collect::<Vec<_>>().try_into().ok()?;
        let validator = Some(validator.to_owned()).filter(|validator| !validator.is_empty());
        Some(Part { url: url.to_owned(), validator, total: total.parse().ok(), done })
    }

    /// Notes where the bytes come from before the first of them is written. A note that says so already is left
    /// alone: on a full disk it could not be written again.
    pub fn save(&self, part: &Part) -> Result<(), FetchError> {
        let validator = part.validator.as_deref().unwrap_or_default();
        let total = part.total.map(|total| total.to_string()).unwrap_or_default();
        let text = format!("{FIRST_LINE}{}\n{validator}\n{total}\n{LAST_LINE}", part.url);
        if self.noted().as_deref() == Some(text.as_str()) {
            return Ok(());
        }
        fs::write(self.note(), text).map_err(failed(&self.note()))
    }

    /// Gives the unfinished file its place if it is what it should be.
    pub fn finish(
        &self,
        name: &RunFileName,
        sha256: Option<&str>,
    ) -> Result<Result<PathBuf, Problem>, FetchError> {
        let part = self.part();
        let mut file = File::open(&part).map_err(failed(&part))?;
        let found = match verify(&mut file, name, sha256) {
            Ok(found) => found,
            Err(problem) => return Ok(Err(problem)),
        };
        file.sync_all().map_err(failed(&part))?;
        let path = self.path.join(format!("{found}{RUN}"));
        fs::rename(&part, &path).map_err(failed(&path))?;
        // A note without its file says nothing.
        let _ = fs::remove_file(self.note());
        Ok(Ok(path))
    }

    /// What the note says; nothing where it is longer than any that is written here.
    fn noted(&self) -> Option<String> {
        let mut text = String::new();
        let length = File::open(self.note()).ok()?.take(LONGEST_NOTE + 1).read_to_string(&mut text).ok()?;
        (length as u64 <= LONGEST_NOTE).then_some(text)
    }

    fn note(&self) -> PathBuf {
        self.path.join("part.from")
    }
}

/// The SHA-256 of a file that is the driver it is said to be.
fn verify(file: &mut File, name: &RunFileName, sha256: Option<&str>) -> Result<String, Problem> {
    let mut summed = Summed { inner: file, sum: Sha256::new() };
    let checked = RunFile::open(&mut summed).and_then(RunFile::verify);
    let copied = io::copy(&mut summed, &mut io::sink());
    copied.map_err(|source| RunFileError::Read { source })?;
    let found = hex(&summed.sum.finalize());
    if let Some(expected) = sha256.filter(|expected| *expected != found) {
        return Err(Problem::Sha256 { expected: expected.to_owned(), found });
    }
    let version = checked?.version;
    match version.as_ref() == Some(&name.version) {
        true => Ok(found),
        false => Err(Problem::Version { expected: name.version.clone(), found: version }),
    }
}

struct Summed<R> {
    inner: R,
    sum: Sha256,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.sum.update(&buffer[..length]);
        Ok(length)
    }
}

fn sha256_of(path: &Path) -> Option<String> {
    let mut summed = Summed { inner: File::open(path).ok()?, sum: Sha256::new() };
    io::copy(&mut summed, &mut io::sink()).ok()?;
    Some(hex(&summed.sum.finalize()))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> FetchError + use<> {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FetchError::Full { path, source },
        _ => FetchError::Cache { path, source },
    }
}

const RUN: &str = ".run";
const LONGEST_NOTE: u64 = 64 * 1024;
const FIRST_LINE: &str = "part of a file, format 1\n";
const LAST_LINE: &str = "end\n";
