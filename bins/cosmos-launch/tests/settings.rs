//! How the settings of a desktop reach it, and what its stream is told.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{fs, process::Command};

use common::{Desktop, Start, has, window_manager};

fn launch(arguments: &[&str]) -> (Option<i32>, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cosmos-launch")).args(arguments).env_clear().output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_file_sets_what_nothing_else_does_and_is_refused_where_it_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cosmos.toml");
    let with = |text: &str, more: &[&str]| {
        fs::write(&path, text).unwrap();
        let mut arguments = vec!["xorg-config", "--config", path.to_str().unwrap()];
        arguments.extend(more);
        launch(&arguments)
    };
    let (code, text) = with("size = \"1000x700\"\n", &[]);
    assert!(code == Some(0) && text.contains("\"1000x700\""), "{text}");
    let (_, text) = with("size = \"1000x700\"\n", &["--size", "800x600"]);
    assert!(text.contains("\"800x600\""), "{text}");
    for (file, told) in [
        ("sizee = \"1000x700\"", ": \"sizee\" is no setting; did you mean size?"),
        ("depth = 7", ": depth: depth 7: expected 8, 15, 16, 24 or 30"),
        ("depth = ", ":1: "),
    ] {
        let (code, text) = with(file, &[]);
        assert!(code == Some(64) && text.contains(told), "{text}");
    }
    let (code, text) = launch(&["xorg-config", "--config", "/no/such/file"]);
    assert!(code == Some(64) && text.contains("cannot read /no/such/file: No such file"), "{text}");
}

#[test]
fn the_short_help_tells_what_works_and_the_long_one_everything() {
    let joined = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, short) = launch(&["desktop", "-h"]);
    let (code, long) = launch(&["desktop", "--help"]);
    let (short, long) = (joined(short), joined(long));
    assert_eq!(code, Some(0));
    for text in [&short, &long] {
        assert!(text.contains("COSMOS_FRAMERATE, older SELKIES_FRAMERATE"), "{text}");
        assert!(text.contains("--password-file <FILE>") && !text.contains("--password <"), "{text}");
    }
    assert!(!short.contains("--turn-host") && long.contains("--turn-host <TEXT>"), "{long}");
}

#[test]
fn a_password_from_a_file_reaches_the_stream_and_no_command_line() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    let start = Start::new(&["--session", manager, "--xserver", "xvfb", "--no-audio", "--size", "640x480"]);
    let secret = start.dir().join("secret");
    fs::write(&secret, "hunter2\n").unwrap();
    let start = start.env("PASSWD_FILE", secret.to_str().unwrap()).env("TURN_HOST", "turn.example.org");
    let start = start.env("TURN_SHARED_SECRET", "hunter3").env("WEBRTC_FRAMERATE", "24");
    let mut desktop = start.env("WEBRTC_ENCODER", "nvh264enc").run();
    desktop.wait_until_served();
    let given = desktop.stream_environment();
    assert_eq!(given["BASIC_AUTH_PASSWORD"], "hunter2");
    assert!(!given.contains_key("PASSWD_FILE") && !given.contains_key("TURN_SHARED_SECRET"), "{given:?}");
    let arguments = fs::read_to_string(desktop.dir.path().join("stream.args")).unwrap();
    assert!(arguments.contains(" --fps 24 ") && arguments.contains(" --encoder auto"), "{arguments}");
    assert!(desktop.remaining().iter().all(|line| !line.contains("hunter")), "{:?}", desktop.remaining());
    for pid in desktop.pids("Xvfb") {
        assert_eq!(Desktop::variable(pid, "BASIC_AUTH_PASSWORD"), None);
    }
    let output = desktop.output();
    assert!(output.contains("TURN_HOST is understood, but nothing acts on it yet"), "{output}");
    assert!(!output.contains("hunter"), "{output}");
    assert_eq!(desktop.stop(), Some(0));
}
