//! What a person does arrives at the applications as it was meant.

#![allow(clippy::unwrap_used)]

mod common;

use std::{fs, process::Stdio, thread, time::Duration};

use common::{Client, Kind, Server, eventually};
use cosmos_desktop::{Button, InputEvent, InputSink, Keysym, Point};
use x11rb::protocol::{
    Event,
    xproto::{ConnectionExt as _, KeyButMask, KeyPressEvent},
};

const SHIFT: u32 = 0xffe1;
const CONTROL: u32 = 0xffe3;
const CAPS_LOCK: u32 = 0xffe5;
const NUM_LOCK: u32 = 0xff7f;
const ALT_GR: u32 = 0xfe03;

/// A key that arrived at a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    keysym: u32,
    has_control: bool,
}

fn key(input: &mut dyn InputSink, keysym: u32, pressed: bool) {
    input.send(&InputEvent::Key { keysym: Keysym(keysym), pressed }).unwrap();
}

fn tap(input: &mut dyn InputSink, keysym: u32) {
    key(input, keysym, true);
    key(input, keysym, false);
}

/// What a keycode means with the modifiers of the event, in the layout as it is now, read as applications without
/// XKEYBOARD do it.
fn decode(client: &Client, event: &KeyPressEvent) -> u32 {
    let reply = client.conn.get_keyboard_mapping(event.detail, 1).unwrap().reply().unwrap();
    let state = u16::from(event.state);
    let has = |mask: KeyButMask| state & u16::from(mask) != 0;
    let group = usize::from(state >> 13 & 1);
    let at = |column: usize| reply.keysyms.get(column).copied().filter(|sym| *sym != 0);
    let base = if has(KeyButMask::MOD5) && at(4).is_some() { 4 + 2 * group } else { 2 * group };
    let (Some(low), high) = (at(base), at(base + 1)) else { return at(base + 1).unwrap_or(0) };
    let Some(high) = high else { return low };
    let is_letter = |sym: u32| matches!(sym, 0x61..=0x7a | 0xe0..=0xfe);
    let is_locked = (has(KeyButMask::LOCK) && is_letter(low))
        || (has(KeyButMask::MOD2) && matches!(high, 0xff80..=0xffbd));
    if has(KeyButMask::SHIFT) == is_locked { low } else { high }
}

fn is_modifier(keysym: u32) -> bool {
    matches!(keysym, 0xffe1..=0xffee | 0xfe03 | NUM_LOCK)
}

/// The next key that is no modifier.
fn next_key(client: &Client) -> Seen {
    client.next("a key arrives", |event| match event {
        Event::KeyPress(event) => {
            let keysym = decode(client, event);
            let has_control = u16::from(event.state) & u16::from(KeyButMask::CONTROL) != 0;
            (!is_modifier(keysym)).then_some(Seen { keysym, has_control })
        }
        _ => None,
    })
}

/// How often keys went down so far, modifiers included, and forgets them.
fn count_presses(client: &Client) -> usize {
    client.sync();
    let mut presses = 0;
    while let Some(event) = client.conn.poll_for_event().unwrap() {
        presses += usize::from(matches!(event, Event::KeyPress(_)));
    }
    presses
}

use x11rb::connection::Connection as _;

/// One keysym for each character, as the layout or the binding may have either.
fn plain(keysym: u32) -> u32 {
    match keysym {
        0x20ac => 0x0100_20ac,
        _ => keysym,
    }
}

fn layouts(server: &Server) -> Vec<&'static str> {
    ["us", "de"].into_iter().filter(|layout| server.run_tool("setxkbmap", &["-layout", layout])).collect()
}

#[test]
fn every_keysym_arrives_in_every_layout() {
    let keysyms: Vec<u32> = "aAzZqQ1!@\"#~|\\{[€µéÉßäÄñ漢字😀Жñ°"
        .chars()
        .map(|character| Keysym::from_char(character).0)
        .chain([0xff0d, 0xff09, 0xff1b, 0xffbe, 0xff51, 0xff08, 0xffff, 0xff8d, 0xfe51])
        .collect();
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        client.window((0, 0, 200, 200));
        let mut input = server.desktop().input;
        for layout in layouts(&server) {
            for keysym in &keysyms {
                tap(&mut *input, *keysym);
                let seen = next_key(&client);
                assert_eq!(
                    plain(seen.keysym),
                    plain(*keysym),
                    "{kind:?} {layout} {keysym:#x} became {:#x}",
                    seen.keysym
                );
            }
            assert_no_key_is_down(&client);
        }
    }
}

#[test]
fn composed_text_is_typed_character_by_character() {
    let text = "Grün & groß: 100 € für 漢字 😀 @ home\nñ";
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        client.window((0, 0, 200, 200));
        let mut input = server.desktop().input;
        for layout in layouts(&server) {
            input.send(&InputEvent::Text(text.into())).unwrap();
            for character in text.chars() {
                let expected = plain(Keysym::from_char(character).0);
                assert_eq!(plain(next_key(&client).keysym), expected, "{kind:?} {layout} {character:?}");
            }
        }
    }
}

/// More characters that the layout lacks than there are keys to spare.
#[test]
fn spare_keys_are_used_again() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    client.window((0, 0, 200, 200));
    let mut input = server.desktop().input;
    for code in 0x4e00..0x4e60 {
        tap(&mut *input, 0x0100_0000 + code);
        assert_eq!(next_key(&client).keysym, 0x0100_0000 + code);
    }
}

#[test]
fn a_layout_without_an_empty_key_still_takes_everything() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    client.window((0, 0, 200, 200));
    let map = client.conn.get_keyboard_mapping(8, 248).unwrap().reply().unwrap();
    let columns = usize::from(map.keysyms_per_keycode);
    for (code, row) in (8..=255_u8).zip(map.keysyms.chunks(columns)) {
        if row.iter().all(|sym| *sym == 0) {
            client.conn.change_keyboard_mapping(1, code, 2, &[0x1008_ff41, 0]).unwrap();
        }
    }
    client.sync();
    let mut input = server.desktop().input;
    for character in ['漢', 'é', '字', '😀', 'a', '漢', 'ж', 'я'] {
        let keysym = Keysym::from_char(character).0;
        tap(&mut *input, keysym);
        assert_eq!(next_key(&client).keysym, keysym, "{character}");
    }
    drop(input);
    client.sync();
    eventually("borrowed keys are given back", || {
        let after = client.conn.get_keyboard_mapping(8, 248).unwrap().reply().unwrap();
        let has = |keysym: u32| after.keysyms.contains(&keysym);
        (!has(Keysym::from_char('я').0)).then_some(())
    });
}

#[test]
fn modifiers_that_are_held_are_used_and_wrong_ones_are_lifted() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        client.window((0, 0, 200, 200));
        let mut input = server.desktop().input;
        let input = &mut *input;
        count_presses(&client);
        key(input, CONTROL, true);
        tap(input, 0x63);
        assert_eq!(next_key(&client), Seen { keysym: 0x63, has_control: true });
        key(input, CONTROL, false);
        assert_eq!(count_presses(&client), 0, "nothing else went down");

        key(input, SHIFT, true);
        tap(input, 0x41);
        assert_eq!(next_key(&client).keysym, 0x41);
        assert_eq!(count_presses(&client), 0, "nothing else went down");
        tap(input, 0x61);
        assert_eq!(next_key(&client).keysym, 0x61, "Shift is lifted for what needs none");
        tap(input, 0x42);
        assert_eq!(next_key(&client).keysym, 0x42, "and is down again after it");
        key(input, SHIFT, false);
        tap(input, 0x61);
        assert_eq!(next_key(&client).keysym, 0x61);
        assert_no_key_is_down(&client);
    }
}

#[test]
fn alt_gr_reaches_what_it_reaches_on_the_keyboard() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        if !server.run_tool("setxkbmap", &["-layout", "de"]) {
            continue;
        }
        let client = server.client();
        client.window((0, 0, 200, 200));
        let mut input = server.desktop().input;
        count_presses(&client);
        tap(&mut *input, 0x40);
        assert_eq!(next_key(&client).keysym, 0x40, "AltGr is added where it is needed");
        count_presses(&client);
        key(&mut *input, ALT_GR, true);
        for keysym in [0x40, 0x5c, 0x7b] {
            tap(&mut *input, keysym);
            assert_eq!(next_key(&client).keysym, keysym);
        }
        tap(&mut *input, 0x71);
        assert_eq!(next_key(&client).keysym, 0x71, "AltGr is lifted for what needs none");
        key(&mut *input, ALT_GR, false);
        assert_no_key_is_down(&client);
    }
}

#[test]
fn locks_do_not_turn_letters_and_numbers_round() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        client.window((0, 0, 200, 200));
        let mut input = server.desktop().input;
        for lock in [CAPS_LOCK, NUM_LOCK, CAPS_LOCK, NUM_LOCK] {
            tap(&mut *input, lock);
            for keysym in [0x61, 0x41, 0x31, 0x21, 0xffb5, 0xff95] {
                tap(&mut *input, keysym);
                assert_eq!(next_key(&client).keysym, keysym, "{kind:?} after {lock:#x}");
            }
        }
    }
}

/// A lock that another client, or a keyboard, switched is known without a question.
#[test]
fn a_layout_changed_by_others_is_followed() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    client.window((0, 0, 200, 200));
    let mut input = server.desktop().input;
    tap(&mut *input, 0x0100_6f22);
    assert_eq!(next_key(&client).keysym, 0x0100_6f22);
    for layout in ["de", "us,de", "us"] {
        if !server.run_tool("setxkbmap", &["-layout", layout]) {
            return;
        }
        for keysym in [0x7a, 0x79, 0x40, 0xe4, 0x0100_6f22] {
            tap(&mut *input, keysym);
            assert_eq!(next_key(&client).keysym, keysym, "{layout}");
        }
    }
}

fn assert_no_key_is_down(client: &Client) {
    let mut last = None;
    let down = || {
        let keys = client.conn.query_keymap().unwrap().reply().unwrap().keys;
        let pointer = client.conn.query_pointer(client.root).unwrap().reply().unwrap();
        let down: Vec<_> =
            (0..=255_u8).filter(|code| keys[usize::from(code / 8)] >> (code % 8) & 1 != 0).collect();
        (down, u16::from(pointer.mask) & 0x1fff & !0x12)
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(3);
    while last != Some((vec![], 0)) {
        last = Some(down());
        assert!(std::time::Instant::now() < deadline, "still down: {last:?}");
    }
}

fn hold_much(input: &mut dyn InputSink) {
    for keysym in [SHIFT, CONTROL, 0x41, 0xff51, 0x0100_6f22] {
        key(input, keysym, true);
    }
    for button in [Button::Left, Button::Forward] {
        input.send(&InputEvent::Button { button, pressed: true }).unwrap();
    }
}

#[test]
fn nothing_stays_pressed() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        client.window((0, 0, 200, 200));
        let mut input = server.desktop().input;
        hold_much(&mut *input);
        eventually("keys are down", || {
            (client.conn.query_keymap().unwrap().reply().unwrap().keys != [0; 32]).then_some(())
        });
        input.send(&InputEvent::ReleaseAll).unwrap();
        assert_no_key_is_down(&client);
        hold_much(&mut *input);
        drop(input);
        assert_no_key_is_down(&client);
    }
}

/// The key that went down is the one that comes up, whatever happened to the layout in between.
#[test]
fn a_release_lets_go_the_key_of_its_press() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    client.window((0, 0, 200, 200));
    let mut input = server.desktop().input;
    key(&mut *input, 0x7a, true);
    if !server.run_tool("setxkbmap", &["-layout", "de"]) {
        return;
    }
    key(&mut *input, 0x7a, false);
    key(&mut *input, 0x7a, false);
    assert_no_key_is_down(&client);
}

#[test]
fn the_pointer_goes_where_it_is_sent() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        let mut input = server.desktop().input;
        for (event, place) in [
            (InputEvent::PointerTo(Point { x: 100, y: 200 }), (100, 200)),
            (InputEvent::PointerBy { dx: -30, dy: 40 }, (70, 240)),
            (InputEvent::PointerBy { dx: 3, dy: 0 }, (73, 240)),
            (InputEvent::PointerTo(Point { x: 5000, y: 65535 }), (1279, 719)),
        ] {
            input.send(&event).unwrap();
            eventually("the pointer is there", || {
                let pointer = client.conn.query_pointer(client.root).unwrap().reply().unwrap();
                ((pointer.root_x, pointer.root_y) == place).then_some(())
            });
        }
    }
}

#[test]
fn buttons_and_the_wheel_click() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    client.window((0, 0, 200, 200));
    let mut input = server.desktop().input;
    input.send(&InputEvent::PointerTo(Point { x: 50, y: 50 })).unwrap();
    for button in [Button::Left, Button::Middle, Button::Right, Button::Back, Button::Forward] {
        input.send(&InputEvent::Button { button, pressed: true }).unwrap();
        input.send(&InputEvent::Button { button, pressed: false }).unwrap();
    }
    for (dx, dy) in [(0, 120), (0, -240), (60, 0), (60, 0), (-120, 60), (0, 59), (0, 1)] {
        input.send(&InputEvent::Scroll { dx, dy }).unwrap();
    }
    for expected in [1, 2, 3, 8, 9, 5, 4, 4, 7, 6, 5] {
        let found = client.next("a button arrives", |event| match event {
            Event::ButtonPress(event) => Some(event.detail),
            _ => None,
        });
        assert_eq!(found, expected);
    }
}

/// A real terminal, with the real way from keys to text.
#[test]
fn a_terminal_reads_what_was_typed() {
    let text = "Hello World_42 @~|{} Grün groß ÄÖ € 漢字 😀 ñ\n";
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        for layout in layouts(&server) {
            let dir = tempfile::tempdir().unwrap();
            let script = format!("cd {}; touch ready; cat > typed; mv typed done", dir.path().display());
            let mut xterm = server.command("xterm");
            // Keys go to the window under the pointer: the script may not say that it runs before there is one.
            xterm
                .args([
                    "-xrm",
                    "*waitForMap: true",
                    "-u8",
                    "-geometry",
                    "80x24+0+0",
                    "-e",
                    "sh",
                    "-c",
                    &script,
                ])
                .stderr(Stdio::null());
            let mut child = match xterm.spawn() {
                Ok(child) => child,
                Err(error) => return eprintln!("SKIPPED xterm cannot be started: {error}"),
            };
            eventually("the terminal runs", || dir.path().join("ready").exists().then_some(()));
            let mut input = server.desktop().input;
            input.send(&InputEvent::PointerTo(Point { x: 100, y: 100 })).unwrap();
            type_keys(&mut *input, "first line\n");
            input.send(&InputEvent::Text(text.into())).unwrap();
            key(&mut *input, CONTROL, true);
            tap(&mut *input, 0x64);
            key(&mut *input, CONTROL, false);
            let typed = eventually("the text is read", || fs::read_to_string(dir.path().join("done")).ok());
            child.wait().unwrap();
            assert_eq!(typed, format!("first line\n{text}"), "{kind:?} {layout}");
        }
    }
}

fn type_keys(input: &mut dyn InputSink, text: &str) {
    for character in text.chars() {
        tap(input, Keysym::from_char(character).0);
        thread::sleep(Duration::from_millis(1));
    }
}
