//! The files of a machine: those below a root, which no link leads out of.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, FlockOperation, Gid, Mode, OFlags, ResolveFlags, Uid},
    io::Errno,
};

/// The files below a root.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a plain file, a directory or something else.
    pub kind: Kind,
    /// The rights.
    pub mode: u32,
    /// The number of its owner.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

/// What kind of thing stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A socket, a device, a pipe.
    Other,
}

impl Tree {
    /// The files below this directory; `/` is this machine.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether these are the files of this machine.
    pub fn is_here(&self) -> bool {
        self.root == Path::new("/")
    }

    /// What a file holds; `None` where there is none.
    ///
    /// # Errors
    /// What the system says, and [`ErrorKind::FileTooLarge`] beyond 32 MiB.
    pub fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let opened = match self.open(path, OFlags::RDONLY | OFlags::NONBLOCK) {
            Err(error) if is_absent(&error) => return Ok(None),
            opened => File::from(opened?),
        };
        let mut bytes = Vec::new();
        opened.take(MOST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST { Err(ErrorKind::FileTooLarge.into()) } else { Ok(Some(bytes)) }
    }

    /// The text of a file that can be read; what is no UTF-8 is replaced.
    pub fn text(&self, path: &str) -> Option<String> {
        self.read(path).ok().flatten().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether anything stands there, behind links too.
    pub fn exists(&self, path: &str) -> bool {
        self.open(path, OFlags::PATH).is_ok()
    }

    /// The names in a directory, sorted; none where there is none.
    pub fn names(&self, path: &str) -> Vec<String> {
        let opened = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY);
        let entries = opened.ok().and_then(|folder| rustix::fs::Dir::read_from(folder).ok());
        let names = entries.into_iter().flatten().flatten();
        let mut names: Vec<String> =
            names.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned)).collect();
        names.retain(|name| name != "." && name != "..");
        names.sort();
        names
    }

    /// What stands at a path, links themselves too.
    ///
    /// # Errors
    /// What the system says.
    pub fn entry(&self, path: &str) -> io::Result<Option<Entry>> {
        let (folder, name) = match self.parent(path) {
            Err(error) if is_absent(&error) => return Ok(None),
            parent => parent?,
        };
        match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(data) => {
                let kind = match FileType::from_raw_mode(data.st_mode) {
                    FileType::RegularFile => Kind::File,
                    FileType::Directory => Kind::Directory,
                    FileType::Symlink => Kind::Link,
                    _ => Kind::Other,
                };
                let mode = Mode::from_raw_mode(data.st_mode).as_raw_mode();
                Ok(Some(Entry { kind, mode, uid: data.st_uid, gid: data.st_gid }))
            }
        }
    }

    /// Where a link leads to, as it says.
    pub fn target(&self, path: &str) -> Option<String> {
        let (folder, name) = self.parent(path).ok()?;
        rustix::fs::readlinkat(&folder, name, Vec::new()).ok()?.into_string().ok()
    }

    /// Writes a file so that at every moment the old one or the new one is there, whole and on disk.
    ///
    /// # Errors
    /// What the system says; then the old one is there.
    pub fn write(&self, path: &str, bytes: &[u8], like: Entry) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        let draft = format!(".{name}.cosmos-setup");
        let written = self.draft(&folder, &draft, bytes, like);
        let placed = written.and_then(|()| Ok(rustix::fs::renameat(&folder, draft.as_str(), &folder, name)?));
        if placed.is_err() {
            let _ = rustix::fs::unlinkat(&folder, draft.as_str(), AtFlags::empty());
        }
        placed?;
        sync_folder(&folder)
    }

    /// Makes a link.
    ///
    /// # Errors
    /// What the system says, also where something stands there.
    pub fn link(&self, path: &str, target: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        rustix::fs::symlinkat(target, &folder, name)?;
        sync_folder(&folder)
    }

    /// Removes a file or a link, if it is there.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        let (folder, name) = match self.parent(path) {
            Err(error) if is_absent(&error) => return Ok(()),
            parent => parent?,
        };
        match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
            Ok(()) => sync_folder(&folder),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The directories above a path that are not there, the outermost first.
    pub fn missing_folders(&self, path: &str) -> Vec<String> {
        let mut missing: Vec<String> = Path::new(path)
            .ancestors()
            .skip(1)
            .filter_map(Path::to_str)
            .take_while(|folder| !self.exists(folder))
            .map(str::to_owned)
            .collect();
        missing.reverse();
        missing
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// What the system says, unless it is there already.
    pub fn make_folder(&self, path: &str, mode: u32) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        match rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(mode)) {
            Err(Errno::EXIST) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        // The mask of the process would take rights away.
        rustix::fs::chmodat(&folder, name, Mode::from_raw_mode(mode), AtFlags::empty())?;
        sync_folder(&folder)
    }

    /// Removes a directory that is empty. One that is not, or is not there, stays as it is.
    pub fn remove_folder(&self, path: &str) {
        if let Ok((folder, name)) = self.parent(path) {
            let _ = rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR);
        }
    }

    /// How many bytes a program of root could still write where this path is.
    ///
    /// # Errors
    /// What the system says.
    pub fn room(&self, path: &str) -> io::Result<u64> {
        let opened = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let data = rustix::fs::fstatvfs(opened)?;
        Ok(data.f_bavail.saturating_mul(data.f_frsize))
    }

    /// Adds to a file that only root may read, and brings it to the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(bytes)?;
        file.sync_data()
    }

    /// Takes the lock of this file, which is made for it; `None` where somebody has it.
    ///
    /// # Errors
    /// What the system says.
    pub fn lock(&self, path: &str) -> io::Result<Option<OwnedFd>> {
        let (folder, name) = self.parent(path)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a program holds the lock of this file as dpkg does, by records.
    pub fn is_locked(&self, path: &str) -> bool {
        let Ok(file) = self.open(path, OFlags::RDWR | OFlags::NOFOLLOW) else { return false };
        let taken = rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
        matches!(taken, Err(Errno::AGAIN | Errno::ACCESS))
    }

    fn draft(&self, folder: &OwnedFd, name: &str, bytes: &[u8], like: Entry) -> io::Result<()> {
        let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        let mut file = File::from(opened);
        file.write_all(bytes)?;
        if (like.uid, like.gid) != (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
        {
            let (owner, group) = (Uid::from_raw(like.uid), Gid::from_raw(like.gid));
            rustix::fs::fchown(&file, Some(owner), Some(group))?;
        }
        rustix::fs::fchmod(&file, Mode::from_raw_mode(like.mode))?;
        file.sync_all()
    }

    /// The directory of a path, and the last name.
    fn parent<'a>(&self, path: &'a str) -> io::Result<(OwnedFd, &'a str)> {
        let (folder, name) = path.rsplit_once('/').ok_or(ErrorKind::InvalidInput)?;
        let folder = if folder.is_empty() { "/" } else { folder };
        Ok((self.open(folder, OFlags::RDONLY | OFlags::DIRECTORY)?, name))
    }

    fn open(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        let below = path.trim_start_matches('/');
        let below = if below.is_empty() { "." } else { below };
        let root =
            rustix::fs::open(&self.root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        match rustix::fs::openat2(&root, below, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
            // Kernels before 5.6 and some sandboxes lack it; of this machine's own root no link leads out.
            Err(Errno::NOSYS | Errno::PERM) if self.is_here() => {
                Ok(rustix::fs::openat(&root, below, flags, Mode::empty())?)
            }
            opened => Ok(opened?),
        }
    }
}

/// A directory whose names are not on disk yet could lose a file that was renamed in it.
fn sync_folder(folder: &OwnedFd) -> io::Result<()> {
    match rustix::fs::fsync(folder) {
        // Some file systems have nothing to do for directories, and say so.
        Err(Errno::INVAL) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

const MOST: u64 = 32 << 20;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn plain() -> Entry {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Entry { kind: Kind::File, mode: 0o640, uid, gid }
    }

    #[test]
    fn links_stay_below_the_root() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "x").unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/name"), "inside").unwrap();
        symlink("/etc/name", root.path().join("absolute")).unwrap();
        symlink("../../../../etc/name", root.path().join("upwards")).unwrap();
        symlink(outside.path(), root.path().join("away")).unwrap();
        let tree = Tree::at(root.path());
        for path in ["/absolute", "/upwards", "/../etc/name"] {
            assert_eq!(tree.text(path).as_deref(), Some("inside"), "{path}");
        }
        assert_eq!(tree.read("/away/secret").unwrap(), None);
        assert_eq!(tree.write("/away/secret", b"y", plain()).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "x");
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_rights() {
        let root = tempfile::tempdir().unwrap();
        let tree = Tree::at(root.path());
        assert_eq!(tree.missing_folders("/etc/apt/keyrings/x"), ["/etc", "/etc/apt", "/etc/apt/keyrings"]);
        for folder in tree.missing_folders("/etc/apt/x") {
            tree.make_folder(&folder, 0o755).unwrap();
        }
        tree.write("/etc/apt/x", b"one", plain()).unwrap();
        tree.write("/etc/apt/x", b"two", plain()).unwrap();
        assert_eq!(tree.read("/etc/apt/x").unwrap().unwrap(), b"two");
        assert_eq!(tree.entry("/etc/apt/x").unwrap().unwrap(), plain());
        assert_eq!(tree.names("/etc/apt"), ["x"]);
        tree.link("/etc/apt/l", "x").unwrap();
        assert_eq!(tree.entry("/etc/apt/l").unwrap().unwrap().kind, Kind::Link);
        assert_eq!(tree.target("/etc/apt/l").as_deref(), Some("x"));
        tree.remove_folder("/etc/apt");
        assert!(tree.exists("/etc/apt"), "it is not empty");
        for name in ["x", "l", "never"] {
            tree.remove(&format!("/etc/apt/{name}")).unwrap();
        }
        tree.remove_folder("/etc/apt");
        assert!(!tree.exists("/etc/apt") && tree.entry("/etc/apt/x").unwrap().is_none());
    }
}
