//! Cursor, clipboard and screen size, against other clients of the same server.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use common::{Client, Kind, Server, eventually, feed, next_event, output, wait_changed};
use cosmos_desktop::{Change, CursorImage, DesktopControl, DesktopError, DesktopEvent, Rect, Size};
use x11rb::{
    connection::Connection as _,
    protocol::{randr::ConnectionExt as _, xfixes::ConnectionExt as _, xproto::ConnectionExt as _},
};

fn resized(event: &DesktopEvent) -> Option<Size> {
    match event {
        DesktopEvent::Resized(size) => Some(*size),
        _ => None,
    }
}

fn cursor(event: &DesktopEvent) -> Option<CursorImage> {
    match event {
        DesktopEvent::Cursor(image) => Some(image.clone()),
        _ => None,
    }
}

fn copied(event: &DesktopEvent) -> Option<Arc<str>> {
    match event {
        DesktopEvent::Clipboard(text) => Some(Arc::clone(text)),
        _ => None,
    }
}

/// Everything that happens until nothing more does.
fn drain(control: &mut dyn DesktopControl) -> Vec<DesktopEvent> {
    let mut events = Vec::new();
    while let Some(event) = control.next_event(Instant::now() + Duration::from_millis(100)).unwrap() {
        events.push(event);
    }
    events
}

/// A megabyte and a bit of text of one to four bytes a character.
fn large_text(seed: usize) -> String {
    (0..120_000)
        .map(|n| ['a', 'é', '漢', '😀', '\n'][(n * n + seed) % 5])
        .chain("end".chars())
        .collect::<String>()
        .repeat(4)
}

/// The size of the screen in pixels and millimetres, as a new client sees it.
fn screen(server: &Server) -> ((u16, u16), (u16, u16)) {
    let client = server.client();
    let screen = &client.conn.setup().roots[0];
    (
        (screen.width_in_pixels, screen.height_in_pixels),
        (screen.width_in_millimeters, screen.height_in_millimeters),
    )
}

#[test]
fn size_and_cursor_are_told_at_the_beginning() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let mut control = server.desktop().control;
        let events = drain(&mut *control);
        assert!(events.contains(&DesktopEvent::Resized(Size::new(1280, 720))), "{events:?}");
        assert_eq!(events.iter().filter(|event| matches!(event, DesktopEvent::Cursor(_))).count(), 1);
    }
}

#[test]
fn the_screen_becomes_as_large_as_wanted() {
    let cases = [
        ((1920, 1080), (1920, 1080)),
        ((1366, 768), (1366, 768)),
        ((801, 1001), (800, 1000)),
        ((1000, 800), (1000, 800)),
        ((2560, 1440), (2560, 1440)),
        ((1280, 720), (1280, 720)),
        ((3840, 2160), (3840, 2160)),
    ];
    let Some(server) = Server::start(Kind::Dummy) else { return };
    let (pixels, mm) = screen(&server);
    let mut desktop = server.desktop();
    let client = server.client();
    for ((width, height), (columns, rows)) in cases {
        let expected = Size::new(columns, rows);
        assert_eq!(desktop.control.resize(Size::new(width, height)).unwrap(), expected);
        eventually("the size is told", || {
            let events = drain(&mut *desktop.control);
            events.iter().filter_map(resized).next_back().filter(|size| *size == expected)
        });
        eventually("the picture has the size", || {
            wait_changed(&mut *desktop.frames);
            let frame = desktop.frames.grab().unwrap();
            (frame.size == expected && frame.damage == [expected.rect()]).then_some(())
        });
        while let Change::Changed(_) =
            desktop.frames.wait(Instant::now() + Duration::from_millis(200)).unwrap()
        {
            desktop.frames.grab().unwrap();
        }
        let corner = Rect { x: columns - 9, y: rows - 5, width: 9, height: 5 };
        client.fill(client.root, (corner.x as i16, corner.y as i16, 9, 5), u32::from(columns));
        wait_changed(&mut *desktop.frames);
        assert_eq!(desktop.frames.grab().unwrap().damage, [corner], "damage goes on after {expected}");
        let (now, now_mm) = screen(&server);
        assert_eq!(now, (columns, rows));
        let scale =
            |side: u16, pixels: u16, mm: u16| (f64::from(side) * f64::from(mm) / f64::from(pixels)).round();
        assert_eq!(f64::from(now_mm.0), scale(columns, pixels.0, mm.0), "density is kept");
        assert_eq!(f64::from(now_mm.1), scale(rows, pixels.1, mm.1), "density is kept");
    }
    assert_eq!(our_modes(&server.client()), ["cosmos-3840x2160"], "modes that are not shown are removed");
}

#[test]
fn a_screen_that_cannot_grow_comes_as_near_as_it_can() {
    let Some(server) = Server::xvfb("1024x768x24") else { return };
    let mut control = server.desktop().control;
    for ((width, height), (columns, rows)) in [
        ((800, 600), (800, 600)),
        ((1920, 1080), (1024, 768)),
        ((641, 481), (640, 480)),
        ((1024, 768), (1024, 768)),
    ] {
        assert_eq!(
            control.resize(Size::new(width, height)).unwrap(),
            Size::new(columns, rows),
            "{width}x{height}"
        );
    }
}

#[test]
fn a_size_that_another_client_sets_is_told() {
    let Some(server) = Server::start(Kind::Dummy) else { return };
    let mut desktop = server.desktop();
    drain(&mut *desktop.control);
    let mut other = server.desktop().control;
    other.resize(Size::new(1024, 600)).unwrap();
    let size = next_event(&mut *desktop.control, "the size is told", resized);
    assert_eq!(size, Size::new(1024, 600));
}

fn our_modes(client: &Client) -> Vec<String> {
    let resources = client.conn.randr_get_screen_resources_current(client.root).unwrap().reply().unwrap();
    let mut names = resources.names.as_slice();
    let modes = resources.modes.iter().map(|mode| {
        let (name, rest) = names.split_at(mode.name_len.into());
        names = rest;
        String::from_utf8_lossy(name).into_owned()
    });
    modes.filter(|name| name.starts_with("cosmos-")).collect()
}

#[test]
fn the_shape_of_the_pointer_is_told_with_its_colours() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        let mut control = server.desktop().control;
        drain(&mut *control);
        client.show_cursor();
        let image = next_event(&mut *control, "the cursor is told", cursor);
        assert_eq!((image.size, image.hot.x, image.hot.y), (Size::new(8, 8), 2, 5));
        assert_eq!(image.rgba.len(), 8 * 8 * 4);
        assert_eq!(image.rgba[..4], [0xff, 0x80, 0, 0xff], "{kind:?}");
        assert_eq!(image.rgba[7 * 4..8 * 4], [0, 0, 0, 0], "{kind:?}");
    }
}

#[test]
fn the_pointer_is_not_invisible_when_the_program_that_gave_it_a_shape_has_ended() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let (mut control, looking) = (server.desktop().control, server.client());
        let client = server.client();
        client.show_cursor();
        drop(client);
        // Servers that show it all the same have nothing to hide.
        let deadline = Instant::now() + Duration::from_secs(5);
        looking.conn.xfixes_query_version(5, 0).unwrap().reply().unwrap();
        while looking.conn.xfixes_get_cursor_image().unwrap().reply().is_ok() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        if Instant::now() >= deadline {
            eprintln!("SKIPPED a pointer whose program has ended: {kind:?} shows it all the same");
        }
        let image = next_event(&mut *control, "the cursor is told", cursor);
        assert!(image.rgba.as_chunks::<4>().0.iter().any(|[.., alpha]| *alpha == 255), "{kind:?}");
    }
}

/// Keeps a control alive and answering until the end of the scope.
fn serve<T>(mut control: Box<dyn DesktopControl>, work: impl FnOnce() -> T) -> T {
    let waker = control.waker();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            control.next_event(Instant::now() + common::PATIENCE).unwrap();
        }
    });
    let done = work();
    drop(stop);
    waker();
    thread.join().unwrap();
    done
}

#[test]
fn what_we_offer_is_pasted_by_others() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        for text in ["plain".to_owned(), "grün 漢 😀\n".to_owned(), large_text(0)] {
            let mut control = server.desktop().control;
            control.set_clipboard(text.as_str().into()).unwrap();
            let pasted = serve(control, || {
                let mut xclip = server.command("xclip");
                let paste = xclip.args(["-selection", "clipboard", "-o", "-t", "UTF8_STRING"]);
                paste.stdout(Stdio::piped()).spawn().map(output)
            });
            match pasted {
                Ok(pasted) => {
                    assert!(String::from_utf8(pasted).unwrap() == text, "{} bytes differ", text.len());
                }
                Err(error) => eprintln!("SKIPPED xclip cannot be started: {error}"),
            }
        }
    }
}

#[test]
fn what_others_copy_is_told() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let mut control = server.desktop().control;
        for text in ["plain".to_owned(), large_text(1), "grün 漢 😀".to_owned()] {
            let mut xclip = server.command("xclip");
            let copy = xclip.args(["-selection", "clipboard", "-i", "-quiet"]);
            let mut child = match copy.stdin(Stdio::piped()).stderr(Stdio::null()).spawn() {
                Ok(child) => child,
                Err(error) => return eprintln!("SKIPPED xclip cannot be started: {error}"),
            };
            feed(&mut child, text.as_bytes());
            let found = next_event(&mut *control, "the copied text is told", copied);
            assert!(*found == *text, "{} bytes became {}", text.len(), found.len());
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn large_texts_go_between_two_of_ours_and_come_back_as_no_echo() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let (mut here, mut there) = (server.desktop().control, server.desktop().control);
    for seed in 0..3 {
        let text: Arc<str> = large_text(seed).into();
        here.set_clipboard(Arc::clone(&text)).unwrap();
        let found = thread::scope(|scope| {
            let answering = scope.spawn(|| drain_until_quiet(&mut *here));
            let found = next_event(&mut *there, "the text arrives", copied);
            assert!(answering.join().unwrap().iter().find_map(copied).is_none(), "our own text came back");
            found
        });
        assert!(found == text);
    }
}

/// Answers until nothing happened for a second.
fn drain_until_quiet(control: &mut dyn DesktopControl) -> Vec<DesktopEvent> {
    let mut events = Vec::new();
    while let Some(event) = control.next_event(Instant::now() + Duration::from_secs(1)).unwrap() {
        events.push(event);
    }
    events
}

#[test]
fn a_text_that_is_there_already_is_told() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let mut control = server.desktop().control;
    control.set_clipboard("from before".into()).unwrap();
    let found = serve(control, || next_event(&mut *server.desktop().control, "the text is told", copied));
    assert_eq!(&*found, "from before");
}

#[test]
fn a_text_over_the_limit_is_refused() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let text: Arc<str> = "x".repeat((16 << 20) + 1).into();
    let refusal = server.desktop().control.set_clipboard(text);
    assert!(matches!(refusal, Err(DesktopError::Refused { .. })), "{refusal:?}");
}

/// A client that says it copied something and then never hands it over must hold up nothing.
#[test]
fn an_owner_that_never_answers_holds_up_nothing() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    let mut control = server.desktop().control;
    drain(&mut *control);
    let window = client.window((0, 0, 10, 10));
    let clipboard = client.conn.intern_atom(false, b"CLIPBOARD").unwrap().reply().unwrap().atom;
    client.conn.set_selection_owner(window, clipboard, x11rb::CURRENT_TIME).unwrap();
    client.sync();
    client.show_cursor();
    next_event(&mut *control, "the cursor is told meanwhile", cursor);
    control.set_clipboard("ours".into()).unwrap();
    let found = serve(control, || next_event(&mut *server.desktop().control, "our text is there", copied));
    assert_eq!(&*found, "ours");
}

/// The notice of the other copy is still on its way when we offer ours, and must not undo it.
#[test]
fn an_offer_right_after_the_copy_of_another_stands() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    let mut control = server.desktop().control;
    let window = client.window((0, 0, 10, 10));
    let clipboard = client.conn.intern_atom(false, b"CLIPBOARD").unwrap().reply().unwrap().atom;
    for text in [large_text(2), "short".to_owned(), large_text(3)] {
        drain(&mut *control);
        client.conn.set_selection_owner(window, clipboard, x11rb::CURRENT_TIME).unwrap();
        client.sync();
        control.set_clipboard(text.as_str().into()).unwrap();
        let events = drain(&mut *control);
        assert!(events.iter().find_map(copied).is_none(), "our own text came back");
        let mut other = server.desktop().control;
        let found = thread::scope(|scope| {
            let answering = scope.spawn(|| drain_until_quiet(&mut *control));
            let found = next_event(&mut *other, "our text is there", copied);
            answering.join().unwrap();
            found
        });
        assert!(*found == *text);
    }
}

#[test]
fn a_waker_ends_the_wait_for_events() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let mut control = server.desktop().control;
    drain(&mut *control);
    let waker = control.waker();
    let far = Instant::now() + common::PATIENCE;
    thread::spawn(move || waker());
    assert_eq!(control.next_event(far).unwrap(), None);
    assert!(Instant::now() < far);
}
