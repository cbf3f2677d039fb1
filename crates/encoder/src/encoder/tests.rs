use common::{DEMAND, Decoder, Screen, psnr_all, psnr_luma};
use cosmos_desktop::Size;

use super::*;
use crate::{
    Format,
    table::{self, Bitrate, Setting, Value},
};

#[path = "../../tests/common/mod.rs"]
mod common;

const SIZE: Size = Size::new(640, 480);

/// The row of an element, changed; none, and a line, where that is not installed.
fn row(element: &str, change: impl FnOnce(&mut Row)) -> Option<&'static Row> {
    gst::init().unwrap();
    if gst::ElementFactory::find(element).is_none() {
        eprintln!("SKIPPED {element}: not installed");
        return None;
    }
    let mut row = table::row(element).unwrap().clone();
    change(&mut row);
    Some(Box::leak(Box::new(row)))
}

fn start(row: &'static Row) -> ElementEncoder {
    ElementEncoder::start(row, Threads::new(Some(2)), SIZE, DEMAND).unwrap()
}

#[test]
fn both_formats_look_the_same_when_they_are_decoded() {
    let mut found = Vec::new();
    for format in [&[Format::I420], &[Format::Nv12]] {
        let Some(row) = row("x264enc", |row| row.inputs = format) else { return };
        let Some(decoder) = Decoder::new(row.codec) else { return };
        let (mut encoder, mut screen) = (start(row), Screen::page(SIZE));
        for index in 0..10_u16 {
            let damage = [Rect { x: 31 + 9 * index, y: 201, width: 83, height: 61 }];
            screen.video(damage[0], index.into());
            let frame = screen.frame(&damage);
            decoder.push(index.into(), &encoder.encode(&frame, DEMAND).unwrap().unwrap());
        }
        assert_eq!(encoder.stream.as_ref().unwrap().layout.format, format[0]);
        let (layout, original) = screen.i420();
        let luma = psnr_luma(&layout, &decoder.finish()[9].1, &original);
        eprintln!("x264enc with {}: luma {luma:.1} dB", format[0].name());
        found.push(luma);
    }
    assert!(found[0] > 30.0 && (found[0] - found[1]).abs() < 1.0, "{found:.1?}");
}

#[test]
fn an_element_that_lacks_the_best_format_gets_the_next() {
    let Some(row) = row("openh264enc", |row| row.inputs = &[Format::Nv12, Format::I420]) else { return };
    assert_eq!(start(row).stream.unwrap().layout.format, Format::I420);
}

#[test]
fn an_element_that_takes_no_444_is_not_started_with_it() {
    let Some(row) = row("openh264enc", |row| row.inputs = &[Format::Y444]) else { return };
    let refused = ElementEncoder::start(row, Threads::new(Some(1)), SIZE, DEMAND).err().unwrap();
    assert!(refused.to_string().contains("4:4:4"), "{refused}");
}

/// Whether each picture was a keyframe, when the rate of each is asked for so many milliseconds after the first.
fn keyframes(row: &'static Row, rates: &[(u64, u32)]) -> Vec<bool> {
    let (mut encoder, screen, begun) = (start(row), Screen::page(SIZE), Instant::now());
    let pictures = rates.iter().map(|(ms, bitrate_kbps)| {
        let captured = begun + Duration::from_millis(60_000 + ms);
        let demand = Demand { bitrate_kbps: *bitrate_kbps, ..DEMAND };
        encoder.encode(&Frame { captured, ..screen.frame(&[]) }, demand).unwrap().unwrap().keyframe
    });
    pictures.collect()
}

#[test]
fn where_a_rate_takes_a_new_start_small_and_soon_changes_take_none() {
    let bitrate = |change| Bitrate { change, ..table::row("x264enc").unwrap().bitrate };
    let rates = [(0, 8000), (100, 7000), (200, 4000), (2300, 4000), (3000, 2000), (4500, 2000)];
    for (change, expected) in [
        (Change::Free, [true, false, false, false, false, false]),
        // The element was started a minute before the first of these.
        (Change::Restart, [true, false, true, false, true, false]),
    ] {
        let Some(row) = row("x264enc", |row| row.bitrate = bitrate(change)) else { return };
        assert_eq!(keyframes(row, &rates), expected, "{change:?}");
    }
}

/// What a page of text and a photograph on which a clock goes on takes in its third second, in bytes per picture, and
/// the PSNR of its luma then.
fn clock(row: &'static Row) -> Option<(usize, f64)> {
    let decoder = Decoder::new(row.codec)?;
    let mut screen = Screen::page(Size::new(1280, 720));
    screen.video(Rect { x: 700, y: 300, width: 500, height: 400 }, 0);
    let demand = Demand { fps: 60, ..DEMAND };
    let mut encoder = ElementEncoder::start(row, Threads::new(Some(1)), screen.size, demand).unwrap();
    let mut bytes = 0;
    for index in 0..180_u16 {
        let digits = Rect { x: 40, y: 40, width: 80, height: 16 };
        screen.text(digits, index.into());
        let encoded = encoder.encode(&screen.frame(&[digits]), demand).unwrap().unwrap();
        bytes += if index < 120 { 0 } else { encoded.data.len() };
        decoder.push(index.into(), &encoded);
    }
    let (layout, original) = screen.i420();
    Some((bytes / 60, psnr_luma(&layout, &decoder.finish().pop()?.1, &original)))
}

#[test]
fn what_has_settled_is_left_alone_while_a_clock_goes_on() {
    let Some(usual) = row("x264enc", |_| ()) else { return };
    let fine = |setting: &Setting| match setting.value {
        Value::Quantizer([_, fine, _]) => Setting { value: Value::Is(fine), ..*setting },
        _ => *setting,
    };
    let settings: &[Setting] = usual.settings().map(fine).collect::<Vec<_>>().leak();
    let Some(fine) = row("x264enc", |row| row.settings = vec![settings].leak()) else { return };
    let (Some((bytes, luma)), Some((always, best))) = (clock(usual), clock(fine)) else { return };
    eprintln!("settled: {bytes} bytes, {luma:.1} dB; always fine: {always} bytes, {best:.1} dB");
    assert!(bytes * 2 < always && luma > 55.0);
    let full = table::row("x264enc").unwrap().in_full().unwrap();
    let Some((full_bytes, luma)) = clock(full) else { return };
    eprintln!("at 4:4:4: {full_bytes} bytes, {luma:.1} dB");
    assert!(full_bytes * 2 < always && luma > 55.0);
}

/// Whether a picture was not made by the element, whose slices are of another importance.
fn is_patch(encoded: &EncodedFrame) -> bool {
    encoded.data.starts_with(&[0, 0, 0, 1, 0x21])
}

#[test]
fn small_changes_of_a_settled_screen_are_told_without_the_encoder() {
    let Some(row) = row("x264enc", |_| ()) else { return };
    // Macroblocks that reach beyond the picture, and pictures of one slice and of two.
    for (size, threads) in [(Size::new(1280, 720), 1), (Size::new(650, 474), 2)] {
        let mut screen = Screen::page(size);
        let mut encoder = ElementEncoder::start(row, Threads::new(Some(threads)), size, DEMAND).unwrap();
        let (mut sent, mut shown) = (Vec::new(), Vec::new());
        for index in 0..240_u32 {
            let damage = match index {
                // Squares of one colour, among them the first macroblock of all, between letters, each of which stays. Then a
                // photograph in the corner, where macroblocks end beyond the picture.
                0..140 if index % 3 == 0 => {
                    Rect { x: (16 * (index % 7)) as u16, y: (16 * (index % 2)) as u16, width: 48, height: 24 }
                }
                0..140 => Rect { x: (7 * index % 280) as u16, y: 56, width: 9, height: 13 },
                140..200 => Rect { x: size.width - 40, y: size.height - 30, width: 40, height: 30 },
                200..210 => size.rect(),
                _ => Rect { x: 300, y: 100, width: 30, height: 20 },
            };
            match index {
                0..140 if index % 3 == 0 => {
                    screen.fill(damage, [7 * index, 60 * index, 130 * index, 0].map(|part| part as u8));
                }
                0..140 => screen.text(damage, 7 + index / 40),
                _ => screen.video(damage, index),
            }
            let demand = Demand { keyframe: index == 100, ..DEMAND };
            sent.push(encoder.encode(&screen.frame(&[damage]), demand).unwrap().unwrap());
            shown.push(screen.i420());
        }
        let made = |range: std::ops::Range<usize>| sent[range].iter().filter(|sent| is_patch(sent)).count();
        let counts = [made(0..16), made(40..100), made(100..116), made(140..200), made(200..216)];
        eprintln!("{size}: {counts:?} patches");
        assert!(counts[0] + counts[2] + counts[4] == 0 && counts[1] > 40 && counts[3] > 40, "{counts:?}");
        let largest = sent[40..100].iter().filter(|sent| is_patch(sent)).map(|sent| sent.data.len()).max();
        assert!(largest.is_some_and(|largest| largest < 3000), "{largest:?}");
        for decoder in Decoder::each(row.codec) {
            sent.iter().enumerate().for_each(|(index, sent)| decoder.push(index as u64, sent));
            let pictures = decoder.finish();
            assert_eq!(pictures.len(), sent.len());
            let mut worst = f64::MAX;
            let each = pictures.iter().zip(&shown).map(|((_, is), (_, was))| psnr_all(is, was));
            let each = each.zip(&sent).take(200).collect::<Vec<_>>();
            // Those behind one that was written here are as good as it: the encoder's too.
            for ((luma, sent), _) in each[1..].iter().zip(&each).filter(|(_, before)| is_patch(before.1)) {
                worst = if sent.keyframe { worst } else { luma.min(worst) };
            }
            eprintln!("{size}: {worst:.1} dB at least");
            assert!(worst > 55.0, "{worst:.1}");
        }
    }
}

#[test]
fn what_moves_in_a_small_part_keeps_to_the_bitrate() {
    let Some(row) = row("x264enc", |_| ()) else { return };
    let (mut screen, demand) = (Screen::page(Size::new(1280, 720)), Demand { bitrate_kbps: 2000, ..DEMAND });
    let mut encoder = ElementEncoder::start(row, Threads::new(Some(1)), screen.size, demand).unwrap();
    let mut bytes = 0;
    for index in 0..180_u32 {
        let side = if index < 150 { 16 } else { 128 };
        let part = Rect { x: 600, y: 300, width: side, height: side };
        screen.grain(part, index);
        let encoded = encoder.encode(&screen.frame(&[part]), demand).unwrap().unwrap();
        assert!(index != 149 || is_patch(&encoded), "it has not settled");
        bytes += if index < 150 { 0 } else { encoded.data.len() };
    }
    // What a picture may have at 30 a second is 8333 bytes, and what five of them may have can come at once.
    eprintln!("{} bytes a picture", bytes / 30);
    assert!(bytes < 35 * 8333, "{}", bytes / 30);
}

#[test]
fn what_is_too_small_is_refused_before_anything_is_started() {
    gst::init().unwrap();
    for (element, size, least) in [
        ("nvcudah264enc", Size::new(158, 400), "160x64"),
        ("nvcudah265enc", Size::new(400, 62), "160x64"),
        ("nvautogpuh264enc", Size::new(100, 50), "160x64"),
        ("vah265enc", Size::new(100, 400), "128x128"),
        ("x265enc", Size::new(640, 14), "16x16"),
    ] {
        let refused =
            ElementEncoder::start(table::row(element).unwrap(), Threads::new(Some(1)), size, DEMAND)
                .err()
                .unwrap();
        let expected = format!("{element} takes pictures of {least} and larger, not of {size}");
        assert_eq!(refused.to_string(), expected);
    }
    let old = table::rows_of(22).find(|row| row.element == "nvh264enc").unwrap();
    assert_eq!((old.least, old.bitrate.change), (Size::new(146, 50), Change::Keyframe));
}
