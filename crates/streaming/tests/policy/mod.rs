//! What was set for all pages: what they may do, what they are called, and when they see something.

use std::{fs, sync::Arc};

use cosmos_desktop::{CursorImage, DesktopEvent, InputEvent, Point, Size};
use cosmos_protocol::{ClientMessage, DesktopState, ServerMessage};
use cosmos_streaming::{PageConfig, Policy};

use super::{Server, config, page::Page, status};

fn with(policy: Policy) -> Server {
    let mut config = config("127.0.0.1:0", None);
    config.policy = policy;
    Server::with(config)
}

/// Waits until all that was said before has been heard, both ways.
fn settle(server: &Server, page: &mut Page) {
    let mark = InputEvent::PointerBy { dx: 7, dy: 7 };
    page.control(&ClientMessage::Input(mark.clone()));
    assert_eq!(page.wait_for(&server.input), mark);
    let size = Size::new(320, 240);
    server.script.happens(DesktopEvent::Resized(size));
    let before = page.messages.len();
    page.until("the mark", |page| page.messages[before..].contains(&ServerMessage::Resized(size)));
}

#[test]
fn the_clipboard_is_carried_in_the_directions_that_are_allowed() {
    for (clipboard_in, clipboard_out) in [(true, true), (true, false), (false, true), (false, false)] {
        let server = with(Policy { clipboard_in, clipboard_out, ..Policy::default() });
        let mut page = server.connect(false);
        page.until("a picture", |page| !page.frames.is_empty());
        page.control(&ClientMessage::ClipboardBegin(2));
        page.control(&ClientMessage::ClipboardPart(b"in".to_vec()));
        server.script.happens(DesktopEvent::Clipboard(Arc::from("out")));
        if clipboard_in {
            page.until("the text", |_| !server.script.clipboard().is_empty());
        }
        settle(&server, &mut page);
        settle(&server, &mut page);
        assert_eq!(server.script.clipboard(), if clipboard_in { vec!["in".to_owned()] } else { vec![] });
        let told = page.messages.contains(&ServerMessage::ClipboardBegin(3));
        assert_eq!(told, clipboard_out, "in {clipboard_in}, out {clipboard_out}");
    }
}

#[test]
fn pages_resize_the_screen_only_where_they_may() {
    for resize in [true, false] {
        let server = with(Policy { resize, ..Policy::default() });
        let mut page = server.connect(false);
        page.control(&ClientMessage::Resize(Size::new(400, 300)));
        settle(&server, &mut page);
        if resize {
            page.until("the new size", |_| server.script.resizes() == 1);
        }
        assert_eq!(server.script.resizes(), u32::from(resize));
    }
}

#[test]
fn pages_are_told_the_pointer_only_where_they_may() {
    let shape = CursorImage { size: Size::new(1, 1), hot: Point { x: 0, y: 0 }, rgba: vec![9; 4].into() };
    for cursors in [true, false] {
        let server = with(Policy { cursors, ..Policy::default() });
        let mut page = server.connect(false);
        server.script.happens(DesktopEvent::Cursor(shape.clone()));
        settle(&server, &mut page);
        let told = page.messages.iter().any(|message| matches!(message, ServerMessage::Cursor { .. }));
        assert_eq!(told, cursors);
    }
}

#[test]
fn keyframes_come_as_often_as_they_are_wanted() {
    let mut config = config("127.0.0.1:0", None);
    config.video.keyframe_every = Some(std::time::Duration::from_millis(400));
    let server = Server::with(config);
    let mut page = server.connect(false);
    // The first bit of a VP8 frame is 0 in keyframes (RFC 6386, section 9.1). The screen stands still.
    let keyframes = |page: &Page| page.frames.iter().filter(|frame| frame[0] & 1 == 0).count();
    page.until("a keyframe again and again", |page| keyframes(page) >= 4);
}

#[test]
fn pages_see_nothing_before_the_application_is_ready() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ready");
    let mut config = config("127.0.0.1:0", None);
    config.app_ready = Some(file.clone());
    let server = Server::with(config);
    let mut page = server.connect(false);
    let stands = |page: &Page, wanted: DesktopState| {
        let last = page.messages.iter().rev().find_map(|message| match message {
            ServerMessage::Desktop { state, message } => Some((*state, message.clone())),
            _ => None,
        });
        last.filter(|(state, _)| *state == wanted).map(|(_, message)| message)
    };
    page.until("the reason", |page| {
        stands(page, DesktopState::Lost).is_some_and(|why| why.contains(file.to_str().unwrap()))
    });
    page.control(&ClientMessage::Input(InputEvent::PointerBy { dx: 1, dy: 1 }));
    page.control(&ClientMessage::Ping(1));
    page.until("an answer", |page| page.messages.iter().any(|it| matches!(it, ServerMessage::Pong { .. })));
    assert!(page.frames.is_empty() && server.script.grabbed() == 0 && server.input.try_recv().is_err());
    fs::write(&file, "").unwrap();
    page.until("a picture", |page| stands(page, DesktopState::Up).is_some() && !page.frames.is_empty());
    page.control(&ClientMessage::Input(InputEvent::PointerBy { dx: 2, dy: 2 }));
    assert_eq!(page.wait_for(&server.input), InputEvent::PointerBy { dx: 2, dy: 2 });
}

#[test]
fn the_page_is_served_below_its_path_too_and_its_cookie_is_for_that() {
    let mut config = config("127.0.0.1:0", Some("correct horse"));
    config.page.base = "/desk/".parse().unwrap();
    let server = Server::with(config);
    for (path, expected) in [
        ("/desk/", "200"),
        ("/desk/js/main.js", "200"),
        ("/desk/api/session", "401"),
        ("/desk", "308"),
        ("/", "200"),
        ("/healthz", "200"),
        ("/desktop", "404"),
    ] {
        assert_eq!(status(&server.request("GET", path, "", "")), expected, "{path}");
    }
    let attempt = r#"{"user":"ada","password":"correct horse"}"#;
    for (below, path) in [("/desk", "Path=/desk/;"), ("", "Path=/;")] {
        let answer = server.request("POST", &format!("{below}/api/login"), &server.origin(), attempt);
        assert!(status(&answer) == "204" && answer.contains(path), "{answer}");
        let answer = server.request("POST", &format!("{below}/api/logout"), &server.origin(), "");
        assert!(status(&answer) == "204" && answer.contains(path), "{answer}");
    }
}

#[test]
fn an_installed_page_has_the_names_that_were_set() {
    let mut config = config("127.0.0.1:0", None);
    let (name, short_name, start_url) = ("My \"desk\"".to_owned(), "desk".to_owned(), "./?x".to_owned());
    config.page = PageConfig { name, short_name, start_url, ..PageConfig::default() };
    let answer = Server::with(config).request("GET", "/manifest.webmanifest", "", "");
    assert!(answer.contains("application/manifest+json"), "{answer}");
    let body: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&body["name"], &body["short_name"]), (&r#"My "desk""#.into(), &"desk".into()));
    assert_eq!((&body["start_url"], &body["scope"]), (&"./?x".into(), &"./".into()));
}
