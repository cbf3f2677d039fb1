//! What goes wrong on real machines, each with the real servers.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    fs,
    os::unix::net::{UnixListener, UnixStream},
};

use common::{BOUND, ORDINARY, Start, has, is_root, kill, program_file, window_manager, within};
use rustix::process::Signal;

const XORG: &str = "/usr/lib/xorg/modules/drivers/dummy_drv.so";

#[test]
fn a_stale_lock_of_a_process_that_is_no_server_is_taken_over() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    let number = free_high_number();
    // The number in the lock belongs to a process that lives: this one.
    fs::write(format!("/tmp/.X{number}-lock"), format!("{:10}\n", std::process::id())).unwrap();
    let display = format!(":{number}");
    let arguments = ["--session", manager, "--xserver", "xvfb", "--no-audio", "--display", &display];
    let mut desktop = Start::new(&arguments).run();
    desktop.wait_until_served();
    assert_eq!(desktop.number(), number);
    let lock = fs::read_to_string(format!("/tmp/.X{number}-lock")).unwrap();
    assert_eq!(lock.trim(), desktop.child.id().to_string());
    // A second one must not get the number, nor take the socket away from the first.
    let mut second = Start::new(&arguments).run();
    assert_eq!(second.wait_for_end(), Some(2));
    assert!(second.output().contains("in use"), "{}", second.output());
    assert!(desktop.has_window_manager());
    assert_eq!(desktop.stop(), Some(0));
    desktop.assert_no_files();
}

#[test]
fn without_a_place_for_its_socket_the_server_listens_on_the_abstract_one() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon", "unshare", "setpriv"]) || !is_root() {
        return;
    }
    // A directory of root that nobody else can write to, in a private mount namespace.
    let script = format!(
        "mount -t tmpfs none /tmp/.X11-unix && chmod 755 /tmp/.X11-unix && \
         exec setpriv --reuid {ORDINARY} --regid {ORDINARY} --clear-groups --no-new-privs \"$@\""
    );
    fs::create_dir_all("/tmp/.X11-unix").unwrap();
    let wrapper = ["unshare", "--mount", "sh", "-c", &script, "sh"];
    let mut start = Start::through(
        &wrapper,
        &["--session", manager, "--xserver", "xvfb", "--no-audio", "--size", "640x480"],
    );
    start.own();
    let mut desktop = start.run();
    desktop.wait_until_served();
    assert!(desktop.output().contains("abstract socket only"), "{}", desktop.output());
    assert_eq!(desktop.stop(), Some(0));
}

#[test]
fn a_number_that_was_taken_while_the_server_was_down_is_left_to_its_new_owner() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    let mut desktop = Start::new(&["--session", manager, "--xserver", "xvfb", "--no-audio"]).run();
    desktop.wait_until_served();
    let (number, streams, launch) = (desktop.number(), desktop.pids("sleep"), desktop.child.id() as i32);
    kill(launch, Signal::STOP);
    kill(desktop.pids("Xvfb")[0], Signal::KILL);
    let socket = format!("/tmp/.X11-unix/X{number}");
    assert!(within(BOUND, || UnixStream::connect(&socket).is_err()));
    fs::remove_file(&socket).unwrap();
    let owner = UnixListener::bind(&socket).unwrap();
    kill(launch, Signal::CONT);
    desktop.wait_for("everything starts again");
    let is_back =
        || desktop.pids("sleep").first().is_some_and(|pid| *pid != streams[0]) && desktop.number() != number;
    assert!(within(BOUND, is_back), "{}", desktop.output());
    assert!(within(BOUND, || desktop.has_window_manager()), "{}", desktop.output());
    assert!(UnixStream::connect(&socket).is_ok(), "the socket of the new owner was taken away");
    assert_eq!(desktop.stop(), Some(0));
    desktop.assert_no_files();
    drop(owner);
    fs::remove_file(&socket).unwrap();
}

#[test]
fn xorg_that_cannot_start_is_replaced_by_xvfb_and_says_why() {
    let Some(manager) = window_manager() else { return };
    if !has(&[XORG, "Xvfb", "dbus-daemon", "unshare"]) || !is_root() {
        return;
    }
    let script = "mount --bind /bin/false /usr/lib/xorg/Xorg && exec \"$@\"";
    let wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"];
    let mut desktop = Start::through(&wrapper, &["--session", manager, "--no-audio"]).run();
    desktop.wait_until_served();
    let output = desktop.output();
    assert!(output.contains("Xorg cannot be started, Xvfb is tried"), "{output}");
    assert!(output.contains("X server: Xvfb"), "{output}");
    assert_eq!(desktop.stop(), Some(0));
}

#[test]
fn the_dummy_driver_comes_up_with_any_size_and_grows_later() {
    if !has(&[XORG, "dbus-daemon", "xrandr"]) {
        return;
    }
    for size in ["128x128", "1367x769", "5120x2880", "16384x8192"] {
        let mut desktop =
            Start::new(&["--xserver", "xorg", "--session", "sleep 600", "--no-audio", "--size", size]).run();
        desktop.wait_for("stream: ");
        assert!(desktop.output().contains(&format!(" {size} (")), "{}", desktop.output());
        let modes = [
            "--newmode big 300 5120 5168 5200 5280 2880 2883 2888 2920",
            "--addmode DUMMY0 big",
            "--output DUMMY0 --mode big",
        ];
        for arguments in modes {
            assert!(desktop.client("xrandr", arguments).status.success(), "{size}: {arguments}");
        }
        let state = desktop.client("xrandr", "--current").stdout;
        assert!(String::from_utf8_lossy(&state).contains("current 5120 x 2880"), "{size}");
        assert_eq!(desktop.stop(), Some(0));
    }
}

#[test]
fn two_desktops_share_nothing() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon", "xprop"]) {
        return;
    }
    let start = || Start::new(&["--session", manager, "--xserver", "xvfb", "--no-audio"]).run();
    let (mut one, mut other) = (start(), start());
    one.wait_until_served();
    other.wait_until_served();
    assert_ne!(one.number(), other.number());
    assert_ne!(one.runtime(), other.runtime());
    assert_eq!(one.stop(), Some(0));
    assert!(other.has_window_manager());
    assert_eq!(other.stop(), Some(0));
}

#[test]
fn a_server_that_ignores_the_end_and_orphans_that_hide_are_killed() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon", "setsid"]) {
        return;
    }
    let start = Start::new(&["--xserver", "xvfb", "--no-audio", "--session"]);
    let script = start.dir().join("desk");
    program_file(&script, &format!("#!/bin/sh\n(setsid sleep 602 &)\nexec {manager}\n"));
    let mut desktop = start.arg(script.to_str().unwrap()).run();
    desktop.wait_until_served();
    assert_eq!(desktop.pids("sleep").len(), 2);
    kill(desktop.pids("Xvfb")[0], Signal::STOP);
    assert_eq!(desktop.stop(), Some(0), "{}", desktop.output());
    desktop.assert_no_files();
}

#[test]
fn a_broken_desktop_says_what_is_wrong_and_leaves_nothing() {
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    for (arguments, said) in [
        (&["--session", "no-such-desktop"][..], "there is no program \"no-such-desktop\""),
        (&["--session", "sh -c \"echo it hurts >&2; exit 3\""], "session exited with code 3"),
        (&["--session", "sh -c \"echo it hurts >&2; exit 3\""], "    it hurts"),
        (&["--session", "sleep 600", "--stream", "/no/such/stream"], "stream could not be started"),
        (&["--session", "sleep 600", "--stream", "/bin/false"], "stream exited with code 1"),
    ] {
        let mut start = Start::new(&["--xserver", "xvfb", "--no-audio"]);
        if arguments.contains(&"--stream") {
            start = Start::without_stream(&["--xserver", "xvfb", "--no-audio"]);
        }
        let mut desktop = arguments.iter().fold(start, |start, argument| start.arg(argument)).run();
        assert_eq!(desktop.wait_for_end(), Some(2), "{arguments:?}: {}", desktop.output());
        assert!(desktop.output().contains(said), "{arguments:?}: {}", desktop.output());
    }
}

#[test]
fn without_a_server_its_package_is_named() {
    let mut desktop = Start::new(&["--xserver", "xvfb"]).env("PATH", "/nonexistent").run();
    assert_eq!(desktop.wait_for_end(), Some(2));
    assert!(desktop.output().contains("Xvfb is not here; install xvfb"), "{}", desktop.output());
}

#[test]
fn values_that_are_not_understood_are_refused() {
    for (arguments, variable, said) in [
        (
            &["--size", "12"][..],
            ("A", ""),
            "--size is \"12\", which is not WIDTHxHEIGHT with both from 128 to 16384",
        ),
        (&["--size", "10x10"], ("A", ""), "which is not WIDTHxHEIGHT"),
        (&[], ("SIZEW", "wide"), "SIZEW is \"wide\", which is not a number from 128 to 16384"),
        (&[], ("DISPLAY_DPI", "1"), "DISPLAY_DPI is \"1\", which is not a number from 24 to 960"),
        (
            &[],
            ("ENABLE_AUDIO", "maybe"),
            "ENABLE_AUDIO is \"maybe\", which is not true, false, 1, 0, yes or no",
        ),
        (&["--display", "x"], ("A", ""), "--display is \"x\", which is not a number from :0 to :65535"),
        (&["--xserver", "wayland"], ("A", ""), "invalid value 'wayland'"),
        (&["--no-such-flag"], ("A", ""), "unexpected argument"),
    ] {
        let mut desktop = Start::new(arguments).env(variable.0, variable.1).run();
        assert_eq!(desktop.wait_for_end(), Some(64), "{arguments:?} {variable:?}");
        assert!(desktop.output().contains(said), "{}", desktop.output());
    }
}

#[test]
fn newer_names_win_over_older_ones_with_a_warning() {
    let start = Start::new(&["--session", "no-such-desktop"]);
    let mut desktop = start.env("SIZEW", "800").env("DISPLAY_SIZEW", "900").env("DPI", "").run();
    assert_eq!(desktop.wait_for_end(), Some(2));
    let output = desktop.output();
    assert!(
        output.contains("warning: DISPLAY_SIZEW and SIZEW are both set; DISPLAY_SIZEW=900 is used"),
        "{output}"
    );
    assert!(!output.contains("DPI"), "{output}");
}

#[test]
fn depths_and_rates_that_cannot_be_had_are_told_of() {
    let mut desktop = Start::new(&["--session", "no-such-desktop"]).env("CDEPTH", "30").run();
    assert_eq!(desktop.wait_for_end(), Some(2));
    let output = desktop.output();
    assert!(
        output.contains("warning: CDEPTH: a depth of 30 cannot be streamed; the screen has 24"),
        "{output}"
    );
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    let start = Start::new(&["--xserver", "xvfb", "--no-audio", "--session", "sleep 600"]);
    let mut desktop = start.env("REFRESH", "75").env("CDEPTH", "24").run();
    desktop.wait_for("warning: a refresh rate of 75 Hz was asked for, and Xvfb has none");
    assert!(!desktop.output().contains("depth"), "{}", desktop.output());
    assert_eq!(desktop.stop(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait() {
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    let start = Start::new(&["--xserver", "xvfb", "--no-audio", "--session"]);
    let script = start.dir().join("stubborn");
    program_file(&script, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 600; done\n");
    let mut desktop = start.arg(script.to_str().unwrap()).run();
    desktop.wait_for("stream: ");
    assert!(within(BOUND, || !desktop.pids("stubborn").is_empty()));
    kill(desktop.child.id() as i32, Signal::TERM);
    kill(desktop.child.id() as i32, Signal::INT);
    assert_eq!(desktop.wait_for_end(), Some(0));
}

fn free_high_number() -> u16 {
    let is_free = |number: &u16| {
        !fs::exists(format!("/tmp/.X{number}-lock")).unwrap()
            && !fs::exists(format!("/tmp/.X11-unix/X{number}")).unwrap()
    };
    let first = 1000 + (std::process::id() % 1000) as u16;
    (first..).find(is_free).unwrap()
}
