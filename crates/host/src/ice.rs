//! The sockets of session managers, which one that is ended by a signal leaves behind (libICE names them by its
//! process).

use std::{fs, path::Path};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
    process::Pid,
};

/// Removes the socket of a process that has ended, where it left one.
pub fn forget(ended: Pid) {
    forget_in(Path::new("/tmp/.ICE-unix"), ended);
}

/// One at which somebody listens belongs to a process of the same number in another container.
fn forget_in(folder: &Path, ended: Pid) {
    let socket = folder.join(ended.as_raw_nonzero().to_string());
    if answer(&socket) == Err(Errno::CONNREFUSED) && is_socket(&socket) {
        let _ = fs::remove_file(&socket);
    }
}

/// What a client would be told, without waiting for a listener that is busy.
fn answer(socket: &Path) -> rustix::io::Result<()> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let client = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&client, &SocketAddrUnix::new(socket)?)
}

/// Files of other kinds refuse clients too.
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_a_socket_without_its_listener_goes() {
        let folder = tempfile::tempdir().unwrap();
        let number = |pid| Pid::from_raw(pid).unwrap();
        let listener = UnixListener::bind(folder.path().join("10")).unwrap();
        drop(UnixListener::bind(folder.path().join("11")).unwrap());
        fs::write(folder.path().join("12"), "").unwrap();
        for pid in [10, 11, 12, 13] {
            forget_in(folder.path(), number(pid));
        }
        let left = |name| folder.path().join(name).exists();
        assert_eq!(["10", "11", "12", "13"].map(left), [true, false, true, false]);
        drop(listener);
        forget_in(folder.path(), number(10));
        assert!(!left("10"));
    }
}
