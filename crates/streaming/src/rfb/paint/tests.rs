use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Point};
use cosmos_protocol::rfb::Wishes;

use super::*;
use crate::rfb::viewer::Around;

const SIZE: Size = Size::new(128, 160);

/// Rows of which no two are the same, from this one on.
fn show(screen: &Screen, first: u32) {
    let row =
        |row: u32| (0..u32::from(SIZE.width)).flat_map(move |x| ((row * 7919) ^ (x * 31)).to_le_bytes());
    let bgrx: Vec<u8> = (first..first + u32::from(SIZE.height)).flat_map(row).collect();
    let (stride, all) = (4 * usize::from(SIZE.width), [SIZE.rect()]);
    screen.show(&Frame { size: SIZE, stride, bgrx: &bgrx, damage: &all, captured: Instant::now() });
}

fn job(encodings: &[i32], fresh: bool) -> Job {
    Job {
        size: SIZE,
        known: SIZE,
        rects: vec![SIZE.rect()],
        fresh,
        frame: None,
        refine: None,
        around: Around::default(),
        wishes: Wishes::new(encodings, |_| true),
        format: PixelFormat::BGRX,
    }
}

/// The number of the first rectangle's encoding, and the bytes of all.
fn written(painter: &mut Painter, screen: &Screen, job: &Job) -> (Option<u8>, usize) {
    let bytes = painter.paint(screen, job, Instant::now());
    (bytes.get(15).copied(), bytes.len())
}

#[test]
fn what_scrolls_is_copied_for_those_who_can_and_the_rest_is_written() {
    let all = 4 * SIZE.area();
    for (encodings, fresh, copied) in
        [(&[1, 0][..], false, true), (&[0], false, false), (&[1, 0], true, false)]
    {
        let (screen, mut painter) = (Screen::new(), Painter::new());
        show(&screen, 0);
        let first = written(&mut painter, &screen, &job(encodings, true));
        assert!(first.0 == Some(0) && first.1 > all);
        show(&screen, 16);
        let (encoding, bytes) = written(&mut painter, &screen, &job(encodings, fresh));
        assert_eq!(
            (encoding, bytes < all / 5),
            (Some(copied.into()), copied),
            "{encodings:?} {fresh}: {bytes}"
        );
    }
}

#[test]
fn a_frame_of_video_is_written_as_it_is_and_a_keyframe_begins_anew() {
    let (screen, mut painter) = (Screen::new(), Painter::new());
    for (keyframe, reset) in [(true, 1), (false, 0)] {
        let frame = cosmos_encoder::EncodedFrame {
            codec: cosmos_encoder::Codec::H264,
            sampling: cosmos_encoder::Sampling::Half,
            keyframe,
            size: SIZE,
            data: Arc::new([9, 8, 7]),
            captured: Instant::now(),
            convert: Duration::ZERO,
            encode: Duration::ZERO,
        };
        let job = Job { rects: vec![], frame: Some(Arc::new(frame)), ..job(&[50], false) };
        let rect = [0, 0, 0, 0, 0, 128, 0, 160, 0, 0, 0, 50, 0, 0, 0, 3, 0, 0, 0, reset, 9, 8, 7];
        assert_eq!(painter.paint(&screen, &job, Instant::now()), [&[0, 0, 0, 1][..], &rect].concat());
    }
}

#[test]
fn what_typing_changes_is_found_to_the_pixel() {
    let stride = 4 * usize::from(SIZE.width);
    let old = vec![0; stride * usize::from(SIZE.height)];
    let mut new = old.clone();
    assert_eq!(differing(&old, &new, stride, SIZE.rect()), None);
    for (x, y) in [(20, 33), (25, 31), (22, 40)] {
        new[y * stride + 4 * x] = 1;
    }
    let found = differing(&old, &new, stride, Rect { x: 16, y: 16, width: 32, height: 32 });
    assert_eq!(found, Some(Rect { x: 20, y: 31, width: 6, height: 10 }));
}

#[test]
fn what_the_viewer_shows_already_is_not_sent_unless_it_may_have_lost_it() {
    let (screen, mut painter) = (Screen::new(), Painter::new());
    show(&screen, 0);
    written(&mut painter, &screen, &job(&[0], true));
    assert_eq!(written(&mut painter, &screen, &job(&[0], false)), (None, 4));
    assert!(written(&mut painter, &screen, &job(&[0], true)).1 > 4 * SIZE.area());
}

#[test]
fn a_film_is_not_looked_through_for_what_has_moved() {
    let mut luck = Luck::default();
    let mut tries = |found: bool, updates: u32| {
        let tried = (0..updates).filter(|_| {
            luck.is_worth_a_try() && {
                luck.had(found);
                true
            }
        });
        tried.count()
    };
    assert_eq!(tries(true, 20), 20, "what scrolls is copied each time");
    assert_eq!(tries(false, PATIENCE), PATIENCE as usize);
    assert_eq!(tries(false, 10 * (REST + 1)), 10);
    assert_eq!(tries(true, REST + 20), 20, "it scrolls again");
}

#[test]
fn what_is_shown_stays_right_where_most_of_it_or_little_changes() {
    let stride = 4 * usize::from(SIZE.width);
    for (height, swaps) in [(128, true), (32, false)] {
        let (screen, mut painter) = (Screen::new(), Painter::new());
        show(&screen, 0);
        painter.paint(&screen, &job(&[0], true), Instant::now());
        show(&screen, 1000);
        let part = Rect { y: 16, height, ..SIZE.rect() };
        let written = painter.paint(&screen, &Job { rects: vec![part], ..job(&[0], false) }, Instant::now());
        assert_eq!(written.len(), 4 + 12 + stride * usize::from(height), "{swaps}");
        // What it takes to be shown decides what is written: the rest, and not the part.
        let rest = painter.paint(&screen, &job(&[0], false), Instant::now());
        assert_eq!(rest.len(), 4 + 2 * 12 + stride * usize::from(SIZE.height - height), "{swaps}");
        let few = Rect { height: 16, ..SIZE.rect() };
        painter.paint(&screen, &Job { rects: vec![few], ..job(&[0], false) }, Instant::now());
        assert!(painter.shown == painter.next, "{swaps}: what scrolls later is looked for in both");
        assert_eq!(painter.paint(&screen, &job(&[0], false), Instant::now()), [0; 4], "{swaps}");
    }
}

#[test]
fn what_is_near_in_the_same_rows_becomes_one_rectangle() {
    let block = |x, y| Rect { x, y, width: 16, height: 16 };
    for (parts, whole) in [
        (vec![], vec![]),
        // What joins two brings a third one near, in whatever order they come.
        (vec![block(96, 0), block(0, 0), block(48, 0)], vec![Rect { width: 112, ..block(0, 0) }]),
        (vec![block(0, 0), block(96, 0)], vec![block(0, 0), block(96, 0)]),
        (vec![block(0, 0), block(16, 16)], vec![block(0, 0), block(16, 16)]),
    ] {
        assert_eq!(joined(parts), whole);
    }
}

/// Grain in many colours, another one for each seed.
fn show_photograph(screen: &Screen, seed: u32) {
    let pixel = |at: u32| (at ^ seed.wrapping_mul(0x9e37)).wrapping_mul(0x9e37_79b1).rotate_left(7);
    let bgrx: Vec<u8> = (0..SIZE.area() as u32).flat_map(|at| pixel(at).to_le_bytes()).collect();
    let (stride, all) = (4 * usize::from(SIZE.width), [SIZE.rect()]);
    screen.show(&Frame { size: SIZE, stride, bgrx: &bgrx, damage: &all, captured: Instant::now() });
}

/// Where the only rectangle of an update lies, and the kind of Tight that it is; `None` where there is none.
fn only_rect(update: &[u8]) -> Option<(Rect, u8)> {
    let field = |at: usize| u16::from_be_bytes([update[at], update[at + 1]]);
    assert!(field(2) <= 1, "{} rectangles", field(2));
    let place = || Rect { x: field(4), y: field(6), width: field(8), height: field(10) };
    (field(2) > 0).then(|| (place(), update[16] & 0xf0))
}

const JPEG: u8 = 0x90;

#[test]
fn a_photograph_that_stands_still_is_written_once_more_as_it_is() {
    let (screen, mut painter, start) = (Screen::new(), Painter::new(), Instant::now());
    let tight = |fresh| job(&[7, -26], fresh);
    show_photograph(&screen, 0);
    assert_eq!(painter.rough_due(), None);
    assert_eq!(only_rect(&painter.paint(&screen, &tight(true), start)), Some((SIZE.rect(), JPEG)));
    let due = painter.rough_due().expect("it is shown roughly");
    assert!(due > start);
    // Of what is on the screen by now the viewer has seen nothing.
    show_photograph(&screen, 1);
    let few = Job { refine: Some(8), rects: vec![], ..tight(false) };
    let part = painter.paint(&screen, &few, due);
    assert!(
        only_rect(&part)
            .is_some_and(|(rect, kind)| (rect.width, rect.height, kind < JPEG) == (128, 16, true))
    );
    let plain = unpacked(&part);
    assert_eq!(plain, rgb(&painter.shown[..plain.len() / 3 * 4]));
    let rest = painter.paint(&screen, &Job { refine: Some(1000), ..few }, due);
    assert!(
        only_rect(&rest).is_some_and(|(rect, kind)| (rect.y, rect.height, kind < JPEG) == (16, 144, true))
    );
    assert_eq!(painter.rough_due(), None, "nothing is left");
    assert_eq!(only_rect(&painter.paint(&screen, &tight(false), due)), Some((SIZE.rect(), JPEG)));
}

/// The pixels of the first rectangle of the first update of a viewer, which is of Tight without a filter.
fn unpacked(update: &[u8]) -> Vec<u8> {
    assert_eq!(update[16], 0, "no filter");
    let length = update[17..20].iter().position(|byte| *byte < 0x80).map_or(3, |at| at + 1);
    let mut plain = Vec::new();
    let mut stream = flate2::Decompress::new(true);
    plain.reserve(SIZE.area() * 3);
    stream
        .decompress_vec(&update[17 + length..], &mut plain, flate2::FlushDecompress::Sync)
        .expect("it is zlib");
    plain
}

fn rgb(bgrx: &[u8]) -> Vec<u8> {
    bgrx.chunks(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect()
}

#[test]
fn what_moves_is_coarser_than_what_comes_once() {
    let (screen, mut painter, start) = (Screen::new(), Painter::new(), Instant::now());
    let mut written = |seed, at| {
        show_photograph(&screen, seed);
        painter.paint(&screen, &job(&[7, -26], false), at).len()
    };
    let still = written(0, start);
    let moving = written(1, start + Duration::from_millis(33));
    let later = written(2, start + Duration::from_secs(1));
    assert!(moving < still * 9 / 10, "{moving} of {still}");
    assert!(later > still * 98 / 100, "{later} of {still}");
}

#[test]
fn what_is_copied_is_as_rough_as_it_was() {
    let (screen, mut painter, start) = (Screen::new(), Painter::new(), Instant::now());
    show_photograph(&screen, 0);
    painter.paint(&screen, &job(&[1, 7, -26], true), start);
    let due = painter.rough_due().expect("it is shown roughly");
    let refine = |painter: &mut Painter, at| {
        painter.paint(&screen, &Job { refine: Some(64), rects: vec![], ..job(&[1, 7, -26], false) }, at).len()
    };
    assert!(refine(&mut painter, due) > 4);
    let (moved, mut update) =
        (Moved { from: Point { x: 0, y: 96 }, to: Rect { height: 64, ..SIZE.rect() } }, Update::new());
    painter.copy(&mut update, moved, 4 * usize::from(SIZE.width), due);
    assert!(painter.rough_due().is_some());
    refine(&mut painter, due);
    assert!(painter.rough_due().is_some_and(|rough| rough > due), "what was rough where it came from");
}
