//! What is written is what is seen.

use cosmos_desktop::{Point, Rect, Size};
use cosmos_protocol::rfb::{
    Encoder, Encoding, H264Reset, JpegWriter, Picture, PixelFormat, Pixels, Update, Wishes,
};
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

/// A wide picture, of which the first rows are of one colour.
struct Below {
    bgrx: Vec<u8>,
    size: Size,
}

impl Below {
    fn new(solid_rows: usize) -> Self {
        let size = Size::new(1100, 300);
        let noise = Painted::new(size, Show::Noise, 5);
        let rows = noise.picture().bgrx.chunks(noise.picture().stride);
        let mut bgrx: Vec<u8> = rows.flat_map(|row| &row[..4 * usize::from(size.width)]).copied().collect();
        bgrx[..4 * usize::from(size.width) * solid_rows].fill(0x40);
        Self { bgrx, size }
    }

    fn picture(&self) -> Picture<'_> {
        Picture { size: self.size, stride: 4 * usize::from(self.size.width), bgrx: &self.bgrx }
    }

    /// What a viewer sees of it.
    fn seen(&self, mut encoder: Encoder) -> Decoder {
        let mut update = Update::new();
        let pixels = Pixels::new(PixelFormat::BGRX);
        let wishes = wishes(Encoding::Tight, &[-26]);
        update.pixels(&mut encoder, self.picture(), self.size.rect(), &wishes, &pixels);
        let mut decoder = Decoder::new(PixelFormat::BGRX, self.size);
        decoder.update(&update.finish());
        decoder
    }
}

#[test]
fn photographs_beside_each_other_become_one() {
    let all = Below::new(0);
    let decoder = all.seen(Encoder::default());
    assert_eq!(decoder.photographs.iter().map(|(rect, _)| *rect).collect::<Vec<_>>(), [all.size.rect()]);
    let decoder = Below::new(128).seen(Encoder::default());
    let below = Rect { y: 128, height: 172, ..all.size.rect() };
    assert_eq!(decoder.photographs.iter().map(|(rect, _)| *rect).collect::<Vec<_>>(), [below]);
    assert_eq!(decoder.seen[..3], [(7, 0x80); 3], "what is above it is of one colour");
}

/// Writes what it was asked for, in place of JPEG.
struct Fake {
    writes: bool,
}

impl JpegWriter for Fake {
    fn write(&mut self, _: Picture<'_>, rect: Rect, quality: u8, out: &mut Vec<u8>) -> bool {
        out.extend([quality, (rect.width / 100) as u8]);
        self.writes
    }
}

#[test]
fn who_writes_jpeg_can_be_another_and_need_not_succeed() {
    let picture = Below::new(0);
    let decoder = picture.seen(Encoder::with_jpeg(Box::new(Fake { writes: true })));
    assert_eq!(decoder.photographs, [(picture.size.rect(), vec![79, 11])]);
    let decoder = picture.seen(Encoder::with_jpeg(Box::new(Fake { writes: false })));
    assert!(decoder.photographs.is_empty() && decoder.seen.len() == 9);
    let meant =
        picture.bgrx.as_chunks::<4>().0.iter().map(|[b, g, r, _]| u32::from_le_bytes([*b, *g, *r, 0]));
    assert!(decoder.values.iter().copied().eq(meant), "it is written without loss then");
}

#[test]
fn what_is_lossy_is_told_and_is_coarser_where_it_moves() {
    let picture = Below::new(0);
    let pixels = Pixels::new(PixelFormat::BGRX);
    for (levels, moves, quality) in
        [(&[-26][..], false, Some(79)), (&[-26], true, Some(68)), (&[], true, None)]
    {
        let mut encoder = Encoder::with_jpeg(Box::new(Fake { writes: true }));
        encoder.set_moves(moves);
        let mut decoder = Decoder::new(PixelFormat::BGRX, picture.size);
        let mut update = Update::new();
        let wishes = wishes(Encoding::Tight, levels);
        update.pixels(&mut encoder, picture.picture(), picture.size.rect(), &wishes, &pixels);
        let lossy = update.lossy().to_vec();
        decoder.update(&update.finish());
        let written: Vec<_> = decoder.photographs.iter().map(|(rect, image)| (*rect, image[0])).collect();
        assert_eq!(
            written,
            quality.map(|quality| (picture.size.rect(), quality)).into_iter().collect::<Vec<_>>()
        );
        assert!(lossy.iter().copied().eq(written.iter().map(|(rect, _)| *rect)), "{lossy:?}");
    }
}

/// What changes in most pictures is small: a line of text, a clock, the edge of a window.
#[test]
fn little_that_changes_takes_few_bytes() {
    let size = Size::new(480, 16);
    let (mut encoder, pixels) = (Encoder::default(), Pixels::new(PixelFormat::BGRX));
    let wishes = wishes(Encoding::Tight, &[-254]);
    let mut bytes = 0;
    for time in 0..30_u32 {
        let bars = time.wrapping_mul(0x9e37_79b1);
        let dark = |x: u32| bars >> (x / 16) & 1 == 0;
        let row = (0..480).flat_map(|x| [if dark(x) { 0 } else { 0xff }; 4]);
        let bgrx: Vec<u8> = std::iter::repeat_n(row, 16).flatten().collect();
        let picture = Picture { size, stride: 4 * 480, bgrx: &bgrx };
        let mut update = Update::new();
        update.pixels(&mut encoder, picture, size.rect(), &wishes, &pixels);
        bytes += update.finish().len();
    }
    assert!(bytes < 30 * 65, "{} bytes each", bytes / 30);
}
