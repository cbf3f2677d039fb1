//! Disks that are full: small file systems, each in a mount namespace of its own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "download")]
mod fetch_support;
mod run_file_support;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use cosmos_nvidia_driver::install::{InstallError, Options, Store};
use cosmos_nvidia_driver::run_file::Compression;
use run_file_support::*;

#[test]
#[cfg(feature = "download")]
fn a_download_goes_on_once_there_is_room() {
    on_a_small_disk("download_in_a_child");
}

#[test]
fn an_installation_leaves_nothing_behind() {
    on_a_small_disk("install_in_a_child");
}

/// Not a test: what another starts where `TEST_DISK` is small.
#[test]
#[cfg(feature = "download")]
#[ignore = "started by another test"]
fn download_in_a_child() {
    use cosmos_nvidia_driver::fetch::{Cache, Expected, FetchError, Web, WebConfig};
    use cosmos_nvidia_driver::{Processor, RunFileName};

    let Some(disk) = disk() else { return };
    let archive = Archive::default().file("libcuda.so.1", &contents("library", 300_000));
    let file = nvidia(&compress(&archive.bytes(), Compression::Gzip));
    let server = fetch_support::Server::new(vec![fetch_support::Reply::file(&file)]);
    let name = RunFileName::new(VERSION.parse().unwrap(), Processor::X86_64);
    let (web, expected) = (Web::new(&WebConfig::default()).unwrap(), Expected::default());
    let fetch = || Cache::new(&disk).fetch(&web, &name, &[server.url("f")], &expected, &mut |_| {});

    let part = disk.join(name.to_string()).join("part");
    let full = |outcome: Result<PathBuf, FetchError>| matches!(outcome, Err(FetchError::Full { path, .. }) if path == part);
    let filler = fill(&disk, 150_000);
    assert!(full(fetch()));
    let there = usize::try_from(part.metadata().unwrap().len()).unwrap();
    assert!((1..file.len()).contains(&there), "{there}");
    assert!(full(fetch()), "still full");
    fs::remove_file(filler).unwrap();
    assert_eq!((fs::read(fetch().unwrap()).unwrap(), server.froms()), (file, vec![0, there, there]));
}

/// Not a test: what another starts where `TEST_DISK` is small.
#[test]
#[ignore = "started by another test"]
fn install_in_a_child() {
    let Some(disk) = disk() else { return };
    let file = nvidia(&compress(&driver(VERSION, 10_000, &[]).bytes(), Compression::Gzip));
    let store = disk.join("store");
    let install = || Store::new(&store).install(&file[..], Options::default(), &mut |_| {});

    let filler = fill(&disk, 100_000);
    let full = |source: &std::io::Error| source.kind() == ErrorKind::StorageFull;
    assert!(matches!(install(), Err(InstallError::Write { source, .. }) if full(&source)));
    let left: Vec<_> = fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
    fs::remove_file(filler).unwrap();
    assert_eq!(install().unwrap().version().as_str(), VERSION);
}

fn disk() -> Option<PathBuf> {
    std::env::var_os("TEST_DISK").map(PathBuf::from)
}

/// Leaves that many bytes free.
fn fill(disk: &Path, free: usize) -> PathBuf {
    let filler = disk.join("filler");
    fs::write(&filler, vec![1; DISK - free]).unwrap();
    filler
}

/// Runs a test of this file where `TEST_DISK` is an empty disk of [`DISK`] bytes, which only it sees.
fn on_a_small_disk(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let run = |namespace: &str, script: &str| {
        let mut command = Command::new("unshare");
        let mount = format!("mount -t tmpfs -o size={DISK} none \"$TEST_DISK\" && {script}");
        command.args([namespace, "sh", "-c", &mount]).arg(std::env::current_exe().unwrap()).arg(test);
        command.env("TEST_DISK", folder.path()).output()
    };
    let works = |namespace: &&str| run(namespace, "true").is_ok_and(|output| output.status.success());
    let Some(namespace) = ["-m", "-rm"].into_iter().find(works) else {
        return eprintln!("SKIPPED {test}: a disk cannot be mounted in a namespace of its own here");
    };
    let output = run(namespace, "exec \"$0\" --ignored --exact \"$1\"").unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}{wrong}");
}

const DISK: usize = 1 << 20;
