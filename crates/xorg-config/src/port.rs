//! The outputs of a graphics board, by the names that the NVIDIA driver gives them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a picture leaves the board through.
///
/// Numbers count from zero and are the driver's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connector {
    /// Any digital flat panel: `DFP`, `DFP-0`.
    Dfp(Option<u8>),
    /// DisplayPort: `DP-0`, or `DP-0.1` behind a hub (multi-stream transport).
    DisplayPort {
        /// The connector.
        index: u8,
        /// The port of the hub.
        branch: Option<u8>,
    },
    /// HDMI: `HDMI-0`.
    Hdmi(u8),
    /// Digital DVI: `DVI-D-0`.
    DviD(u8),
    /// DVI with analogue pins: `DVI-I-0`.
    DviI(u8),
    /// Any analogue screen: `CRT`, `CRT-0`.
    Crt(Option<u8>),
    /// VGA: `VGA-0`.
    Vga(u8),
    /// Television: `TV`, `TV-0`.
    Tv(Option<u8>),
    /// DisplayPort over USB-C: `USB-C-0`.
    UsbC(u8),
}

/// One output, on a board that may be named.
///
/// ```
/// use cosmos_xorg_config::{Connector, VideoPort};
/// let port: VideoPort = "gpu-1.dp-0.2".parse()?;
/// assert_eq!(port, VideoPort { gpu: Some(1), connector: Connector::DisplayPort { index: 0, branch: Some(2) } });
/// assert_eq!(port.to_string(), "GPU-1.DP-0.2");
/// assert!("DP-".parse::<VideoPort>().is_err());
/// # Ok::<(), cosmos_xorg_config::PortError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoPort {
    /// The board, where the name says it: the 1 of `GPU-1.DP-0`.
    pub gpu: Option<u8>,
    /// The output.
    pub connector: Connector,
}

/// The value of a port setting: nothing at all, or one output and more.
///
/// ```
/// use cosmos_xorg_config::{Connector, VideoPort, VideoPorts};
/// assert_eq!("none".parse::<VideoPorts>()?, VideoPorts::None);
/// assert_eq!("".parse::<VideoPorts>()?.to_string(), "DFP");
/// assert_eq!("dfp-0,dp-1".parse::<VideoPorts>()?.to_string(), "DFP-0, DP-1");
/// # Ok::<(), cosmos_xorg_config::PortError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VideoPorts {
    /// `none`: the board renders and shows nothing; no mode is set and none is checked.
    None,
    /// These outputs count as connected.
    Connected {
        /// The first one.
        first: VideoPort,
        /// The others.
        others: Vec<VideoPort>,
    },
}

impl VideoPort {
    /// An output of whichever board.
    ///
    /// ```
    /// use cosmos_xorg_config::{Connector, VideoPort};
    /// assert_eq!(VideoPort::new(Connector::Hdmi(0)).to_string(), "HDMI-0");
    /// ```
    pub const fn new(connector: Connector) -> Self {
        Self { gpu: None, connector }
    }
}

impl VideoPorts {
    /// The outputs in order; none for [`VideoPorts::None`].
    ///
    /// ```
    /// use cosmos_xorg_config::VideoPorts;
    /// assert_eq!("DFP-0, DFP-1".parse::<VideoPorts>()?.iter().count(), 2);
    /// # Ok::<(), cosmos_xorg_config::PortError>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &VideoPort> {
        let (first, others) = match self {
            Self::None => (None, &[][..]),
            Self::Connected { first, others } => (Some(first), &others[..]),
        };
        first.into_iter().chain(others)
    }
}

impl From<VideoPort> for VideoPorts {
    fn from(first: VideoPort) -> Self {
        Self::Connected { first, others: Vec::new() }
    }
}

/// `DFP`: any digital output.
impl Default for VideoPort {
    fn default() -> Self {
        Self::new(Connector::Dfp(None))
    }
}

/// `DFP`: any digital output.
impl Default for VideoPorts {
    fn default() -> Self {
        VideoPort::default().into()
    }
}

impl fmt::Display for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DisplayPort { index, branch: Some(branch) } => write!(f, "DP-{index}.{branch}"),
            Self::DisplayPort { index, branch: None } => write!(f, "DP-{index}"),
            Self::Hdmi(index) => write!(f, "HDMI-{index}"),
            Self::DviD(index) => write!(f, "DVI-D-{index}"),
            Self::DviI(index) => write!(f, "DVI-I-{index}"),
            Self::Vga(index) => write!(f, "VGA-{index}"),
            Self::UsbC(index) => write!(f, "USB-C-{index}"),
            Self::Dfp(index) => write_optional(f, "DFP", index),
            Self::Crt(index) => write_optional(f, "CRT", index),
            Self::Tv(index) => write_optional(f, "TV", index),
        }
    }
}

impl fmt::Display for VideoPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(gpu) = self.gpu {
            write!(f, "GPU-{gpu}.")?;
        }
        self.connector.fmt(f)
    }
}

/// Joined by a comma and a space, as the `ConnectedMonitor` option takes it.
impl fmt::Display for VideoPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Connected { first, others } = self else {
            return f.write_str("none");
        };
        first.fmt(f)?;
        others.iter().try_for_each(|port| write!(f, ", {port}"))
    }
}

/// In any case.
impl FromStr for VideoPort {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let name = text.to_ascii_uppercase();
        let (gpu, connector) = match name.strip_prefix("GPU-") {
            Some(rest) => {
                let (gpu, connector) = rest.split_once('.').ok_or_else(|| refused(text))?;
                (Some(number(gpu).ok_or_else(|| refused(text))?), connector)
            }
            None => (None, name.as_str()),
        };
        let connector = parse_connector(connector).ok_or_else(|| refused(text))?;
        Ok(Self { gpu, connector })
    }
}

/// In any case; the empty text is `DFP`.
impl FromStr for VideoPorts {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        match text.trim() {
            "" => Ok(Self::default()),
            text if text.eq_ignore_ascii_case("none") => Ok(Self::None),
            text => {
                let mut ports = text.split(',').map(|port| port.trim().parse());
                let first = ports.next().ok_or_else(|| refused(text))??;
                Ok(Self::Connected { first, others: ports.collect::<Result<_, _>>()? })
            }
        }
    }
}

/// Why something is not the name of an output.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("video port {given:?}: expected {FORMS}")]
pub struct PortError {
    /// What was given, cut after 40 characters.
    pub given: String,
}

fn parse_connector(name: &str) -> Option<Connector> {
    match name {
        "DFP" => return Some(Connector::Dfp(None)),
        "CRT" => return Some(Connector::Crt(None)),
        "TV" => return Some(Connector::Tv(None)),
        _ => {}
    }
    let (kind, index) = name.rsplit_once('-')?;
    if kind == "DP" {
        let (index, branch) = match index.split_once('.') {
            Some((index, branch)) => (index, Some(number(branch)?)),
            None => (index, None),
        };
        return Some(Connector::DisplayPort { index: number(index)?, branch });
    }
    let index = number(index)?;
    match kind {
        "DFP" => Some(Connector::Dfp(Some(index))),
        "HDMI" => Some(Connector::Hdmi(index)),
        "DVI-D" => Some(Connector::DviD(index)),
        "DVI-I" => Some(Connector::DviI(index)),
        "CRT" => Some(Connector::Crt(Some(index))),
        "VGA" => Some(Connector::Vga(index)),
        "TV" => Some(Connector::Tv(Some(index))),
        "USB-C" => Some(Connector::UsbC(index)),
        _ => None,
    }
}

/// Digits only, and no more than needed.
fn number(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

fn refused(text: &str) -> PortError {
    PortError { given: text.chars().take(40).collect() }
}

fn write_optional(f: &mut fmt::Formatter<'_>, kind: &str, index: Option<u8>) -> fmt::Result {
    match index {
        Some(index) => write!(f, "{kind}-{index}"),
        None => f.write_str(kind),
    }
}

const FORMS: &str = "DFP, DFP-0, DP-0, DP-0.1, HDMI-0, DVI-D-0, DVI-I-0, CRT, CRT-0, VGA-0, TV, TV-0 or USB-C-0, \
     with GPU-0. before it where the board matters; several joined by commas; or none";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_form_prints_as_it_reads() {
        for text in [
            "DFP",
            "DFP-0",
            "DFP-15",
            "DP-0",
            "DP-3",
            "DP-0.1",
            "HDMI-0",
            "DVI-D-0",
            "DVI-I-1",
            "CRT",
            "CRT-0",
            "VGA-0",
            "TV",
            "TV-0",
            "USB-C-0",
            "GPU-0.DFP-1",
            "GPU-12.DP-0.8",
            "GPU-1.CRT",
            "DFP-0, DP-1",
            "none",
        ] {
            let ports: VideoPorts = text.parse().unwrap();
            assert_eq!(ports.to_string(), text);
            assert_eq!(text.to_lowercase().parse(), Ok(ports.clone()), "{text}");
            assert_eq!(text.to_uppercase().parse(), Ok(ports), "{text}");
        }
    }

    #[test]
    fn a_name_means_its_connector() {
        let table = [
            ("DFP", Connector::Dfp(None)),
            ("HDMI-2", Connector::Hdmi(2)),
            ("DVI-D-0", Connector::DviD(0)),
            ("DVI-I-1", Connector::DviI(1)),
            ("USB-C-3", Connector::UsbC(3)),
            ("DP-4.1", Connector::DisplayPort { index: 4, branch: Some(1) }),
        ];
        for (text, connector) in table {
            assert_eq!(text.parse(), Ok(VideoPort::new(connector)), "{text}");
        }
        assert_eq!(" ".parse(), Ok(VideoPorts::default()));
        assert_eq!("dfp-0 ,dp-1".parse::<VideoPorts>().unwrap().iter().count(), 2);
    }

    #[test]
    fn refusals_name_what_would_do() {
        for text in [
            "DP-",
            "DP",
            "DP-x",
            "DP-0.",
            "DP-.1",
            "DP-0.1.2",
            "DP--1",
            "DP-+1",
            "DP-01",
            "DP-256",
            "HDMI",
            "HDMI-",
            "DVI-0",
            "GPU-0",
            "GPU-.DP-0",
            "GPU-x.DP-0",
            "DFP-0,",
            ",DFP-0",
            "DFP-0,none",
            "DFP 0",
            "LVDS-0",
            "ＤＰ-0",
        ] {
            let refused = text.parse::<VideoPorts>().unwrap_err();
            assert!(refused.to_string().contains("expected DFP, DFP-0, DP-0"), "{text}: {refused}");
            let part = text.split(',').find(|part| refused.given == *part);
            assert!(part.is_some(), "{text}: {refused}");
        }
    }
}
