//! What is written is what is seen.

use cosmos_desktop::{Point, Rect, Size};
use cosmos_protocol::rfb::{Encoder, Encoding, H264Reset, PixelFormat, Pixels, Update, Wishes};
use proptest::prelude::*;

use super::{
    decoder::Decoder,
    pictures::{FORMATS, Painted, SHOWS, Show},
};

/// The encodings that have a decoder.
fn written() -> impl Iterator<Item = Encoding> {
    Encoding::ALL.into_iter().filter(|encoding| *encoding != Encoding::H264)
}

fn wishes(encoding: Encoding, levels: &[i32]) -> Wishes {
    Wishes::new(&[&[encoding.number()], levels].concat(), |_| true)
}

/// Writes parts of pictures one after the other, and compares all that was written.
fn check(encoding: Encoding, format: PixelFormat, painted: &[Painted], rect: Rect) {
    let (mut encoder, pixels) = (Encoder::default(), Pixels::new(format));
    let mut decoder = Decoder::new(format, painted[0].size);
    for painted in painted {
        let mut update = Update::new();
        update.pixels(&mut encoder, painted.picture(), rect, &wishes(encoding, &[]), &pixels);
        decoder.update(&update.finish());
        let inside = rect.clip(painted.size);
        for y in inside.y..inside.y + inside.height {
            for x in inside.x..inside.x + inside.width {
                let shown = decoder.values[usize::from(y) * usize::from(painted.size.width) + usize::from(x)];
                let meant = painted.value(x, y, &format);
                assert_eq!(shown, meant, "{encoding:?} at {x},{y} of {rect:?} in {format:?}");
            }
        }
    }
}

#[test]
fn every_encoding_shows_every_picture_in_every_format() {
    let size = Size::new(150, 70);
    for encoding in written() {
        for format in FORMATS {
            let painted: Vec<_> = SHOWS.into_iter().map(|show| Painted::new(size, show, 7)).collect();
            check(encoding, format, &painted, size.rect());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_part_of_any_picture_comes_through(
        encoding in prop::sample::select(written().collect::<Vec<_>>()),
        format in prop::sample::select(FORMATS.to_vec()),
        shows in prop::collection::vec((prop::sample::select(SHOWS.to_vec()), any::<u32>()), 1..4),
        (width, height) in (1_u16..90, 1_u16..90),
        (x, y, w, h) in (0_u16..90, 0_u16..90, 0_u16..100, 0_u16..100),
    ) {
        let size = Size::new(width, height);
        let painted: Vec<_> = shows.into_iter().map(|(show, seed)| Painted::new(size, show, seed)).collect();
        check(encoding, format, &painted, Rect { x, y, width: w, height: h });
    }
}

#[test]
fn wide_and_narrow_pictures_come_through() {
    for size in [Size::new(4100, 70), Size::new(1, 300), Size::new(300, 1)] {
        for encoding in written() {
            check(encoding, PixelFormat::BGRX, &[Painted::new(size, Show::Colours(3), 1)], size.rect());
        }
    }
}

/// The encodings and first bytes of the rectangles of one update.
fn seen(encoding: Encoding, show: Show, size: Size, levels: &[i32]) -> Vec<(i32, u8)> {
    let painted = Painted::new(size, show, 3);
    let mut update = Update::new();
    let pixels = Pixels::new(PixelFormat::BGRX);
    update.pixels(
        &mut Encoder::default(),
        painted.picture(),
        size.rect(),
        &wishes(encoding, levels),
        &pixels,
    );
    let mut decoder = Decoder::new(PixelFormat::BGRX, size);
    decoder.update(&update.finish());
    decoder.seen
}

/// An encoding that always fell back on another one would pass the tests above.
#[test]
fn each_picture_is_written_in_the_way_that_suits_it() {
    let size = Size::new(100, 50);
    let tight = |show| seen(Encoding::Tight, show, size, &[])[0];
    assert_eq!(tight(Show::Solid), (7, 0x80));
    assert_eq!(tight(Show::Colours(2)), (7, 0x50));
    assert_eq!(tight(Show::Colours(9)), (7, 0x60));
    assert_eq!(tight(Show::Gradient), (7, 0x70));
    assert_eq!(tight(Show::Noise), (7, 0x00));
    assert_eq!(seen(Encoding::Tight, Show::Noise, size, &[-23])[0], (7, 0x90));
    assert_eq!(seen(Encoding::Tight, Show::Colours(9), size, &[-23])[0], (7, 0x60));
    let png = |show, levels| seen(Encoding::TightPng, show, size, levels)[0];
    assert_eq!([png(Show::Solid, &[]), png(Show::Noise, &[])], [(-260, 0x80), (-260, 0xa0)]);
    assert_eq!(png(Show::Noise, &[-26]), (-260, 0x90));
    for (show, kind) in [(Show::Solid, 1), (Show::Colours(2), 2), (Show::Noise, 0)] {
        assert_eq!(seen(Encoding::Trle, show, Size::new(16, 16), &[])[0], (15, kind));
    }
    let solid = |encoding| seen(encoding, Show::Solid, size, &[])[0].0;
    assert_eq!([Encoding::Rre, Encoding::Hextile, Encoding::Zlib, Encoding::Zrle].map(solid), [2, 5, 6, 16]);
    assert_eq!(
        seen(Encoding::Rre, Show::Noise, size, &[])[0].0,
        0,
        "raw is smaller than very many rectangles"
    );
}

#[test]
fn a_photograph_looks_like_what_it_was_made_from() {
    let size = Size::new(64, 48);
    let painted = Painted::new(size, Show::Gradient, 0);
    let mut update = Update::new();
    let pixels = Pixels::new(PixelFormat::BGRX);
    update.pixels(
        &mut Encoder::default(),
        painted.picture(),
        size.rect(),
        &wishes(Encoding::Tight, &[-23]),
        &pixels,
    );
    let mut decoder = Decoder::new(PixelFormat::BGRX, size);
    decoder.update(&update.finish());
    let (rect, image) = &decoder.photographs[0];
    let decoded = jpeg_decoder::Decoder::new(&image[..]).decode().unwrap();
    assert_eq!(*rect, size.rect());
    for (at, rgb) in decoded.chunks(3).enumerate() {
        let meant = painted.value((at % 64) as u16, (at / 64) as u16, &PixelFormat::BGRX).to_be_bytes();
        let worst = (0..3).map(|part| rgb[part].abs_diff(meant[part + 1])).max().unwrap();
        assert!(worst < 16, "pixel {at} is {rgb:?} in place of {meant:?}");
    }
}

#[test]
fn copies_and_frames_of_h264_are_written_as_they_are() {
    let size = Size::new(20, 10);
    let painted = Painted::new(size, Show::Noise, 5);
    let (mut decoder, pixels) = (Decoder::new(PixelFormat::BGRX, size), Pixels::new(PixelFormat::BGRX));
    let mut update = Update::new();
    update.pixels(
        &mut Encoder::default(),
        painted.picture(),
        size.rect(),
        &wishes(Encoding::Raw, &[]),
        &pixels,
    );
    update.copy(Point { x: 0, y: 0 }, Rect { x: 3, y: 2, width: 10, height: 8 });
    decoder.update(&update.finish());
    assert_eq!(decoder.values[2 * 20 + 3], painted.value(0, 0, &PixelFormat::BGRX));
    assert_eq!(decoder.values[9 * 20 + 12], painted.value(9, 7, &PixelFormat::BGRX));

    let mut update = Update::new();
    update.h264(size.rect(), H264Reset::All, &[1, 2, 3]);
    let expected =
        [&[0, 0, 0, 1, 0, 0, 0, 0, 0, 20, 0, 10, 0, 0, 0, 50, 0, 0, 0, 3, 0, 0, 0, 2][..], &[1, 2, 3]];
    assert_eq!(update.finish(), expected.concat());
}

#[test]
fn nothing_outside_of_the_picture_is_written() {
    let painted = Painted::new(Size::new(8, 8), Show::Noise, 1);
    let mut update = Update::new();
    let beyond = Rect { x: 8, y: 0, width: 65535, height: 65535 };
    let pixels = Pixels::new(PixelFormat::BGRX);
    update.pixels(&mut Encoder::default(), painted.picture(), beyond, &wishes(Encoding::Zrle, &[]), &pixels);
    assert!(update.is_empty());
    assert_eq!(update.finish(), [0, 0, 0, 0]);
}
