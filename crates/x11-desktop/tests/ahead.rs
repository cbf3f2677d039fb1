//! Pictures that are fetched ahead are those of the screen, and their damage is all that changed.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use common::{Client, Server};
use cosmos_desktop::{Change, Frame, FrameSource, Rect};

const WIDTH: u16 = 3840;
const HEIGHT: u16 = 2160;

/// The rows at the bottom that change now and then only.
const QUIET: u16 = 60;

/// Paints nearly the whole screen, and now and then a small thing at its bottom, until told to end.
fn paint(client: &Client, over: &AtomicBool) {
    for step in 0_u32.. {
        if over.load(Relaxed) {
            return;
        }
        let colour = step.wrapping_mul(0x01_2345) & 0xff_ffff;
        client.fill(client.root, (0, 0, WIDTH, HEIGHT - QUIET), colour);
        if step.is_multiple_of(7) {
            let x = (step.wrapping_mul(97) % 3800) as i16;
            client.fill(client.root, (x, (HEIGHT - QUIET) as i16, 33, 17), colour ^ 0xff_ffff);
        }
        thread::sleep(Duration::from_millis(4));
    }
}

/// What somebody has who looks only at what is said to have changed.
#[derive(Default)]
struct Copy {
    pixels: Vec<u8>,
    /// Pixels that were read in the middle of a change, which the next picture has to tell.
    owed: Vec<usize>,
}

impl Copy {
    /// Brings it up to date by what a frame says has changed, and asserts that nothing else did.
    fn follow(&mut self, frame: &Frame<'_>) {
        self.pixels.resize(frame.bgrx.len(), 0);
        for pixel in self.owed.drain(..) {
            let (x, y) = (pixel % usize::from(WIDTH), pixel / usize::from(WIDTH));
            let holds = |rect: &Rect| {
                (rect.x..rect.x + rect.width).contains(&(x as u16))
                    && (rect.y..rect.y + rect.height).contains(&(y as u16))
            };
            assert!(frame.damage.iter().any(holds), "{x},{y} changed and is not in {:?}", frame.damage);
        }
        for rect in frame.damage {
            for row in usize::from(rect.y)..usize::from(rect.y) + usize::from(rect.height) {
                let start = row * frame.stride + usize::from(rect.x) * 4;
                let range = start..start + usize::from(rect.width) * 4;
                self.pixels[range.clone()].copy_from_slice(&frame.bgrx[range]);
            }
        }
        if self.pixels != frame.bgrx {
            let pairs = self.pixels.chunks_exact(4).zip(frame.bgrx.chunks_exact(4)).enumerate();
            self.owed = pairs.filter(|(_, (ours, theirs))| ours != theirs).map(|(pixel, _)| pixel).collect();
        }
    }
}

/// Ends the painter however the test ends.
struct Ender<'a>(&'a AtomicBool);

impl Drop for Ender<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn is_fetched_ahead() -> bool {
    std::fs::read_dir("/proc/self/task").unwrap().any(|task| {
        std::fs::read_to_string(task.unwrap().path().join("comm")).is_ok_and(|name| name.trim() == "ahead")
    })
}

/// Takes a picture, as somebody does who works on each for a while.
fn step(frames: &mut dyn FrameSource, copy: &mut Copy, work: Duration) {
    if frames.wait(Instant::now() + Duration::from_millis(100)).unwrap() != Change::Nothing {
        let begun = Instant::now();
        copy.follow(&frames.grab().unwrap());
        thread::sleep(work.saturating_sub(begun.elapsed()));
    }
}

#[test]
fn a_large_screen_that_changes_faster_than_it_is_encoded_is_fetched_ahead() {
    let Some(server) = Server::xvfb(&format!("{WIDTH}x{HEIGHT}x24")) else { return };
    let (painter, client) = (server.client(), server.client());
    let mut frames = server.desktop().frames;
    let (over, mut copy, work) = (AtomicBool::new(false), Copy::default(), Duration::from_millis(40));
    thread::scope(|scope| {
        scope.spawn(|| paint(&painter, &over));
        let _ender = Ender(&over);
        let patience = Instant::now() + common::PATIENCE;
        while !is_fetched_ahead() && Instant::now() < patience {
            step(&mut *frames, &mut copy, work);
        }
        let is_ahead = is_fetched_ahead();
        for at in 0..40 {
            step(&mut *frames, &mut copy, work);
            if at % 10 == 9 {
                // It is not asked for long: what was fetched ahead has grown old.
                thread::sleep(Duration::from_millis(150));
                client.fill(client.root, (100, (HEIGHT - 20) as i16, 9, 9), at + 1);
                client.sync();
                frames.wait(Instant::now() + Duration::from_millis(100)).unwrap();
                let frame = frames.grab().unwrap();
                assert_eq!(frame.bgrx[usize::from(HEIGHT - 15) * frame.stride + 4 * 104], (at + 1) as u8);
                copy.follow(&frame);
            }
        }
        assert!(is_ahead);
    });
    // What is on the screen in the end is what is seen.
    client.fill(client.root, (100, 100, 50, 50), 0x65_4321);
    client.sync();
    while let Change::Changed(_) = frames.wait(Instant::now() + Duration::from_millis(300)).unwrap() {
        copy.follow(&frames.grab().unwrap());
    }
    let at = (usize::from(HEIGHT) / 100 * 5 * usize::from(WIDTH) + 120) * 4;
    assert_eq!(copy.pixels[at..at + 3], [0x21, 0x43, 0x65]);
}
