//! Both directions are held to `testdata/messages.txt`, which the page's own test reads too.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_desktop::InputEvent;
use cosmos_protocol::{ClientMessage, DecodeError, DesktopState, Level, Person, ServerMessage, Standing};
use proptest::prelude::*;

const MESSAGES: &str = include_str!("../testdata/messages.txt");

#[test]
fn every_line_decodes_to_its_meaning_and_encodes_to_its_bytes() {
    for line in MESSAGES.lines().filter(|line| !line.starts_with('#')) {
        let (message, meaning) = line.split_once(" | ").unwrap();
        let (side, digits) = message.split_once(' ').unwrap();
        let bytes = unhex(digits);
        let (said, again) = match side {
            "client" => {
                let message = ClientMessage::decode(&bytes).unwrap();
                (client(&message), message.encode())
            }
            _ => {
                let message = ServerMessage::decode(&bytes).unwrap();
                (server(&message), message.encode())
            }
        };
        assert_eq!(said, meaning);
        assert_eq!(again, bytes, "{line}");
    }
}

#[test]
fn every_kind_has_a_line() {
    let kinds = |side: &str| -> Vec<String> {
        let of_side = MESSAGES.lines().filter_map(|line| line.strip_prefix(side));
        let mut kinds: Vec<_> = of_side.map(|rest| rest.trim()[..2].to_owned()).collect();
        kinds.dedup();
        kinds
    };
    for kind in 0..=255_u8 {
        let known_to_client = ClientMessage::decode(&[kind]) != Err(DecodeError::Kind(kind));
        let known_to_server = ServerMessage::decode(&[kind]) != Err(DecodeError::Kind(kind));
        let kind = format!("{kind:02x}");
        assert_eq!(known_to_client, kinds("client").contains(&kind), "client {kind}");
        assert_eq!(known_to_server, kinds("server").contains(&kind), "server {kind}");
    }
}

#[test]
fn what_means_nothing_is_refused() {
    let long_text = [vec![0x02], vec![b'a'; 4097]].concat();
    let long_part = [vec![0x12], vec![b'a'; 16 * 1024 + 1]].concat();
    for (bytes, error) in [
        (&[][..], DecodeError::Short),
        (&[0xff], DecodeError::Kind(0xff)),
        (&[0x01, 1, 0, 0, 0], DecodeError::Short),
        (&[0x01, 2, 0, 0, 0, 0x61], DecodeError::Value("pressed")),
        (&[0x01, 1, 0, 0, 0, 0x61, 0], DecodeError::Long),
        (&[0x02, 0xff], DecodeError::Utf8),
        (&[0x05, 5, 1], DecodeError::Value("button")),
        (&[0x10, 0, 0, 0, 9], DecodeError::Value("size")),
        (&long_text, DecodeError::Value("text")),
        (&long_part, DecodeError::Value("part")),
    ] {
        assert_eq!(ClientMessage::decode(bytes), Err(error), "{:02x?}", &bytes[..bytes.len().min(8)]);
    }
}

proptest! {
    #[test]
    fn whatever_decodes_encodes_to_the_same(kind in 0_u8..0x28, tail in prop::collection::vec(any::<u8>(), 0..24)) {
        let bytes = [vec![kind], tail].concat();
        if let Ok(message) = ClientMessage::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    #[test]
    fn what_the_server_may_say_decodes_to_the_same(kind in 0x80_u8.., tail in prop::collection::vec(any::<u8>(), 0..48)) {
        let bytes = [vec![kind], tail].concat();
        if let Ok(message) = ServerMessage::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let digits: String = digits.chars().filter(|digit| !digit.is_whitespace()).collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn way(pressed: bool) -> &'static str {
    if pressed { "down" } else { "up" }
}

fn client(message: &ClientMessage) -> String {
    match message {
        ClientMessage::Input(InputEvent::Key { keysym, pressed }) => {
            format!("key {} {}", keysym.0, way(*pressed))
        }
        ClientMessage::Input(InputEvent::Text(text)) => format!("text {text}"),
        ClientMessage::Input(InputEvent::PointerTo(to)) => format!("pointer to {},{}", to.x, to.y),
        ClientMessage::Input(InputEvent::PointerBy { dx, dy }) => format!("pointer by {dx},{dy}"),
        ClientMessage::Input(InputEvent::Button { button, pressed }) => {
            format!("button {} {}", *button as u8, way(*pressed))
        }
        ClientMessage::Input(InputEvent::Scroll { dx, dy }) => format!("scroll {dx},{dy}"),
        ClientMessage::Input(InputEvent::ReleaseAll) => "release all".into(),
        ClientMessage::Resize(size) => format!("resize {size}"),
        ClientMessage::ClipboardBegin(bytes) => format!("clipboard of {bytes} bytes"),
        ClientMessage::ClipboardPart(part) => format!("clipboard part {}", String::from_utf8_lossy(part)),
        ClientMessage::Ping(number) => format!("ping {number}"),
        ClientMessage::Video(wanted) => format!("video {}", if *wanted { "on" } else { "off" }),
        ClientMessage::Audio(wanted) => format!("audio {}", if *wanted { "on" } else { "off" }),
        ClientMessage::Received(total) => format!("received {total} bytes"),
        ClientMessage::AskControl(true) => "ask for control".into(),
        ClientMessage::AskControl(false) => "ask no longer".into(),
        ClientMessage::GiveControl(person) => format!("give control to {person}"),
        ClientMessage::TakeControl => "take control".into(),
        ClientMessage::ReleaseControl => "release control".into(),
        ClientMessage::Quality { max_kbps, max_fps } => format!("quality {max_kbps} kbit/s {max_fps} fps"),
    }
}

fn server(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Hello { version, control, audio, user } => {
            format!("hello version {version}, control {control}, audio {audio}, user {user}")
        }
        ServerMessage::Cursor { size, hot, rgba } => {
            format!("cursor {size} hot {},{} {}", hot.x, hot.y, hex(rgba))
        }
        ServerMessage::ClipboardBegin(bytes) => format!("clipboard of {bytes} bytes"),
        ServerMessage::ClipboardPart(part) => format!("clipboard part {}", String::from_utf8_lossy(part)),
        ServerMessage::Pong { number, server_us } => format!("pong {number} at {server_us}"),
        ServerMessage::Stats(s) => format!(
            "stats {} {} {} {} {} {} {} {} {}",
            s.target_kbps,
            s.sent_kbps,
            s.estimate_kbps,
            s.fps_x10,
            s.capture_us,
            s.convert_us,
            s.encode_us,
            s.skipped,
            s.viewers
        ),
        ServerMessage::Desktop { state: DesktopState::Lost, message } => format!("desktop lost: {message}"),
        ServerMessage::Desktop { state: DesktopState::Up, message } => format!("desktop up: {message}"),
        ServerMessage::Resized(size) => format!("resized {size}"),
        ServerMessage::Notice { level, text } => {
            let level = match level {
                Level::Info => 0,
                Level::Warning => 1,
                Level::Error => 2,
            };
            format!("notice {level}: {text}")
        }
        ServerMessage::People(people) if people.is_empty() => "people nobody".into(),
        ServerMessage::People(people) => {
            format!("people {}", people.iter().map(person).collect::<Vec<_>>().join(", "))
        }
        ServerMessage::Control(mine) => format!("control {mine}"),
        ServerMessage::Pointer { id, at } => format!("{id} points to {},{}", at.x, at.y),
        ServerMessage::Unseen(why) if why.is_empty() => "seen".to_owned(),
        ServerMessage::Unseen(why) => format!("unseen: {why}"),
        ServerMessage::Video { keyframe, codec, captured_us, data } => {
            format!("video {codec:?} keyframe {keyframe} at {captured_us} {}", hex(data))
        }
        ServerMessage::Audio { pts, data } => format!("audio at {pts} {}", hex(data)),
        ServerMessage::Encoder { element, codec, reason } => format!("encoder {element} {codec}: {reason}"),
    }
}

fn person(person: &Person) -> String {
    let marks =
        [(person.you, "you "), (person.holds, "holds "), (person.asks, "asks "), (person.drives, "drives ")];
    let marks: String = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
    format!("{} {:?} {marks}{}", person.id, person.standing, person.name)
}

#[test]
fn people_who_cannot_be_are_refused_and_too_many_are_cut() {
    for (bytes, error) in [
        (&[0x8b, 1, 0, 0, 0, 1, 3, 0, 0][..], DecodeError::Value("standing")),
        (&[0x8b, 1, 0, 0, 0, 1, 0, 16, 0], DecodeError::Value("marks")),
        (&[0x8b, 2, 0, 0, 0, 1, 0, 0, 0], DecodeError::Short),
        (&[0x8b, 0, 0], DecodeError::Long),
    ] {
        assert_eq!(ServerMessage::decode(bytes), Err(error));
    }
    let (you, holds, asks, drives) = (false, true, true, false);
    let name = "x".repeat(300);
    let one = Person { id: 1, standing: Standing::Viewer, you, holds, asks, drives, name };
    let ServerMessage::People(people) =
        ServerMessage::decode(&ServerMessage::People(vec![one; 300]).encode()).unwrap()
    else {
        panic!("it was people");
    };
    assert_eq!((people.len(), people[0].name.len()), (255, 255));
}
