//! `cosmos-launch health`, which a container's health check calls.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
};

use rustix::{
    fs::{FlockOperation, flock},
    process::getuid,
};

#[test]
fn a_desktop_is_healthy_when_its_page_answers() {
    let base = tempfile::tempdir().unwrap();
    assert_eq!(health(base.path()), (1, "cosmos-launch: no desktop runs here\n".to_owned()));

    let desktop = base.path().join(format!("cosmos-{}-1", getuid().as_raw()));
    fs::create_dir(&desktop).unwrap();
    let supervisor = File::create(desktop.join("supervisor")).unwrap();
    flock(&supervisor, FlockOperation::LockExclusive).unwrap();
    assert_eq!(health(base.path()).0, 1, "it serves nothing yet");

    for (answer, code) in [("HTTP/1.1 200 OK\r\n\r\nok", 0), ("HTTP/1.1 503 Busy\r\n\r\n", 1), ("", 1)] {
        serve(&desktop, answer);
        let (found, told) = health(base.path());
        assert_eq!(found, code, "{answer:?}: {told}");
    }
    drop(supervisor);
    assert_eq!(health(base.path()).1, "cosmos-launch: no desktop runs here\n");
}

/// Answers one request, and tells where in the file of the desktop.
fn serve(desktop: &Path, answer: &'static str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let ready = format!(
        r#"{{"schema":"cosmos.ready/1","url":"{url}","user":null,"password_source":"s","password_file":null}}"#
    );
    fs::write(desktop.join("ready.json"), ready).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 13];
        stream.read_exact(&mut request).unwrap();
        assert_eq!(&request, b"GET /healthz ");
        stream.write_all(answer.as_bytes()).unwrap();
    });
}

fn health(base: &Path) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosmos-launch"));
    let output = command.arg("health").env_clear().env("XDG_RUNTIME_DIR", base).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}
