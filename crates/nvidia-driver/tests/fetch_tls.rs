//! Fetching over HTTPS: who is trusted, and what is refused.

#![cfg(feature = "download")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fetch_support;
mod run_file_support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cosmos_nvidia_driver::fetch::{
    Cache, ClientError, Expected, FetchError, Problem, Web, WebConfig, WebError,
};
use cosmos_nvidia_driver::run_file::Compression;
use cosmos_nvidia_driver::{Processor, RunFileName};
use fetch_support::{Reply, Server};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use run_file_support::{Archive, VERSION, compress, contents, nvidia};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;

/// Somebody who signs the certificates of servers.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = pem(params.self_signed(&key).unwrap().der());
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What a server with that name or address shows.
    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let chain = vec![params.signed_by(&key, &self.issuer).unwrap().der().clone()];
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Arc::new(config.with_single_cert(chain, key).unwrap())
    }
}

fn pem(der: &[u8]) -> Vec<u8> {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")).into_bytes()
}

fn driver() -> Vec<u8> {
    let archive = Archive::default().file("libcuda.so.1", &contents("library", 100_000));
    nvidia(&compress(&archive.bytes(), Compression::Gzip))
}

fn fetch(folder: &Path, url: String, config: &WebConfig) -> Result<PathBuf, FetchError> {
    let name = RunFileName::new(VERSION.parse().unwrap(), Processor::X86_64);
    let cache = Cache::new(folder).with_retries(2, Duration::ZERO);
    cache.fetch(&Web::new(config).unwrap(), &name, &[url], &Expected::default(), &mut |_| {})
}

fn trusting(roots: &[u8]) -> WebConfig {
    WebConfig { roots: roots.to_vec(), ..WebConfig::default() }
}

/// The only problem there was.
fn problem(outcome: Result<PathBuf, FetchError>) -> Problem {
    match outcome {
        Err(FetchError::Nowhere { mut failures, .. }) if failures.len() == 1 => failures.remove(0).problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_private_mirror_is_trusted_by_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, file) = (Authority::new(), driver());
    let replies = vec![Reply::file(&file).cut(40_000), Reply::file(&file)];
    let server = Server::encrypted(replies, authority.server("127.0.0.1", |_| {}));
    let roots = [Authority::new().pem, authority.pem].concat();
    let path = fetch(folder.path(), server.url("f"), &trusting(&roots)).unwrap();
    assert_eq!((fs::read(path).unwrap(), server.froms()), (file, vec![0, 40_000]));
}

#[test]
fn a_server_that_is_not_trusted_is_refused_by_name_and_asked_once() {
    let authority = Authority::new();
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    for (server, roots, reason) in [
        (authority.server("127.0.0.1", |_| {}), &[][..], "UnknownIssuer"),
        (authority.server("127.0.0.1", |_| {}), &Authority::new().pem[..], ""),
        (authority.server("mirror.example", |_| {}), &authority.pem[..], "127.0.0.1"),
        (authority.server("127.0.0.1", expired), &authority.pem[..], "expired"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::encrypted(vec![Reply::file(&driver())], server);
        let problem = problem(fetch(folder.path(), server.url("f"), &trusting(roots)));
        let text = problem.to_string();
        assert!(matches!(problem, Problem::Client(ClientError::Untrusted { .. })), "{problem:?}");
        assert!(
            text.starts_with("the server's certificate is not trusted") && text.contains(reason),
            "{text}"
        );
        assert_eq!(server.asked(), []);
    }
}

#[test]
fn nothing_leads_from_an_encrypted_address_to_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, file) = (Authority::new(), driver());
    let plain = Server::new(vec![Reply::file(&file)]);
    let moved = Reply { location: Some(plain.url("f")), ..Reply::status(302) };
    let server = Server::encrypted(vec![moved], authority.server("127.0.0.1", |_| {}));
    for url in [server.url("f"), server.url("f").replace("https", "HTTPS")] {
        let problem = problem(fetch(folder.path(), url, &trusting(&authority.pem)));
        assert!(matches!(problem, Problem::Client(ClientError::Insecure)), "{problem:?}");
    }
    assert_eq!(plain.asked(), []);
    // The other way is well.
    let server = Server::encrypted(vec![Reply::file(&file)], authority.server("127.0.0.1", |_| {}));
    let moved = Reply { location: Some(server.url("f")), ..Reply::status(302) };
    let plain = Server::new(vec![moved]);
    let path = fetch(folder.path(), plain.url("f"), &trusting(&authority.pem)).unwrap();
    assert_eq!(fs::read(path).unwrap(), file);
}

#[test]
fn a_server_that_does_not_shake_hands_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/f", silent.local_addr().unwrap());
    let (connect, stall) = (Duration::from_millis(200), Duration::from_hours(1));
    let config = WebConfig { connect, stall, ..WebConfig::default() };
    let outcome = fetch(folder.path(), url, &config);
    let Err(FetchError::Nowhere { failures, .. }) = outcome else { panic!("{outcome:?}") };
    let silent = |problem: &Problem| matches!(problem, Problem::Client(ClientError::NoAnswer(_)));
    assert!(failures.len() == 3 && failures.iter().all(|failure| silent(&failure.problem)), "{failures:?}");
}

#[test]
fn roots_that_are_none_are_refused() {
    let good = Authority::new().pem;
    let bad = pem(b"not a certificate");
    let text = String::from_utf8(good.clone()).unwrap();
    let number = |roots: &[u8]| match Web::new(&trusting(roots)) {
        Err(WebError::Root { number, .. }) => Some(number),
        Err(WebError::NoRoot) => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(number(b"/etc/ssl/mirror.pem"), None);
    assert_eq!(number(text.replace("CERTIFICATE", "PRIVATE KEY").as_bytes()), None);
    assert_eq!(number(&bad), Some(1));
    assert_eq!(number(&[&good[..], &bad].concat()), Some(2));
    assert_eq!(number(text.replacen("\nM", "\n*", 1).as_bytes()), Some(1));
    assert!(Web::new(&trusting(&[&b"# the company's\n"[..], &good].concat())).is_ok());
    assert!(Web::new(&trusting(b"\n")).is_ok());
}

#[test]
fn what_is_said_of_a_proxy_tells_no_password() {
    let proxy = Some("ftp://user:secret@proxy.example:1".to_owned());
    let config = WebConfig { proxy, ..WebConfig::default() };
    let error = Web::new(&config).unwrap_err();
    let text = format!("{error} {error:?} {config:?}");
    assert!(matches!(error, WebError::Proxy { .. }) && text.contains("ftp://proxy.example:1"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
