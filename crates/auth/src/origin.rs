//! Which page a request comes from.

use std::net::Ipv6Addr;

/// Whether a request that changes something, or opens a WebSocket, comes from our own page.
///
/// * `origin`: the `Origin` header. Its host and port must be those of `host`, where a port that is left out
///   means the default one of the origin's scheme, or it must be one of `extra`. `null` never is.
/// * `host`: the `Host` header, `host[:port]`.
/// * `extra`: further origins to trust, each `scheme://host[:port]` with `http` or `https`. There are no
///   wildcards; one that cannot be read allows nothing.
/// * `fetch_site`: the `Sec-Fetch-Site` header. Without an `Origin` only `same-origin` passes: pages cannot
///   set this header, and programs that are no browsers can send an `Origin`.
///
/// The scheme is not compared with that of the connection, which a proxy may have changed.
pub fn allowed(origin: Option<&str>, host: &str, extra: &[String], fetch_site: Option<&str>) -> bool {
    let Some(origin) = origin else { return fetch_site == Some("same-origin") };
    let Some(origin) = Origin::parse(origin) else { return false };
    let same = Authority::parse(host).is_some_and(|host| {
        host.host == origin.host && host.port.unwrap_or(origin.scheme.port()) == origin.port
    });
    same || extra.iter().any(|extra| Origin::parse(extra).as_ref() == Some(&origin))
}

#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    host: Host,
    port: u16,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = Scheme::parse(scheme)?;
        let Authority { host, port } = Authority::parse(authority)?;
        Some(Self { scheme, host, port: port.unwrap_or(scheme.port()) })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        [("http", Self::Http), ("https", Self::Https)]
            .into_iter()
            .find_map(|(name, scheme)| text.eq_ignore_ascii_case(name).then_some(scheme))
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

struct Authority {
    host: Host,
    port: Option<u16>,
}

impl Authority {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_AUTHORITY {
            return None;
        }
        let (host, port) = match text.rfind(':') {
            // A colon before the closing bracket is part of an IPv6 address.
            Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
            _ => (text, None),
        };
        let port = match port {
            Some(port) => Some(parse_port(port)?),
            None => None,
        };
        Some(Self { host: Host::parse(host)?, port })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    V6(Ipv6Addr),
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[') {
            return address.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!text.is_empty() && text.bytes().all(plain)).then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

/// Digits only: `u16::from_str` would take a sign too.
fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A DNS name has at most 253 bytes, a port 5.
const MAX_AUTHORITY: usize = 260;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origin: &str, host: &str, expected: bool) {
        assert_eq!(allowed(Some(origin), host, &[], None), expected, "{origin} at {host}");
    }

    #[test]
    fn the_origin_must_be_the_host() {
        for (origin, host, expected) in [
            ("http://desk:8080", "desk:8080", true),
            ("https://desk", "desk", true),
            ("https://desk", "desk:443", true),
            ("https://desk:443", "desk", true),
            ("http://desk", "desk:80", true),
            ("http://DESK:8080", "desk:8080", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://[0:0::1]", "[::1]:80", true),
            ("https://desk", "desk:80", false),
            ("http://desk", "desk:443", false),
            ("http://desk:8081", "desk:8080", false),
            ("http://desk", "desk:8080", false),
            ("http://evil", "desk", false),
            ("http://desk.evil", "desk", false),
            ("http://evil:80@desk", "desk", false),
            ("http://[::2]", "[::1]", false),
        ] {
            check(origin, host, expected);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for origin in [
            "null",
            "",
            "desk",
            "://desk",
            "http://",
            "http://desk/",
            "http://desk:",
            "http://desk:+80",
            "http://desk:99999",
            "http://desk:80:80",
            "http://[::1",
            "http://::1]",
            "http://[]",
            "file://desk",
            "ws://desk",
            "http://desk http://desk",
            "http://*",
        ] {
            check(origin, "desk", false);
            check(origin, origin.strip_prefix("http://").unwrap_or(origin), false);
        }
    }

    #[test]
    fn without_an_origin_only_the_browsers_word_counts() {
        for (site, expected) in [
            (None, false),
            (Some("same-origin"), true),
            (Some("same-site"), false),
            (Some("cross-site"), false),
            (Some("none"), false),
        ] {
            assert_eq!(allowed(None, "desk", &[], site), expected, "{site:?}");
        }
        assert!(!allowed(Some("null"), "desk", &[], Some("same-origin")));
        assert!(!allowed(Some("http://evil"), "desk", &[], Some("same-origin")));
    }

    #[test]
    fn further_origins_are_compared_whole() {
        let extra = ["https://portal.example:443".to_owned(), "*".to_owned(), "null".to_owned()];
        for (origin, expected) in [
            ("https://portal.example", true),
            ("https://PORTAL.example:443", true),
            ("http://portal.example", false),
            ("https://portal.example:8443", false),
            ("https://other.example", false),
            ("null", false),
        ] {
            assert_eq!(allowed(Some(origin), "desk", &extra, None), expected, "{origin}");
        }
    }
}
