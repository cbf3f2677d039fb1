//! Whole desktops: they come up, come back, and go without a trace.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{fs, time::Duration};

use common::{BOUND, Start, has, is_root, kill, program_file, window_manager, within};
use rustix::process::Signal;

const XORG: &str = "/usr/lib/xorg/modules/drivers/dummy_drv.so";

#[test]
fn a_desktop_comes_up_and_goes_without_a_trace() {
    if !has(&[XORG, "xprop", "dbus-daemon"]) {
        return;
    }
    let session = ["/usr/bin/mate-session", "/usr/bin/startxfce4", "/usr/bin/openbox"];
    if !session.iter().any(|path| fs::exists(path).unwrap()) {
        eprintln!("SKIPPED no desktop session is installed");
        return;
    }
    let start = Start::new(&["--size", "1366x768", "--xserver", "xorg", "--", "--fps", "7"]);
    let mut desktop = start.env("PASSWD", "s3cret").env("SIZEW", "800").env("REFRESH", "75").run();
    desktop.wait_until_served();
    let output = desktop.output();
    assert!(output.contains(&format!("Xorg dummy :{} 1366x768", desktop.number())), "{output}");
    assert!(desktop.has_window_manager());
    assert!(!output.contains("s3cret"));
    if has(&["xrandr"]) {
        let modes = desktop.client("xrandr", "--current");
        let modes = String::from_utf8_lossy(&modes.stdout).into_owned();
        assert!(modes.lines().any(|line| line.contains('*') && line.contains(" 75.0")), "{modes}");
    }
    assert_eq!(desktop.stream_password().as_deref(), Some("s3cret"));
    let arguments = fs::read_to_string(desktop.dir.path().join("stream.args")).unwrap();
    let ready = desktop.runtime().join("ready.json");
    let begin = format!("--listen 127.0.0.1:1 --ready-file {} --password-fd ", ready.display());
    assert!(arguments.starts_with(&begin), "{arguments}");
    assert!(arguments.trim().ends_with(" --password-source=PASSWD --fps 7"), "{arguments}");
    assert_eq!(desktop.stop(), Some(0), "{}", desktop.output());
    desktop.assert_no_files();
}

#[test]
fn an_ordinary_user_without_an_account_gets_one_with_xvfb() {
    let complete = ["mate-session", "startxfce4"].into_iter().find(|name| has(&[name]));
    let Some(session) = complete else { return };
    if !has(&["Xvfb", "xprop", "dbus-daemon"]) || !is_root() {
        return;
    }
    let start = Start::new(&["--session", session, "--xserver", "xvfb", "--size", "801x603"]).unprivileged();
    let mut desktop = start.env("HOME", "/nonexistent").env("ENABLE_AUDIO", "no").run();
    desktop.wait_for("  address");
    let output = desktop.output();
    assert!(output.contains("801x603") && !output.contains("sound"), "{output}");
    assert!(desktop.dir.path().join("state/home/stream.env").exists(), "a home of our own");
    // A whole desktop talks over the session bus before it shows anything.
    assert!(within(BOUND, || desktop.has_window_manager()), "{}", desktop.output());
    assert_eq!(desktop.stop(), Some(0), "{}", desktop.output());
}

#[test]
fn a_server_that_was_killed_comes_back_under_its_number_with_a_session_and_the_same_stream() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "xprop", "dbus-daemon"]) {
        return;
    }
    let mut desktop = Start::new(&["--session", manager, "--xserver", "xvfb", "--no-audio"]).run();
    desktop.wait_until_served();
    let (server, session) = (desktop.wait_for_pids("Xvfb", 1), desktop.wait_for_pids(manager, 1));
    let before = (server, session, desktop.wait_for_pids("sleep", 1));
    kill(before.0[0], Signal::KILL);
    let is_back = || {
        let (server, session) = (desktop.pids("Xvfb"), desktop.pids(manager));
        server.len() == 1 && server != before.0 && session.len() == 1 && session != before.1
    };
    assert!(within(BOUND, is_back), "{}", desktop.output());
    // The client asks on the number, and with the cookie, that the stream was told at first.
    assert!(within(BOUND, || desktop.has_window_manager()), "{}", desktop.output());
    assert_eq!(desktop.pids("sleep"), before.2, "the stream was left alone");
    assert_eq!(desktop.stop(), Some(0));
    desktop.assert_no_files();
}

#[test]
fn sound_that_was_killed_comes_back_on_its_socket() {
    if window_manager().is_some() && has(&["Xvfb", "pulseaudio", "pactl", "dbus-daemon"]) {
        sound_comes_back(Start::new(&[]), "pulseaudio");
    }
}

#[test]
fn pipewire_serves_where_there_is_no_pulseaudio() {
    let programs = ["/usr/bin/pipewire", "/usr/bin/wireplumber"];
    if window_manager().is_none() || !has(&programs) || !has(&["Xvfb", "pactl", "dbus-daemon"]) {
        return;
    }
    let start = Start::new(&[]);
    let bin = start.dir().join("bin");
    fs::create_dir(&bin).unwrap();
    for entry in fs::read_dir("/usr/bin").unwrap().flatten().filter(|entry| entry.file_name() != "pulseaudio")
    {
        std::os::unix::fs::symlink(entry.path(), bin.join(entry.file_name())).unwrap();
    }
    let path = bin.display().to_string();
    sound_comes_back(start.env("PATH", &path), "pipewire");
}

fn sound_comes_back(start: Start, server: &str) {
    let manager = window_manager().unwrap();
    let mut desktop = start.arg("--xserver").arg("xvfb").arg("--session").arg(manager).run();
    desktop.wait_until_served();
    let sinks = || {
        let mut pactl = std::process::Command::new("timeout");
        pactl.args(["5", "pactl", "list", "short", "sinks"]).env("HOME", desktop.dir.path());
        let output =
            pactl.env("PULSE_SERVER", &desktop.stream_environment()["PULSE_SERVER"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(within(BOUND, || sinks().contains("cosmos")), "{}", sinks());
    let before = (desktop.wait_for_pids(server, 1), desktop.wait_for_pids(manager, 1));
    kill(before.0[0], Signal::KILL);
    assert!(within(BOUND, || desktop.pids(server).first().is_some_and(|pid| *pid != before.0[0])));
    assert!(within(BOUND, || sinks().contains("cosmos")), "{}", desktop.output());
    assert_eq!(desktop.pids(manager), before.1, "the session was left alone");
    assert_eq!(desktop.stop(), Some(0));
}

#[test]
fn nothing_survives_a_supervisor_that_was_killed() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon", "setsid"]) {
        return;
    }
    let start = Start::new(&["--xserver", "xvfb", "--no-audio", "--session"]);
    let script = start.dir().join("desk");
    program_file(&script, &format!("#!/bin/sh\nsetsid sleep 601 &\nexec {manager}\n"));
    let mut desktop = start.arg(script.to_str().unwrap()).run();
    desktop.wait_until_served();
    // That of the session, and the one that stands for the stream.
    desktop.wait_for_pids("sleep", 2);
    kill(desktop.child.id() as i32, Signal::KILL);
    assert!(within(BOUND, || desktop.remaining().is_empty()), "{:?}", desktop.remaining());
    assert!(within(BOUND, || !desktop.runtime().exists()));
    desktop.assert_no_files();
}

#[test]
fn a_session_that_was_left_starts_again() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon"]) {
        return;
    }
    let mut desktop = Start::new(&["--session", manager, "--xserver", "xvfb", "--no-audio"]).run();
    desktop.wait_until_served();
    // One that is still starting need not hear that it is to end.
    assert!(within(BOUND, || desktop.has_window_manager()), "{}", desktop.output());
    let before = desktop.wait_for_pids(manager, 1);
    kill(before[0], Signal::TERM);
    let is_back = || desktop.pids(manager).first().is_some_and(|pid| *pid != before[0]);
    assert!(within(BOUND, is_back), "{}", desktop.output());
    assert!(within(BOUND, || desktop.has_window_manager()), "{}", desktop.output());
    assert_eq!(desktop.stop(), Some(0));
}

#[test]
fn as_process_number_one_it_reaps_orphans_and_stops_cleanly() {
    let Some(manager) = window_manager() else { return };
    if !has(&["Xvfb", "dbus-daemon", "unshare", "setsid"]) || !is_root() {
        return;
    }
    let unshare = ["unshare", "--fork", "--pid", "--mount", "--mount-proc", "--kill-child"];
    let start = Start::through(&unshare, &["--xserver", "xvfb", "--no-audio", "--session"]);
    let script = start.dir().join("desk");
    // An orphan that ends: its parent is gone, so only process number 1 can reap it.
    program_file(&script, &format!("#!/bin/sh\n(setsid sleep 0.1 &)\nexec {manager}\n"));
    let mut desktop = start.arg(script.to_str().unwrap()).run();
    desktop.wait_until_served();
    let launch = desktop.pids("cosmos-launch");
    assert_eq!(launch.len(), 1, "no guard is needed: {launch:?}");
    let children = || {
        let list = fs::read_to_string(format!("/proc/{}/task/{}/children", launch[0], launch[0])).unwrap();
        list.split_whitespace().filter(|pid| is_zombie(pid)).count()
    };
    assert!(within(Duration::from_secs(20), || children() == 0), "zombies are left");
    kill(launch[0], Signal::TERM);
    assert_eq!(desktop.wait_for_end(), Some(0), "{}", desktop.output());
    desktop.assert_no_files();
}

fn is_zombie(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}
