//! `cosmos-launch lint`, as people and programs run it.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Output, Stdio},
};

fn lint(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cosmos-launch"))
        .arg("lint")
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends before it reads leaves a broken pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_exit_code_tells_the_gravest_finding() {
    for (arguments, input, code) in [
        (&["-"][..], "COSMOS_FRAMERATE=30\n", 0),
        (&["-"], "SIZEW=800\n", 0),
        (&["-"], "NGINX_PORT=80\n", 1),
        (&["-"], "SIZEW=wide\n", 2),
        (&["--gpu", "NVIDIA H100", "-"], "COSMOS_ENCODER=nvh264enc\n", 2),
        (&["-", "/no/such/file"], "SIZEW=wide\n", 3),
        (&[], "", 64),
        (&["--kind", "toml", "-"], "", 64),
        (&["--gpu", "Radeon", "-"], "", 64),
        (&["--driver", "new", "-"], "", 64),
    ] {
        let output = lint(arguments, input);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {input}: {}", said(&output.stderr));
    }
}

#[test]
fn programs_get_every_key_and_no_secret() {
    let output = lint(&["--json", "-"], "docker run -e PASSWD=hunter2 x");
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output.stdout);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&document["schema"], &document["files"][0]["kind"]),
        (&"cosmos.lint/1".into(), &"docker".into())
    );
    let finding = document["files"][0]["findings"][1].as_object().unwrap();
    let mut keys: Vec<&str> = finding.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["column", "fix", "level", "line", "rule", "what", "why"]);
    assert_eq!(finding["rule"], "secret-in-plain-text");
    assert!(!text.contains("hunter2"));
}

#[test]
fn a_migrated_text_is_printed_or_written_with_its_permissions() {
    let printed = lint(&["--migrate", "-"], "# wide\nSIZEW=800\nMINE=1\n");
    assert_eq!(said(&printed.stdout), "# wide\nCOSMOS_WIDTH=800\nMINE=1\n");
    assert_eq!(said(&printed.stderr), "-: 1 changed\n");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desktop.env");
    fs::write(&path, "SIZEW=800\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let written = lint(&["--migrate", "--write", path.to_str().unwrap()], "");
    assert_eq!((written.status.code(), said(&written.stdout)), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "COSMOS_WIDTH=800\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
