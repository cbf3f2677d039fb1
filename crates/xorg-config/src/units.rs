//! Pixel clocks and refresh rates. Both are exact: no float is stored.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Pixels sent per second, blanking included. Whole hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PixelClock(u64);

impl PixelClock {
    /// A clock of so many hertz.
    ///
    /// ```
    /// use cosmos_xorg_config::PixelClock;
    /// assert_eq!(PixelClock::from_hz(148_500_000), PixelClock::from_khz(148_500));
    /// ```
    pub const fn from_hz(hz: u64) -> Self {
        Self(hz)
    }

    /// A clock of so many kilohertz.
    ///
    /// ```
    /// # use cosmos_xorg_config::PixelClock;
    /// assert_eq!(PixelClock::from_khz(138_500).hz(), 138_500_000);
    /// ```
    pub const fn from_khz(khz: u32) -> Self {
        Self(khz as u64 * 1000)
    }

    /// Hertz.
    ///
    /// ```
    /// # use cosmos_xorg_config::PixelClock;
    /// assert_eq!(PixelClock::from_khz(25_175).hz(), 25_175_000);
    /// ```
    pub const fn hz(self) -> u64 {
        self.0
    }

    /// Kilohertz, rounded down.
    ///
    /// ```
    /// # use cosmos_xorg_config::PixelClock;
    /// assert_eq!(PixelClock::from_hz(138_500_999).khz(), 138_500);
    /// ```
    pub const fn khz(self) -> u64 {
        self.0 / 1000
    }
}

/// In megahertz with the digits that it needs, two at least: `138.50 MHz`.
impl fmt::Display for PixelClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let digits = format!("{fraction:06}");
        let needed = digits.trim_end_matches('0').len().max(2);
        write!(f, "{whole}.{} MHz", &digits[..needed])
    }
}

/// How often per second a picture is sent: an exact fraction, so that 60000/1001 and 59.94 stay apart.
///
/// Between 1 and 1000 Hz. With an interlaced scan this is the rate of fields.
#[derive(Debug, Clone, Copy)]
pub struct RefreshRate {
    numerator: u32,
    denominator: u32,
}

impl RefreshRate {
    /// `numerator / denominator` hertz.
    ///
    /// ```
    /// use cosmos_xorg_config::RefreshRate;
    /// assert_eq!(RefreshRate::new(60_000, 1001)?.millihertz(), 59_940);
    /// assert!(RefreshRate::new(60, 0).is_err());
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    ///
    /// # Errors
    /// [`UnitError::RefreshRate`] where the fraction lies outside of 1 to 1000 Hz.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self, UnitError> {
        let (low, high) = (u64::from(denominator), u64::from(denominator) * 1000);
        match denominator > 0 && (low..=high).contains(&u64::from(numerator)) {
            true => Ok(Self { numerator, denominator }),
            false => Err(UnitError::RefreshRate { given: format!("{numerator}/{denominator}") }),
        }
    }

    /// So many whole hertz.
    ///
    /// ```
    /// # use cosmos_xorg_config::RefreshRate;
    /// assert_eq!(RefreshRate::from_hz(75)?.hz(), 75.0);
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    ///
    /// # Errors
    /// [`UnitError::RefreshRate`] outside of 1 to 1000.
    pub fn from_hz(hz: u32) -> Result<Self, UnitError> {
        Self::new(hz, 1)
    }

    /// The fraction as it was given, not reduced: numerator, denominator.
    ///
    /// ```
    /// # use cosmos_xorg_config::RefreshRate;
    /// assert_eq!(RefreshRate::new(24_000, 1001)?.fraction(), (24_000, 1001));
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub const fn fraction(self) -> (u32, u32) {
        (self.numerator, self.denominator)
    }

    /// Hertz, the nearest double.
    ///
    /// ```
    /// # use cosmos_xorg_config::RefreshRate;
    /// assert_eq!("59.94".parse::<RefreshRate>()?.hz(), 59.94);
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub fn hz(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// Thousandths of a hertz, rounded to the nearest.
    ///
    /// ```
    /// # use cosmos_xorg_config::RefreshRate;
    /// assert_eq!("23.976".parse::<RefreshRate>()?.millihertz(), 23_976);
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub const fn millihertz(self) -> u32 {
        let (numerator, denominator) = (self.numerator as u64, self.denominator as u64);
        ((numerator * 2000 + denominator) / (denominator * 2)) as u32
    }

    /// Whether this is a whole number of hertz, and which.
    ///
    /// ```
    /// # use cosmos_xorg_config::RefreshRate;
    /// assert_eq!("60.0".parse::<RefreshRate>()?.whole_hz(), Some(60));
    /// assert_eq!("59.94".parse::<RefreshRate>()?.whole_hz(), None);
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    pub const fn whole_hz(self) -> Option<u32> {
        match self.numerator % self.denominator {
            0 => Some(self.numerator / self.denominator),
            _ => None,
        }
    }
}

impl PartialEq for RefreshRate {
    fn eq(&self, other: &Self) -> bool {
        u64::from(self.numerator) * u64::from(other.denominator)
            == u64::from(other.numerator) * u64::from(self.denominator)
    }
}

impl Eq for RefreshRate {}

/// A decimal number of hertz with up to four places (`60`, `59.94`), or a fraction (`60000/1001`).
impl FromStr for RefreshRate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::RefreshRate { given: text.chars().take(40).collect() };
        if let Some((numerator, denominator)) = text.split_once('/') {
            let part = |part: &str| digits(part).ok_or_else(refused);
            return Self::new(part(numerator)?, part(denominator)?).map_err(|_| refused());
        }
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let scale =
            10_u32.checked_pow(places.len() as u32).filter(|_| places.len() <= 4).ok_or_else(refused)?;
        let whole = digits(whole).and_then(|whole| whole.checked_mul(scale)).ok_or_else(refused)?;
        let numerator = digits(places).and_then(|places| whole.checked_add(places)).ok_or_else(refused)?;
        Self::new(numerator, scale).map_err(|_| refused())
    }
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// In hertz, with up to three places: `59.94`.
impl fmt::Display for RefreshRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.3}", f64::from(self.millihertz()) / 1000.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Why a number with a unit was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Not a refresh rate.
    #[error("refresh rate {given:?}: expected 1 to 1000 Hz, as 60, 59.94 or 60000/1001")]
    RefreshRate {
        /// What was given, cut after 40 characters.
        given: String,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn refresh_rates_are_read_exactly() {
        let table =
            [("60", 60, 1), ("59.94", 5994, 100), ("60000/1001", 60_000, 1001), ("23.976", 23_976, 1000)];
        for (text, numerator, denominator) in table {
            let rate: RefreshRate = text.parse().unwrap();
            assert_eq!(rate, RefreshRate::new(numerator, denominator).unwrap(), "{text}");
        }
        assert_ne!("59.94".parse::<RefreshRate>().unwrap(), "60000/1001".parse().unwrap());
    }

    #[test]
    fn what_is_no_refresh_rate_is_refused_by_name() {
        for text in [
            "",
            "0",
            "0.5",
            "-60",
            "+60",
            "NaN",
            "inf",
            "1e2",
            "1e9",
            "1000000000",
            "1000.1",
            "60/0",
            "6.",
            ".5",
            "60.12345",
            "60 ",
        ] {
            let refused = text.parse::<RefreshRate>();
            assert_eq!(refused, Err(UnitError::RefreshRate { given: text.into() }), "{text}");
        }
    }

    #[test]
    fn numbers_print_with_the_digits_they_need() {
        assert_eq!(PixelClock::from_khz(138_500).to_string(), "138.50 MHz");
        assert_eq!(PixelClock::from_khz(25_175).to_string(), "25.175 MHz");
        assert_eq!("59.940".parse::<RefreshRate>().unwrap().to_string(), "59.94");
        assert_eq!("60".parse::<RefreshRate>().unwrap().to_string(), "60");
    }
}
