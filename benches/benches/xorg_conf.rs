//! From the text of a configuration file to its sections, and on to its meaning.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::hint::black_box;

use cosmos_xorg_config::{Config, Document};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const GOLDEN: &str = include_str!("../../crates/xorg-config/testdata/xorg/modern-a10g-1920x1080-60-DFP.conf");
const EVERYTHING: &str = include_str!("../../crates/xorg-config/testdata/xorg/everything.conf");

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("xorg_conf");
    let large = GOLDEN.repeat(400);
    for (name, text) in [("one", GOLDEN), ("everything", EVERYTHING), ("400", &large)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("parse", name), |bencher| {
            bencher.iter(|| Document::parse(black_box(text)));
        });
    }
    group.throughput(Throughput::Bytes(EVERYTHING.len() as u64));
    let documents = [Document::parse(EVERYTHING).expect("the file is one")];
    group.bench_function("read", |bencher| bencher.iter(|| Config::read(black_box(&documents))));
    let config = Config::read(&documents).expect("the file holds together");
    group.bench_function("print", |bencher| bencher.iter(|| black_box(&config).to_string()));
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
