//! A screen in each encoding of RFB: all of it, and what typing changes; and a film, while it moves and when it stands still.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::hint::black_box;

use cosmos_desktop::{Rect, Size};
use cosmos_encoder::Jpeg;
use cosmos_protocol::rfb::{Encoder, Encoding, JpegWriter, Picture, PixelFormat, Pixels, Update, Wishes};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use screen::Screen;

#[allow(dead_code, clippy::unwrap_used, reason = "shared with the tests of the encoders")]
#[path = "../../crates/encoder/tests/common/screen.rs"]
mod screen;

const SIZE: Size = Size::new(1920, 1080);
const GLYPH: Rect = Rect { x: 704, y: 496, width: 16, height: 32 };
/// What viewers of today ask for: good JPEG, little time for compression.
const LOSSY: [i32; 2] = [-26, -254];

fn encodings(criterion: &mut Criterion) {
    let screen = Screen::page(SIZE);
    let frame = screen.frame(&[]);
    let picture = Picture { size: frame.size, stride: frame.stride, bgrx: frame.bgrx };
    let pixels = Pixels::new(PixelFormat::BGRX);
    for (what, rects) in [("whole", parts()), ("glyph", vec![GLYPH])] {
        let mut group = criterion.benchmark_group(format!("rfb {what}"));
        group.sample_size(10);
        for (name, encoding, levels) in ways() {
            let wishes = Wishes::new(&[&[encoding.number()], levels].concat(), |_| true);
            let mut encoder = Encoder::default();
            let mut written = || {
                let mut update = Update::new();
                for rect in &rects {
                    update.pixels(&mut encoder, black_box(picture), *rect, &wishes, &pixels);
                }
                update.finish().len()
            };
            group.throughput(Throughput::Bytes(written() as u64));
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(&mut written));
        }
    }
}

/// A picture of a film as those who take JPEG get it: the first one, one of many, and a part of what stands still.
fn film(criterion: &mut Criterion) {
    let mut screen = Screen::page(SIZE);
    screen.video(SIZE.rect(), 7);
    let frame = screen.frame(&[]);
    let picture = Picture { size: frame.size, stride: frame.stride, bgrx: frame.bgrx };
    let pixels = Pixels::new(PixelFormat::BGRX);
    let lossy = Wishes::new(&[&[Encoding::Tight.number()], &LOSSY[..]].concat(), |_| true);
    let part = Rect { x: 0, y: 512, width: 512, height: 128 };
    let mut group = criterion.benchmark_group("rfb film");
    group.sample_size(10);
    for (name, moves, rect, wishes) in [
        ("still", false, SIZE.rect(), lossy.clone()),
        ("moving", true, SIZE.rect(), lossy.clone()),
        ("refined part", false, part, lossy.lossless()),
    ] {
        let mut encoder = writer();
        encoder.set_moves(moves);
        let mut written = || {
            let mut update = Update::new();
            update.pixels(&mut encoder, black_box(picture), rect, &wishes, &pixels);
            update.finish().len()
        };
        group.throughput(Throughput::Bytes(written() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(&mut written));
    }
}

/// As the server makes it.
fn writer() -> Encoder {
    struct Turbo(Jpeg);
    impl JpegWriter for Turbo {
        fn write(&mut self, picture: Picture<'_>, rect: Rect, quality: u8, out: &mut Vec<u8>) -> bool {
            self.0.write((picture.bgrx, picture.stride), rect, quality, out)
        }
    }
    Jpeg::open().map(|jpeg| Encoder::with_jpeg(Box::new(Turbo(jpeg)))).unwrap_or_default()
}

fn ways() -> Vec<(String, Encoding, &'static [i32])> {
    let lossless = Encoding::ALL.into_iter().filter(|encoding| *encoding != Encoding::H264);
    let lossless = lossless.map(|encoding| (format!("{encoding:?}"), encoding, &[][..]));
    lossless.chain([("Tight with JPEG".to_owned(), Encoding::Tight, &LOSSY[..])]).collect()
}

/// The whole screen as the server cuts it.
fn parts() -> Vec<Rect> {
    let (width, height) = (480, 128);
    let rows = (0..SIZE.height).step_by(height.into());
    let cut = |y: u16| {
        let part = move |x| Rect { x, y, width, height: height.min(SIZE.height - y) };
        (0..SIZE.width).step_by(width.into()).map(part)
    };
    rows.flat_map(cut).collect()
}

criterion_group!(benches, encodings, film);
criterion_main!(benches);
