//! An EDID written and read: one of two blocks, and one of three with DisplayID.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::hint::black_box;

use cosmos_xorg_config::edid::{Edid, EdidSpec, LinkProfile};
use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
use criterion::{Criterion, criterion_group, criterion_main};

const TIMINGS: [(&str, Timing); 2] = [
    ("1920x1080@60", timing(138_500, [1920, 48, 32, 80], [1080, 3, 5, 23])),
    ("3840x2160@120", timing(1_097_250, [3840, 48, 32, 80], [2160, 3, 5, 119])),
];

const fn timing(khz: u32, h: [u32; 4], v: [u32; 4]) -> Timing {
    Timing {
        clock: PixelClock::from_khz(khz),
        horizontal: Axis::from_parts(h[0], h[1], h[2], h[3]),
        vertical: Axis::from_parts(v[0], v[1], v[2], v[3]),
        hsync: Polarity::Positive,
        vsync: Polarity::Negative,
        scan: Scan::Progressive,
    }
}

fn edid(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edid");
    for (name, timing) in TIMINGS {
        let spec = EdidSpec::new(LinkProfile::DisplayPort, timing).and_then(EdidSpec::common_timings);
        let spec = spec.expect("an EDID holds the timing");
        let written = spec.to_edid();
        group.bench_function(format!("write {name}"), |bencher| bencher.iter(|| black_box(&spec).to_edid()));
        group.bench_function(format!("check {name}"), |bencher| {
            bencher.iter(|| Edid::parse(black_box(written.as_bytes())));
        });
        group.bench_function(format!("parse {name} and list its timings"), |bencher| {
            bencher.iter(|| Edid::parse(black_box(written.as_bytes())).map(|edid| edid.timings()));
        });
    }
}

criterion_group!(benches, edid);
criterion_main!(benches);
