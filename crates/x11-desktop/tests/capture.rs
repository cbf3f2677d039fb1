//! The picture is what was drawn, and the damage is where.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    thread,
    time::{Duration, Instant},
};

use common::{Client, Kind, Server, wait_changed};
use cosmos_desktop::{Change, DesktopError, Frame, FrameSource, InputEvent, Point, Rect, Size};
use cosmos_x11::{Pixels, open};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, CreateGCAux, ImageFormat},
};

const WAYS: [Pixels; 4] = [Pixels::Auto, Pixels::ShmFd, Pixels::ShmSysv, Pixels::GetImage];

/// Draws noise of this size in its own time: a picture that no mistake in rows or columns leaves as it is.
fn draw_noise(client: &Client, (x, y): (i16, i16), (width, height): (u16, u16), seed: u32) {
    let mut state = seed | 1;
    let noise = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as u8
    };
    let data: Vec<u8> = (0..usize::from(width) * usize::from(height) * 4).map(noise).collect();
    let gc = client.conn.generate_id().unwrap();
    client.conn.create_gc(gc, client.root, &CreateGCAux::new()).unwrap();
    for (band, rows) in data.chunks(usize::from(width) * 4 * 32).enumerate() {
        let lines = (rows.len() / 4 / usize::from(width)) as u16;
        let top = y + (band * 32) as i16;
        client
            .conn
            .put_image(ImageFormat::Z_PIXMAP, client.root, gc, width, lines, x, top, 0, 24, rows)
            .unwrap();
    }
    client.sync();
}

/// Asserts that a frame is what the server itself says the screen shows.
fn assert_is_screen(client: &Client, frame: &Frame<'_>) {
    let Size { width, height } = frame.size;
    let image = client.conn.get_image(ImageFormat::Z_PIXMAP, client.root, 0, 0, width, height, !0).unwrap();
    let expected = image.reply().unwrap().data;
    let rows = frame.bgrx.chunks(frame.stride).zip(expected.chunks(usize::from(width) * 4));
    for (y, (found, expected)) in rows.enumerate() {
        for (x, (found, expected)) in found.chunks(4).zip(expected.chunks(4)).enumerate() {
            assert_eq!(found[..3], expected[..3], "pixel {x},{y}");
        }
    }
}

fn union(rects: &[Rect]) -> (u16, u16, u32, u32) {
    rects.iter().fold((u16::MAX, u16::MAX, 0, 0), |(left, top, right, bottom), rect| {
        (left.min(rect.x), top.min(rect.y), right.max(rect.right()), bottom.max(rect.bottom()))
    })
}

/// Takes pictures until nothing changes any more.
fn settle(frames: &mut dyn FrameSource) {
    while let Change::Changed(_) = frames.wait(Instant::now() + Duration::from_millis(200)).unwrap() {
        frames.grab().unwrap();
    }
}

#[test]
fn all_ways_give_what_was_drawn() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        for way in WAYS {
            let mut frames = open(&server.config(way)).unwrap().frames;
            wait_changed(&mut *frames);
            draw_noise(&client, (0, 0), (1280, 720), 7);
            let frame = frames.grab().unwrap();
            assert_eq!((frame.size, frame.stride), (Size::new(1280, 720), 5120));
            assert_eq!(frame.damage, [frame.size.rect()], "a first picture is whole");
            assert_is_screen(&client, &frame);
            for (corner, size) in [((3, 5), (101, 57)), ((1279, 719), (1, 1)), ((0, 700), (1280, 20))] {
                settle(&mut *frames);
                draw_noise(&client, corner, size, 99);
                wait_changed(&mut *frames);
                assert_is_screen(&client, &frames.grab().unwrap());
            }
        }
    }
}

#[test]
fn damage_is_where_it_was_drawn() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        let mut frames = server.desktop().frames;
        for rect in [(0, 0, 1, 1), (33, 41, 7, 9), (1000, 600, 280, 120)] {
            settle(&mut *frames);
            assert_eq!(frames.grab().unwrap().damage, [], "nothing changed");
            client.fill(client.root, rect, 0x12_3456);
            wait_changed(&mut *frames);
            let frame = frames.grab().unwrap();
            let (x, y, width, height) = rect;
            let expected = Rect { x: x as u16, y: y as u16, width, height };
            assert_eq!(frame.damage, [expected], "{kind:?}");
            let at = usize::from(expected.y) * frame.stride + usize::from(expected.x) * 4;
            assert_eq!(frame.bgrx[at..at + 3], [0x56, 0x34, 0x12]);
        }
    }
}

#[test]
fn many_small_changes_become_few_rectangles_that_cover_them() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let client = server.client();
    let mut frames = server.desktop().frames;
    settle(&mut *frames);
    let dots: Vec<(i16, i16)> = (0..60).map(|n| (n * 20, (n * 37) % 700)).collect();
    for (x, y) in &dots {
        client.fill(client.root, (*x, *y, 3, 3), 0xff_ffff);
    }
    let mut seen = Vec::new();
    common::eventually("all dots are seen", || {
        frames.wait(Instant::now() + Duration::from_millis(50)).unwrap();
        let frame = frames.grab().unwrap();
        assert!(frame.damage.len() <= 16, "{} rectangles", frame.damage.len());
        assert_is_screen(&client, &frame);
        seen.extend_from_slice(frame.damage);
        let covers = |(x, y): &(i16, i16)| {
            let (x, y) = (*x as u16, *y as u16);
            seen.iter().any(|rect: &Rect| {
                rect.x <= x
                    && rect.y <= y
                    && rect.right() >= u32::from(x) + 3
                    && rect.bottom() >= u32::from(y) + 3
            })
        };
        dots.iter().all(covers).then_some(())
    });
}

#[test]
fn windows_that_come_and_go_are_seen() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        let mut frames = server.desktop().frames;
        settle(&mut *frames);
        let window = client.window((100, 50, 200, 80));
        client.fill(window, (0, 0, 200, 80), 0xab_cdef);
        let mut damage = Vec::new();
        common::eventually("the window is in the picture", || {
            frames.wait(Instant::now() + Duration::from_millis(50)).unwrap();
            let frame = frames.grab().unwrap();
            damage.extend_from_slice(frame.damage);
            let at = 129 * frame.stride + 299 * 4;
            (frame.bgrx[at..at + 3] == [0xef, 0xcd, 0xab]).then_some(())
        });
        assert_eq!(union(&damage), (100, 50, 300, 130), "{kind:?}");
        settle(&mut *frames);
        client.conn.destroy_window(window).unwrap();
        client.sync();
        wait_changed(&mut *frames);
        assert_is_screen(&client, &frames.grab().unwrap());
    }
}

#[test]
fn an_idle_screen_and_a_waker_end_the_wait() {
    let Some(server) = Server::start(Kind::Xvfb) else { return };
    let mut frames = server.desktop().frames;
    settle(&mut *frames);
    let start = Instant::now();
    assert_eq!(frames.wait(start + Duration::from_millis(50)).unwrap(), Change::Nothing);
    assert!(start.elapsed() >= Duration::from_millis(50));
    let waker = frames.waker();
    let far = Instant::now() + common::PATIENCE;
    thread::spawn(move || waker());
    assert_eq!(frames.wait(far).unwrap(), Change::Nothing);
    assert!(Instant::now() < far);
}

#[test]
fn a_screen_of_few_colours_is_refused_with_the_remedy() {
    let Some(server) = Server::xvfb("640x480x16") else { return };
    match open(&server.config(Pixels::Auto)) {
        Err(DesktopError::Refused { what }) => {
            assert!(what.contains("depth 16") && what.contains("depth 24"), "{what}");
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("depth 16 was accepted"),
    }
}

/// The servers here draw the pointer themselves, and into the screen.
#[test]
fn the_pointer_is_not_in_the_picture() {
    for kind in [Kind::Xvfb, Kind::Dummy] {
        let Some(server) = Server::start(kind) else { continue };
        let client = server.client();
        let window = client.window((0, 0, 1280, 720));
        client.fill(window, (0, 0, 1280, 720), 0x10_2030);
        client.show_cursor();
        for way in WAYS {
            let mut desktop = open(&server.config(way)).unwrap();
            desktop.input.send(&InputEvent::PointerTo(Point { x: 640, y: 360 })).unwrap();
            let frame = desktop.frames.grab().unwrap();
            let other = frame.bgrx.chunks(4).position(|pixel| pixel[..3] != [0x30, 0x20, 0x10]);
            assert_eq!(other, None, "{kind:?} {way:?}");
        }
    }
}

#[test]
fn odd_sizes_are_told_as_they_are() {
    let Some(server) = Server::xvfb("641x479x24") else { return };
    let client = server.client();
    draw_noise(&client, (0, 0), (641, 479), 3);
    for way in WAYS {
        let mut frames = open(&server.config(way)).unwrap().frames;
        let frame = frames.grab().unwrap();
        assert_eq!(frame.size, Size::new(641, 479));
        assert_is_screen(&client, &frame);
    }
}
