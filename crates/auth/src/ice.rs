//! The STUN and TURN servers that a browser is told of.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

use crate::{Secret, TurnLogin};

/// Servers, and until when their logins hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct IceServers {
    /// The servers, the ones to try first at the beginning.
    pub servers: Vec<IceServer>,
    /// When the first login ends, in seconds since 1970.
    pub expires: Option<u64>,
}

/// One server, or several addresses of one.
#[derive(Debug, PartialEq, Eq)]
pub struct IceServer {
    /// Its addresses, as `turn:HOST:PORT?transport=udp`.
    pub urls: Vec<String>,
    /// How to log in.
    pub login: Option<TurnLogin>,
}

/// Where a TURN server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnAddress {
    /// Its name or IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How browsers reach it.
    pub transport: TurnTransport,
}

/// How a TURN server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnTransport {
    /// Over UDP.
    Udp,
    /// Over TCP.
    Tcp,
    /// Over TLS.
    Tls,
}

impl TurnAddress {
    /// The address as browsers read it (RFC 7065).
    ///
    /// ```
    /// use cosmos_auth::ice::{TurnAddress, TurnTransport};
    /// let of = |host: &str, transport| TurnAddress { host: host.to_owned(), port: 3478, transport }.url();
    /// assert_eq!(of("turn.example", TurnTransport::Udp), "turn:turn.example:3478?transport=udp");
    /// assert_eq!(of("::1", TurnTransport::Tls), "turns:[::1]:3478?transport=tcp");
    /// ```
    pub fn url(&self) -> String {
        let (scheme, transport) = match self.transport {
            TurnTransport::Udp => ("turn", "udp"),
            TurnTransport::Tcp => ("turn", "tcp"),
            TurnTransport::Tls => ("turns", "tcp"),
        };
        format!("{scheme}:{}?transport={transport}", authority(&self.host, self.port))
    }
}

impl TurnAddress {
    /// Reads an address of a TURN server as [`IceServers::parse`] takes it. Nothing for a STUN server, and for TURN over
    /// DTLS, which browsers do not know either.
    ///
    /// ```
    /// use cosmos_auth::ice::TurnAddress;
    /// let read = |url| TurnAddress::parse(url).map(|address| address.url());
    /// assert_eq!(read("turn:turn.example"), Some("turn:turn.example:3478?transport=udp".to_owned()));
    /// assert_eq!(read("turns:[::1]:443"), Some("turns:[::1]:443?transport=tcp".to_owned()));
    /// assert_eq!(read("turns:turn.example?transport=udp"), None);
    /// assert_eq!(read("stun:turn.example"), None);
    /// ```
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':').filter(|_| is_url(url))?;
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (transport, usual) = match (scheme, query) {
            ("turn", None | Some("transport=udp")) => (TurnTransport::Udp, 3478),
            ("turn", Some("transport=tcp")) => (TurnTransport::Tcp, 3478),
            ("turns", None | Some("transport=tcp")) => (TurnTransport::Tls, 5349),
            _ => return None,
        };
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((ip, port)) => (ip, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Some(usual), |port| port.parse().ok())?;
        Some(Self { host: host.to_owned(), port, transport })
    }
}

/// A host and a port, as they stand in addresses.
pub fn authority(host: &str, port: u16) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(ip) => format!("[{ip}]:{port}"),
        Err(_) => format!("{host}:{port}"),
    }
}

/// What a service or a file tells that is no list of servers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IceError {
    /// It is no JSON, or of another form.
    #[error(
        "expected JSON as {{\"iceServers\": [{{\"urls\": [\"turn:HOST:PORT\"], \"username\": …, \"credential\": …}}]}}"
    )]
    Form(#[source] serde_json::Error),
    /// There is too much of it.
    #[error("there are more than {MAX_SERVERS} servers, or more than {MAX_URLS} addresses of one")]
    Many,
    /// An address that no browser reads.
    #[error("{0:?} is no address of a server: expected stun:HOST:PORT, turn:HOST:PORT or turns:HOST:PORT")]
    Url(String),
    /// A relay without a login.
    #[error("{0} needs a username and a credential")]
    NoLogin(String),
}

impl IceServers {
    /// Reads what a service of logins answers, or the file that people write: an object with `iceServers` (one or
    /// several) and perhaps `lifetimeDuration`, such a list alone, or the answer of the older kind of service with
    /// `username`, `password`, `ttl` and `uris`. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`IceError`]; an error of form says where, and never shows a value.
    pub fn parse(text: &str, now: u64) -> Result<Self, IceError> {
        let told: Told = serde_json::from_str(text).map_err(IceError::Form)?;
        let (servers, lifetime) = told.take()?;
        let expires = servers.iter().filter_map(|server| server.login.as_ref()?.expires());
        let expires = expires.chain(lifetime.map(|seconds| now.saturating_add(seconds))).min();
        Ok(Self { servers, expires })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    #[serde(rename_all = "camelCase")]
    Config {
        ice_servers: OneOrMany<Server>,
        lifetime_duration: Option<Lifetime>,
    },
    List(Vec<Server>),
    Draft {
        username: String,
        password: String,
        ttl: Option<Lifetime>,
        uris: Vec<String>,
    },
}

impl Told {
    fn take(self) -> Result<(Vec<IceServer>, Option<u64>), IceError> {
        let (servers, lifetime) = match self {
            Self::Config { ice_servers, lifetime_duration } => (ice_servers.into_vec(), lifetime_duration),
            Self::List(servers) => (servers, None),
            Self::Draft { username, password, ttl, uris } => {
                let (username, credential) = (Some(username), Some(password));
                (vec![Server { urls: OneOrMany::Many(uris), username, credential }], ttl)
            }
        };
        if servers.len() > MAX_SERVERS {
            return Err(IceError::Many);
        }
        let servers: Result<_, _> = servers.into_iter().map(Server::take).collect();
        Ok((servers?, lifetime.and_then(Lifetime::seconds)))
    }
}

#[derive(Deserialize)]
struct Server {
    #[serde(alias = "url")]
    urls: OneOrMany<String>,
    username: Option<String>,
    credential: Option<String>,
}

impl Server {
    fn take(self) -> Result<IceServer, IceError> {
        let urls = self.urls.into_vec();
        if urls.len() > MAX_URLS {
            return Err(IceError::Many);
        }
        if let Some(bad) = urls.iter().find(|url| !is_url(url)) {
            return Err(IceError::Url(bad.chars().take(SHOWN).collect()));
        }
        let login = self.username.zip(self.credential);
        let login = login.map(|(username, password)| TurnLogin { username, password: Secret::new(password) });
        match urls.iter().find(|url| url.starts_with("turn")) {
            Some(url) if login.is_none() => Err(IceError::NoLogin(url.clone())),
            _ => Ok(IceServer { urls, login }),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// Seconds, or seconds as `86400s` or `86400.000s`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lifetime {
    Number(u64),
    Text(String),
}

impl Lifetime {
    fn seconds(self) -> Option<u64> {
        match self {
            Self::Number(seconds) => Some(seconds),
            Self::Text(text) => text.trim_end_matches('s').split('.').next()?.parse().ok(),
        }
    }
}

/// Whether a browser takes it: one that it does not makes it refuse all others too (W3C WebRTC, section 4.4.1.4).
fn is_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let relay = match scheme {
        "stun" | "stuns" => false,
        "turn" | "turns" => true,
        _ => return false,
    };
    is_place(place)
        && match query {
            None => true,
            Some(query) => relay && ["transport=udp", "transport=tcp"].contains(&query),
        }
}

/// `HOST` or `HOST:PORT`; an IPv6 address stands in brackets.
fn is_place(place: &str) -> bool {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ip, "")) => return ip.parse::<Ipv6Addr>().is_ok(),
        Some((ip, port)) if ip.parse::<Ipv6Addr>().is_ok() => ("x", port.strip_prefix(':')),
        Some(_) => return false,
        None => place.split_once(':').map_or((place, Some("1")), |(host, port)| (host, Some(port))),
    };
    port.and_then(|port| port.parse::<u16>().ok()).is_some_and(|port| port > 0) && is_host(host)
}

/// Whether it is a name or an IPv4 address.
pub fn is_host(host: &str) -> bool {
    let is_name = !host.is_empty()
        && host.len() <= MAX_HOST
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_name || host.parse::<Ipv4Addr>().is_ok()
}

const MAX_SERVERS: usize = 16;
const MAX_URLS: usize = 16;
const MAX_HOST: usize = 253;
/// So much of a bad address is shown.
const SHOWN: usize = 80;
