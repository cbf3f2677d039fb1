//! What the server says beside the picture.

use std::sync::Arc;

use cosmos_desktop::{CursorImage, Point, Rect, Size};
use cosmos_protocol::rfb::{
    ClipboardMessage, PixelFormat, Pixels, Pseudo, ResizeReason, ResizeStatus, Screen, Update, Wishes,
    audio_begin, audio_end, bell, colour_map, cut_text, end_of_continuous_updates, fence, server_init,
};

fn understanding(pseudo: &[Pseudo]) -> Wishes {
    let numbers: Vec<i32> = pseudo.iter().map(|pseudo| pseudo.number()).collect();
    Wishes::new(&numbers, |_| true)
}

/// Two pixels: half of red, and nothing.
fn cursor() -> CursorImage {
    CursorImage {
        size: Size::new(2, 1),
        hot: Point { x: 1, y: 0 },
        rgba: Arc::from([255, 0, 0, 128, 9, 9, 9, 0]),
    }
}

fn written(write: impl FnOnce(&mut Update)) -> Vec<u8> {
    let mut update = Update::new();
    write(&mut update);
    update.finish()
}

const ONE: [u8; 4] = [0, 0, 0, 1];

#[test]
fn the_pointer_is_told_in_the_best_form_that_is_understood() {
    let pixels = Pixels::new(PixelFormat::BGRX);
    let place = [0, 1, 0, 0, 0, 2, 0, 1];
    let all = [Pseudo::Cursor, Pseudo::XCursor, Pseudo::CursorWithAlpha];
    for (understood, number, data) in [
        (&all[..], -314_i32, &[0, 0, 0, 0, 128, 0, 0, 128, 0, 0, 0, 0][..]),
        (&all[..2], -239, &[0, 0, 255, 0, 9, 9, 9, 0, 0b1000_0000]),
        (&all[1..2], -240, &[255, 255, 255, 0, 0, 0, 0, 0b1000_0000]),
    ] {
        let update = written(|update| update.cursor(&cursor(), &understanding(understood), &pixels));
        assert_eq!(update, [&ONE[..], &place, &number.to_be_bytes(), data].concat());
    }
    let nothing = written(|update| update.cursor(&cursor(), &understanding(&[]), &pixels));
    assert_eq!(nothing, [0; 4]);
    let invisible = CursorImage { size: Size::new(0, 0), hot: Point::default(), rgba: Arc::from([]) };
    for pseudo in all {
        let update = written(|update| update.cursor(&invisible, &understanding(&[pseudo]), &pixels));
        let more = if pseudo == Pseudo::CursorWithAlpha { 4 } else { 0 };
        assert_eq!(update.len(), 16 + more, "{pseudo:?}");
    }
}

#[test]
fn the_size_is_told_with_its_screens_where_that_is_understood() {
    let size = Size::new(800, 600);
    let screens = [Screen { id: 7, area: Rect { x: 1, y: 2, width: 3, height: 4 }, flags: 9 }];
    let why = (ResizeReason::ThisViewer, ResizeStatus::Prohibited);
    let told = |wishes: &[Pseudo]| written(|update| update.size(size, &screens, why, &understanding(wishes)));
    let extended = [
        &[0, 1, 0, 1, 3, 32, 2, 88][..],
        &(-308_i32).to_be_bytes(),
        &[1, 0, 0, 0, 0, 0, 0, 7, 0, 1, 0, 2, 0, 3, 0, 4, 0, 0, 0, 9],
    ];
    assert_eq!(
        told(&[Pseudo::DesktopSize, Pseudo::ExtendedDesktopSize]),
        [&ONE[..], &extended.concat()].concat()
    );
    let plain = [&ONE[..], &[0, 0, 0, 0, 3, 32, 2, 88], &(-223_i32).to_be_bytes()].concat();
    assert_eq!(told(&[Pseudo::DesktopSize]), plain);
    assert_eq!(told(&[]), [0; 4]);
}

#[test]
fn names_and_what_is_understood_are_rectangles_without_a_place() {
    let name = written(|update| update.name("é"));
    assert_eq!(name, [&ONE[..], &[0; 8], &(-307_i32).to_be_bytes(), &[0, 0, 0, 2, 0xc3, 0xa9]].concat());
    let audio = written(|update| update.understood(Pseudo::Audio));
    assert_eq!(audio, [&ONE[..], &[0; 8], &(-259_i32).to_be_bytes()].concat());
}

#[test]
fn messages_beside_updates_have_their_bytes() {
    let init = server_init(Size::new(640, 480), "ab");
    assert_eq!(init, [&[2, 128, 1, 224][..], &PixelFormat::BGRX.encode(), &[0, 0, 0, 2], b"ab"].concat());
    assert_eq!(bell(), [2]);
    assert_eq!(cut_text("é漢"), [3, 0, 0, 0, 0, 0, 0, 2, 0xe9, b'?']);
    assert_eq!(end_of_continuous_updates(), [150]);
    assert_eq!(fence(1, &[5]), [248, 0, 0, 0, 0, 0, 0, 1, 1, 5]);
    assert_eq!(fence(1, &[5; 99]).len(), 9 + 64);
    assert_eq!([audio_begin(), audio_end()], [[255, 1, 0, 1], [255, 1, 0, 0]]);
}

/// Indices are what a format of three, three and two bits would make of the colour.
#[test]
fn the_colour_map_spans_all_colours() {
    let map = colour_map();
    assert_eq!((map.len(), &map[..6]), (6 + 256 * 6, &[1, 0, 0, 0, 1, 0][..]));
    let entry = |index: usize| &map[6 + 6 * index..][..6];
    assert_eq!([entry(0), entry(255)], [[0; 6], [255; 6]]);
    assert_eq!([entry(0b111), entry(0b11_000_000)], [[255, 255, 0, 0, 0, 0], [0, 0, 0, 0, 255, 255]]);
}

#[test]
fn the_clipboard_is_told_of_with_a_negative_length() {
    let understood = ClipboardMessage::understood().encode();
    assert_eq!(understood, [&[3, 0, 0, 0][..], &(-8_i32).to_be_bytes(), &[0x1f, 0, 0, 1], &[0; 4]].concat());
}
