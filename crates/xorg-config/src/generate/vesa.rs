//! CVT as VESA defines it: version 1.2, with version 3 of reduced blanking from 2.0.
//!
//! In double precision and in the order of the standard's own spreadsheet, so that an answer on the edge of a
//! step falls to the side on which other programs see it.

use super::cvt::{Blanking, ReducedV3};
use super::request::{GenerateError, ModeRequest, TOO_SMALL_OR_LARGE};
use super::{CELL, Parts};
use crate::timing::{Polarity, Timing};
use crate::units::PixelClock;

pub(super) fn timing(
    request: &ModeRequest,
    blanking: Blanking,
    margins: bool,
) -> Result<Timing, GenerateError> {
    if let Blanking::ReducedV3(options) = blanking {
        options.check()?;
    }
    let picture = Picture::new(request, blanking, margins);
    let found = match blanking {
        Blanking::Normal => picture.normal(),
        _ => picture.reduced(&Reduced::of(blanking, sync_lines(request))),
    };
    picture.timing(request, &found).ok_or_else(|| request.refused(TOO_SMALL_OR_LARGE))
}

impl ReducedV3 {
    fn check(&self) -> Result<(), GenerateError> {
        let refused = |field, given, expected| Err(GenerateError::Option { field, given, expected });
        match self {
            Self { hblank, .. } if !(80..=200).contains(hblank) || hblank % CELL != 0 => {
                refused("hblank", *hblank, "80 to 200 pixels in steps of 8")
            }
            Self { vblank_us, .. } if !(460..=705).contains(vblank_us) => {
                refused("vblank_us", *vblank_us, "460 to 705 microseconds")
            }
            _ => Ok(()),
        }
    }
}

/// What is to be shown: the picture, its border, and how often.
struct Picture {
    width: u32,
    field_lines: f64,
    border: (u32, u32),
    half_line: f64,
    field_rate: f64,
    sync_lines: f64,
}

/// What the blanking formulas find. Lines are those of a field.
struct Found {
    khz: f64,
    hfront: f64,
    hsync: f64,
    hblank: f64,
    vsync: f64,
    vback: f64,
    vblank: f64,
    polarity: (Polarity, Polarity),
}

impl Picture {
    fn new(request: &ModeRequest, blanking: Blanking, margins: bool) -> Self {
        let cell = if matches!(blanking, Blanking::ReducedV2 { .. }) { 1 } else { CELL };
        let width = request.width() - request.width() % cell;
        let field_lines = f64::from(request.field_lines());
        let border = match margins {
            true => (
                (f64::from(width) * MARGIN_PERCENT / 100.0 / f64::from(cell)) as u32 * cell,
                (MARGIN_PERCENT / 100.0 * field_lines) as u32,
            ),
            false => (0, 0),
        };
        let sync_lines = f64::from(sync_lines(request));
        let field_rate = request.refresh().hz();
        Self { width, field_lines, border, half_line: request.half_line(), field_rate, sync_lines }
    }

    fn pixels(&self) -> f64 {
        f64::from(self.width) + f64::from(self.border.0) * 2.0
    }

    fn lines(&self) -> f64 {
        self.field_lines + f64::from(self.border.1) * 2.0
    }

    /// Blanking for tubes: a share of the line that falls with the line's length.
    fn normal(&self) -> Found {
        let period = ((1.0 / self.field_rate) - MIN_VSYNC_BP / 1_000_000.0)
            / (self.lines() + FRONT_PORCH + self.half_line)
            * 1_000_000.0;
        let sync_and_back = ((MIN_VSYNC_BP / period).floor() + 1.0).max(self.sync_lines + MIN_BACK_PORCH);
        let duty = (30.0 - 300.0 * period / 1000.0).max(20.0);
        let cells = f64::from(2 * CELL);
        let hblank = (self.pixels() * duty / (100.0 - duty) / cells).floor() * cells;
        let total = self.pixels() + hblank;
        let hsync = (total * 0.08 / f64::from(CELL)).floor() * f64::from(CELL);
        Found {
            khz: clock_khz((total / period / CLOCK_STEP).floor() * CLOCK_STEP),
            hfront: hblank / 2.0 - hsync,
            hsync,
            hblank,
            vsync: self.sync_lines,
            vback: sync_and_back - self.sync_lines,
            vblank: sync_and_back + FRONT_PORCH,
            polarity: (Polarity::Negative, Polarity::Positive),
        }
    }

    fn reduced(&self, version: &Reduced) -> Found {
        let period = ((1_000_000.0 / self.field_rate) - version.min_vblank_us) / self.lines();
        let needed = (version.min_vblank_us / period).floor() + 1.0;
        let vblank = needed.max(version.vfront + version.vsync + version.vback);
        let total_lines = vblank + self.lines() + self.half_line;
        let hz = self.field_rate * total_lines * (version.hblank + self.pixels()) * version.rate;
        let steps = hz / 1_000_000.0 / version.clock_step;
        let steps = if version.clock_up { steps.ceil() } else { steps.floor() };
        let vback = match version.vsync_at {
            VsyncAt::Front => vblank - version.vfront - version.vsync,
            VsyncAt::Back => version.vback,
            VsyncAt::Middle => (needed / 2.0).floor(),
        };
        Found {
            khz: clock_khz(steps * version.clock_step),
            hfront: version.hfront,
            hsync: RB_HSYNC,
            hblank: version.hblank,
            vsync: version.vsync,
            vback,
            vblank,
            polarity: (Polarity::Positive, Polarity::Negative),
        }
    }

    fn timing(&self, request: &ModeRequest, found: &Found) -> Option<Timing> {
        let (hborder, vborder) = (i64::from(self.border.0), i64::from(self.border.1));
        let horizontal = Parts {
            active: self.width,
            front: hborder + found.hfront as i64,
            sync: found.hsync as i64,
            back: hborder + (found.hblank - found.hfront - found.hsync) as i64,
        };
        let vertical = Parts {
            active: request.height(),
            front: vborder + (found.vblank - found.vback - found.vsync) as i64,
            sync: found.vsync as i64,
            back: vborder + found.vback as i64,
        };
        let scan = request.scan();
        let clock = PixelClock::from_hz(found.khz as u64 * 1000);
        let (hsync, vsync) = found.polarity;
        let horizontal = horizontal.axis().filter(|axis| axis.active > 0 && clock.hz() > 0)?;
        let vertical = vertical.of_frame(scan).axis()?;
        Some(Timing { clock, horizontal, vertical, hsync, vsync, scan })
    }
}

/// The numbers in which the versions of reduced blanking differ.
struct Reduced {
    hblank: f64,
    hfront: f64,
    vfront: f64,
    vsync: f64,
    vback: f64,
    vsync_at: VsyncAt,
    min_vblank_us: f64,
    clock_step: f64,
    clock_up: bool,
    rate: f64,
}

/// What is fixed of the vertical blanking, so that the rest falls elsewhere.
enum VsyncAt {
    /// The front porch.
    Front,
    /// The back porch.
    Back,
    /// Neither: sync begins in the middle.
    Middle,
}

impl Reduced {
    fn of(blanking: Blanking, sync_lines: u32) -> Self {
        let second = Self {
            hblank: 80.0,
            hfront: 8.0,
            vfront: 1.0,
            vsync: 8.0,
            vback: 6.0,
            vsync_at: VsyncAt::Back,
            min_vblank_us: RB_MIN_VBLANK,
            clock_step: 0.001,
            clock_up: false,
            rate: 1.0,
        };
        match blanking {
            Blanking::Normal | Blanking::Reduced => Self {
                hblank: 160.0,
                hfront: 48.0,
                vfront: FRONT_PORCH,
                vsync: f64::from(sync_lines),
                vback: MIN_BACK_PORCH,
                vsync_at: VsyncAt::Front,
                clock_step: CLOCK_STEP,
                ..second
            },
            Blanking::ReducedV2 { video: true } => Self { rate: 1000.0 / 1001.0, ..second },
            Blanking::ReducedV2 { video: false } => second,
            Blanking::ReducedV3(ReducedV3 { hblank, vblank_us, early_vsync }) => Self {
                hblank: f64::from(hblank),
                vsync_at: if early_vsync { VsyncAt::Middle } else { VsyncAt::Back },
                min_vblank_us: f64::from(vblank_us),
                clock_step: CLOCK_STEP,
                clock_up: true,
                ..second
            },
        }
    }
}

/// The width of the vertical sync pulse tells the aspect ratio, by which a screen scales.
const fn sync_lines(request: &ModeRequest) -> u32 {
    let (width, height) = (request.width(), request.height());
    match () {
        () if height * 4 / 3 == width => 4,
        () if height * 16 / 9 == width => 5,
        () if height * 16 / 10 == width => 6,
        () if height.is_multiple_of(4) && height * 5 / 4 == width => 7,
        () if height * 15 / 9 == width => 7,
        () => 10,
    }
}

fn clock_khz(mhz: f64) -> f64 {
    (1000.0 * mhz).round()
}

const MARGIN_PERCENT: f64 = 1.8;
const FRONT_PORCH: f64 = 3.0;
const MIN_BACK_PORCH: f64 = 7.0;
const MIN_VSYNC_BP: f64 = 550.0;
const RB_MIN_VBLANK: f64 = 460.0;
const RB_HSYNC: f64 = 32.0;
const CLOCK_STEP: f64 = 0.25;
