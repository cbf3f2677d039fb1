//! How others reach this machine, where somebody in front of it translates addresses.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use cosmos_auth::Secret;

use crate::fetch::{FetchError, Question, ask};

/// An address by which others reach this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicAddress {
    /// This one. A port of 0 is the one that is listened on.
    Told(SocketAddr),
    /// The one that the metadata of EC2 tell, version 2 of the service.
    Ec2 {
        /// Where the service is, as `http://169.254.169.254`.
        endpoint: String,
    },
}

/// A text that is no such address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}: expected an IP address, ADDRESS:PORT, or ec2")]
pub struct BadPublicAddress(pub String);

impl FromStr for PublicAddress {
    type Err = BadPublicAddress;

    fn from_str(text: &str) -> Result<Self, BadPublicAddress> {
        if text.eq_ignore_ascii_case("ec2") {
            return Ok(Self::Ec2 { endpoint: EC2.to_owned() });
        }
        let with_own_port = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
        let address = text.parse().or_else(|_| with_own_port());
        let is_one = |address: &SocketAddr| !address.ip().is_unspecified() && !address.ip().is_multicast();
        address.ok().filter(is_one).map(Self::Told).ok_or_else(|| BadPublicAddress(text.to_owned()))
    }
}

/// Where the service is on every machine of EC2.
const EC2: &str = "http://169.254.169.254";
/// How long each answer may take: elsewhere than on EC2 there is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why EC2 tells no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error("the metadata service of EC2 at {endpoint} gives no token")]
    Token { endpoint: String, source: FetchError },
    #[error("the metadata service of EC2 at {endpoint} tells no public address; has this machine one?")]
    Address { endpoint: String, source: FetchError },
    #[error("the metadata service of EC2 tells {0:?}, which is no address")]
    Form(String),
}

/// Asks the metadata service. Blocks, for four seconds at most.
pub(crate) fn ec2(endpoint: &str) -> Result<IpAddr, NoAddress> {
    let endpoint = endpoint.trim_end_matches('/');
    let url = format!("{endpoint}/latest/api/token");
    let life = [("X-aws-ec2-metadata-token-ttl-seconds".to_owned(), Secret::new("60"))];
    let question = Question { method: "PUT", url: &url, headers: &life, body: "" };
    let token = ask(&question, PATIENCE)
        .map_err(|source| NoAddress::Token { endpoint: endpoint.to_owned(), source })?;
    let url = format!("{endpoint}/latest/meta-data/public-ipv4");
    let token = [("X-aws-ec2-metadata-token".to_owned(), Secret::new(token.trim()))];
    let question = Question { method: "GET", url: &url, headers: &token, body: "" };
    let told = ask(&question, PATIENCE)
        .map_err(|source| NoAddress::Address { endpoint: endpoint.to_owned(), source })?;
    let shown = || told.chars().take(SHOWN).collect();
    told.trim().parse().map_err(|_| NoAddress::Form(shown()))
}

/// So much of an answer is shown.
const SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{
        io::{BufRead, BufReader, Write},
        net::{Shutdown, TcpListener},
        thread,
    };

    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, expected) in [
            ("198.51.100.7", Some("198.51.100.7:0")),
            ("198.51.100.7:9000", Some("198.51.100.7:9000")),
            ("2001:db8::7", Some("[2001:db8::7]:0")),
            ("[2001:db8::7]:9000", Some("[2001:db8::7]:9000")),
            ("0.0.0.0", None),
            ("224.0.0.1", None),
            ("example.org", None),
            ("198.51.100", None),
            ("", None),
        ] {
            let found = text.parse::<PublicAddress>();
            let told = |address: &PublicAddress| match address {
                PublicAddress::Told(address) => address.to_string(),
                PublicAddress::Ec2 { endpoint } => endpoint.clone(),
            };
            assert_eq!(found.as_ref().ok().map(told).as_deref(), expected, "{text}");
        }
        assert_eq!("EC2".parse(), Ok(PublicAddress::Ec2 { endpoint: EC2.into() }));
        assert!("x".parse::<PublicAddress>().unwrap_err().to_string().contains("\"x\""));
    }

    /// A metadata service that gives this address to whoever has fetched a token, as version 2 wants it.
    fn metadata(address: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let mut reader = BufReader::new(&stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
                let head = head.to_lowercase();
                let (status, body) = match head.split(' ').nth(1) {
                    Some("/latest/api/token")
                        if head.starts_with("put ") && head.contains("-ttl-seconds: 60\r\n") =>
                    {
                        ("200 OK", "t0ken")
                    }
                    Some("/latest/meta-data/public-ipv4")
                        if head.contains("-token: t0ken\r\n") && !address.is_empty() =>
                    {
                        ("200 OK", address)
                    }
                    Some("/latest/meta-data/public-ipv4") if address.is_empty() => ("404 Not Found", ""),
                    _ => ("401 Unauthorized", ""),
                };
                let length = body.len();
                write!(
                    &stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                )
                .unwrap();
                // What is closed with something unread in it takes the answer with it.
                stream.shutdown(Shutdown::Write).unwrap();
                drop(std::io::copy(&mut reader, &mut std::io::sink()));
            }
        });
        endpoint
    }

    #[test]
    fn the_metadata_service_is_asked_with_a_token() {
        assert_eq!(ec2(&metadata("198.51.100.7\n")).unwrap(), "198.51.100.7".parse::<IpAddr>().unwrap());
        let no_address = ec2(&metadata("")).unwrap_err();
        assert!(crate::error_text(&no_address).contains("has this machine one?: the answer is 404"));
        let nonsense = ec2(&metadata("<html>")).unwrap_err();
        assert!(nonsense.to_string().contains("\"<html>\""), "{nonsense}");
    }

    #[test]
    fn where_there_is_none_it_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let error = ec2(&endpoint).unwrap_err();
        assert!(error.to_string().contains(&endpoint), "{error}");
    }
}
