//! One modeline: by this crate, by the X server's library, and by a `cvt` process.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::hint::black_box;
use std::process::{Command, Stdio};

use cosmos_xorg_config::{Blanking, Cvt, Gtf, GtfCurve, ModeRequest, Modeline, ovt};
use criterion::{Criterion, criterion_group, criterion_main};
use ffi::Libxcvt;

#[allow(dead_code, reason = "shared with the tests of the crate")]
#[path = "../../crates/xorg-config/tests/support/ffi.rs"]
mod ffi;

const SIZE: (u32, u32) = (2560, 1440);

fn generate(criterion: &mut Criterion) {
    let request: ModeRequest = "2560x1440".parse().expect("a size");
    let mut group = criterion.benchmark_group("modeline 2560x1440@60");
    let formulas = [
        ("XorgCompat", Cvt::XorgCompat { reduced: false }),
        ("XorgCompat reduced", Cvt::XorgCompat { reduced: true }),
        ("CVT", Cvt::Vesa { blanking: Blanking::Normal, margins: false }),
        ("CVT reduced v2", Cvt::Vesa { blanking: Blanking::ReducedV2 { video: false }, margins: false }),
    ];
    for (name, formula) in formulas {
        group.bench_function(name, |bencher| bencher.iter(|| formula.timing(black_box(&request))));
    }
    let gtf = Gtf::Vesa { curve: GtfCurve::Default, margins: false };
    group.bench_function("GTF", |bencher| bencher.iter(|| gtf.timing(black_box(&request))));
    group.bench_function("OVT", |bencher| bencher.iter(|| ovt(black_box(&request))));
    let Some(library) = Libxcvt::open() else { return };
    for (name, reduced) in [("libxcvt", false), ("libxcvt reduced", true)] {
        let (width, height) = SIZE;
        group.bench_function(name, |bencher| {
            bencher
                .iter(|| library.mode(black_box(width), black_box(height), black_box(60.0), reduced, false));
        });
    }
}

fn text(criterion: &mut Criterion) {
    let request: ModeRequest = "2560x1440".parse().expect("a size");
    let formula = Cvt::XorgCompat { reduced: true };
    let mode = formula.modeline(&request).expect("a mode");
    let line = mode.to_string();
    let mut group = criterion.benchmark_group("modeline text");
    group.bench_function("print", |bencher| bencher.iter(|| black_box(&mode).to_string()));
    group.bench_function("parse", |bencher| bencher.iter(|| black_box(&line).parse::<Modeline>()));
    group.bench_function("generate and print", |bencher| bencher.iter(|| formula.text(black_box(&request))));
    let cvt = || Command::new("cvt").args(["-r", "2560", "1440"]).stdout(Stdio::null()).status();
    if cvt().is_ok() {
        group.bench_function("cvt process", |bencher| bencher.iter(cvt));
    }
}

criterion_group!(benches, generate, text);
criterion_main!(benches);
