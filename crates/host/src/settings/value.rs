//! What a setting can be set to, once it is understood.

use std::net::{IpAddr, SocketAddr};

use cosmos_desktop::Size;
use cosmos_nvidia_driver::VisibleDevices;
use cosmos_xorg_config::{RefreshRate, VideoPorts};

use super::{Encoder, Hidden};

/// A value that cannot be wrong any more.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Any text.
    Text(String),
    /// A text that nobody may see.
    Secret(Hidden),
    /// Yes or no.
    Boolean(bool),
    /// A number in the range and unit of its setting.
    Integer(i64),
    /// The size of a screen in pixels.
    Size(Size),
    /// Where to listen.
    Listen(SocketAddr),
    /// On which address to listen.
    Address(IpAddr),
    /// Pictures per second of a screen.
    Refresh(RefreshRate),
    /// Outputs of a board.
    Ports(VideoPorts),
    /// A video encoder.
    Encoder(Encoder),
    /// In which direction the clipboard is carried.
    Clipboard(Clipboard),
    /// GPUs of the host.
    Devices(VisibleDevices),
}

impl Value {
    /// As [`Kind::parse`](super::Kind::parse) reads it; `None` for a secret.
    pub fn printed(&self) -> Option<String> {
        Some(match self {
            Self::Secret(_) => return None,
            Self::Text(text) => text.clone(),
            Self::Boolean(yes) => yes.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Size(size) => size.to_string(),
            Self::Listen(place) => place.to_string(),
            Self::Address(address) => address.to_string(),
            Self::Refresh(rate) => rate.to_string(),
            Self::Ports(ports) => ports.to_string(),
            Self::Encoder(encoder) => encoder.name().to_owned(),
            Self::Devices(devices) => devices.to_string(),
            Self::Clipboard(direction) => direction.word().to_owned(),
        })
    }
}

/// In which direction the clipboard is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipboard {
    /// Both ways.
    Both,
    /// Not at all.
    Off,
    /// From the browser to the desktop.
    In,
    /// From the desktop to the browser.
    Out,
}

impl Clipboard {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Both => "true",
            Self::Off => "false",
            Self::In => "in",
            Self::Out => "out",
        }
    }
}
