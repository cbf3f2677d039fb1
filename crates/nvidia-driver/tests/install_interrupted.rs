//! Installations that wait, are cancelled or are killed, and the next ones.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod install_support;
mod run_file_support;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::DirEntryExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cosmos_nvidia_driver::install::{InstallError, Installed, Store};
use cosmos_nvidia_driver::run_file::RunFile;
use install_support::*;
use run_file_support::*;

#[test]
fn a_busy_store_is_waited_for_no_longer_than_said() {
    let folder = tempfile::tempdir().unwrap();
    let lock = fs::File::create(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let store = Store::new(folder.path()).with_patience(Duration::from_millis(60));
    let file = run_file(driver(VERSION, 10, &[]));
    assert!(matches!(store.install(&file[..], BARE, &mut |_| {}), Err(InstallError::Busy { .. })));
    drop(lock);
    assert!(store.install(&file[..], BARE, &mut |_| {}).is_ok());
}

#[test]
fn who_may_not_go_on_neither_waits_nor_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = run_file(driver(VERSION, 100_000, &[]));
    let store = Store::new(folder.path());
    let lock = fs::File::create(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    for held in [true, false] {
        if !held {
            lock.unlock().unwrap();
        }
        let asked = Cell::new(0);
        let may_go_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 4
        };
        let (began, outcome) =
            (Instant::now(), store.install_while(&may_go_on, &file[..], BARE, &mut |_| {}));
        assert!(matches!(outcome, Err(InstallError::Cancelled)), "{outcome:?}");
        assert!(began.elapsed() < Duration::from_mins(5), "it waited for the lock");
        assert_eq!(names(folder.path()), [".lock"]);
    }
    assert!(store.install_while(&|| true, &file[..], BARE, &mut |_| {}).is_ok());
}

#[test]
fn killed_at_any_moment_the_next_run_ends_right() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("driver.run");
    fs::write(&file, run_file(driver(VERSION, 150_000, &[]))).unwrap();
    let whole =
        tree(install(&folder.path().join("whole"), &fs::read(&file).unwrap(), BARE).unwrap().prefix());
    let started = Instant::now();
    assert!(child(&folder.path().join("timed"), &file).wait().unwrap().success());
    let takes = started.elapsed();
    let (mut killed, mut resumed, mut kept) = (0, 0, 0);
    for round in 0..50_u32 {
        let store = folder.path().join("store");
        let mut process = child(&store, &file);
        // Spread over the whole run by a golden ratio, so that any number of rounds covers it evenly.
        thread::sleep(takes.mul_f64(f64::from(round) * 0.618_034 % 1.0));
        process.kill().unwrap();
        killed += u32::from(!process.wait().unwrap().success());
        let unpacked = inodes(&store.join(".staging"));
        resumed += u32::from(!unpacked.is_empty());
        let installed = install(&store, &fs::read(&file).unwrap(), BARE).unwrap();
        kept += inodes(installed.prefix()).intersection(&unpacked).count();
        assert_eq!(tree(installed.prefix()), whole, "round {round}");
        assert_eq!(names(&store), [".lock", &prefix_name(&installed)], "round {round}");
        fs::remove_dir_all(store).unwrap();
    }
    eprintln!("{killed} of 50 runs were killed, {resumed} of them while unpacking; {kept} files were kept");
    assert!(killed > 0 && resumed > 0 && kept > 0);
}

/// The files below a folder, whatever their names.
fn inodes(folder: &Path) -> BTreeSet<u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.map(|entry| match entry.file_type().unwrap().is_dir() {
        true => inodes(&entry.path()),
        false => BTreeSet::from([entry.ino()]),
    });
    below.flatten().collect()
}

#[test]
fn a_cancelled_run_is_gone_on_with_by_the_next_for_the_same_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let [file, other] = [20, 30].map(|bytes| run_file(driver(VERSION, bytes << 10, &[])));
    let half_of = |file: &[u8]| {
        let read = Cell::new(0);
        let may_go_on = || read.get() < file.len() / 2;
        let counted = Counted { inner: file, read: &read };
        let outcome = store.install_while(&may_go_on, counted, BARE, &mut |_| {});
        assert!(matches!(outcome, Err(InstallError::Cancelled)), "{outcome:?}");
        inodes(&folder.path().join(".staging"))
    };
    let unpacked = half_of(&file);
    assert!(!unpacked.is_empty() && unpacked.is_subset(&half_of(&file)));
    // What is there is not believed.
    let staging = folder.path().join(".staging");
    let archive = staging.join(&names(&staging)[0]);
    let libcuda = archive.join("libcuda.so.470.82.01");
    let mut bytes = fs::read(&libcuda).unwrap();
    bytes[1000] ^= 1;
    fs::write(&libcuda, bytes).unwrap();
    let installed = install(folder.path(), &file, BARE).unwrap();
    assert!(!unpacked.is_disjoint(&inodes(installed.prefix())));
    let beside = tempfile::tempdir().unwrap();
    let right = install(beside.path(), &file, BARE).unwrap();
    assert_eq!(tree(installed.prefix()), tree(right.prefix()));
    let libcuda = |installed: &Installed| fs::read(installed.prefix().join("lib/libcuda.so.1")).unwrap();
    assert!(libcuda(&installed) == libcuda(&right));
    fs::remove_dir_all(installed.prefix()).unwrap();

    half_of(&file);
    half_of(&other);
    assert_eq!(names(&staging).len(), 1, "of one archive alone");
    install(folder.path(), &file, BARE).unwrap();
    assert_eq!(names(folder.path()).len(), 2, "the lock and the installation");
}

#[test]
fn what_lies_there_and_is_not_in_the_archive_is_not_installed() {
    let folder = tempfile::tempdir().unwrap();
    let file = run_file(Archive::default().file(".manifest", manifest(VERSION).as_bytes()));
    let identity = RunFile::open(&file[..]).unwrap().header().identity().unwrap();
    let archive = folder.path().join(".staging").join(identity);
    fs::create_dir_all(&archive).unwrap();
    let names = manifest(VERSION);
    for name in
        names.lines().skip(8).filter_map(|line| line.split(' ').next()).filter(|name| !name.contains('/'))
    {
        fs::write(archive.join(name), "planted").unwrap();
    }
    let error = install(folder.path(), &file, BARE).unwrap_err();
    assert!(matches!(error, InstallError::Missing { .. }), "{error}");
}

/// Counts what is read.
struct Counted<'a> {
    inner: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.set(self.read.get() + length);
        Ok(length)
    }
}

/// Not a test: what [`killed_at_any_moment_the_next_run_ends_right`] starts and kills.
#[test]
#[ignore = "started by another test"]
fn install_in_a_child() {
    if let (Ok(store), Ok(file)) = (std::env::var("TEST_STORE"), std::env::var("TEST_FILE")) {
        install(Path::new(&store), &fs::read(file).unwrap(), BARE).unwrap();
    }
}

fn child(store: &Path, file: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "install_in_a_child"])
        .env("TEST_STORE", store)
        .env("TEST_FILE", file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
