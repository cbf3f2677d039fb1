//! The password, handed over by descriptor, and who else can see it.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::{fs::MetadataExt, fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// No account of this number exists.
const ORDINARY: u32 = 12345;
const BOUND: Duration = Duration::from_secs(60);

/// Under `sh`, whose standard input becomes descriptor 3.
fn stream(program: &Path, arguments: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("exec '{}' --password-fd 3 {arguments} 3<&0 </dev/null", program.display()));
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).env("DISPLAY", ":64123");
    command.env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn handed(password: &[u8]) -> Output {
    let mut child = stream(Path::new(env!("CARGO_BIN_EXE_cosmos-stream")), "").spawn().unwrap();
    child.stdin.take().unwrap().write_all(password).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_password_that_is_none_is_refused_by_its_source_and_never_shown() {
    for (password, code, said) in [
        (&b""[..], 64, "the password from a descriptor is empty"),
        (b"mypasswd", 64, "everybody knows"),
        (b"s3cret\xff", 64, "cannot read the password from descriptor 3"),
        (&[b'x'; 5000], 64, "cannot read the password from descriptor 3"),
        (b"s3cret", 2, "display"),
    ] {
        let output = handed(password);
        let text = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(output.status.code() == Some(code) && text.contains(said), "{:?} {text}", output.status);
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn a_descriptor_that_is_not_open_is_refused() {
    for (number, said) in [("77", "cannot read the password from descriptor 77"), ("1", "not in 3..")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosmos-stream"));
        let output = command.args(["--password-fd", number]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(64) && text.contains(said), "{text}");
    }
}

/// A process that hides its memory belongs to root in `/proc`, whoever runs it.
#[test]
fn its_memory_is_hidden_from_programs_of_its_user() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("SKIPPED only root can become another user");
        return;
    }
    // An X server that never answers: the stream waits for it.
    let display = (6000..7000).find_map(|port| Some((TcpListener::bind(("127.0.0.1", port)).ok()?, port)));
    let (_listener, port) = display.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let program = reachable(directory.path());
    let state = directory.path().join("state");
    fs::create_dir(&state).unwrap();
    std::os::unix::fs::chown(&state, Some(ORDINARY), Some(ORDINARY)).unwrap();
    let mut command = stream(&program, &format!("--state-dir '{}'", state.display()));
    command.env("DISPLAY", format!("127.0.0.1:{}", port - 6000)).env("PASSWD", "s3cret");
    let mut child = Ended(command.uid(ORDINARY).gid(ORDINARY).spawn().unwrap());
    child.0.stdin.take().unwrap().write_all(b"hunter2").unwrap();
    let environment = format!("/proc/{}/environ", child.0.id());
    let is_hidden = || {
        let runs = fs::read_to_string(format!("/proc/{}/comm", child.0.id())).unwrap() == "cosmos-stream\n";
        runs && fs::metadata(&environment).unwrap().uid() == 0
    };
    let started = Instant::now();
    while !is_hidden() {
        assert!(started.elapsed() < BOUND, "{:?}", child.0.try_wait());
        std::thread::sleep(Duration::from_millis(20));
    }
    let read = Command::new("cat").arg(environment).uid(ORDINARY).gid(ORDINARY).output().unwrap();
    assert!(!read.status.success() && read.stdout.is_empty());
}

/// The program, where other users can run it.
fn reachable(directory: &Path) -> PathBuf {
    let program = directory.join("cosmos-stream");
    fs::copy(env!("CARGO_BIN_EXE_cosmos-stream"), &program).unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
