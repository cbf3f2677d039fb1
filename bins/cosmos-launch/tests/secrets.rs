//! What the stream of a desktop is told, and that secrets stand on no command line.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::fs;

use common::{BOUND, Start, has, is_root, program_file, window_manager, within};

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
    assert_eq!(desktop.stream_password().as_deref(), Some("hunter2"));
    let given = desktop.stream_environment();
    assert!(!given.contains_key("PASSWD_FILE") && !given.contains_key("TURN_SHARED_SECRET"), "{given:?}");
    assert!(given.values().all(|value| !value.contains("hunter")), "{given:?}");
    let arguments = fs::read_to_string(desktop.dir.path().join("stream.args")).unwrap();
    assert!(arguments.contains(" --fps=24 ") && arguments.contains(" --encoder=nvh264enc"), "{arguments}");
    assert!(arguments.contains(" --turn-host=turn.example.org "), "{arguments}");
    assert!(arguments.contains(" --turn-shared-secret-fd "), "{arguments}");
    assert!(desktop.remaining().iter().all(|line| !line.contains("hunter")), "{:?}", desktop.remaining());
    let output = desktop.output();
    assert!(!output.contains("hunter"), "{output}");
    assert_eq!(desktop.stop(), Some(0));
}

/// As root in a container, whose accounts are its own.
#[test]
fn the_account_of_a_container_is_given_its_password() {
    if !has(&["unshare", "perl", "/usr/sbin/chpasswd"]) || !is_root() {
        return;
    }
    let script = "cp -a /etc \"$HOME/etc\" && cd \"$HOME/etc\" && sed -i /^user:/d passwd shadow && \
                  echo 'user:x:1000:1000::/:/bin/sh' >> passwd && echo 'user:!:1::::::' >> shadow && \
                  mount --bind \"$HOME/etc\" /etc && exec \"$@\"";
    let wrapper =
        ["unshare", "--fork", "--pid", "--mount", "--mount-proc", "--kill-child", "sh", "-c", script, "sh"];
    let start = Start::through(&wrapper, &["--session", "no-such-desktop"]).env("PASSWD", "hunter2");
    let mut desktop = start.run();
    assert_eq!(desktop.wait_for_end(), Some(2), "{}", desktop.output());
    let output = desktop.output();
    assert!(!output.contains("account") && !output.contains("hunter"), "{output}");
    let shadow = fs::read_to_string(desktop.dir.path().join("etc/shadow")).unwrap();
    let hash = shadow.lines().find_map(|line| line.strip_prefix("user:")?.split(':').next()).unwrap();
    let same = ["-e", "exit(crypt($ARGV[0], $ARGV[1]) ne $ARGV[1])", "hunter2", hash];
    assert!(std::process::Command::new("perl").args(same).status().unwrap().success(), "{hash}");
}

#[test]
fn the_accounts_of_a_machine_are_left_alone_and_that_is_told() {
    let mut desktop = Start::new(&["--session", "no-such-desktop"]).env("PASSWD", "hunter2").run();
    assert_eq!(desktop.wait_for_end(), Some(2));
    let output = desktop.output();
    assert!(output.contains("the account user itself is left as it is"), "{output}");
}

/// As the init of a container does, which keeps the environment that it was started with.
#[test]
fn a_parent_that_shows_the_password_is_told_of() {
    for (value, told) in [("hunter2", true), ("", false)] {
        let wrapper = ["sh", "-c", "\"$0\" \"$@\"; exit $?"];
        let start = Start::through(&wrapper, &["--session", "no-such-desktop"]).env("PASSWD", value);
        let mut desktop = start.run();
        assert_eq!(desktop.wait_for_end(), Some(2));
        let output = desktop.output();
        let warning = "can read the password in the environment of sh, which started this one";
        assert_eq!(output.contains(warning), told, "{output}");
        assert!(!output.contains("hunter"), "{output}");
    }
}

/// The session looks where every program of its user can look, once the stream has its password.
#[test]
fn a_program_of_the_desktop_finds_the_password_in_no_process() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon"]) || !is_root() {
        return;
    }
    let start =
        Start::new(&["--xserver", "xvfb", "--no-audio", "--size", "640x480", "--session"]).unprivileged();
    let script = start.dir().join("desk");
    program_file(
        &script,
        &format!(
            "#!/bin/sh\nwhile [ ! -s \"$HOME/stream.password\" ]; do sleep 0.1; done\n\
             cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' > \"$HOME/seen\"\n\
             mv \"$HOME/seen\" \"$HOME/looked\"\nexec {manager}\n"
        ),
    );
    let mut desktop = start.arg(script.to_str().unwrap()).env("PASSWD", "hunter2").run();
    desktop.wait_until_served();
    let looked = desktop.dir.path().join("looked");
    assert!(within(BOUND, || looked.exists()), "{}", desktop.output());
    let seen = fs::read(looked).unwrap();
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.contains("COSMOS_DESKTOP="), "it sees other programs of the desktop");
    assert!(!seen.contains("hunter2"), "the password can be read: {seen}");
    assert_eq!(desktop.stream_password().as_deref(), Some("hunter2"));
    assert_eq!(desktop.stop(), Some(0));
}
