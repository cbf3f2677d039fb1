//! Users in a file, and the hashes that it holds.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use cosmos_auth::{Accounts, Secret};

fn stream(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosmos-stream"));
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .env("HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read may have ended already.
    let _ended = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_hash_that_is_made_lets_its_password_in() {
    let output = stream(&["hash-password"], &[], "correct horse\n");
    assert!(output.status.success(), "{}", said(&output));
    let hash = String::from_utf8(output.stdout).unwrap();
    let accounts = Accounts::parse(&format!("ada:controller:{hash}")).unwrap();
    assert!(accounts.verify("ada", &Secret::new("correct horse")).is_some());
    assert!(accounts.verify("ada", &Secret::new("correct horse\n")).is_none());
    for (input, code, expected) in [("\n", 2, "is empty"), (&*"x".repeat(5000), 64, "4096 bytes")] {
        let output = stream(&["hash-password"], &[], input);
        assert!(output.status.code() == Some(code) && said(&output).contains(expected), "{}", said(&output));
    }
}

/// Runs with a file of users, a display that is not there, and these variables; what it says when it ends.
fn with_users(folder: &Path, text: &str, mode: u32, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let (users, state) = (folder.join("users"), folder.join("state"));
    fs::write(&users, text).unwrap();
    fs::set_permissions(&users, fs::Permissions::from_mode(mode)).unwrap();
    let arguments =
        ["--display", ":64123", "--users", users.to_str().unwrap(), "--state-dir", state.to_str().unwrap()];
    let output = stream(&arguments, environment, "");
    (output.status.code(), said(&output))
}

#[test]
fn what_is_wrong_with_the_users_is_said_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let output = stream(&["hash-password"], &[], "s3cret");
    let good = format!("ada:owner:{}", String::from_utf8(output.stdout).unwrap());
    for (text, mode, environment, code, expected) in [
        (&*good, 0o600, &[][..], 2, "display"),
        (&good, 0o644, &[], 2, "display"),
        (&good, 0o620, &[], 64, "chmod go-w"),
        ("", 0o600, &[], 64, "nobody stands in"),
        ("ada:owner:s3cret", 0o600, &[], 64, "line 1 cannot be used: this is no hash"),
        (&good, 0o600, &[("COSMOS_API_TOKEN", "s3cret")], 64, "at least 20"),
        (&good, 0o600, &[("PASSWD", "s3cret"), ("COSMOS_VIEW_PASSWORD", "s3cret")], 64, "choose another one"),
        (&good, 0o600, &[("COSMOS_TRUSTED_PROXIES", "10.0.0.1/8")], 64, "is no network"),
        (&good, 0o600, &[("COSMOS_PROXY_ROLE", "root")], 64, "there are viewer, controller and owner"),
    ] {
        let (found, said) = with_users(folder.path(), text, mode, environment);
        assert!(found == Some(code) && said.to_lowercase().contains(expected), "{found:?} {said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let both = stream(&["--users", "/x", "--no-password"], &[], "");
    assert!(both.status.code() == Some(64) && said(&both).contains("cannot be used with"), "{}", said(&both));
}
