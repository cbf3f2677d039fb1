//! A display number that is ours: the lock file, the socket in the file system, the abstract socket.
//!
//! A server that announces its number with `-displayfd` takes no lock, and one that is also told not to listen on
//! the abstract socket removes the socket file of a live server of the same user. So the number is found, locked
//! and kept here. libX11 and xcb try the abstract socket first: were it free, a server of another container in the
//! same network namespace could take it later and receive our clients. It is therefore bound, without listening:
//! clients are refused there and go on to the file.

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        linux::net::SocketAddrExt,
        unix::{
            fs::PermissionsExt,
            net::{SocketAddr, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::Access,
    net::{AddressFamily, SocketAddrUnix, SocketType},
};

use crate::{error::HostError, process::Process};

/// A display number that was reserved; given back when dropped.
#[derive(Debug)]
pub struct Display {
    place: Place,
    reserved: Option<OwnedFd>,
}

/// Where a number has its files.
#[derive(Clone, Debug)]
struct Place {
    directory: PathBuf,
    number: u16,
}

impl Display {
    /// Reserves the number `wanted`, or the first free one from `from` on.
    ///
    /// # Errors
    /// [`HostError::DisplayTaken`] when the wanted number, or all of a hundred numbers, are in use.
    pub fn reserve(wanted: Option<u16>, from: u16) -> Result<Self, HostError> {
        Self::reserve_in(Path::new("/tmp"), wanted, from)
    }

    fn reserve_in(directory: &Path, wanted: Option<u16>, from: u16) -> Result<Self, HostError> {
        let (first, last) = wanted.map_or((from, from.saturating_add(100)), |number| (number, number));
        for number in first..=last {
            let place = Place { directory: directory.to_owned(), number };
            let reserved = Self::try_reserve(place);
            if let Some(display) = reserved.map_err(HostError::io("write a lock file in", directory))? {
                return Ok(display);
            }
        }
        Err(HostError::DisplayTaken { first, last })
    }

    /// `None` when the number is in use.
    fn try_reserve(place: Place) -> io::Result<Option<Self>> {
        let Ok(reserved) = bind_abstract(&place.abstract_name()) else {
            return Ok(None);
        };
        if !place.lock()? {
            return Ok(None);
        }
        let display = Self { place, reserved: Some(reserved) };
        Ok(display.place.clear_socket().then_some(display))
    }

    /// The number, as in `DISPLAY=:number`.
    pub const fn number(&self) -> u16 {
        self.place.number
    }

    /// Whether this process can make a socket in the directory of the sockets, which is made if it is missing.
    pub fn can_listen_in_file_system(&self) -> bool {
        let directory = self.place.socket_directory();
        if fs::create_dir(&directory).is_ok() {
            let _ = fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777));
        }
        rustix::fs::access(&directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }

    /// Lets the server listen on the abstract socket.
    pub fn release_abstract(&mut self) {
        self.reserved = None;
    }

    /// Connects as a client would: to the file, else to the abstract socket.
    ///
    /// # Errors
    /// What the system says when nobody listens on either.
    pub fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(self.place.socket()).or_else(|_| self.place.connect_abstract())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.place.clear_socket();
        let _ = fs::remove_file(self.place.lock_path());
    }
}

impl Place {
    fn socket(&self) -> PathBuf {
        self.socket_directory().join(format!("X{}", self.number))
    }

    fn socket_directory(&self) -> PathBuf {
        self.directory.join(".X11-unix")
    }

    fn abstract_name(&self) -> String {
        format!("{}/X{}", self.socket_directory().display(), self.number)
    }

    fn connect_abstract(&self) -> io::Result<UnixStream> {
        UnixStream::connect_addr(&SocketAddr::from_abstract_name(self.abstract_name())?)
    }

    fn lock_path(&self) -> PathBuf {
        self.directory.join(format!(".X{}-lock", self.number))
    }

    /// Takes the lock file; `false` when a server that lives has it.
    fn lock(&self) -> io::Result<bool> {
        let path = self.lock_path();
        if path.symlink_metadata().is_ok() {
            if self.is_in_use() || fs::remove_file(&path).is_err() {
                return Ok(false);
            }
            tracing::warn!("removed the stale lock {}", path.display());
        }
        self.link_lock(&path)
    }

    /// A link appears with its content, so that nobody reads a lock without a number in it.
    fn link_lock(&self, path: &Path) -> io::Result<bool> {
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let draft = self.directory.join(format!(".cosmos-{own}-X{}-lock", self.number));
        fs::write(&draft, format!("{own:10}\n"))?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o444))?;
        let linked = fs::hard_link(&draft, path);
        let _ = fs::remove_file(&draft);
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A lock is alive when its server answers, or its process is one that makes such locks. After the restart of
    /// a container the number in it often belongs to something else, this process included.
    fn is_in_use(&self) -> bool {
        if UnixStream::connect(self.socket()).is_ok() {
            return true;
        }
        let content = fs::read_to_string(self.lock_path());
        let Some(pid) = content.ok().and_then(|text| text.trim().parse::<i32>().ok()) else {
            return false;
        };
        let is_own = pid == rustix::process::getpid().as_raw_nonzero().get();
        !is_own && Process::find(pid).is_some_and(|process| makes_locks(&process.program()))
    }

    /// Whether there is no socket file, or nobody listened on it and it was removed.
    fn clear_socket(&self) -> bool {
        let path = self.socket();
        path.symlink_metadata().is_err()
            || (UnixStream::connect(&path).is_err() && fs::remove_file(&path).is_ok())
    }
}

/// Removes what a supervisor that was killed left behind for this number.
pub fn remove_leftovers(number: u16) {
    let place = Place { directory: "/tmp".into(), number };
    if !place.is_in_use() {
        place.clear_socket();
        let _ = fs::remove_file(place.lock_path());
    }
}

fn bind_abstract(name: &str) -> io::Result<OwnedFd> {
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    Ok(socket)
}

fn makes_locks(program: &str) -> bool {
    program == "cosmos-launch" || program.starts_with('X') || program.contains("vnc")
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn lock(directory: &Path, number: u16, content: &str) {
        fs::write(directory.join(format!(".X{number}-lock")), content).unwrap();
    }

    #[test]
    fn stale_locks_are_taken_over_and_live_ones_left_alone() {
        let own = std::process::id();
        // A test runner is alive and no X server: what a container finds after its restart.
        let parent = Process::find(own as i32).unwrap().parent;
        for (content, listening, taken) in [
            (format!("{:10}\n", i32::MAX), false, false),
            (format!("{parent:10}\n"), false, false),
            (format!("{own:10}\n"), false, false),
            ("garbage".to_owned(), false, false),
            ("garbage".to_owned(), true, true),
            (format!("{:10}\n", i32::MAX), true, true),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join(".X11-unix")).unwrap();
            lock(dir.path(), 7, &content);
            let _server = listening.then(|| UnixListener::bind(dir.path().join(".X11-unix/X7")).unwrap());
            let reserved = Display::reserve_in(dir.path(), Some(7), 0);
            assert_eq!(reserved.is_err(), taken, "{content:?}, listening: {listening}");
        }
    }

    #[test]
    fn the_first_number_free_of_files_and_abstract_sockets_is_taken_and_given_back() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".X11-unix")).unwrap();
        let _file = UnixListener::bind(dir.path().join(".X11-unix/X20")).unwrap();
        let name = format!("{}/.X11-unix/X21", dir.path().display());
        let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name).unwrap()).unwrap();
        let first = Display::reserve_in(dir.path(), None, 20).unwrap();
        let second = Display::reserve_in(dir.path(), None, 20);
        assert_eq!((first.number(), second.as_ref().unwrap().number()), (22, 23));
        let content = fs::read_to_string(first.place.lock_path()).unwrap();
        assert_eq!(content, format!("{:10}\n", std::process::id()));
        assert!(first.place.connect_abstract().is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused));
        drop((first, second));
        assert!(!dir.path().join(".X22-lock").exists());
        assert!(dir.path().join(".X11-unix/X20").exists());
    }

    #[test]
    fn a_socket_file_nobody_listens_on_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".X11-unix")).unwrap();
        drop(UnixListener::bind(dir.path().join(".X11-unix/X9")).unwrap());
        let display = Display::reserve_in(dir.path(), Some(9), 0).unwrap();
        assert!(!display.place.socket().exists());
    }
}
