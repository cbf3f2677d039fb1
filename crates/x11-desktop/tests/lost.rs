//! A server that ends, or stops answering, is told and holds up nothing.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{Kind, Server, within};
use cosmos_desktop::{Change, Desktop, DesktopError, FrameSource, InputEvent, Keysym, Point, Size};
use cosmos_x11::{Pixels, open};
use rustix::process::{Signal, kill_process};

fn assert_lost<T>(what: &str, result: Result<T, DesktopError>) {
    match result {
        Err(DesktopError::Lost { .. }) => {}
        Err(other) => panic!("{what}: {other:?}"),
        Ok(_) => panic!("{what} went well without a server"),
    }
}

fn settle(frames: &mut dyn FrameSource) {
    while let Change::Changed(_) = frames.wait(Instant::now() + Duration::from_millis(100)).unwrap() {
        frames.grab().unwrap();
    }
}

/// Everything that can be asked of a desktop fails.
fn assert_all_lost(desktop: Desktop) {
    let Desktop { mut frames, mut control, mut input } = desktop;
    assert_lost("grab", frames.grab().map(|frame| frame.size));
    assert_lost("wait", frames.wait(Instant::now() + common::PATIENCE));
    assert_lost("next_event", control.next_event(Instant::now() + common::PATIENCE));
    assert_lost("set_clipboard", control.set_clipboard("text".into()));
    assert_lost("resize", control.resize(Size::new(800, 600)));
    assert_lost("key", input.send(&InputEvent::Key { keysym: Keysym(0x61), pressed: true }));
    assert_lost("motion", input.send(&InputEvent::PointerTo(Point { x: 1, y: 1 })));
    assert_lost("text", input.send(&InputEvent::Text("a".into())));
}

#[test]
fn a_server_that_ends_is_lost_at_once() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(mut server) = Server::start(kind) else { continue };
        let mut desktop = server.desktop();
        settle(&mut *desktop.frames);
        while desktop.control.next_event(Instant::now() + Duration::from_millis(100)).unwrap().is_some() {}
        server.kill();
        within(move || assert_all_lost(desktop));
        assert_lost("open", open(&server.config(Pixels::Auto)));
    }
}

/// The waits that are under way when the server ends do end, long before their deadline.
#[test]
fn waits_end_with_the_server() {
    let Some(mut server) = Server::start(Kind::Xvfb) else { return };
    let Desktop { mut frames, mut control, .. } = server.desktop();
    settle(&mut *frames);
    while control.next_event(Instant::now() + Duration::from_millis(100)).unwrap().is_some() {}
    let far = Instant::now() + Duration::from_secs(600);
    let waiting = std::thread::spawn(move || (frames.wait(far), control.next_event(far)));
    server.kill();
    let (frames, control) = within(move || waiting.join().unwrap());
    assert_lost("wait", frames);
    assert_lost("next_event", control);
}

#[test]
fn a_server_that_stops_answering_is_lost_in_the_end() {
    let Some(mut server) = Server::start(Kind::Xvfb) else { return };
    let config = server.config(Pixels::Auto);
    let mut frames = server.desktop().frames;
    kill_process(server.pid, Signal::STOP).unwrap();
    let grabbing = std::thread::spawn(move || frames.grab().map(|frame| frame.size));
    let opening = std::thread::spawn(move || open(&config));
    let (grabbed, opened) = within(move || (grabbing.join().unwrap(), opening.join().unwrap()));
    kill_process(server.pid, Signal::CONT).unwrap();
    assert_lost("grab", grabbed);
    assert_lost("open", opened);
    server.kill();
}
