//! From the pixels of a screen to the planes of an encoder: all of it, and a little of it.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::hint::black_box;

use cosmos_desktop::{Rect, Size};
use cosmos_encoder::{Format, Layout};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use screen::Screen;

#[allow(dead_code, clippy::unwrap_used, reason = "shared with the tests of the encoders")]
#[path = "../../crates/encoder/tests/common/screen.rs"]
mod screen;

const DAMAGE: [(&str, Rect); 4] = [
    ("whole", Rect { x: 0, y: 0, width: 1920, height: 1080 }),
    ("window", Rect { x: 301, y: 203, width: 640, height: 480 }),
    ("line", Rect { x: 101, y: 503, width: 800, height: 18 }),
    ("glyph", Rect { x: 703, y: 503, width: 9, height: 18 }),
];

fn convert(criterion: &mut Criterion) {
    let screen = Screen::page(Size::new(1920, 1080));
    for format in [Format::I420, Format::Nv12] {
        let layout = Layout::new(format, screen.size);
        let mut planes = vec![0; layout.len];
        let mut group = criterion.benchmark_group(format!("convert 1920x1080 to {}", format.name()));
        for (name, rect) in DAMAGE {
            group.throughput(Throughput::Elements(u64::from(rect.width) * u64::from(rect.height)));
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher
                    .iter(|| layout.convert(black_box(&screen.frame(&[])), &[rect], black_box(&mut planes)));
            });
        }
    }
}

criterion_group!(benches, convert);
criterion_main!(benches);
