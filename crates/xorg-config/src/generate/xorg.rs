//! CVT in the arithmetic of `libxcvt` 0.1.2.
//!
//! Where it computes in single precision, this does so too: the order of the operations is part of the result.

use super::request::{GenerateError, ModeRequest, TOO_SMALL_OR_LARGE};
use super::{CELL, Parts};
use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::PixelClock;

pub(super) fn cvt(request: &ModeRequest, reduced: bool) -> Result<Timing, GenerateError> {
    let width = request.width() - request.width() % CELL;
    let vsync = sync_lines(width, request.height());
    let parts = match reduced {
        true => reduced_blanking(request, width, vsync),
        false => normal_blanking(request, width, vsync),
    };
    timing(request, width, vsync, &parts).ok_or_else(|| request.refused(TOO_SMALL_OR_LARGE))
}

/// `cvt` rounds up before the library rounds down.
pub(super) fn rounded_up(request: &ModeRequest) -> ModeRequest {
    request.with_width(request.width().next_multiple_of(CELL))
}

/// The name by which `cvt` calls a mode. It knows rates of frames only.
pub(super) fn cvt_name(request: &ModeRequest, reduced: bool) -> String {
    let (width, height) = (request.width(), request.height());
    match reduced {
        true => format!("{width}x{height}R"),
        false => format!("{width}x{height}_{:.2}", frame_rate(request)),
    }
}

/// The comment that `cvt` prints before a mode.
pub(super) fn cvt_comment(timing: &Timing, standard: Option<String>) -> String {
    let (width, height) = (timing.horizontal.active, timing.vertical.active);
    let khz = timing.clock.khz() as f32;
    let field_total = match timing.scan {
        Scan::Interlaced => timing.vertical.total / 2,
        _ => timing.vertical.total,
    };
    let pixels = u64::from(timing.horizontal.total) * u64::from(field_total);
    let rate = (1000.0 * f64::from(khz) / f64::from(pixels as f32)) as f32;
    let line_rate = khz / timing.horizontal.total as f32;
    let standard = standard.map_or(String::new(), |standard| format!(" {standard}"));
    let clock = f64::from(khz) / 1000.0;
    format!("# {width}x{height} {rate:.2} Hz (CVT{standard}) hsync: {line_rate:.2} kHz; pclk: {clock:.2} MHz")
}

/// `2.07M9-R`, where the aspect ratio and the rate are among those of the standard.
pub(super) fn standard(request: &ModeRequest, timing: &Timing, reduced: bool) -> Option<String> {
    let known_rate = [50.0, 60.0, 75.0, 85.0].contains(&frame_rate(request));
    aspect(request.width(), request.height()).filter(|_| known_rate)?;
    let (width, height) = (timing.horizontal.active, timing.vertical.active);
    let megapixels = f64::from(width as f32 * height as f32) / 1_000_000.0;
    let letter = aspect(width, height).map_or("", |(letter, _)| letter);
    Some(format!("{megapixels:.2}M{letter}{}", if reduced { "-R" } else { "" }))
}

fn frame_rate(request: &ModeRequest) -> f32 {
    match request.scan() {
        Scan::Interlaced => request.refresh().hz() as f32 / 2.0,
        _ => request.refresh().hz() as f32,
    }
}

/// What the blanking formulas find: pixels of blanking and of sync, lines of a field, nanoseconds of a line.
struct Found {
    hblank: u32,
    hsync_start: u32,
    field_total: u32,
    period: f32,
    polarity: (Polarity, Polarity),
}

fn normal_blanking(request: &ModeRequest, width: u32, vsync: u32) -> Found {
    let (lines, half) = (request.field_lines(), request.half_line() as f32);
    let field_rate = request.refresh().hz() as f32;
    let active_time = (1_000_000.0 / f64::from(field_rate) - MIN_VSYNC_BP) as f32;
    let period = active_time / ((lines + FRONT_PORCH) as f32 + half);
    let sync_and_back = ((MIN_VSYNC_BP / f64::from(period)) as u32 + 1).max(vsync + MIN_BACK_PORCH);
    let duty = ((30.0 - f64::from(300.0 * period) / 1000.0) as f32).max(20.0);
    let hblank = (f64::from(width as f32 * duty) / (100.0 - f64::from(duty))) as u32;
    let hblank = hblank - hblank % (2 * CELL);
    let sync_end = width + hblank / 2;
    let sync_start = sync_end.saturating_sub((width + hblank) * 8 / 100);
    // A start on the boundary of a cell moves by a whole cell.
    let hsync_start = sync_start + CELL - sync_start % CELL;
    let polarity = (Polarity::Negative, Polarity::Positive);
    Found { hblank, hsync_start, field_total: lines + sync_and_back + FRONT_PORCH, period, polarity }
}

fn reduced_blanking(request: &ModeRequest, width: u32, vsync: u32) -> Found {
    let lines = request.field_lines();
    let field_rate = request.refresh().hz() as f32;
    let active_time = (1_000_000.0 / f64::from(field_rate) - RB_MIN_VBLANK) as f32;
    let period = active_time / lines as f32;
    let vblank = (RB_MIN_VBLANK as f32 / period + 1.0) as u32;
    let vblank = vblank.max(FRONT_PORCH + vsync + RB_MIN_BACK_PORCH);
    let hsync_start = width + RB_HBLANK / 2 - RB_HSYNC;
    let polarity = (Polarity::Positive, Polarity::Negative);
    Found { hblank: RB_HBLANK, hsync_start, field_total: lines + vblank, period, polarity }
}

fn timing(request: &ModeRequest, width: u32, sync_lines: u32, found: &Found) -> Option<Timing> {
    let Found { hblank, hsync_start, field_total, period, polarity: (hsync, vsync) } = *found;
    let scan = request.scan();
    let (sync_end, total) = (width + hblank / 2, width + hblank);
    let khz = (f64::from(total) * 1000.0 / f64::from(period)) as u64;
    let khz = khz - khz % CLOCK_STEP_KHZ;
    let fields = if scan == Scan::Interlaced { 2 } else { 1 };
    let back = i64::from(field_total * fields) - i64::from(request.height() + FRONT_PORCH + sync_lines);
    let vertical =
        Parts { active: request.height(), front: FRONT_PORCH.into(), sync: sync_lines.into(), back };
    let horizontal = Parts {
        active: width,
        front: i64::from(hsync_start) - i64::from(width),
        sync: i64::from(sync_end) - i64::from(hsync_start),
        back: i64::from(total - sync_end),
    };
    let clock = PixelClock::from_hz(khz * 1000);
    let horizontal = widened(horizontal.axis().filter(|_| khz > 0 && width > 0)?, request.height());
    Some(Timing { clock, horizontal, vertical: vertical.axis()?, hsync, vsync, scan })
}

/// 1366 is no multiple of 8, so that 1360 stands for it, at 768 lines.
const fn widened(axis: Axis, height: u32) -> Axis {
    match (axis.active, height) {
        (1360, 768) => {
            Axis { active: 1366, sync_start: axis.sync_start - 1, sync_end: axis.sync_end - 1, ..axis }
        }
        _ => axis,
    }
}

fn sync_lines(width: u32, height: u32) -> u32 {
    aspect(width, height).map_or(10, |(_, lines)| lines)
}

/// The letter and the lines of sync of a standard aspect ratio.
fn aspect(width: u32, height: u32) -> Option<(&'static str, u32)> {
    let is =
        |unit: u32, across: u32, down: u32| height.is_multiple_of(unit) && height * across / down == width;
    match () {
        () if is(3, 4, 3) => Some(("3", 4)),
        () if is(9, 16, 9) => Some(("9", 5)),
        () if is(10, 16, 10) => Some(("A", 6)),
        () if is(4, 5, 4) => Some(("4", 7)),
        () if is(9, 15, 9) => Some(("9", 7)),
        () => None,
    }
}

const FRONT_PORCH: u32 = 3;
const MIN_BACK_PORCH: u32 = 3;
const RB_MIN_BACK_PORCH: u32 = 6;
const MIN_VSYNC_BP: f64 = 550.0;
const RB_MIN_VBLANK: f64 = 460.0;
const RB_HBLANK: u32 = 160;
const RB_HSYNC: u32 = 32;
const CLOCK_STEP_KHZ: u64 = 250;
