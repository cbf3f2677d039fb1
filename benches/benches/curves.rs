//! What pictures cost and how good they are, as curves in `benches/curves/`: of each encoder that is installed, by
//! bitrate, size and changed area. A minute for each encoder; `cargo bench --bench curves -- x264enc vp8enc` draws some.

use std::{env, fs, io, path::Path};

use common::{Decoder, Screen, encoder, installed, psnr_luma};
use cosmos_benches::plot::{Axis, Chart};
use cosmos_desktop::{Rect, Size};
use cosmos_encoder::{Demand, Format, Layout, Working};
use ssim::ssim_luma;

#[path = "../../crates/encoder/tests/common/mod.rs"]
mod common;
#[path = "curves/ssim.rs"]
mod ssim;

type Curve = (String, Vec<(f64, f64)>);

const SIZE: Size = Size::new(1280, 720);
const FPS: u32 = 30;
const RATES: [u32; 6] = [500, 1000, 2000, 4000, 8000, 16_000];
/// Pictures that are encoded before it counts, and those that count.
const WARM_UP: u32 = 30;
const COUNTED: u32 = 60;
/// Of those, each of these is compared.
const COMPARED: u32 = 6;

fn main() -> io::Result<()> {
    let asked = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect::<Vec<_>>();
    let works = installed().works;
    let works = works.iter().filter(|it| asked.is_empty() || asked.contains(&it.element)).collect::<Vec<_>>();
    if works.is_empty() {
        // The name is that of another benchmark.
        return Ok(());
    }
    for film in [Film::Scroll, Film::Video] {
        quality(film, &works)?;
    }
    cost(&works)
}

/// How good moving pictures are at which bitrate.
fn quality(film: Film, works: &[&Working]) -> io::Result<()> {
    let (mut psnr, mut ssim) = (Vec::<Curve>::new(), Vec::<Curve>::new());
    for working in works {
        let found = RATES.iter().filter_map(|kbps| encode(working, film, SIZE, *kbps)).collect::<Vec<_>>();
        println!("{} {}: {found:.1?}", film.name(), working.element);
        let curve = |of: fn(&Outcome) -> f64| {
            (working.element.clone(), found.iter().map(|outcome| (outcome.kbps, of(outcome))).collect())
        };
        psnr.push(curve(|outcome| outcome.psnr));
        ssim.push(curve(|outcome| outcome.ssim));
    }
    let x = Axis { name: "kbit/s that were sent", logarithmic: true };
    for (measure, unit, curves) in [("PSNR", "dB", psnr), ("SSIM", "SSIM, in dB: -10 log10(1 - SSIM)", ssim)]
    {
        let title = format!("{measure} of luma, {SIZE} at {FPS} pictures/s: {}", film.name());
        let chart = Chart { title: &title, x, y: Axis { name: unit, logarithmic: false }, curves };
        write(&format!("{}-{}", measure.to_lowercase(), film.name()), &chart)?;
    }
    Ok(())
}

/// How long a picture takes by its size, and by how much of it changes.
fn cost(works: &[&Working]) -> io::Result<()> {
    let y = Axis { name: "ms per picture, conversion included", logarithmic: true };
    let sizes = [(640, 360), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160)];
    let by_size = works.iter().map(|working| {
        let points = sizes.iter().filter_map(|(width, height)| {
            let size = Size::new(*width, *height);
            let kbps = (8000 * size.area() / (1920 * 1080)) as u32;
            encode(working, Film::Scroll, size, kbps).map(|it| (size.area() as f64 / 1e6, it.ms))
        });
        (working.element.clone(), points.collect())
    });
    let x = Axis { name: "millions of pixels", logarithmic: true };
    write("cost-size", &Chart { title: "A text that scrolls", x, y, curves: by_size.collect() })?;
    let by_area = works.iter().map(|working| {
        let points = [256, 64, 16, 4, 1].iter().filter_map(|part| {
            let size = Size::new(1920, 1080);
            encode(working, Film::Part(*part), size, 8000).map(|it| (100.0 / f64::from(*part), it.ms))
        });
        (working.element.clone(), points.collect())
    });
    let x = Axis { name: "percent of 1920x1080 that change", logarithmic: true };
    write("cost-area", &Chart { title: "A video in a part of the picture", x, y, curves: by_area.collect() })
}

/// What moves.
#[derive(Clone, Copy, PartialEq)]
enum Film {
    /// A page of text goes up by 12 rows each time.
    Scroll,
    /// All of it is a texture with grain.
    Video,
    /// Such a texture in one of so many parts.
    Part(u16),
}

impl Film {
    fn name(self) -> &'static str {
        match self {
            Self::Scroll => "scroll",
            Self::Video | Self::Part(_) => "video",
        }
    }

    /// The pictures, which are shown forwards and backwards, and what changes in each.
    fn pictures(self, size: Size) -> (Vec<Screen>, Rect) {
        let part = match self {
            Self::Part(part) => {
                let side = f64::from(part).sqrt();
                Rect {
                    width: (f64::from(size.width) / side) as u16,
                    height: (f64::from(size.height) / side) as u16,
                    x: 0,
                    y: 0,
                }
            }
            _ => size.rect(),
        };
        let page = Screen::page(Size::new(size.width, 2 * size.height));
        let row = 4 * usize::from(size.width);
        let picture = |step: u32| {
            let from = if self == Self::Scroll { step as usize * 12 * row } else { 0 };
            let mut screen =
                Screen { size, bgrx: page.bgrx[from..][..row * usize::from(size.height)].to_vec() };
            if self != Self::Scroll {
                screen.video(part, step);
            }
            screen
        };
        ((0..16).map(picture).collect(), part)
    }
}

/// What became of some pictures.
#[derive(Debug)]
struct Outcome {
    /// Means of the pictures.
    ms: f64,
    kbps: f64,
    psnr: f64,
    /// In decibels.
    ssim: f64,
}

/// Encodes pictures, and decodes them to see what is left of them.
fn encode(working: &Working, film: Film, size: Size, kbps: u32) -> Option<Outcome> {
    let demand = Demand { bitrate_kbps: kbps, fps: FPS, keyframe: false };
    let mut encoder = encoder(&working.element, size, demand)?;
    // Only where it is asked how good they are.
    let decoder = if size == SIZE { Some(Decoder::new(working.codec)?) } else { None };
    let (pictures, part) = film.pictures(size);
    let shown = |index: u32| &pictures[(index as usize % 30).min(30 - index as usize % 30)];
    let (mut taken, mut bytes) = (0.0, 0);
    for index in 0..WARM_UP + COUNTED {
        let encoded = encoder.encode(&shown(index).frame(&[part]), demand).ok()??;
        if index >= WARM_UP {
            taken += (encoded.convert + encoded.encode).as_secs_f64() * 1e3;
            bytes += encoded.data.len();
        }
        if let Some(decoder) = &decoder {
            decoder.push(index.into(), &encoded);
        }
    }
    let decoded = decoder.map(Decoder::finish).unwrap_or_default();
    let layout = Layout::new(Format::I420, size);
    let compared = decoded.iter().enumerate().skip(WARM_UP as usize).step_by(COMPARED as usize);
    let (mut psnr, mut ssim, mut count) = (0.0, 0.0, 0.0);
    for (index, (_, planes)) in compared {
        let (_, source) = shown(index as u32).i420();
        psnr += psnr_luma(&layout, planes, &source);
        ssim += ssim_luma(&layout, planes, &source);
        count += 1.0;
    }
    let kbps = bytes as f64 * 8.0 / 1000.0 * f64::from(FPS) / f64::from(COUNTED);
    let ssim = -10.0 * (1.0 - ssim / count).log10();
    Some(Outcome { ms: taken / f64::from(COUNTED), kbps, psnr: psnr / count, ssim })
}

fn write(name: &str, chart: &Chart<'_>) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("curves");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name).with_extension("svg"), chart.svg())
}
