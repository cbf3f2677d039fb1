//! The detailed timing descriptor of 18 bytes (E-EDID 1.4, section 3.10.2), used by base blocks and by CTA-861.

use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::PixelClock;

/// A detailed timing descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailedTiming {
    /// The timing. Of an interlaced one, lines count for a whole frame; where sync is not digital and separate, a
    /// polarity that the descriptor does not state is negative.
    pub timing: Timing,
    /// Width and height of the picture in millimetres, 0 to 4095; 0 where unknown.
    pub image_mm: (u16, u16),
    /// Border at either side, in pixels, and above and below, in lines. They lie in the blanking of the timing.
    pub border: (u8, u8),
    /// Byte 17 as it stands: interlace, stereo and kind of sync.
    pub flags: u8,
}

impl DetailedTiming {
    /// The descriptor of these bytes. `None` where they are a display descriptor (no clock), or where blanking
    /// and porches contradict each other.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DetailedTiming;
    /// let bytes = [
    ///     0x1a, 0x36, 0x80, 0xa0, 0x70, 0x38, 0x1f, 0x40, 0x30, 0x20, 0x35, 0, 0xfe, 0x1f, 0x11, 0, 0, 0x1a,
    /// ];
    /// let timing = DetailedTiming::decode(&bytes).map(|descriptor| descriptor.timing);
    /// assert_eq!(timing.map(|timing| timing.clock.khz()), Some(138_500));
    /// assert_eq!(timing.map(|timing| timing.horizontal.total), Some(2080));
    /// assert_eq!(DetailedTiming::decode(&[0; 18]), None);
    /// ```
    pub fn decode(bytes: &[u8; 18]) -> Option<Self> {
        let clock = u32::from(u16::from_le_bytes([bytes[0], bytes[1]])) * 10;
        let high =
            |byte: usize, shift: u32, mask: u32, to: u32| (u32::from(bytes[byte]) >> shift & mask) << to;
        let low = |byte: usize| u32::from(bytes[byte]);
        let (border, flags) = ((bytes[15], bytes[16]), bytes[17]);
        let horizontal = axis(
            [low(2) | high(4, 4, 15, 8), low(3) | high(4, 0, 15, 8)],
            [low(8) | high(11, 6, 3, 8), low(9) | high(11, 4, 3, 8)],
            border.0,
        );
        let vertical = axis(
            [low(5) | high(7, 4, 15, 8), low(6) | high(7, 0, 15, 8)],
            [high(10, 4, 15, 0) | high(11, 2, 3, 4), high(10, 0, 15, 0) | high(11, 0, 3, 4)],
            border.1,
        );
        let interlaced = flags & INTERLACED != 0;
        let vertical = if interlaced { frame_of(vertical) } else { vertical };
        let (hsync, vsync) = polarities(flags);
        let scan = if interlaced { Scan::Interlaced } else { Scan::Progressive };
        let timing = Timing { clock: PixelClock::from_khz(clock), horizontal, vertical, hsync, vsync, scan };
        let image_mm = ((low(12) | high(14, 4, 15, 8)) as u16, (low(13) | high(14, 0, 15, 8)) as u16);
        let sound = clock > 0 && horizontal.is_ordered() && vertical.is_ordered();
        sound.then_some(Self { timing, image_mm, border, flags })
    }

    /// The bytes of a descriptor for this timing with digital separate sync and no border. `None` where a field is
    /// too narrow for it: see [`fits`](Self::fits).
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DetailedTiming;
    /// let bytes = [
    ///     0x1a, 0x36, 0x80, 0xa0, 0x70, 0x38, 0x1f, 0x40, 0x30, 0x20, 0x35, 0, 0xfe, 0x1f, 0x11, 0, 0, 0x1a,
    /// ];
    /// let read = DetailedTiming::decode(&bytes).expect("a timing");
    /// assert_eq!(DetailedTiming::encode(&read.timing, read.image_mm), Some(bytes));
    /// ```
    pub fn encode(timing: &Timing, image_mm: (u16, u16)) -> Option<[u8; 18]> {
        let fits = Self::fits(timing) && image_mm.0 < 4096 && image_mm.1 < 4096;
        fits.then(|| bytes_of(timing, image_mm))
    }

    /// Whether a descriptor holds this timing exactly, and every reader of EDIDs believes it: a clock of 10 to
    /// 655.35 MHz in steps of 10 kHz, up to 4095 active and 4095 blank pixels and lines, porches and sync pulses
    /// of 1 to 1023 pixels and 1 to 63 lines. Interlaced timings have an odd number of lines and otherwise even
    /// numbers. Lines that are sent twice cannot be told.
    ///
    /// ```
    /// use cosmos_xorg_config::edid::DetailedTiming;
    /// use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
    /// let mut timing = Timing {
    ///     clock: PixelClock::from_khz(533_250),
    ///     horizontal: Axis { active: 3840, sync_start: 3888, sync_end: 3920, total: 4000 },
    ///     vertical: Axis { active: 2160, sync_start: 2163, sync_end: 2168, total: 2222 },
    ///     hsync: Polarity::Positive,
    ///     vsync: Polarity::Negative,
    ///     scan: Scan::Progressive,
    /// };
    /// assert!(DetailedTiming::fits(&timing));
    /// timing.clock = PixelClock::from_khz(1_097_250);
    /// assert!(!DetailedTiming::fits(&timing));
    /// ```
    pub fn fits(timing: &Timing) -> bool {
        let Some(vertical) = field_of(timing) else { return false };
        let clock = timing.clock.hz();
        let clocked = clock.is_multiple_of(10_000) && (10_000_000..=655_350_000).contains(&clock);
        clocked
            && narrow(timing.horizontal, 1023, true)
            && narrow(vertical, 63, timing.scan == Scan::Progressive)
    }
}

/// From active and blank, front porch and sync, and border, all of one axis.
fn axis([active, blank]: [u32; 2], [front, sync]: [u32; 2], border: u8) -> Axis {
    let sync_start = active + u32::from(border) + front;
    Axis { active, sync_start, sync_end: sync_start + sync, total: active + blank }
}

fn polarities(flags: u8) -> (Polarity, Polarity) {
    let positive = |stated: bool| if stated { Polarity::Positive } else { Polarity::Negative };
    let (digital, separate) = (flags & 0x10 != 0, flags & 0x18 == 0x18);
    (positive(digital && flags & 0x02 != 0), positive(separate && flags & 0x04 != 0))
}

/// A frame has the lines of two fields and, as the fields of nearly every format are offset by half a line, one
/// more.
fn frame_of(field: Axis) -> Axis {
    Axis {
        active: field.active * 2,
        sync_start: field.sync_start * 2,
        sync_end: field.sync_end * 2,
        total: field.total * 2 + 1,
    }
}

/// The vertical axis as a descriptor states it: of a field, where interlaced. `None` where it cannot.
fn field_of(timing: &Timing) -> Option<Axis> {
    let Axis { active, sync_start, sync_end, total } = timing.vertical;
    match timing.scan {
        Scan::Progressive => Some(timing.vertical),
        Scan::Interlaced => {
            let even = (active | sync_start | sync_end) & 1 == 0 && total & 1 == 1;
            even.then_some(Axis {
                active: active / 2,
                sync_start: sync_start / 2,
                sync_end: sync_end / 2,
                total: total / 2,
            })
        }
        Scan::Double => None,
    }
}

fn narrow(axis: Axis, most: u32, porch: bool) -> bool {
    axis.is_ordered()
        && axis.active <= 4095
        && axis.blank() <= 4095
        && (u32::from(porch)..=most).contains(&axis.front_porch())
        && (1..=most).contains(&axis.sync())
        && axis.back_porch() > 0
}

fn bytes_of(timing: &Timing, (width, height): (u16, u16)) -> [u8; 18] {
    let (h, v) = (timing.horizontal, field_of(timing).unwrap_or(timing.vertical));
    let clock = ((timing.clock.hz() / 10_000) as u16).to_le_bytes();
    let byte = |value: u32| value as u8;
    let pair = |high: u32, low: u32| byte((high >> 8 & 15) << 4 | low >> 8 & 15);
    let porches = byte(
        (h.front_porch() >> 8 & 3) << 6
            | (h.sync() >> 8 & 3) << 4
            | (v.front_porch() >> 4 & 3) << 2
            | v.sync() >> 4 & 3,
    );
    let interlaced = if timing.scan == Scan::Interlaced { INTERLACED } else { 0 };
    let sign = |polarity: Polarity, bit: u8| if polarity == Polarity::Positive { bit } else { 0 };
    [
        clock[0],
        clock[1],
        byte(h.active),
        byte(h.blank()),
        pair(h.active, h.blank()),
        byte(v.active),
        byte(v.blank()),
        pair(v.active, v.blank()),
        byte(h.front_porch()),
        byte(h.sync()),
        byte((v.front_porch() & 15) << 4 | v.sync() & 15),
        porches,
        byte(width.into()),
        byte(height.into()),
        pair(width.into(), height.into()),
        0,
        0,
        0x18 | interlaced | sign(timing.hsync, 2) | sign(timing.vsync, 4),
    ]
}

const INTERLACED: u8 = 0x80;
