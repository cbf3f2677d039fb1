//! What the settings say.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use cosmos_desktop::Size;

use super::{Hidden, Origin, Settings, Value};
use crate::settings::{Clipboard, Encoder};

impl Settings {
    /// The value of a setting; `None` where it was not set and has no default.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// Where the value came from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.entries.get(key).map_or(&Origin::Default, |(_, origin)| origin)
    }

    /// Whether somebody set it.
    pub fn is_set(&self, key: &str) -> bool {
        *self.origin(key) != Origin::Default
    }

    /// What people should know before.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The value of a text, a path or a word.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number.
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.value(key)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether a yes-or-no setting says yes.
    pub fn is(&self, key: &str) -> bool {
        matches!(self.value(key), Some(Value::Boolean(true)))
    }

    /// The value of a secret.
    pub fn secret(&self, key: &str) -> Option<&Hidden> {
        match self.value(key)? {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// The encoder.
    pub fn encoder(&self) -> Option<Encoder> {
        match self.value("encoder")? {
            Value::Encoder(encoder) => Some(*encoder),
            _ => None,
        }
    }

    /// In which direction the clipboard is carried.
    pub fn clipboard(&self) -> Clipboard {
        match self.value("clipboard") {
            Some(Value::Clipboard(direction)) => *direction,
            _ => Clipboard::Both,
        }
    }

    /// The size of the screen: a side that was set on its own wins over a size that was set in a weaker place.
    pub fn screen(&self) -> Size {
        let whole = match self.value("size") {
            Some(Value::Size(size)) => *size,
            _ => Size::new(1920, 1080),
        };
        let side = |key, whole| {
            let own = self.integer(key).filter(|_| self.strength(key) > self.strength("size"));
            own.and_then(|side| u16::try_from(side).ok()).unwrap_or(whole)
        };
        Size::new(side("width", whole.width), side("height", whole.height))
    }

    /// Where to serve: an address or a port that was set on its own wins over a place that was set in a weaker one.
    pub fn listen(&self) -> SocketAddr {
        let mut place = match self.value("listen") {
            Some(Value::Listen(place)) => *place,
            _ => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080),
        };
        let own = |key| self.value(key).filter(|_| self.strength(key) > self.strength("listen"));
        if let Some(Value::Address(address)) = own("listen_address") {
            place.set_ip(*address);
        }
        if let Some(Value::Integer(port)) = own("listen_port") {
            place.set_port(u16::try_from(*port).unwrap_or(place.port()));
        }
        place
    }

    /// The password to log in with and the setting that holds it: that of the account where there is no other.
    pub fn login(&self) -> Option<(&'static str, &Hidden)> {
        ["password", "account_password"].into_iter().find_map(|key| Some((key, self.secret(key)?)))
    }

    pub(super) fn strength(&self, key: &str) -> u8 {
        match self.origin(key) {
            Origin::Default => 0,
            Origin::File(_) => 1,
            Origin::Environment(_) => 2,
            Origin::Flag(_) => 3,
        }
    }
}
