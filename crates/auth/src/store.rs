//! Secrets that outlive the process, one per file.
//!
//! A file is made on the first start and read on the next ones. It appears whole or not at all, so that two
//! first starts at the same time agree on one secret. Only its owner can read it, and a file that others could
//! have read or planted is refused rather than repaired: what it held is no longer a secret.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rustix::fs::OFlags;

use crate::secret::random_bytes;
use crate::{Secret, SessionKey, random_password};

/// Whether a secret is new, and so has to be shown to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// By this call.
    Now,
    /// By an earlier start, or by another one at this moment.
    Before,
}

/// The password kept at `path`, made by [`random_password`] where there is none yet. Missing folders are made,
/// for the owner alone. A line that was written by hand is as good.
///
/// # Errors
///
/// [`StoreError`], which says what to do.
pub fn password(path: &Path) -> Result<(Secret, Made), StoreError> {
    let (text, made) = load_or_make(path, random_password)?;
    if text.expose().is_empty() || text.expose().chars().any(char::is_control) {
        return Err(StoreError::Content { path: path.into(), expected: "one line with a password" });
    }
    Ok((text, made))
}

/// The key kept at `path`, made by [`SessionKey::random`] where there is none yet, as [`password`] does it.
///
/// # Errors
///
/// [`StoreError`], which says what to do.
pub fn session_key(path: &Path) -> Result<(SessionKey, Made), StoreError> {
    let (text, made) = load_or_make(path, || Secret::new(BASE64.encode(SessionKey::random().as_bytes())))?;
    let bytes = BASE64.decode(text.expose()).ok().and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.ok_or_else(|| StoreError::Content { path: path.into(), expected: "a session key" })?;
    Ok((SessionKey::from_bytes(bytes), made))
}

/// The text kept at `path`, at most 4 KiB, made by `make` where there is none yet, as [`password`] does it.
///
/// # Errors
///
/// [`StoreError`], which says what to do.
pub fn text(path: &Path, make: impl FnOnce() -> Secret) -> Result<(Secret, Made), StoreError> {
    load_or_make(path, make)
}

/// Why a secret can be neither read nor made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be read.
    #[error("cannot read the secret in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be made.
    #[error("cannot make the secret {}; choose a folder that can be written to", path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The path leads to a symbolic link.
    #[error("{} is a symbolic link; secrets are kept in plain files", path.display())]
    Symlink {
        /// The link.
        path: PathBuf,
    },
    /// The path leads to a folder, a pipe or a device.
    #[error("{} is no plain file", path.display())]
    Kind {
        /// What it leads to.
        path: PathBuf,
    },
    /// Others than its owner have rights on it.
    #[error(
        "{path} can be read by others (mode {mode:03o}), so it is no secret: delete it to get a new one, or run \
         `chmod 600 {path}` if nobody has seen it",
        path = path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}, who is neither this user nor root: delete it or `chown` it", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The owner's number.
        owner: u32,
    },
    /// It holds something else.
    #[error("{} does not hold {expected}; delete it to get a new one", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
}

fn load_or_make(path: &Path, make: impl FnOnce() -> Secret) -> Result<(Secret, Made), StoreError> {
    if let Some(text) = load(path)? {
        return Ok((text, Made::Before));
    }
    let text = make();
    if create(path, &text).map_err(|source| StoreError::Make { path: path.into(), source })? {
        return Ok((text, Made::Now));
    }
    let missing = || StoreError::Read { path: path.into(), source: io::ErrorKind::NotFound.into() };
    load(path)?.map(|text| (text, Made::Before)).ok_or_else(missing)
}

/// `None` where there is no such file.
fn load(path: &Path) -> Result<Option<Secret>, StoreError> {
    let read = |source| StoreError::Read { path: path.into(), source };
    // A pipe would otherwise wait for its other end.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(StoreError::Symlink { path: path.into() });
        }
        Err(error) => return Err(read(error)),
    };
    inspect(path, &file.metadata().map_err(read)?)?;
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(read)?;
    let text = Secret::new(text);
    Ok(Some(Secret::new(text.expose().trim_end_matches(['\r', '\n']))))
}

/// Looks at the open file, as the path may lead elsewhere by now.
fn inspect(path: &Path, found: &fs::Metadata) -> Result<(), StoreError> {
    let mode = found.mode() & 0o777;
    if !found.is_file() {
        Err(StoreError::Kind { path: path.into() })
    } else if mode & 0o077 != 0 {
        Err(StoreError::Exposed { path: path.into(), mode })
    } else if ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()) {
        Err(StoreError::Owner { path: path.into(), owner: found.uid() })
    } else {
        Ok(())
    }
}

/// `false` where somebody else was first.
fn create(path: &Path, text: &Secret) -> io::Result<bool> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = Draft(folder.join(format!(".new-{:016x}", u64::from_ne_bytes(random_bytes()))));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft.0)?;
    file.write_all(text.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    match fs::hard_link(&draft.0, path) {
        Ok(()) => {
            File::open(folder)?.sync_all()?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that is not yet under its name, removed whatever happens.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing can be done about it, and it harms nobody: it is as well kept as the file itself.
        let _ = fs::remove_file(&self.0);
    }
}

/// In bytes: enough for any secret, and a bound on what is read.
const MAX_FILE: u64 = 4096;
