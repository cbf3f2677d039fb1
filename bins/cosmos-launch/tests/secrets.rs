//! What the stream of a desktop is told, and that secrets stand on no command line.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;

use common::{Desktop, Start, has, window_manager};

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
