//! What is asked of a formula, and why it may not answer.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::timing::Scan;
use crate::units::{RefreshRate, UnitError};

/// A size and a rate, for which a formula is to find a timing.
///
/// ```
/// use cosmos_xorg_config::ModeRequest;
/// let request: ModeRequest = "1920x1080@59.94".parse()?;
/// assert_eq!((request.width(), request.height()), (1920, 1080));
/// assert_eq!(request.to_string(), "1920x1080@59.94");
/// # Ok::<(), cosmos_xorg_config::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModeRequest {
    width: u32,
    height: u32,
    refresh: RefreshRate,
    interlaced: bool,
}

impl ModeRequest {
    /// The largest width and height: what a screen of the X server may measure.
    pub const MAX_SIZE: u32 = 32_767;

    /// A picture of `width` by `height` pixels, sent progressively.
    ///
    /// ```
    /// use cosmos_xorg_config::{ModeRequest, RefreshRate};
    /// let rate = RefreshRate::from_hz(60)?;
    /// assert!(ModeRequest::new(1920, 1080, rate).is_ok());
    /// assert!(ModeRequest::new(0, 0, rate).is_err());
    /// # Ok::<(), cosmos_xorg_config::UnitError>(())
    /// ```
    ///
    /// # Errors
    /// [`GenerateError::Size`] where one of the two is not in 1 to [`MAX_SIZE`](Self::MAX_SIZE).
    pub fn new(width: u32, height: u32, refresh: RefreshRate) -> Result<Self, GenerateError> {
        let sizes = 1..=Self::MAX_SIZE;
        match sizes.contains(&width) && sizes.contains(&height) {
            true => Ok(Self { width, height, refresh, interlaced: false }),
            false => Err(GenerateError::Size { given: format!("{width}x{height}") }),
        }
    }

    /// The same picture, sent as odd and even lines in turn. The rate is that of fields: 60 for what is known as
    /// 1080i60.
    ///
    /// ```
    /// use cosmos_xorg_config::{ModeRequest, RefreshRate, Scan};
    /// let request = ModeRequest::new(1920, 1080, RefreshRate::from_hz(60)?)?.interlaced()?;
    /// assert_eq!((request.scan(), request.to_string()), (Scan::Interlaced, "1920x1080i@60".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`GenerateError::OddInterlace`] where the number of lines is odd.
    pub fn interlaced(self) -> Result<Self, GenerateError> {
        match self.height % 2 {
            0 => Ok(Self { interlaced: true, ..self }),
            _ => Err(GenerateError::OddInterlace { height: self.height }),
        }
    }

    /// Pixels of a line.
    ///
    /// ```
    /// # use cosmos_xorg_config::ModeRequest;
    /// assert_eq!("1366x768".parse::<ModeRequest>()?.width(), 1366);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Lines of a frame.
    ///
    /// ```
    /// # use cosmos_xorg_config::ModeRequest;
    /// assert_eq!("1366x768".parse::<ModeRequest>()?.height(), 768);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Frames per second; fields where interlaced.
    ///
    /// ```
    /// # use cosmos_xorg_config::ModeRequest;
    /// assert_eq!("1366x768".parse::<ModeRequest>()?.refresh().whole_hz(), Some(60));
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    pub const fn refresh(&self) -> RefreshRate {
        self.refresh
    }

    /// Progressive or interlaced.
    ///
    /// ```
    /// # use cosmos_xorg_config::{ModeRequest, Scan};
    /// assert_eq!("1366x768".parse::<ModeRequest>()?.scan(), Scan::Progressive);
    /// # Ok::<(), cosmos_xorg_config::GenerateError>(())
    /// ```
    pub const fn scan(&self) -> Scan {
        match self.interlaced {
            true => Scan::Interlaced,
            false => Scan::Progressive,
        }
    }

    /// Lines of a field, of which a progressive frame has one.
    pub(super) const fn field_lines(&self) -> u32 {
        match self.interlaced {
            true => self.height / 2,
            false => self.height,
        }
    }

    /// The shift between two fields.
    pub(super) const fn half_line(&self) -> f64 {
        match self.interlaced {
            true => 0.5,
            false => 0.0,
        }
    }

    pub(super) const fn with_width(self, width: u32) -> Self {
        Self { width, ..self }
    }

    pub(super) fn refused(&self, why: &'static str) -> GenerateError {
        GenerateError::NoTiming { request: self.to_string(), why }
    }
}

/// `1920x1080@60`, with `i` behind the size where interlaced.
impl fmt::Display for ModeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scan = if self.interlaced { "i" } else { "" };
        write!(f, "{}x{}{scan}@{}", self.width, self.height, self.refresh)
    }
}

/// `1920x1080@75`, `1920x1080i@50`, or `1920x1080` for 60 Hz.
impl FromStr for ModeRequest {
    type Err = GenerateError;

    fn from_str(text: &str) -> Result<Self, GenerateError> {
        let (size, refresh) = text.split_once('@').unwrap_or((text, "60"));
        let (size, interlaced) = match size.strip_suffix('i') {
            Some(size) => (size, true),
            None => (size, false),
        };
        let refused = || GenerateError::Size { given: size.chars().take(40).collect() };
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse().map_err(|_| refused()),
            false => Err(refused()),
        };
        let (width, height) = size.split_once('x').ok_or_else(refused)?;
        let request = Self::new(number(width)?, number(height)?, refresh.parse()?)?;
        if interlaced { request.interlaced() } else { Ok(request) }
    }
}

/// Why there is no timing for a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// Not a size.
    #[error("size {given:?}: expected WIDTHxHEIGHT, as 1920x1080, each from 1 to {max}", max = ModeRequest::MAX_SIZE)]
    Size {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// Not a refresh rate.
    #[error(transparent)]
    Refresh(#[from] UnitError),
    /// Two fields of an odd number of lines.
    #[error("height {height} interlaced: expected an even number of lines")]
    OddInterlace {
        /// Lines of a frame.
        height: u32,
    },
    /// An option of a formula is outside of what its standard allows.
    #[error("{field} {given}: expected {expected}")]
    Option {
        /// Its name.
        field: &'static str,
        /// What was given.
        given: u32,
        /// What would do.
        expected: &'static str,
    },
    /// The formula has no answer that could be sent.
    #[error("{request}: {why}")]
    NoTiming {
        /// What was asked.
        request: String,
        /// What is wrong with the answer, and what would do.
        why: &'static str,
    },
}

pub(super) const TOO_SMALL_OR_LARGE: &str = "the formula leaves no room for blanking, or more than 65535 pixels or lines; expected a common size and rate";
