//! What a setting may be set to.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use cosmos_desktop::Size;

use super::{Clipboard, Encoder, Hidden, Value, boolean};

/// What texts a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that nobody may see; it may stand in a file that `NAME_FILE` names.
    Secret,
    /// The path of a file or directory.
    Path,
    /// `true`, `false`, `1`, `0`, `yes` or `no`, in any case.
    Boolean,
    /// A whole number, both ends included.
    Integer(i64, i64),
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// WIDTHxHEIGHT, both from 128 to 16384 pixels.
    Size,
    /// ADDRESS:PORT.
    Listen,
    /// An IP address.
    Address,
    /// Addresses of this machine as others see it, joined by commas, or `ec2`.
    Public,
    /// A display number, as `:20` or `20`.
    Display,
    /// A rate in hertz, as `60`, `59.94` or `60000/1001`.
    Refresh,
    /// Bits of colour that an X server knows.
    Depth,
    /// Outputs of a board, as `DFP`, `DP-0` or `none`.
    Ports,
    /// The name of an encoder.
    Encoder,
    /// `true`, `false`, `in` or `out`, and the other words for yes and no.
    Clipboard,
    /// The path of an address, as `/` or `/desk`.
    UrlPath,
    /// What `NVIDIA_VISIBLE_DEVICES` may hold.
    Devices,
    /// What `NVIDIA_DRIVER_CAPABILITIES` may hold.
    Capabilities,
}

/// Why a text is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// What is accepted, to be read after "which is not".
    Not(String),
    /// A sentence that names the value itself.
    Because(String),
}

impl Kind {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Invalid`], with what is accepted.
    pub fn parse(self, text: &str) -> Result<Value, Invalid> {
        match self {
            Self::Text | Self::Path => Ok(Value::Text(text.to_owned())),
            Self::Secret => Ok(Value::Secret(Hidden::new(text))),
            Self::Boolean => boolean::parse(text).map(Value::Boolean).ok_or_else(|| self.not()),
            Self::Integer(least, most) => self.integer(text, least, most),
            Self::Word(words) => self.word(text, words),
            Self::Size => self.size(text),
            Self::Listen => text.trim().parse().map(Value::Listen).map_err(|_| self.not()),
            Self::Address => self.address(text),
            Self::Public => self.public(text),
            Self::Display => {
                let number = text.trim();
                self.integer(number.strip_prefix(':').unwrap_or(number), 0, u16::MAX.into())
            }
            Self::Refresh => because(text).map(Value::Refresh),
            Self::Depth => self.depth(text),
            Self::Ports => because(text).map(Value::Ports),
            Self::Encoder => text.parse().map(Value::Encoder).map_err(|()| self.not()),
            Self::Clipboard => clipboard(text).map(Value::Clipboard).ok_or_else(|| self.not()),
            Self::UrlPath if is_url_path(text) => Ok(Value::Text(text.to_owned())),
            Self::UrlPath => Err(self.not()),
            Self::Devices => because(text).map(Value::Devices),
            Self::Capabilities => self.capabilities(text),
        }
    }

    /// What is accepted, as a sentence ends with it.
    pub fn accepted(self) -> String {
        match self {
            Self::Text => "any text".to_owned(),
            Self::Secret => "any text, or a file named by the same name with _FILE".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Boolean => boolean::ACCEPTED.to_owned(),
            Self::Integer(least, most) => format!("a number from {least} to {most}"),
            Self::Word(words) => or(words.iter().copied()),
            Self::Size => format!("WIDTHxHEIGHT with both from {LEAST_SIDE} to {MOST_SIDE}"),
            Self::Listen => "ADDRESS:PORT, for example 0.0.0.0:8080 or [::]:8080".to_owned(),
            Self::Address => "an IP address, for example 0.0.0.0 or ::".to_owned(),
            Self::Public => "ADDRESS, ADDRESS:PORT or ec2, several joined by commas".to_owned(),
            Self::Display => "a number from :0 to :65535".to_owned(),
            Self::Refresh => "1 to 1000 Hz, as 60, 59.94 or 60000/1001".to_owned(),
            Self::Depth => or(DEPTHS.iter().copied()),
            Self::Ports => {
                "an output as DFP, DP-0, HDMI-0 or DVI-D-0, several joined by commas, or none".to_owned()
            }
            Self::Encoder => or(Encoder::names()),
            Self::Clipboard => format!("in, out, {}", boolean::ACCEPTED),
            Self::UrlPath => {
                "a path of letters, digits and -._~ that begins with a slash, as /desk".to_owned()
            }
            Self::Devices => "all, none, void, or a list of indexes, UUIDs and PCI addresses".to_owned(),
            Self::Capabilities => format!("a list of {}", or(CAPABILITIES.iter().copied())),
        }
    }

    fn not(self) -> Invalid {
        Invalid::Not(self.accepted())
    }

    fn integer(self, text: &str, least: i64, most: i64) -> Result<Value, Invalid> {
        let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Value::Integer).ok_or_else(|| self.not())
    }

    fn word(self, text: &str, words: &[&str]) -> Result<Value, Invalid> {
        let word = words.iter().find(|word| word.eq_ignore_ascii_case(text.trim()));
        word.map(|word| Value::Text((*word).to_owned())).ok_or_else(|| self.not())
    }

    fn size(self, text: &str) -> Result<Value, Invalid> {
        let size = text.parse().ok().filter(|size: &Size| fits(size.width) && fits(size.height));
        size.map(Value::Size).ok_or_else(|| self.not())
    }

    /// `localhost` was accepted by the programs of which the names come.
    fn address(self, text: &str) -> Result<Value, Invalid> {
        let text = if text.trim().eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { text.trim() };
        IpAddr::from_str(text).map(Value::Address).map_err(|_| self.not())
    }

    fn public(self, text: &str) -> Result<Value, Invalid> {
        let is_one = |text: &str| {
            text.eq_ignore_ascii_case("ec2")
                || text.parse::<IpAddr>().is_ok()
                || text.parse::<SocketAddr>().is_ok()
        };
        let all: Vec<&str> = text.split(',').map(str::trim).collect();
        if all.iter().all(|text| is_one(text)) { Ok(Value::Text(all.join(","))) } else { Err(self.not()) }
    }

    fn depth(self, text: &str) -> Result<Value, Invalid> {
        let depth = DEPTHS.iter().find(|depth| **depth == text.trim()).and_then(|depth| depth.parse().ok());
        let shown: String = text.chars().take(40).collect();
        depth
            .map(Value::Integer)
            .ok_or_else(|| Invalid::Because(format!("depth {shown}: expected {}", self.accepted())))
    }

    fn capabilities(self, text: &str) -> Result<Value, Invalid> {
        let known = |word: &str| CAPABILITIES.contains(&word.trim());
        match text.split(',').filter(|word| !word.trim().is_empty()).all(known) {
            true => Ok(Value::Text(text.to_owned())),
            false => Err(self.not()),
        }
    }
}

/// A side of a screen that every X server accepts.
fn fits(side: u16) -> bool {
    (LEAST_SIDE..=MOST_SIDE).contains(&side)
}

fn because<T: FromStr>(text: &str) -> Result<T, Invalid>
where
    T::Err: ToString,
{
    text.trim().parse().map_err(|error: T::Err| Invalid::Because(error.to_string()))
}

fn is_url_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_segment = |segment: &str| !["", ".", ".."].contains(&segment) && segment.bytes().all(plain);
    let rest = text.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    text.len() <= LONGEST_PATH && rest.is_some_and(|rest| rest.is_empty() || rest.split('/').all(is_segment))
}

fn clipboard(text: &str) -> Option<Clipboard> {
    match text.trim().to_ascii_lowercase().as_str() {
        "in" => Some(Clipboard::In),
        "out" => Some(Clipboard::Out),
        word => boolean::parse(word).map(|both| if both { Clipboard::Both } else { Clipboard::Off }),
    }
}

fn or<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

const LEAST_SIDE: u16 = 128;
const MOST_SIDE: u16 = 16384;
const DEPTHS: [&str; 5] = ["8", "15", "16", "24", "30"];
/// In bytes.
const LONGEST_PATH: usize = 256;
/// Of NVIDIA's container toolkit.
const CAPABILITIES: [&str; 8] =
    ["all", "compute", "compat32", "display", "graphics", "ngx", "utility", "video"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_takes_what_it_says_and_names_it_otherwise() {
        for (kind, good, bad, told) in [
            (Kind::Boolean, "Yes", "on", "true, false, 1, 0, yes or no"),
            (Kind::Integer(1, 240), " 240 ", "241", "a number from 1 to 240"),
            (Kind::Integer(-1, 10), "-1", "1.5", "a number from -1 to 10"),
            (Kind::Word(&["udp", "tcp"]), "TCP", "tls", "udp or tcp"),
            (Kind::Size, "1366x768", "100x768", "WIDTHxHEIGHT with both from 128 to 16384"),
            (Kind::Listen, "[::]:8080", "8080", "ADDRESS:PORT"),
            (Kind::Address, "localhost", "example.org", "an IP address"),
            (Kind::Public, "ec2, [::1]:9", "example.org", "ADDRESS, ADDRESS:PORT or ec2"),
            (Kind::Display, ":20", ":65536", "a number from :0 to :65535"),
            (Kind::Refresh, "59.94", "fast", "\"fast\": expected 1 to 1000 Hz"),
            (Kind::Depth, "30", "32", "depth 32: expected 8, 15, 16, 24 or 30"),
            (Kind::Ports, "dp-0", "DP", "\"DP\": expected DFP"),
            (Kind::Encoder, "x264enc", "x265", "auto, nvh264enc"),
            (Kind::Clipboard, "out", "both", "in, out, true"),
            (Kind::UrlPath, "/a-b/c.d/", "/a/../b", "a path of letters"),
            (Kind::UrlPath, "/", "desk", "a path of letters"),
            (Kind::Devices, "0,1", "first", "\"first\": expected all"),
            (Kind::Capabilities, "compute, display", "screen", "a list of all, compute"),
        ] {
            assert!(kind.parse(good).is_ok(), "{kind:?} {good}");
            let (Err(Invalid::Not(said)) | Err(Invalid::Because(said))) = kind.parse(bad) else {
                panic!("{kind:?} takes {bad}")
            };
            assert!(said.contains(told), "{kind:?}: {said}");
        }
    }
}
