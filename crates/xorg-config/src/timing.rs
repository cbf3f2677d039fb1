//! A video timing: what a modeline, a detailed timing descriptor and a DisplayID timing all say.

use crate::units::{PixelClock, RefreshRate};

/// One direction of a timing, in pixels (horizontal) or lines of a frame (vertical), counted from the first active
/// one: active ≤ sync start ≤ sync end ≤ total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Axis {
    /// Pixels or lines that show the picture.
    pub active: u32,
    /// Where the sync pulse begins; the front porch lies before it.
    pub sync_start: u32,
    /// Where the sync pulse ends; the back porch lies behind it.
    pub sync_end: u32,
    /// All of it, blanking included.
    pub total: u32,
}

impl Axis {
    /// An axis from its parts.
    ///
    /// ```
    /// use cosmos_xorg_config::Axis;
    /// let axis = Axis::from_parts(1920, 48, 32, 80);
    /// assert_eq!((axis.sync_start, axis.sync_end, axis.total), (1968, 2000, 2080));
    /// ```
    pub const fn from_parts(active: u32, front_porch: u32, sync: u32, back_porch: u32) -> Self {
        let sync_start = active + front_porch;
        let sync_end = sync_start + sync;
        Self { active, sync_start, sync_end, total: sync_end + back_porch }
    }

    /// Everything that is not active.
    ///
    /// ```
    /// # use cosmos_xorg_config::Axis;
    /// assert_eq!(Axis::from_parts(1920, 48, 32, 80).blank(), 160);
    /// ```
    pub const fn blank(self) -> u32 {
        self.total - self.active
    }

    /// From the last active pixel or line to the sync pulse.
    ///
    /// ```
    /// # use cosmos_xorg_config::Axis;
    /// assert_eq!(Axis::from_parts(1920, 48, 32, 80).front_porch(), 48);
    /// ```
    pub const fn front_porch(self) -> u32 {
        self.sync_start - self.active
    }

    /// The sync pulse.
    ///
    /// ```
    /// # use cosmos_xorg_config::Axis;
    /// assert_eq!(Axis::from_parts(1920, 48, 32, 80).sync(), 32);
    /// ```
    pub const fn sync(self) -> u32 {
        self.sync_end - self.sync_start
    }

    /// From the sync pulse to the next active pixel or line.
    ///
    /// ```
    /// # use cosmos_xorg_config::Axis;
    /// assert_eq!(Axis::from_parts(1920, 48, 32, 80).back_porch(), 80);
    /// ```
    pub const fn back_porch(self) -> u32 {
        self.total - self.sync_end
    }

    /// Whether the four numbers are in order and something is active.
    ///
    /// ```
    /// # use cosmos_xorg_config::Axis;
    /// assert!(!Axis { active: 640, sync_start: 600, sync_end: 700, total: 800 }.is_ordered());
    /// ```
    pub const fn is_ordered(self) -> bool {
        0 < self.active
            && self.active <= self.sync_start
            && self.sync_start <= self.sync_end
            && self.sync_end <= self.total
    }
}

/// The direction of a sync pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Polarity {
    /// `+hsync`, `+vsync`.
    Positive,
    /// `-hsync`, `-vsync`.
    Negative,
}

/// How the lines of a picture are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Scan {
    /// All lines, in order.
    #[default]
    Progressive,
    /// Odd and even lines in turn. The vertical axis counts the lines of a whole frame, as a modeline does.
    Interlaced,
    /// Each line twice.
    Double,
}

/// A complete video timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timing {
    /// Pixels per second.
    pub clock: PixelClock,
    /// Pixels of a line.
    pub horizontal: Axis,
    /// Lines of a frame.
    pub vertical: Axis,
    /// Direction of the horizontal sync pulse.
    pub hsync: Polarity,
    /// Direction of the vertical sync pulse.
    pub vsync: Polarity,
    /// Order of the lines.
    pub scan: Scan,
}

impl Timing {
    /// Refreshes per second as they come out of clock and totals; fields where interlaced. `None` where a total is
    /// zero or the rate lies outside of what [`RefreshRate`] can say.
    ///
    /// ```
    /// use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
    /// let timing = Timing {
    ///     clock: PixelClock::from_khz(148_500),
    ///     horizontal: Axis { active: 1920, sync_start: 2008, sync_end: 2052, total: 2200 },
    ///     vertical: Axis { active: 1080, sync_start: 1084, sync_end: 1089, total: 1125 },
    ///     hsync: Polarity::Positive,
    ///     vsync: Polarity::Positive,
    ///     scan: Scan::Progressive,
    /// };
    /// assert_eq!(timing.refresh_rate().and_then(|rate| rate.whole_hz()), Some(60));
    /// ```
    pub fn refresh_rate(&self) -> Option<RefreshRate> {
        let pixels = u64::from(self.horizontal.total) * u64::from(self.vertical.total);
        let (twice, half) = match self.scan {
            Scan::Progressive => (1, 1),
            Scan::Interlaced => (2, 1),
            Scan::Double => (1, 2),
        };
        let (numerator, denominator) = (self.clock.hz().checked_mul(twice)?, pixels.checked_mul(half)?);
        let divisor = greatest_common_divisor(numerator, denominator);
        if divisor == 0 {
            return None;
        }
        let (mut numerator, mut denominator) = (numerator / divisor, denominator / divisor);
        while numerator.max(denominator) > u64::from(u32::MAX) {
            (numerator, denominator) = (numerator / 2, denominator / 2);
        }
        RefreshRate::new(u32::try_from(numerator).ok()?, u32::try_from(denominator).ok()?).ok()
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
