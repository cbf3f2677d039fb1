//! Timings that an EDID names by a code.

use crate::generate::{Blanking, Cvt, Gtf, GtfCurve, ModeRequest};
use crate::tables::{CtaMode, DmtMode};
use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::{PixelClock, RefreshRate};
use Established::{Dmt, Own};

/// The timing of a video identification code.
pub(super) fn of_vic(vic: u8) -> Option<Timing> {
    CtaMode::by_vic(vic).map(|mode| mode.timing)
}

/// The code of a timing: where several differ in the ratio of width to height only, that of square pixels, or the
/// lowest.
pub(super) fn vic_of(timing: &Timing) -> Option<u8> {
    let lowest = CtaMode::of_timing(timing)?;
    let (width, height) = (timing.horizontal.active, timing.vertical.active);
    let square = |mode: &&CtaMode| width * u32::from(mode.aspect.1) == height * u32::from(mode.aspect.0);
    let same = CtaMode::all().iter().filter(|mode| mode.timing == *timing).find(square);
    Some(same.unwrap_or(lowest).vic)
}

/// The timing of a number of the DMT standard.
pub(super) fn of_dmt(id: u8) -> Option<Timing> {
    DmtMode::by_id(id).map(|mode| mode.timing)
}

/// The timings of the bits of Established Timings I and II, in their order.
pub(super) fn established(bits: [u8; 3]) -> Vec<Timing> {
    let timing = |at: usize| match *ESTABLISHED.get(at)? {
        Dmt(id) => of_dmt(id),
        Own(timing) => Some(timing),
    };
    set_bits(&bits).filter_map(timing).collect()
}

/// The timings of the bits of Established Timings III, in their order.
pub(super) fn established_3(bits: [u8; 6]) -> Vec<Timing> {
    set_bits(&bits).filter_map(|at| of_dmt(*ESTABLISHED_3.get(at)?)).collect()
}

/// The timing of a code of Standard Timings: of DMT where it has the code, or else by formula, which is CVT where
/// the display says that it knows it, and GTF elsewhere. Before EDID 1.2 there was no formula.
pub(super) fn standard(code: [u8; 2], revision: u8, cvt: bool) -> Option<Timing> {
    if let Some(mode) = DmtMode::by_standard_code(code) {
        return Some(mode.timing);
    }
    let (width, height) = match code[1] >> 6 {
        _ if code[0] <= 1 || revision < 2 => return None,
        0 if revision < 3 => (1, 1),
        0 => (16, 10),
        1 => (4, 3),
        2 => (5, 4),
        _ => (16, 9),
    };
    let across = (u32::from(code[0]) + 31) * 8;
    let rate = RefreshRate::from_hz(u32::from(code[1] & 0x3f) + 60).ok()?;
    let request = ModeRequest::new(across, across * height / width, rate).ok()?;
    match cvt {
        true => Cvt::Vesa { blanking: Blanking::Normal, margins: false }.timing(&request).ok(),
        false => Gtf::Vesa { curve: GtfCurve::Default, margins: false }.timing(&request).ok(),
    }
}

/// The numbers of the bits that are set, the top bit of the first byte first.
fn set_bits(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len() * 8).filter(|at| bytes[at / 8] >> (7 - at % 8) & 1 == 1)
}

enum Established {
    Dmt(u8),
    Own(Timing),
}

const fn own(khz: u32, h: [u32; 4], v: [u32; 4], hsync: Polarity, vsync: Polarity) -> Established {
    Own(Timing {
        clock: PixelClock::from_khz(khz),
        horizontal: Axis::from_parts(h[0], h[1], h[2], h[3]),
        vertical: Axis::from_parts(v[0], v[1], v[2], v[3]),
        hsync,
        vsync,
        scan: Scan::Progressive,
    })
}

/// Bytes 35 to 37. What is not in DMT are modes of IBM (720 pixels) and of Apple.
const ESTABLISHED: [Established; 17] = [
    own(28_320, [720, 18, 108, 54], [400, 21, 2, 26], Polarity::Negative, Polarity::Positive),
    own(35_500, [720, 18, 108, 54], [400, 12, 2, 35], Polarity::Negative, Polarity::Positive),
    Dmt(0x04),
    own(30_240, [640, 64, 64, 96], [480, 3, 3, 39], Polarity::Negative, Polarity::Negative),
    Dmt(0x05),
    Dmt(0x06),
    Dmt(0x08),
    Dmt(0x09),
    Dmt(0x0a),
    Dmt(0x0b),
    own(57_284, [832, 32, 64, 224], [624, 1, 3, 39], Polarity::Negative, Polarity::Negative),
    Dmt(0x0f),
    Dmt(0x10),
    Dmt(0x11),
    Dmt(0x12),
    Dmt(0x24),
    own(100_000, [1152, 48, 128, 128], [870, 3, 3, 39], Polarity::Positive, Polarity::Positive),
];

/// Bytes 6 to 11 of descriptor 0xF7.
const ESTABLISHED_3: [u8; 44] = [
    0x01, 0x02, 0x03, 0x07, 0x0e, 0x0c, 0x13, 0x15, 0x16, 0x17, 0x18, 0x19, 0x20, 0x21, 0x23, 0x25, 0x27,
    0x2e, 0x2f, 0x30, 0x31, 0x29, 0x2a, 0x2b, 0x2c, 0x39, 0x3a, 0x3b, 0x3c, 0x33, 0x34, 0x35, 0x36, 0x37,
    0x3e, 0x3f, 0x41, 0x42, 0x44, 0x45, 0x46, 0x47, 0x49, 0x4a,
];
