//! What the network says: which servers can be reached, and what the cloud calls this machine.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cosmos_host::setup::{Cloud, Provider, Reach};

/// Tries to connect to each server, all at once.
pub fn reach(hosts: &[&str]) -> Vec<Reach> {
    let (sender, answers) = mpsc::channel();
    for (at, host) in hosts.iter().enumerate() {
        let (sender, host) = (sender.clone(), (*host).to_owned());
        // Names are looked up without a bound: who has not answered in time is left behind.
        thread::spawn(move || sender.send((at, connect(&host))));
    }
    drop(sender);
    let mut found = vec![Some("no answer in time".to_owned()); hosts.len()];
    let end = Instant::now() + PATIENCE;
    while let Ok((at, problem)) = answers.recv_timeout(end.saturating_duration_since(Instant::now())) {
        found[at] = problem;
    }
    let pairs = hosts.iter().zip(found);
    pairs.map(|(host, problem)| Reach { host: (*host).to_owned(), problem }).collect()
}

/// Why there is no connection.
fn connect(host: &str) -> Option<String> {
    let addresses = match (host, 443).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Some(error.to_string()),
    };
    let mut problem = "it has no address".to_owned();
    for address in addresses.take(4) {
        match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
            Ok(_) => return None,
            Err(error) => problem = error.to_string(),
        }
    }
    Some(problem)
}

/// Asks the cloud for the kind of machine, where its firmware does not tell.
pub fn instance_type(cloud: &Cloud) -> Option<String> {
    let (path, header) = match cloud.provider {
        Provider::Gcp => ("/computeMetadata/v1/instance/machine-type", "Metadata-Flavor: Google"),
        Provider::Azure => {
            ("/metadata/instance/compute/vmSize?api-version=2021-02-01&format=text", "Metadata: true")
        }
        _ => return None,
    };
    let address = SocketAddr::from((Ipv4Addr::new(169, 254, 169, 254), 80));
    parse(&ask(address, path, header)?)
}

fn ask(address: SocketAddr, path: &str, header: &str) -> Option<String> {
    let bound = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&address, bound).ok()?;
    stream.set_read_timeout(Some(bound)).ok()?;
    stream.set_write_timeout(Some(bound)).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n{header}\r\n\r\n", address.ip());
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).ok()?;
    String::from_utf8(answer).ok()
}

/// The last word of the path that Google answers with, and the one word of Azure.
fn parse(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let is_well = head.split(' ').nth(1) == Some("200");
    let name = body.trim().rsplit('/').next().unwrap_or_default();
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    (is_well && !name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

const PATIENCE: Duration = Duration::from_secs(5);
const MOST: u64 = 16 << 10;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::net::TcpListener;

    use super::*;

    #[test]
    fn answers_of_clouds_are_read() {
        for (answer, name) in [
            ("HTTP/1.0 200 OK\r\nX: y\r\n\r\nprojects/1/machineTypes/g2-standard-4", Some("g2-standard-4")),
            ("HTTP/1.1 200 OK\r\n\r\nStandard_NV36ads_A10_v5\n", Some("Standard_NV36ads_A10_v5")),
            ("HTTP/1.1 404 Not Found\r\n\r\nnothing", None),
            ("HTTP/1.1 200 OK\r\n\r\n<html>", None),
            ("", None),
        ] {
            assert_eq!(parse(answer).as_deref(), name, "{answer}");
        }
    }

    #[test]
    fn a_server_is_asked_as_it_wants() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 512];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\na/b").unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        assert_eq!(parse(&ask(address, "/x", "Metadata: true").unwrap()).as_deref(), Some("b"));
        assert!(server.join().unwrap().contains("\r\nMetadata: true\r\n"));
    }

    #[test]
    fn a_name_that_nobody_has_cannot_be_reached() {
        let found = reach(&["no-such-host.invalid"]);
        assert!(found[0].problem.is_some(), "{found:?}");
    }
}
