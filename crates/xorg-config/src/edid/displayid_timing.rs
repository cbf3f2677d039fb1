//! Timings in full, as DisplayID states them: types I, II, VI and VII.

use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::PixelClock;

/// A timing of a DisplayID section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayIdTiming {
    /// The timing.
    pub timing: Timing,
    /// Whether the display prefers it.
    pub preferred: bool,
}

impl DisplayIdTiming {
    /// All timings of a data block with one of these tags; those whose numbers contradict each other are left out.
    /// `None` for another tag.
    pub(super) fn all(tag: u8, revision: u8, payload: &[u8]) -> Option<Vec<Self>> {
        let extra = usize::from(revision >> 4 & 7);
        let timings = match tag {
            0x03 => payload.as_chunks().0.iter().filter_map(|bytes| Self::decode(bytes, 10)).collect(),
            0x22 => payload
                .chunks_exact(20 + extra)
                .filter_map(|bytes| Self::decode(bytes.first_chunk()?, 1))
                .collect(),
            0x04 => payload.as_chunks().0.iter().filter_map(Self::type_2).collect(),
            0x13 => Self::type_6(payload),
            _ => return None,
        };
        Some(timings)
    }

    /// Types I and VII differ in the unit of the clock: 10 kHz and 1 kHz.
    fn decode(bytes: &[u8; 20], unit_khz: u32) -> Option<Self> {
        let number = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let axis = |at: usize| Axis {
            active: number(at) + 1,
            sync_start: number(at) + 1 + (number(at + 4) & 0x7fff) + 1,
            sync_end: number(at) + 1 + (number(at + 4) & 0x7fff) + 1 + number(at + 6) + 1,
            total: number(at) + 1 + number(at + 2) + 1,
        };
        let clock = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
        Self {
            timing: Timing {
                clock: PixelClock::from_khz(clock * unit_khz),
                horizontal: axis(4),
                vertical: axis(12),
                hsync: polarity(bytes[9] & 0x80 != 0),
                vsync: polarity(bytes[17] & 0x80 != 0),
                scan: scan(bytes[3] & 0x10 != 0),
            },
            preferred: bytes[3] & 0x80 != 0,
        }
        .sound()
    }

    fn type_2(bytes: &[u8; 11]) -> Option<Self> {
        let at = |byte: usize| u32::from(bytes[byte]);
        let eight = |value: u32| 8 * (value + 1);
        let horizontal = from_blank(
            eight(at(4) | (at(5) & 1) << 8),
            eight(at(5) >> 1),
            eight(at(6) >> 4),
            eight(at(6) & 15),
        );
        let vertical =
            from_blank((at(7) | (at(8) & 15) << 8) + 1, at(9) + 1, (at(10) >> 4) + 1, (at(10) & 15) + 1);
        let clock = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
        Self {
            timing: Timing {
                clock: PixelClock::from_khz(clock * 10),
                horizontal,
                vertical,
                hsync: polarity(bytes[3] & 8 != 0),
                vsync: polarity(bytes[3] & 4 != 0),
                scan: scan(bytes[3] & 0x10 != 0),
            },
            preferred: bytes[3] & 0x80 != 0,
        }
        .sound()
    }

    /// Descriptors of 14 bytes, or of 17 with the size of the picture.
    fn type_6(mut payload: &[u8]) -> Vec<Self> {
        let mut timings = Vec::new();
        while let Some(bytes) = payload.first_chunk::<14>() {
            timings.extend(Self::one_type_6(bytes));
            payload = payload.get(if bytes[2] & 0x40 == 0 { 14 } else { 17 }..).unwrap_or_default();
        }
        timings
    }

    fn one_type_6(bytes: &[u8; 14]) -> Option<Self> {
        let at = |byte: usize| u32::from(bytes[byte]);
        let clock = u32::from_le_bytes([bytes[0], bytes[1], bytes[2] & 0x3f, 0]) + 1;
        let horizontal = from_blank(
            (at(3) | (at(4) & 0x3f) << 8) + 1,
            (at(7) | (at(9) & 15) << 8) + 1,
            (at(8) | (at(9) & 0xf0) << 4) + 1,
            at(10) + 1,
        );
        let vertical =
            from_blank((at(5) | (at(6) & 0x3f) << 8) + 1, at(11) + 1, at(12) + 1, (at(13) & 15) + 1);
        Self {
            timing: Timing {
                clock: PixelClock::from_khz(clock),
                horizontal,
                vertical,
                hsync: polarity(bytes[4] & 0x80 != 0),
                vsync: polarity(bytes[6] & 0x80 != 0),
                scan: scan(bytes[13] & 0x80 != 0),
            },
            preferred: bytes[2] & 0x80 != 0,
        }
        .sound()
    }

    fn sound(self) -> Option<Self> {
        (self.timing.horizontal.is_ordered() && self.timing.vertical.is_ordered()).then_some(self)
    }

    /// The 20 bytes of a type VII timing. `None` where it does not fit: see [`fits`](Self::fits).
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DisplayIdTiming;
    /// use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
    /// let timing = Timing {
    ///     clock: PixelClock::from_khz(1_097_250),
    ///     horizontal: Axis { active: 3840, sync_start: 3888, sync_end: 3920, total: 4000 },
    ///     vertical: Axis { active: 2160, sync_start: 2163, sync_end: 2168, total: 2287 },
    ///     hsync: Polarity::Positive,
    ///     vsync: Polarity::Negative,
    ///     scan: Scan::Progressive,
    /// };
    /// let bytes = DisplayIdTiming { timing, preferred: true }.encode().expect("it fits");
    /// assert_eq!(bytes[..4], [0x21, 0xbe, 0x10, 0x84]);
    /// ```
    pub fn encode(&self) -> Option<[u8; 20]> {
        let timing = &self.timing;
        if !Self::fits(timing) {
            return None;
        }
        let mut bytes = [0; 20];
        let clock = (timing.clock.khz() as u32).checked_sub(1)?.to_le_bytes();
        bytes[..3].copy_from_slice(&clock[..3]);
        let interlaced = if timing.scan == Scan::Interlaced { 0x10 } else { 0 };
        bytes[3] = aspect(timing) | interlaced | if self.preferred { 0x80 } else { 0 };
        bytes[4..12].copy_from_slice(&axis_bytes(timing.horizontal, timing.hsync));
        bytes[12..].copy_from_slice(&axis_bytes(timing.vertical, timing.vsync));
        Some(bytes)
    }

    /// Whether type VII holds this timing exactly: a clock of 1 kHz to 16.7 GHz in steps of 1 kHz, 1 to 65536
    /// pixels and lines, blank ones too, porches of 1 to 32768, sync pulses of 1 to 65536. Lines that are sent
    /// twice cannot be told.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DisplayIdTiming;
    /// use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
    /// let mut timing = Timing {
    ///     clock: PixelClock::from_khz(2_376_000),
    ///     horizontal: Axis { active: 7680, sync_start: 8232, sync_end: 8408, total: 9000 },
    ///     vertical: Axis { active: 4320, sync_start: 4336, sync_end: 4356, total: 4400 },
    ///     hsync: Polarity::Positive,
    ///     vsync: Polarity::Positive,
    ///     scan: Scan::Progressive,
    /// };
    /// assert!(DisplayIdTiming::fits(&timing));
    /// timing.clock = PixelClock::from_hz(2_373_626_373);
    /// assert!(!DisplayIdTiming::fits(&timing));
    /// ```
    pub fn fits(timing: &Timing) -> bool {
        let clock = timing.clock.hz();
        let clocked = clock.is_multiple_of(1000) && (1000..=16_777_216_000).contains(&clock);
        clocked && wide(timing.horizontal) && wide(timing.vertical) && timing.scan != Scan::Double
    }
}

fn from_blank(active: u32, blank: u32, front: u32, sync: u32) -> Axis {
    Axis { active, sync_start: active + front, sync_end: active + front + sync, total: active + blank }
}

fn polarity(positive: bool) -> Polarity {
    if positive { Polarity::Positive } else { Polarity::Negative }
}

fn scan(interlaced: bool) -> Scan {
    if interlaced { Scan::Interlaced } else { Scan::Progressive }
}

fn wide(axis: Axis) -> bool {
    axis.is_ordered()
        && axis.active <= 65_536
        && axis.blank() <= 65_536
        && (1..=32_768).contains(&axis.front_porch())
        && axis.sync() > 0
        && axis.back_porch() > 0
}

fn axis_bytes(axis: Axis, sync: Polarity) -> [u8; 8] {
    let less = |value: u32| (value.saturating_sub(1) as u16).to_le_bytes();
    let sign = if sync == Polarity::Positive { 0x80 } else { 0 };
    let ([a0, a1], [b0, b1]) = (less(axis.active), less(axis.blank()));
    let ([f0, f1], [s0, s1]) = (less(axis.front_porch()), less(axis.sync()));
    [a0, a1, b0, b1, f0, f1 | sign, s0, s1]
}

/// The code of width to height, 8 where it has none.
fn aspect(timing: &Timing) -> u8 {
    let (width, height) = (u64::from(timing.horizontal.active), u64::from(timing.vertical.active));
    let code = ASPECTS.iter().position(|(across, down)| width * down == height * across);
    code.map_or(8, |code| code as u8)
}

const ASPECTS: [(u64, u64); 8] = [(1, 1), (5, 4), (4, 3), (15, 9), (16, 9), (16, 10), (64, 27), (256, 135)];
