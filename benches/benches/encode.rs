//! A picture through each encoder that is installed, conversion included: what stands still, is written, scrolls and plays.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::{hint::black_box, time::Duration};

use cosmos_desktop::{Rect, Size};
use cosmos_encoder::{Capabilities, Choice, Demand, EncoderConfig, Sampling, VideoEncoder, Working};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use screen::Screen;

#[allow(dead_code, clippy::unwrap_used, reason = "shared with the tests of the encoders")]
#[path = "../../crates/encoder/tests/common/screen.rs"]
mod screen;

const SIZES: [Size; 2] = [Size::new(1280, 720), Size::new(1920, 1080)];
const DEMAND: Demand = Demand { bitrate_kbps: 8000, fps: 60, keyframe: false };

const LINE: Rect = Rect { x: 56, y: 42, width: 84, height: 14 };

/// Pictures that follow each other in a circle, and what changes from each to the next.
struct Film {
    name: &'static str,
    pictures: Vec<Screen>,
    damage: Vec<Rect>,
}

fn encode(criterion: &mut Criterion) {
    let Ok(capabilities) = Capabilities::installed() else { return };
    let both =
        |working: &Working| [Sampling::Half, Sampling::Full].map(|sampling| (working.clone(), sampling));
    for (working, sampling) in capabilities.works.iter().flat_map(both) {
        let mut group = criterion.benchmark_group(match sampling {
            Sampling::Half => working.element.clone(),
            Sampling::Full => format!("{} at {sampling}", working.element),
        });
        group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
        for size in SIZES {
            for film in films(size) {
                let Some(mut encoder) = open(&working, sampling, &capabilities, size) else { continue };
                let mut index = 0;
                group.bench_function(BenchmarkId::new(film.name, size), |bencher| {
                    bencher.iter(|| {
                        let frame = film.pictures[index].frame(&film.damage);
                        index = (index + 1) % film.pictures.len();
                        black_box(encoder.encode(&frame, DEMAND)).is_ok()
                    });
                });
            }
        }
    }
}

/// The encoder, if it codes with so many samples of colour.
fn open(
    working: &Working,
    sampling: Sampling,
    capabilities: &Capabilities,
    size: Size,
) -> Option<Box<dyn VideoEncoder>> {
    let full = if sampling == Sampling::Full { vec![working.codec] } else { Vec::new() };
    let choice = Choice::Named(working.element.clone());
    let config = EncoderConfig { choice, full, ..EncoderConfig::default() };
    let opened = cosmos_encoder::open(&config, capabilities, size, DEMAND).ok();
    opened.filter(|encoder| encoder.info().sampling == sampling)
}

fn films(size: Size) -> [Film; 4] {
    let video =
        Rect { x: size.width / 4, y: size.height / 4, width: size.width / 2, height: size.height / 2 };
    [
        Film { name: "still", pictures: vec![Screen::page(size)], damage: vec![] },
        Film {
            name: "line",
            pictures: (0..4).map(|seed| writing(size, LINE, seed)).collect(),
            damage: vec![LINE],
        },
        Film { name: "scroll", pictures: scrolling(size), damage: vec![size.rect()] },
        Film {
            name: "video",
            pictures: (0..16).map(|time| playing(size, video, time)).collect(),
            damage: vec![video],
        },
    ]
}

/// A page on which a line changes.
fn writing(size: Size, line: Rect, seed: u32) -> Screen {
    let mut screen = Screen::page(size);
    screen.text(line, 2 + seed);
    screen
}

/// A page twice as high as the screen, a few rows further in each picture.
fn scrolling(size: Size) -> Vec<Screen> {
    let page = Screen::page(Size::new(size.width, 2 * size.height));
    let row = 4 * usize::from(size.width);
    let len = row * usize::from(size.height);
    (0..16).map(|step| Screen { size, bgrx: page.bgrx[step * 6 * row..][..len].to_vec() }).collect()
}

fn playing(size: Size, rect: Rect, time: u32) -> Screen {
    let mut screen = Screen::page(size);
    screen.video(rect, time);
    screen
}

criterion_group!(benches, encode);
criterion_main!(benches);
