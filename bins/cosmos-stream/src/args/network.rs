//! The ways through the network: what was typed, and what it means.

use std::{env, path::PathBuf};

use clap::ValueEnum;
use cosmos_auth::{
    Secret,
    ice::{TurnAddress, TurnTransport, authority, is_host},
};
use cosmos_streaming::{IceConfig, PublicAddress, RestHeaders, Service, Transport, TurnAuth};

use super::{ArgsError, handed};

/// What was typed about the ways through the network.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// The only way that pages take: auto tries all at the same time and keeps the best
    #[arg(long, env = "COSMOS_TRANSPORT", value_enum, default_value_t = Way::Auto)]
    transport: Way,
    /// Address by which others reach this machine where a translator is in front of it: ADDRESS or ADDRESS:PORT, or ec2 to
    /// ask the metadata of EC2; several with commas
    #[arg(long, value_name = "ADDRESS", env = "COSMOS_PUBLIC_IP", value_delimiter = ',')]
    public_ip: Vec<PublicAddress>,
    #[arg(long, hide = true, env = "AWS_EC2_METADATA_SERVICE_ENDPOINT")]
    ec2_metadata: Option<String>,
    /// STUN server, which tells us and browsers our addresses as others see them; off for none
    #[arg(long, value_name = "HOST[:PORT]", env = "COSMOS_STUN", default_value = "stun.l.google.com:19302")]
    stun: String,
    /// TURN server for browsers
    #[arg(long, value_name = "HOST", env = "COSMOS_TURN_HOST")]
    turn_host: Option<String>,
    /// Port of the TURN server
    #[arg(long, value_name = "PORT", env = "COSMOS_TURN_PORT", default_value_t = 3478,
          value_parser = clap::value_parser!(u16).range(1..))]
    turn_port: u16,
    /// How browsers reach the TURN server
    #[arg(long, env = "COSMOS_TURN_PROTOCOL", value_enum, ignore_case = true, default_value_t = Protocol::Udp)]
    turn_protocol: Protocol,
    /// Browsers reach the TURN server over TLS
    #[arg(long, env = "COSMOS_TURN_TLS", value_parser = clap::builder::BoolishValueParser::new())]
    turn_tls: bool,
    /// File with the secret that the TURN server shares, instead of COSMOS_TURN_SHARED_SECRET
    #[arg(long, value_name = "FILE", env = "COSMOS_TURN_SHARED_SECRET_FILE")]
    turn_shared_secret_file: Option<PathBuf>,
    #[arg(long, hide = true, value_parser = clap::value_parser!(i32).range(3..))]
    turn_shared_secret_fd: Option<i32>,
    /// User name for the TURN server, instead of a shared secret
    #[arg(long, value_name = "NAME", env = "COSMOS_TURN_USERNAME")]
    turn_username: Option<String>,
    /// File with the password of that user, instead of COSMOS_TURN_PASSWORD
    #[arg(long, value_name = "FILE", env = "COSMOS_TURN_PASSWORD_FILE")]
    turn_password_file: Option<PathBuf>,
    #[arg(long, hide = true, value_parser = clap::value_parser!(i32).range(3..))]
    turn_password_fd: Option<i32>,
    /// Service that gives TURN logins
    #[arg(long, value_name = "URL", env = "COSMOS_TURN_REST_URI")]
    turn_rest_uri: Option<String>,
    /// User that the service is told
    #[arg(long, value_name = "NAME", env = "COSMOS_TURN_REST_USERNAME", default_value = "cosmos")]
    turn_rest_username: String,
    /// Header in which the service is told the user
    #[arg(
        long,
        value_name = "HEADER",
        env = "COSMOS_TURN_REST_USERNAME_HEADER",
        default_value = "x-auth-user"
    )]
    turn_rest_username_header: String,
    /// Header in which the service is told the protocol
    #[arg(
        long,
        value_name = "HEADER",
        env = "COSMOS_TURN_REST_PROTOCOL_HEADER",
        default_value = "x-turn-protocol"
    )]
    turn_rest_protocol_header: String,
    /// Header in which the service is told whether TLS is wanted
    #[arg(long, value_name = "HEADER", env = "COSMOS_TURN_REST_TLS_HEADER", default_value = "x-turn-tls")]
    turn_rest_tls_header: String,
    /// Identifier of a key at Cloudflare, which gives TURN logins then
    #[arg(long, value_name = "ID", env = "COSMOS_CLOUDFLARE_TURN_TOKEN_ID")]
    cloudflare_turn_token_id: Option<String>,
    /// File with the token of that key, instead of COSMOS_CLOUDFLARE_TURN_API_TOKEN
    #[arg(long, value_name = "FILE", env = "COSMOS_CLOUDFLARE_TURN_API_TOKEN_FILE")]
    cloudflare_turn_api_token_file: Option<PathBuf>,
    #[arg(long, hide = true, value_parser = clap::value_parser!(i32).range(3..))]
    cloudflare_turn_api_token_fd: Option<i32>,
    /// JSON file of STUN and TURN servers, read again when it changes
    #[arg(long, value_name = "FILE", env = "COSMOS_RTC_CONFIG")]
    rtc_config: Option<PathBuf>,
    /// Have browsers reach us by way of the TURN servers, to which we connect: for a machine to which nobody can send
    #[arg(long, env = "COSMOS_TURN_RELAY", value_parser = clap::builder::BoolishValueParser::new())]
    turn_relay: bool,
    /// Be a TURN server too, on the one port, for browsers that can go out by TURN alone; it relays to this server only
    #[arg(long, env = "COSMOS_TURN_EMBEDDED", value_parser = clap::builder::BoolishValueParser::new())]
    turn_embedded: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    Auto,
    Udp,
    Tcp,
    Turn,
    Websocket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    Udp,
    Tcp,
}

/// What of it cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error(
        "both a TURN shared secret and a TURN user name or password are set; provide just one of these \
         authentication methods, not both"
    )]
    TurnBoth,
    #[error("a TURN login is set, but no TURN host; set --turn-host, or leave the login out")]
    TurnWithoutHost,
    #[error("a TURN user name is set, but no TURN password; set --turn-password-file too")]
    TurnWithoutPassword,
    #[error("a TURN password is set, but no TURN user name; set --turn-username too")]
    TurnWithoutUser,
    #[error("{flag} {value:?}: expected the name or the IP address of a server{form}")]
    Host { flag: &'static str, value: String, form: &'static str },
    #[error("--turn-rest-uri {0:?}: expected an address that begins with http:// or https://")]
    RestUri(String),
    #[error("--cloudflare-turn-token-id needs the token: set --cloudflare-turn-api-token-file")]
    CloudflareWithoutToken,
    #[error("cannot read the secret from descriptor {number}")]
    Fd { number: i32, source: std::io::Error },
    #[error("cannot read the secret from {}", path.display())]
    File { path: PathBuf, source: std::io::Error },
}

impl Network {
    /// What it means. To be called before this process opens anything.
    pub fn resolve(&self) -> Result<IceConfig, ArgsError> {
        Ok(IceConfig {
            transport: self.transport.into(),
            public: self.public_ip.iter().cloned().map(|address| self.asked_there(address)).collect(),
            stun: self.stun()?,
            turn: self.turn()?,
            services: self.rest()?.into_iter().chain(self.cloudflare()?).collect(),
            file: self.rtc_config.clone(),
            relay: self.turn_relay,
            embedded: self.turn_embedded,
        })
    }

    /// The service of EC2, where the tools of AWS look for it too.
    fn asked_there(&self, address: PublicAddress) -> PublicAddress {
        match (address, &self.ec2_metadata) {
            (PublicAddress::Ec2 { .. }, Some(endpoint)) => PublicAddress::Ec2 { endpoint: endpoint.clone() },
            (address, _) => address,
        }
    }

    fn stun(&self) -> Result<Option<String>, NetworkError> {
        if ["off", "none", ""].contains(&&*self.stun.to_ascii_lowercase()) {
            return Ok(None);
        }
        let refused = || NetworkError::Host {
            flag: "--stun",
            value: self.stun.clone(),
            form: ", perhaps with a port behind a colon, or off",
        };
        let (host, port) = split(&self.stun).ok_or_else(refused)?;
        Ok(Some(authority(host, port)))
    }

    fn turn(&self) -> Result<Option<(TurnAddress, TurnAuth)>, NetworkError> {
        let file = &self.turn_shared_secret_file;
        let shared = secret("COSMOS_TURN_SHARED_SECRET", self.turn_shared_secret_fd, file.as_ref())?;
        let file = &self.turn_password_file;
        let password = secret("COSMOS_TURN_PASSWORD", self.turn_password_fd, file.as_ref())?;
        let username = self.turn_username.clone().filter(|name| !name.is_empty());
        let auth = match (shared, username, password) {
            (None, None, None) => None,
            (Some(secret), None, None) => {
                Some(TurnAuth::SharedSecret { secret, user: self.turn_rest_username.clone() })
            }
            (None, Some(username), Some(password)) => Some(TurnAuth::LongTerm { username, password }),
            (None, Some(_), None) => return Err(NetworkError::TurnWithoutPassword),
            (None, None, Some(_)) => return Err(NetworkError::TurnWithoutUser),
            _ => return Err(NetworkError::TurnBoth),
        };
        match (self.turn_host.as_ref().filter(|host| !host.is_empty()), auth) {
            (Some(host), Some(auth)) => Ok(Some((self.turn_address(host)?, auth))),
            (None, Some(_)) => Err(NetworkError::TurnWithoutHost),
            (Some(host), None) => {
                // Services and files of logins name their servers themselves.
                if self.turn_rest_uri.is_none() && self.rtc_config.is_none() {
                    eprintln!("cosmos-stream: the TURN server {host} is not used, as no login for it is set");
                }
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }

    fn turn_address(&self, host: &str) -> Result<TurnAddress, NetworkError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if !is_host(bare) && bare.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(NetworkError::Host { flag: "--turn-host", value: host.to_owned(), form: "" });
        }
        let transport = match (self.turn_tls, self.turn_protocol) {
            // Browsers know no TURN over DTLS.
            (true, _) => TurnTransport::Tls,
            (false, Protocol::Tcp) => TurnTransport::Tcp,
            (false, Protocol::Udp) => TurnTransport::Udp,
        };
        Ok(TurnAddress { host: bare.to_owned(), port: self.turn_port, transport })
    }

    fn rest(&self) -> Result<Option<Service>, NetworkError> {
        let Some(uri) = self.turn_rest_uri.as_ref().filter(|uri| !uri.is_empty()) else { return Ok(None) };
        let is_web = ["http://", "https://"].iter().any(|scheme| {
            uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                && uri.len() > scheme.len()
        });
        if !is_web {
            return Err(NetworkError::RestUri(uri.clone()));
        }
        let protocol = if self.turn_protocol == Protocol::Tcp { "tcp" } else { "udp" };
        let headers = RestHeaders {
            user: (self.turn_rest_username_header.clone(), self.turn_rest_username.clone()),
            protocol: (self.turn_rest_protocol_header.clone(), protocol.to_owned()),
            tls: (self.turn_rest_tls_header.clone(), self.turn_tls.to_string()),
        };
        Ok(Some(Service::rest(uri.clone(), headers)))
    }

    fn cloudflare(&self) -> Result<Option<Service>, NetworkError> {
        let (fd, file) = (self.cloudflare_turn_api_token_fd, self.cloudflare_turn_api_token_file.as_ref());
        let Some(id) = self.cloudflare_turn_token_id.as_ref().filter(|id| !id.is_empty()) else {
            return Ok(None);
        };
        let token = secret("COSMOS_CLOUDFLARE_TURN_API_TOKEN", fd, file)?;
        token
            .map(|token| Service::cloudflare(id, &token))
            .ok_or(NetworkError::CloudflareWithoutToken)
            .map(Some)
    }
}

impl From<Way> for Transport {
    fn from(way: Way) -> Self {
        match way {
            Way::Auto => Self::Auto,
            Way::Udp => Self::Udp,
            Way::Tcp => Self::Tcp,
            Way::Turn => Self::Turn,
            Way::Websocket => Self::WebSocket,
        }
    }
}

/// Host and port of `HOST`, `HOST:PORT`, an IPv6 address, or one in brackets and a port.
fn split(place: &str) -> Option<(&str, u16)> {
    let port = |text: &str| text.parse().ok().filter(|port| *port > 0);
    if let Some((ip, rest)) = place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        ip.parse::<std::net::Ipv6Addr>().ok()?;
        return Some((ip, if rest.is_empty() { STUN_PORT } else { port(rest.strip_prefix(':')?)? }));
    }
    if place.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some((place, STUN_PORT));
    }
    let (host, port) = match place.split_once(':') {
        Some((host, text)) => (host, port(text)?),
        None => (place, STUN_PORT),
    };
    is_host(host).then_some((host, port))
}

/// A secret from a descriptor, else from a variable, else from a file.
fn secret(
    variable: &str,
    descriptor: Option<i32>,
    file: Option<&PathBuf>,
) -> Result<Option<Secret>, NetworkError> {
    let text = if let Some(number) = descriptor {
        Some(handed::read(number).map_err(|source| NetworkError::Fd { number, source })?)
    } else if let Ok(text) = env::var(variable) {
        Some(text)
    } else {
        let read = |path: &PathBuf| {
            let text = std::fs::read_to_string(path);
            text.map_err(|source| NetworkError::File { path: path.clone(), source })
        };
        file.filter(|path| !path.as_os_str().is_empty()).map(read).transpose()?
    };
    let text = text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
    Ok(text.filter(|text| !text.is_empty()).map(Secret::new))
}

/// The port of STUN and TURN (RFC 8489, section 18.7).
const STUN_PORT: u16 = 3478;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        network: Network,
    }

    /// What arguments mean, in short, or why they mean nothing.
    fn meant(arguments: &str) -> String {
        let typed = Typed::try_parse_from(["x"].into_iter().chain(arguments.split_whitespace()));
        let resolved = match typed {
            Ok(typed) => typed.network.resolve(),
            Err(error) => return error.to_string(),
        };
        match resolved {
            Ok(config) => {
                let turn = config.turn.map(|(address, auth)| {
                    let auth = match auth {
                        TurnAuth::SharedSecret { .. } => "shared",
                        TurnAuth::LongTerm { .. } => "long-term",
                    };
                    format!(" {} {auth}", address.url())
                });
                let stun = config.stun.unwrap_or_else(|| "-".into());
                let services = config.services.len();
                format!("{} {stun}{} {services}", config.transport.as_str(), turn.unwrap_or_default())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn arguments_mean_servers_and_logins() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "north\n").unwrap();
        let file = file.display();
        for (arguments, expected) in [
            ("".to_owned(), "auto stun.l.google.com:19302 0"),
            ("--stun off --transport turn".into(), "turn - 0"),
            ("--stun example.org".into(), "auto example.org:3478 0"),
            ("--stun [::1]:99".into(), "auto [::1]:99 0"),
            ("--stun ::1".into(), "auto [::1]:3478 0"),
            (
                format!("--stun off --turn-host t --turn-shared-secret-file {file}"),
                "auto - turn:t:3478?transport=udp shared 0",
            ),
            (
                format!(
                    "--stun off --turn-host [::1] --turn-port 9 --turn-tls --turn-username u --turn-password-file {file}"
                ),
                "auto - turns:[::1]:9?transport=tcp long-term 0",
            ),
            (
                format!(
                    "--stun off --turn-rest-uri HTTP://h/p --cloudflare-turn-token-id i --cloudflare-turn-api-token-file {file}"
                ),
                "auto - 2",
            ),
        ] {
            assert_eq!(meant(&arguments), expected, "{arguments}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_named_with_its_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "s3cret").unwrap();
        let file = file.display();
        for (arguments, expected) in [
            (format!("--turn-host t --turn-username u --turn-shared-secret-file {file}"), "not both"),
            (
                format!("--turn-host t --turn-password-file {file} --turn-shared-secret-file {file}"),
                "not both",
            ),
            (format!("--turn-shared-secret-file {file}"), "set --turn-host"),
            ("--turn-host t --turn-username u".into(), "set --turn-password-file"),
            (format!("--turn-host t --turn-password-file {file}"), "set --turn-username"),
            (format!("--turn-host a/b --turn-shared-secret-file {file}"), "\"a/b\""),
            ("--turn-host t --turn-username u --turn-password-file /nonexistent".into(), "/nonexistent"),
            ("--stun a:b".into(), "\"a:b\""),
            ("--public-ip 1.2.3".into(), "1.2.3"),
            ("--turn-rest-uri host:1".into(), "http://"),
            ("--cloudflare-turn-token-id i".into(), "--cloudflare-turn-api-token-file"),
            ("--transport pigeon".into(), "pigeon"),
            ("--turn-port 0".into(), "0"),
        ] {
            let told = meant(&arguments);
            assert!(told.contains(expected) && !told.contains("s3cret"), "{arguments}: {told}");
        }
    }
}
