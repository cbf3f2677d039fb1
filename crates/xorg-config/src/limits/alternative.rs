//! What to show instead of a mode that is too fast.

use crate::generate::{Blanking, Cvt, ModeRequest};
use crate::modeline::Modeline;
use crate::timing::Timing;
use crate::units::{PixelClock, RefreshRate};

/// The best mode within the limit: first the size is kept, then the aspect ratio, then neither.
pub(super) fn below(limit: PixelClock, asked: &Timing) -> Option<Modeline> {
    let size = (asked.horizontal.active, asked.vertical.active);
    let rate = asked.refresh_rate()?;
    let slower = RATES.iter().filter_map(|hz| RefreshRate::from_hz(*hz).ok());
    let slower = slower.filter(|slower| slower.millihertz() <= rate.millihertz() + NAMED_SO);
    let usual = slower.clone().next().unwrap_or(rate);
    let same_size = || slower.clone().find_map(|rate| fitting(limit, size, rate));
    let same_aspect = || smaller(size).filter(|(w, h)| w * size.1 == h * size.0).collect::<Vec<_>>();
    let at_most_60 = |sizes: Vec<(u32, u32)>| {
        let rate = RefreshRate::from_hz(60).ok().filter(|sixty| sixty.hz() < usual.hz()).unwrap_or(usual);
        sizes.into_iter().find_map(|size| fitting(limit, size, rate))
    };
    same_size().or_else(|| at_most_60(same_aspect())).or_else(|| at_most_60(smaller(size).collect()))
}

/// Common sizes that the asked one has room for, the largest first.
fn smaller((width, height): (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    SIZES.into_iter().filter(move |(w, h)| *w <= width && *h <= height && (*w, *h) != (width, height))
}

/// The mode with reduced blanking, of version 2 where the usual one is too fast, or not exactly of that size.
fn fitting(limit: PixelClock, (width, height): (u32, u32), rate: RefreshRate) -> Option<Modeline> {
    let request = ModeRequest::new(width, height, rate).ok()?;
    let second = Cvt::Vesa { blanking: Blanking::ReducedV2 { video: false }, margins: false };
    let modes =
        [Cvt::reduced_for(rate), second].into_iter().filter_map(|formula| formula.modeline(&request).ok());
    let exact =
        |mode: &Modeline| (mode.timing().horizontal.active, mode.timing().vertical.active) == (width, height);
    modes.filter(exact).find(|mode| mode.timing().clock <= limit)
}

const RATES: [u32; 8] = [240, 165, 144, 120, 100, 75, 60, 50];
/// Modes of 60 Hz often come at a little less, in millihertz.
const NAMED_SO: u32 = 500;
/// By number of pixels.
const SIZES: [(u32, u32); 24] = [
    (7680, 4320),
    (5120, 2880),
    (5120, 2160),
    (3840, 2400),
    (3840, 2160),
    (5120, 1440),
    (3440, 1440),
    (3840, 1080),
    (2560, 1600),
    (2560, 1440),
    (2048, 1536),
    (2560, 1080),
    (1920, 1200),
    (1920, 1080),
    (1600, 1200),
    (1680, 1050),
    (1600, 900),
    (1280, 1024),
    (1440, 900),
    (1366, 768),
    (1280, 800),
    (1280, 720),
    (1024, 768),
    (800, 600),
];
