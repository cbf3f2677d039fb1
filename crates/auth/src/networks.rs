//! Networks whose word is taken: proxies that say on whose behalf they ask.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Networks in CIDR notation, joined by commas: `10.0.0.0/8, 127.0.0.1, fd00::/8`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Whether the address lies in one of them. An IPv4 address that is written as IPv6 counts as what it is.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address.to_canonical()))
    }

    /// Who really asks, when `peer` does. The word of a peer outside of these networks is not taken. Otherwise it is
    /// the last address of the `X-Forwarded-For` headers, given in order, that is none of these networks: what stands
    /// before it was written by whoever asks, and may be made up.
    pub fn origin<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut origin = peer.to_canonical();
        for entry in forwarded.rev().flat_map(|header| header.rsplit(',')) {
            if !self.contain(origin) {
                break;
            }
            match parse_address(entry.trim()) {
                Some(address) => origin = address.to_canonical(),
                None => break,
            }
        }
        origin
    }
}

impl FromStr for Networks {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let networks = words.map(|word| Network::parse(word).ok_or_else(|| BadNetwork(word.to_owned())));
        networks.collect::<Result<_, _>>().map(Self)
    }
}

/// The text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no network; one is written as 10.0.0.0/8, fd00::/8 or 192.0.2.7, without bits behind its prefix"
)]
pub struct BadNetwork(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = width(address);
        let prefix = match prefix {
            Some(prefix) if prefix.bytes().all(|digit| digit.is_ascii_digit()) => prefix.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        let network = Self { address, prefix };
        (prefix <= width && cut(address, prefix) == bits(address)).then_some(network)
    }

    fn contains(&self, address: IpAddr) -> bool {
        width(address) == width(self.address) && cut(address, self.prefix) == bits(self.address)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address with nothing but zeros behind the prefix.
fn cut(address: IpAddr, prefix: u32) -> u128 {
    let rest = width(address) - prefix;
    bits(address).checked_shr(rest).and_then(|kept| kept.checked_shl(rest)).unwrap_or(0)
}

/// An address with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_what_shares_its_prefix() {
        for (networks, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "::a00:1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("fd00::/8, 127.0.0.1", "fdff::1", true),
            ("fd00::/8, 127.0.0.1", "127.0.0.1", true),
            ("fd00::/8", "fe00::1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("", "127.0.0.1", false),
        ] {
            assert_eq!(
                networks.parse::<Networks>().unwrap().contain(ip(address)),
                expected,
                "{networks} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in [
            "all",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "fd00::/129",
            "*",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(format!("127.0.0.1,{text}").parse::<Networks>(), Err(BadNetwork(text.to_owned())));
        }
    }

    #[test]
    fn only_a_trusted_proxy_tells_who_asks() {
        let networks: Networks = "10.0.0.0/8, ::1".parse().unwrap();
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1:5000"], "198.51.100.1"),
            ("::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            let origin = networks.origin(ip(peer), forwarded.iter().copied());
            assert_eq!(origin, ip(expected), "{peer} {forwarded:?}");
        }
    }
}
