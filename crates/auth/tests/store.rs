//! Secrets in real files.

#![allow(clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;

use cosmos_auth::store::{Made, StoreError, password, session_key};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn put(path: &Path, text: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_is_made_once_and_read_ever_after() {
    let folder = folder();
    let path = folder.path().join("state/cosmos/password");
    let (first, made) = password(&path).unwrap();
    assert_eq!(made, Made::Now);
    let (second, made) = password(&path).unwrap();
    assert_eq!(made, Made::Before);
    assert_eq!(first, second);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft was left behind");
}

#[test]
fn a_session_key_survives() {
    let folder = folder();
    let path = folder.path().join("key");
    let (first, _) = session_key(&path).unwrap();
    let (second, made) = session_key(&path).unwrap();
    assert_eq!(made, Made::Before);
    assert_eq!(first.as_bytes(), second.as_bytes());
    let other = tempfile::tempdir().unwrap();
    assert_ne!(first.as_bytes(), session_key(&other.path().join("key")).unwrap().0.as_bytes());
}

#[test]
fn a_line_written_by_hand_is_read() {
    let folder = folder();
    let path = folder.path().join("password");
    for (text, expected) in [("correct horse\n", "correct horse"), ("pä ss\r\n", "pä ss"), ("x", "x")] {
        put(&path, text, 0o600);
        assert_eq!(password(&path).unwrap().0.expose(), expected);
    }
}

#[test]
fn first_starts_at_the_same_time_agree() {
    for _ in 0..20 {
        let folder = folder();
        let path = folder.path().join("new/password");
        let start = Barrier::new(8);
        let results: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                start.wait();
                let (secret, made) = password(&path).unwrap();
                (secret.expose().to_owned(), made)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(results.iter().all(|(secret, _)| *secret == results[0].0), "{results:?}");
        assert_eq!(results.iter().filter(|(_, made)| *made == Made::Now).count(), 1, "{results:?}");
    }
}

#[test]
fn a_file_that_others_can_touch_is_refused_with_the_remedy() {
    let folder = folder();
    let path = folder.path().join("password");
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
        put(&path, "known to all\n", mode);
        let error = password(&path).unwrap_err();
        assert!(matches!(&error, StoreError::Exposed { mode: found, .. } if *found == mode), "{error}");
        assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");
    }
}

#[test]
fn only_plain_files_are_read() {
    let folder = folder();
    let real = folder.path().join("real");
    put(&real, "secret\n", 0o600);
    let link = folder.path().join("link");
    for target in ["real", "nowhere"] {
        symlink(target, &link).unwrap();
        assert!(matches!(password(&link), Err(StoreError::Symlink { .. })), "{target}");
        fs::remove_file(&link).unwrap();
    }
    assert!(matches!(password(folder.path()), Err(StoreError::Kind { .. })));
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    assert!(matches!(password(&pipe), Err(StoreError::Kind { .. })));
}

#[test]
fn what_is_no_secret_is_refused() {
    let folder = folder();
    let path = folder.path().join("file");
    for text in ["", "\n", "two\nlines\n", "nul\0"] {
        put(&path, text, 0o600);
        assert!(matches!(password(&path), Err(StoreError::Content { .. })), "{text:?}");
    }
    for text in ["", "short", "not base64!", &"A".repeat(44)] {
        put(&path, text, 0o600);
        assert!(matches!(session_key(&path), Err(StoreError::Content { .. })), "{text:?}");
    }
    put(&path, [0xff, 0xfe], 0o600);
    assert!(matches!(password(&path), Err(StoreError::Read { .. })));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = folder();
    put(&folder.path().join("file"), "", 0o600);
    for place in [folder.path().join("file/under/it"), "/proc/self/cosmos/password".into()] {
        let error = password(&place).unwrap_err();
        assert!(error.to_string().contains(place.to_str().unwrap()), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let folder = folder();
    let Some(_disk) = FullDisk::mount(folder.path()) else {
        eprintln!("SKIPPED a_full_disk_leaves_nothing_behind: no tmpfs can be mounted here");
        return;
    };
    let error = password(&folder.path().join("password")).unwrap_err();
    let full = |source: &io::Error| source.kind() == io::ErrorKind::StorageFull;
    assert!(matches!(&error, StoreError::Make { source, .. } if full(source)), "{error:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A file system of one page, which a file fills.
struct FullDisk<'a>(&'a Path);

impl<'a> FullDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4k,mode=700", "tmpfs"]).arg(at).stderr(Stdio::null());
        mount.status().ok().filter(|status| status.success())?;
        let disk = Self(at);
        fs::write(at.join("filler"), [0; 4096]).unwrap();
        Some(disk)
    }
}

impl Drop for FullDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}
