//! Fetching from a server that cuts, stalls, lies and forgets.

#![cfg(feature = "download")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fetch_support;
mod run_file_support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cosmos_nvidia_driver::fetch::{
    Cache, ClientError, Expected, FetchError, Pace, Problem, Progress, Web, WebConfig,
};
use cosmos_nvidia_driver::run_file::Compression;
use cosmos_nvidia_driver::{Processor, RunFileName};
use fetch_support::{Reply, Server, Trickle};
use run_file_support::{Archive, VERSION, compress, contents, nvidia, nvidia_with};
use sha2::{Digest, Sha256};

/// A driver of some 300 kB.
fn driver() -> Vec<u8> {
    let archive = Archive::default().file("libcuda.so.1", &contents("library", 300_000));
    nvidia(&compress(&archive.bytes(), Compression::Gzip))
}

fn name() -> RunFileName {
    RunFileName::new(VERSION.parse().unwrap(), Processor::X86_64)
}

fn cache(folder: &Path) -> Cache {
    Cache::new(folder).with_retries(2, Duration::ZERO).with_limit(10_000_000)
}

fn web() -> Web {
    Web::new(&WebConfig::default()).unwrap()
}

fn fetch(folder: &Path, urls: &[String], expected: Expected) -> Result<PathBuf, FetchError> {
    cache(folder).fetch(&web(), &name(), urls, &expected, &mut |_| {})
}

fn part(folder: &Path) -> PathBuf {
    folder.join(name().to_string()).join("part")
}

/// The problems at the addresses, in words.
fn problems(outcome: Result<PathBuf, FetchError>) -> Vec<String> {
    match outcome.unwrap_err() {
        FetchError::Nowhere { failures, .. } => failures.iter().map(|f| f.problem.to_string()).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_is_fetched_once_and_progress_ends_at_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let file = driver();
    let server = Server::new(vec![Reply::file(&file)]);
    let mut told = Vec::new();
    let mut progress = |progress| told.push(progress);
    let urls = [server.url("f")];
    let path =
        cache(folder.path()).fetch(&web(), &name(), &urls, &Expected::default(), &mut progress).unwrap();
    assert_eq!(fs::read(&path).unwrap(), file);
    assert!(told.is_sorted_by_key(|progress| progress.done));
    let last = told.last().unwrap();
    assert_eq!((last.done, last.total), (file.len() as u64, Some(file.len() as u64)));
    assert_eq!(fetch(folder.path(), &[], Expected::default()).unwrap(), path, "without any address");
    let sha256 = Some(Sha256::digest(&file).into());
    assert_eq!(cache(folder.path()).find(&name(), sha256), Some(path.clone()));
    assert_eq!(cache(folder.path()).find(&name(), Some([0; 32])), None);
    fs::write(&path, &file[1..]).unwrap();
    assert_eq!(cache(folder.path()).find(&name(), None), None, "damaged since");
    assert_eq!(fetch(folder.path(), &urls, Expected { sha256, length: None }).unwrap(), path);
    assert_eq!(server.froms(), [0, 0]);
}

#[test]
fn the_next_address_is_asked_where_one_has_not_the_file() {
    let file = driver();
    let damaged = [&file[..file.len() - 1], b"?"].concat();
    let other = nvidia_with(&compress(&Archive::default().bytes(), Compression::Gzip), "470.82.02", b"");
    let length = Some(file.len() as u64);
    let wrong = Reply { length: Some(Some(file.len() - 5)), ..Reply::file(&file) };
    let endless = Reply { endless: true, ..Reply::file(b"") };
    for (reply, expected, problem) in [
        (Reply::status(404), None, "HTTP status 404"),
        (Reply::status(403), None, "HTTP status 403"),
        (Reply::status(500), None, "HTTP status 500"),
        (Reply::file(&damaged), None, "CRC is"),
        (Reply::file(b"<html>no such file</html>"), None, "not a .run file"),
        (Reply::file(&other), None, "expected 470.82.01"),
        (Reply::file(&damaged[1..]), length, "bytes: expected"),
        (wrong, length, "bytes: expected"),
        (endless, None, "more than 10000000 bytes"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (bad, good) = (Server::new(vec![reply]), Server::new(vec![Reply::file(&file)]));
        let expected = Expected { length: expected, sha256: None };
        let found = problems(fetch(folder.path(), &[bad.url("f")], expected));
        assert!(found[0].contains(problem), "{found:?}: {problem}");
        let path = fetch(folder.path(), &[bad.url("f"), good.url("f")], expected).unwrap();
        assert_eq!(fs::read(path).unwrap(), file, "{problem}");
    }
}

#[test]
fn another_sha256_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::file(&driver())]);
    let expected = Expected { length: None, sha256: Some([7; 32]) };
    let outcome = fetch(folder.path(), &[server.url("f")], expected);
    let Err(FetchError::Nowhere { failures, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(failures[0].problem, Problem::Sha256 { .. }), "{:?}", failures[0]);
}

#[test]
fn a_cut_is_resumed_with_the_missing_bytes_alone() {
    let file = driver();
    for at in (1..file.len()).step_by(file.len() / 13) {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(vec![Reply::file(&file).cut(at), Reply::file(&file)]);
        let path = fetch(folder.path(), &[server.url("f")], Expected::default()).unwrap();
        assert_eq!(fs::read(path).unwrap(), file);
        assert_eq!(server.froms(), [0, at]);
        assert_eq!(server.asked()[1].if_range.as_deref(), Some("\"one\""));
    }
}

#[test]
fn silence_is_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let file = driver();
    let silent = Reply { stall: true, ..Reply::file(&file).cut(1000) };
    let server = Server::new(vec![silent, Reply::file(&file)]);
    let web = Web::new(&WebConfig { stall: Duration::from_secs(2), ..WebConfig::default() }).unwrap();
    let (urls, expected) = ([server.url("f")], Expected::default());
    let path = cache(folder.path()).fetch(&web, &name(), &urls, &expected, &mut |_| {}).unwrap();
    assert_eq!((fs::read(path).unwrap(), server.froms()), (file, vec![0, 1000]));
}

#[test]
fn a_trickle_is_given_up_and_gone_on_from() {
    let file = driver();
    let trickling = Reply { trickle: Some(Trickle::Body), ..Reply::file(&file) };
    let pace = Pace { bytes: 1_000, within: Duration::from_millis(100) };
    let (folder, server) =
        (tempfile::tempdir().unwrap(), Server::new(vec![trickling.clone(), Reply::file(&file)]));
    let slow = |folder: &Path, server: &Server| {
        let cache = cache(folder).with_pace(pace);
        cache.fetch(&web(), &name(), &[server.url("f")], &Expected::default(), &mut |_| {})
    };
    assert_eq!(fs::read(slow(folder.path(), &server).unwrap()).unwrap(), file);
    assert!((1..10_000).contains(&server.froms()[1]), "{:?}", server.froms());
    // For ever, it is a failure like others.
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::new(vec![trickling]));
    let found = problems(slow(folder.path(), &server));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("fewer than 1000 came within 100ms"), "{found:?}");
    assert!(server.froms().is_sorted() && part(folder.path()).metadata().unwrap().len() > 2);
}

#[test]
fn a_head_that_trickles_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply { trickle: Some(Trickle::Head), ..Reply::file(&driver()) }]);
    let web = Web::new(&WebConfig { stall: Duration::from_millis(100), ..WebConfig::default() }).unwrap();
    let expected = Expected::default();
    let outcome = cache(folder.path()).fetch(&web, &name(), &[server.url("f")], &expected, &mut |_| {});
    let Err(FetchError::Nowhere { failures, .. }) = outcome else { panic!("{outcome:?}") };
    let silent = |problem: &Problem| matches!(problem, Problem::Client(ClientError::NoAnswer(_)));
    assert!(failures.len() == 3 && failures.iter().all(|failure| silent(&failure.problem)), "{failures:?}");
}

#[test]
fn a_stopped_download_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stop) = (driver(), Arc::new(AtomicBool::new(false)));
    let server = Server::new(vec![Reply::file(&file)]);
    let cache = cache(folder.path()).with_stop(Arc::clone(&stop));
    let fetch = |progress: &mut dyn FnMut(Progress)| {
        cache.fetch(&web(), &name(), &[server.url("f")], &Expected::default(), progress)
    };
    let cancelled =
        |outcome: Result<PathBuf, FetchError>| matches!(outcome, Err(FetchError::Cancelled { .. }));
    let outcome = fetch(&mut |progress| stop.store(progress.done >= 100_000, Ordering::Relaxed));
    assert!(cancelled(outcome));
    let there = usize::try_from(part(folder.path()).metadata().unwrap().len()).unwrap();
    assert!((100_000..file.len()).contains(&there), "{there}");
    assert!(cancelled(fetch(&mut |_| {})), "while the flag is true, nothing is asked");
    let place = folder.path().join(name().to_string());
    let held = fs::File::create(place.join("lock")).unwrap();
    held.lock().unwrap();
    assert!(cancelled(fetch(&mut |_| {})), "nor is the lock waited for");
    drop(held);
    stop.store(false, Ordering::Relaxed);
    let path = fetch(&mut |_| {}).unwrap();
    assert_eq!((fs::read(path).unwrap(), server.froms()), (file, vec![0, there]));
}

#[test]
fn a_note_that_is_too_long_is_not_believed() {
    for (length, from) in [(100, 1000), (70_000, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let file = driver();
        let server = Server::new(vec![Reply { tag: None, ..Reply::file(&file) }]);
        let (url, validator) = (server.url("f"), "1".repeat(length));
        let place = folder.path().join(name().to_string());
        fs::create_dir(&place).unwrap();
        fs::write(place.join("part"), &file[..1000]).unwrap();
        let note = format!("part of a file, format 1\n{url}\n\"{validator}\"\n{}\nend\n", file.len());
        fs::write(place.join("part.from"), note).unwrap();
        let path = fetch(folder.path(), &[url], Expected::default()).unwrap();
        assert_eq!((fs::read(path).unwrap(), server.froms()), (file, vec![from]), "{length}");
    }
}

#[test]
fn servers_that_cannot_resume_start_over() {
    let file = driver();
    let changed = Reply { tag: Some("\"two\""), ..Reply::file(&file) };
    let rangeless = Reply { ranges: false, ..Reply::file(&file) };
    let tagless = Reply { tag: None, ..Reply::file(&file) };
    let old = vec![b'?'; file.len()];
    for (first, second, from) in [
        (Reply::file(&old).cut(1000), changed, 1000),
        (Reply::file(&old).cut(1000), rangeless, 1000),
        (tagless.clone().cut(1000), tagless, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(vec![first, second]);
        let path = fetch(folder.path(), &[server.url("f")], Expected::default()).unwrap();
        assert_eq!((fs::read(path).unwrap(), server.froms()), (file.clone(), vec![0, from]));
    }
}

#[test]
fn redirections_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let file = driver();
    let target = Server::new(vec![Reply::file(&file)]);
    let moved = Reply { location: Some(target.url("there")), ..Reply::status(302) };
    let server = Server::new(vec![moved]);
    let path = fetch(folder.path(), &[server.url("f")], Expected::default()).unwrap();
    assert_eq!(fs::read(path).unwrap(), file);
    assert_eq!(target.asked()[0].path, "/there");
}

#[test]
fn a_killed_download_is_resumed_with_the_missing_bytes_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = driver();
    let half = file.len() / 2;
    let silent = Reply { stall: true, ..Reply::file(&file).cut(half) };
    let server = Server::new(vec![silent, Reply::file(&file)]);
    let mut child = child(folder.path(), &server.url("f"));
    wait_until(|| part(folder.path()).metadata().is_ok_and(|data| data.len() == half as u64));
    child.kill().unwrap();
    child.wait().unwrap();
    let path = fetch(folder.path(), &[server.url("f")], Expected::default()).unwrap();
    assert_eq!((fs::read(path).unwrap(), server.froms()), (file, vec![0, half]));
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "half of the file never came");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_processes_fetch_one_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = driver();
    let server = Server::new(vec![Reply::file(&file)]);
    let mut children = [(); 4].map(|()| child(folder.path(), &server.url("f")));
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(server.asked().len(), 1);
    let path = fetch(folder.path(), &[], Expected::default()).unwrap();
    assert_eq!(fs::read(path).unwrap(), file);
}

/// Not a test: what others start, and one kills.
#[test]
#[ignore = "started by another test"]
fn fetch_in_a_child() {
    if let (Ok(folder), Ok(url)) = (std::env::var("TEST_CACHE"), std::env::var("TEST_URL")) {
        let web = Web::new(&WebConfig::default()).unwrap();
        let expected = Expected::default();
        cache(Path::new(&folder)).fetch(&web, &name(), &[url], &expected, &mut |_| {}).unwrap();
    }
}

fn child(folder: &Path, url: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "fetch_in_a_child"])
        .env("TEST_CACHE", folder)
        .env("TEST_URL", url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_busy_cache_is_waited_for_no_longer_than_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(name().to_string());
    fs::create_dir(&place).unwrap();
    let lock = fs::File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let cache = cache(folder.path()).with_patience(Duration::from_millis(60));
    let outcome = cache.fetch(&web(), &name(), &[], &Expected::default(), &mut |_| {});
    assert!(matches!(outcome, Err(FetchError::Busy { path }) if path == place.join("lock")));
}

#[test]
fn what_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::file(&driver())]);
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let outcome = fetch(&file, &[server.url("f")], Expected::default());
    assert!(matches!(outcome, Err(FetchError::Cache { path, .. }) if path.starts_with(&file)));
    // The device that is always full stands in for a disk.
    let place = folder.path().join(name().to_string());
    fs::create_dir(&place).unwrap();
    std::os::unix::fs::symlink("/dev/full", place.join("part.from")).unwrap();
    let outcome = fetch(folder.path(), &[server.url("f")], Expected::default());
    assert!(matches!(outcome, Err(FetchError::Full { path, .. }) if path == place.join("part.from")));
}

#[test]
fn nobody_there_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = problems(fetch(folder.path(), &[format!("http://{free}/f")], Expected::default()));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("no answer"), "{found:?}");
}
