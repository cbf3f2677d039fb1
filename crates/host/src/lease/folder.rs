//! The directory of leases, opened once, so that nobody can put another one in its place, and looked at before it is
//! trusted.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, Mode, OFlags, Stat, fstat, openat, statat};

use super::LeaseError;

/// A directory in which nobody but those who are trusted can rename or remove the files of others.
#[derive(Debug)]
pub struct Folder {
    opened: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens the directory at this path, which must be no link.
    ///
    /// # Errors
    /// [`LeaseError::Missing`] where there is none, [`LeaseError::Unsafe`] where others could tamper with leases.
    pub fn open(path: &Path) -> Result<Self, LeaseError> {
        let is_link = || path.symlink_metadata().is_ok_and(|data| data.is_symlink());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = match rustix::fs::open(path, flags, Mode::empty()) {
            Err(_) if is_link() => return Err(distrusted(path, "is a link".to_owned())),
            opened => opened.map_err(|error| refused(path, path, error.into()))?,
        };
        let data = fstat(&opened).map_err(|error| refused(path, path, error.into()))?;
        match distrust(&data, is_trusted(data.st_uid)) {
            Some(why) => Err(distrusted(path, why)),
            None => Ok(Self { opened, path: path.to_owned() }),
        }
    }

    /// Opens a file in it, and makes it for every user where it is not there. A file of another user is opened
    /// without asking for its creation, which the kernel may refuse in directories that everybody may write to.
    ///
    /// # Errors
    /// [`LeaseError::NotAFile`] for anything but a plain file of one name.
    pub fn file(&self, name: &str) -> Result<File, LeaseError> {
        let path = self.path.join(name);
        let refused = |error: io::Error| refused(&self.path, &path, error);
        let existing = || self.open_at(name, OFlags::empty());
        let opened = match existing() {
            Err(error) if error.kind() == ErrorKind::NotFound => match self.create(name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => existing(),
                result => result,
            },
            result => result,
        };
        let file = opened.map_err(refused)?;
        let data = fstat(&file).map_err(|error| refused(error.into()))?;
        // A second name may be that of a file of somebody else, which taking the lease would empty.
        let is_file = rustix::fs::FileType::from_raw_mode(data.st_mode).is_file();
        if is_file && data.st_nlink <= 1 { Ok(file) } else { Err(LeaseError::NotAFile { path }) }
    }

    /// Whether the file is the one of this name.
    pub fn has(&self, name: &str, file: &File) -> bool {
        let named = statat(&self.opened, name, AtFlags::SYMLINK_NOFOLLOW);
        let same = |one: Stat, other: Stat| (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino);
        fstat(file).ok().zip(named.ok()).is_some_and(|(one, other)| same(one, other))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let file = self.open_at(name, OFlags::CREATE | OFlags::EXCL)?;
        // The mask of the process would take rights away.
        file.set_permissions(fs::Permissions::from_mode(0o666))?;
        Ok(file)
    }

    fn open_at(&self, name: &str, more: OFlags) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | more;
        Ok(openat(&self.opened, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }
}

/// What is wrong with a directory of these rights, if anything.
fn distrust(data: &Stat, is_trusted: bool) -> Option<String> {
    if !is_trusted {
        return Some(format!("belongs to user {}", data.st_uid));
    }
    let mode = Mode::from_raw_mode(data.st_mode);
    let is_open = mode.intersects(Mode::WGRP | Mode::WOTH);
    (is_open && !mode.contains(Mode::SVTX)).then(|| "lets others rename the files in it".to_owned())
}

/// Root and this user. The root outside of a user namespace is nobody inside.
fn is_trusted(owner: u32) -> bool {
    let number = |path: &str| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let own = rustix::process::geteuid().as_raw();
    let is_outside = || {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let whole = ["0", "0", "4294967295"];
        number("/proc/sys/kernel/overflowuid") == Some(owner) && !map.split_whitespace().eq(whole)
    };
    owner == 0 || owner == own || is_outside()
}

fn distrusted(directory: &Path, why: String) -> LeaseError {
    LeaseError::Unsafe { directory: directory.to_owned(), why }
}

fn refused(directory: &Path, path: &Path, error: io::Error) -> LeaseError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            LeaseError::Missing { directory: directory.to_owned() }
        }
        ErrorKind::ReadOnlyFilesystem => LeaseError::ReadOnly { directory: directory.to_owned() },
        ErrorKind::PermissionDenied => LeaseError::Denied { path, user: rustix::process::geteuid().as_raw() },
        ErrorKind::IsADirectory => LeaseError::NotAFile { path },
        // A link, a socket, or a device without a driver.
        _ if path.symlink_metadata().is_ok_and(|data| !data.is_file()) => LeaseError::NotAFile { path },
        _ => LeaseError::Io { path, source: error },
    }
}
