//! The pixel clocks of cables.

use crate::timing::Timing;
use crate::units::PixelClock;

/// A way from a board to a screen, and how fast it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// VGA and DVI-A, by the converters of NVIDIA's boards.
    Analogue,
    /// DVI with one TMDS link, and HDMI 1.0 to 1.2.
    DviSingle,
    /// DVI with two TMDS links.
    DviDual,
    /// HDMI 1.3 and 1.4.
    Hdmi14,
    /// HDMI 2.0.
    Hdmi20,
    /// HDMI 2.1.
    Hdmi21(FixedRateLink),
    /// DisplayPort 1.0 to 2.1.
    DisplayPort {
        /// How many.
        lanes: DisplayPortLanes,
        /// How fast each.
        rate: DisplayPortRate,
    },
}

/// Lanes and gigabits per second of each in HDMI 2.1's fixed rate link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FixedRateLink {
    /// 3 lanes of 3 Gbit/s.
    Gbps9,
    /// 3 lanes of 6 Gbit/s.
    Gbps18,
    /// 4 lanes of 6 Gbit/s.
    Gbps24,
    /// 4 lanes of 8 Gbit/s.
    Gbps32,
    /// 4 lanes of 10 Gbit/s.
    Gbps40,
    /// 4 lanes of 12 Gbit/s.
    Gbps48,
}

/// Lanes of a DisplayPort link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisplayPortLanes {
    /// One.
    One = 1,
    /// Two, as beside USB 3 on a USB-C cable.
    Two = 2,
    /// Four.
    Four = 4,
}

/// The rate of a DisplayPort lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisplayPortRate {
    /// Reduced bit rate, 1.62 Gbit/s.
    Rbr,
    /// High bit rate, 2.7 Gbit/s.
    Hbr,
    /// High bit rate 2, 5.4 Gbit/s, from DisplayPort 1.2.
    Hbr2,
    /// High bit rate 3, 8.1 Gbit/s, from DisplayPort 1.3.
    Hbr3,
    /// Ultra-high bit rate, 10 Gbit/s, from DisplayPort 2.0.
    Uhbr10,
    /// Ultra-high bit rate, 13.5 Gbit/s.
    Uhbr13,
    /// Ultra-high bit rate, 20 Gbit/s.
    Uhbr20,
}

impl Link {
    /// The highest pixel clock, with 24 bits a pixel and no compression.
    ///
    /// What is left of the bit rate after the coding of the line counts, blanking included: 8b/10b up to HBR3,
    /// 128b/132b with error correction (96.71 %) above it, 16b/18b with HDMI 2.1.
    ///
    /// ```
    /// use cosmos_xorg_config::{DisplayPortLanes, DisplayPortRate, Link};
    /// assert_eq!(Link::DviSingle.max_clock().khz(), 165_000);
    /// let link = Link::DisplayPort { lanes: DisplayPortLanes::Four, rate: DisplayPortRate::Hbr3 };
    /// assert_eq!(link.max_clock().khz(), 1_080_000);
    /// ```
    pub const fn max_clock(self) -> PixelClock {
        let hz = match self {
            Self::Analogue => 400_000_000,
            Self::DviSingle => 165_000_000,
            Self::DviDual => 330_000_000,
            Self::Hdmi14 => 340_000_000,
            Self::Hdmi20 => 600_000_000,
            Self::Hdmi21(link) => link.bits_per_second() * 16 / 18 / BITS_PER_PIXEL,
            Self::DisplayPort { lanes, rate } => lanes as u64 * rate.payload() / BITS_PER_PIXEL,
        };
        PixelClock::from_hz(hz)
    }

    /// Whether this timing fits.
    ///
    /// ```
    /// use cosmos_xorg_config::{CtaMode, Link};
    /// let timing = CtaMode::by_vic(97).expect("it is listed").timing;
    /// assert!(Link::Hdmi20.carries(&timing) && !Link::Hdmi14.carries(&timing));
    /// ```
    pub fn carries(self, timing: &Timing) -> bool {
        timing.clock <= self.max_clock()
    }
}

impl FixedRateLink {
    const fn bits_per_second(self) -> u64 {
        let gigabits = match self {
            Self::Gbps9 => 9,
            Self::Gbps18 => 18,
            Self::Gbps24 => 24,
            Self::Gbps32 => 32,
            Self::Gbps40 => 40,
            Self::Gbps48 => 48,
        };
        gigabits * 1_000_000_000
    }
}

impl DisplayPortRate {
    /// Bits of pixels per second and lane.
    const fn payload(self) -> u64 {
        match self {
            Self::Rbr => 1_620_000_000 / 10 * 8,
            Self::Hbr => 2_700_000_000 / 10 * 8,
            Self::Hbr2 => 5_400_000_000 / 10 * 8,
            Self::Hbr3 => 8_100_000_000 / 10 * 8,
            Self::Uhbr10 => 10_000_000_000 / 10_000 * 9671,
            Self::Uhbr13 => 13_500_000_000 / 10_000 * 9671,
            Self::Uhbr20 => 20_000_000_000 / 10_000 * 9671,
        }
    }
}

const BITS_PER_PIXEL: u64 = 24;
