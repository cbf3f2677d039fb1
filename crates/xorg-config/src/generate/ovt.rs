//! Optimised Video Timings of CTA-861-I, section 4.1: what resolution identifiers stand for.

use super::Parts;
use super::request::{GenerateError, ModeRequest, TOO_SMALL_OR_LARGE};
use crate::modeline::Modeline;
use crate::timing::{Polarity, Scan, Timing};
use crate::units::{PixelClock, RefreshRate};

/// The optimised video timing for a request.
///
/// The standard has it for whole rates. A rate of 1000/1001 of a whole one, to a thousandth of a hertz, has the same
/// lines and a clock that is slower by as much.
///
/// ```
/// use cosmos_xorg_config::ovt;
/// assert_eq!(ovt(&"1920x1080@144".parse()?)?.clock.khz(), 345_168);
/// assert_eq!(ovt(&"1920x1080@60000/1001".parse()?)?.clock.hz(), 139_636_364);
/// assert!(ovt(&"1920x1080@59.5".parse()?).is_err());
/// # Ok::<(), cosmos_xorg_config::GenerateError>(())
/// ```
///
/// # Errors
/// [`GenerateError::NoTiming`] for an interlaced request, another rate than said, or a picture too small for the
/// sync pulse.
pub fn ovt(request: &ModeRequest) -> Result<Timing, GenerateError> {
    if request.scan() == Scan::Interlaced {
        return Err(request.refused("expected a progressive mode, as the standard knows no other"));
    }
    let refused = "expected a whole rate, or 1000/1001 of one";
    let (rate, slowed) = nominal_rate(request.refresh()).ok_or_else(|| request.refused(refused))?;
    let timing = Search::new(request, rate).timing(request, rate);
    let timing = timing.ok_or_else(|| request.refused(TOO_SMALL_OR_LARGE))?;
    let hz = timing.clock.hz();
    let clock = if slowed { PixelClock::from_hz((hz * 1000 + 500) / 1001) } else { timing.clock };
    Ok(Timing { clock, ..timing })
}

/// The whole rate, and whether the real one is 1000/1001 of it.
fn nominal_rate(refresh: RefreshRate) -> Option<(u32, bool)> {
    if let Some(hz) = refresh.whole_hz() {
        return Some((hz, false));
    }
    let nominal = (refresh.hz() * 1.001).round();
    let near = (nominal / 1.001 - refresh.hz()).abs() < 0.001;
    near.then_some((nominal as u32, true))
}

/// A family of rates shares its lines: the fastest one decides.
struct Search {
    max_rate: u32,
    line_step: u32,
    min_vtotal: u32,
    audio_packets: u32,
    width: u32,
}

/// Totals, in pixels, lines, and pixels of a frame.
#[derive(Clone, Copy)]
struct Totals {
    horizontal: u32,
    vertical: u32,
    frame: u64,
}

impl Search {
    fn new(request: &ModeRequest, rate: u32) -> Self {
        let (max_rate, line_step) = family(rate);
        let active_us = 1_000_000.0 / f64::from(max_rate) - MIN_VBLANK_US;
        let line_us = active_us / f64::from(request.height());
        let vblank = (MIN_VBLANK_US / line_us).ceil() as u32;
        let min_vtotal = (request.height() + vblank).next_multiple_of(line_step);
        let audio_packets = AUDIO_PACKET_RATE.div_ceil(max_rate * min_vtotal);
        Self { max_rate, line_step, min_vtotal, audio_packets, width: request.width() }
    }

    /// The smallest frame, with the longer blanking of 4:2:0 where the clock is fast enough to need that.
    fn totals(&self) -> Option<Totals> {
        let audio = LINE_OVERHEAD + AUDIO_PACKET_SIZE * self.audio_packets;
        let min_htotal = self.width + audio.max(MIN_HBLANK_444);
        let pixels = u64::from(self.max_rate) * u64::from(min_htotal) * u64::from(self.min_vtotal);
        let chunks = pixels.div_ceil(MAX_CHUNK_RATE).next_power_of_two();
        let pixel_step = u32::try_from(chunks).ok()?.max(MIN_HTOTAL_STEP);
        let totals = self.smallest(min_htotal, pixel_step)?;
        let min_htotal = self.width + (2 * audio).max(MIN_HBLANK_420);
        match totals.frame * u64::from(self.max_rate) >= MIN_CLOCK_420 && totals.horizontal < min_htotal {
            true => self.smallest(min_htotal, pixel_step),
            false => Some(totals),
        }
    }

    /// More lines may make up for fewer pixels, as long as the frame could still become smaller.
    fn smallest(&self, min_htotal: u32, pixel_step: u32) -> Option<Totals> {
        let min_htotal = min_htotal.next_multiple_of(pixel_step);
        let mut best: Option<Totals> = None;
        let mut vertical = self.min_vtotal;
        while vertical <= Modeline::MAX_TOTAL
            && best.is_none_or(|best| u64::from(min_htotal) * u64::from(vertical) <= best.frame)
        {
            let found = self.narrowest(min_htotal, vertical, pixel_step);
            best = match (best, found) {
                (Some(best), Some(found)) if best.frame <= found.frame => Some(best),
                (best, found) => found.or(best),
            };
            vertical += self.line_step;
        }
        best
    }

    /// Makes the clock a multiple of a kilohertz, and a line divide into chunks that are slow enough.
    fn narrowest(&self, min_htotal: u32, vertical: u32, pixel_step: u32) -> Option<Totals> {
        let frame_step = u64::from(CLOCK_STEP / greatest_common_divisor(CLOCK_STEP, self.max_rate));
        let totals = (min_htotal..=Modeline::MAX_TOTAL).step_by(pixel_step as usize).map(|horizontal| {
            Totals { horizontal, vertical, frame: u64::from(horizontal) * u64::from(vertical) }
        });
        let slow_enough = |totals: &Totals| {
            (u64::from(self.max_rate) * totals.frame) >> totals.horizontal.trailing_zeros() <= MAX_CHUNK_RATE
        };
        totals.filter(|totals| totals.frame.is_multiple_of(frame_step)).find(slow_enough)
    }

    fn timing(&self, request: &ModeRequest, rate: u32) -> Option<Timing> {
        let Totals { horizontal, vertical, frame } = self.totals()?;
        let hz = u64::from(self.max_rate) * frame;
        let vblank = i64::from(vertical * self.max_rate / rate) - i64::from(request.height());
        let lead = (MIN_VSYNC_LEAD_US * hz as f64 / (1_000_000.0 * f64::from(horizontal))).ceil() as i64;
        let hblank = i64::from(horizontal) - i64::from(self.width);
        let across = Parts { active: self.width, front: hblank - 2 * HSYNC, sync: HSYNC, back: HSYNC };
        let down = Parts { active: request.height(), front: vblank - lead, sync: VSYNC, back: lead - VSYNC };
        Some(Timing {
            clock: PixelClock::from_hz(hz),
            horizontal: across.axis()?,
            vertical: down.axis()?,
            hsync: Polarity::Positive,
            vsync: Polarity::Positive,
            scan: Scan::Progressive,
        })
    }
}

/// The fastest rate of the family, and the lines by which its totals step.
const fn family(rate: u32) -> (u32, u32) {
    match rate {
        24 | 25 | 30 => (30, 20),
        48 | 50 | 60 => (60, 20),
        100 | 120 => (120, 5),
        200 | 240 => (240, 5),
        300 | 360 => (360, 5),
        400 | 480 => (480, 5),
        _ => (rate, 1),
    }
}

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

const MIN_VBLANK_US: f64 = 460.0;
const MIN_VSYNC_LEAD_US: f64 = 400.0;
const MIN_CLOCK_420: u64 = 590_000_000;
const MIN_HBLANK_444: u32 = 80;
const MIN_HBLANK_420: u32 = 128;
const CLOCK_STEP: u32 = 1000;
const MIN_HTOTAL_STEP: u32 = 8;
const MAX_CHUNK_RATE: u64 = 650_000_000;
const AUDIO_PACKET_RATE: u32 = 195_000;
const AUDIO_PACKET_SIZE: u32 = 32;
const LINE_OVERHEAD: u32 = 32;
const HSYNC: i64 = 32;
const VSYNC: i64 = 8;
