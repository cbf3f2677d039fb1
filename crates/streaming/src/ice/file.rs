//! A file of servers, which may change at any time.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cosmos_auth::ice::{IceError, IceServers};

use crate::error_text;

/// No file of servers is longer, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What the file says, or said when it could last be understood.
pub(super) struct ServersFile {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    stamp: Option<Stamp>,
    servers: Option<Arc<IceServers>>,
}

/// What differs after a change: when, how long, and which file.
type Stamp = (i64, i64, u64, u64);

#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("it cannot be read")]
    Read(#[from] io::Error),
    #[error("it is longer than {MAX_FILE} bytes")]
    Long,
    #[error(transparent)]
    Content(#[from] IceError),
}

impl ServersFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, known: Mutex::default() }
    }

    /// The servers; those that it had before when it cannot be read now, which is said once.
    pub(super) fn servers(&self, now: u64) -> Option<Arc<IceServers>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        if stamp != known.stamp || stamp.is_none() {
            let asked_before = known.stamp.is_some() || known.servers.is_some();
            known.stamp = stamp;
            match read(&self.path, now) {
                Ok(servers) => {
                    tracing::info!(file = %self.path.display(), servers = servers.servers.len(), "read");
                    known.servers = Some(Arc::new(servers));
                }
                // A program may be about to write it for the first time.
                Err(Unreadable::Read(error)) if error.kind() == io::ErrorKind::NotFound && !asked_before => {
                    tracing::debug!(file = %self.path.display(), "there is no file of servers yet");
                }
                Err(error) => tracing::warn!(
                    "{}: {}; what was known before stays",
                    self.path.display(),
                    error_text(&error)
                ),
            }
        }
        known.servers.clone()
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    Some((data.mtime(), data.mtime_nsec(), data.len(), data.ino()))
}

fn read(path: &Path, now: u64) -> Result<IceServers, Unreadable> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(Unreadable::Long);
    }
    let servers = IceServers::parse(&text, now)?;
    if servers.expires.is_some_and(|at| at <= now) {
        tracing::warn!("{}: a login in it has expired", path.display());
    }
    Ok(servers)
}
