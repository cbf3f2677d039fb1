//! The HTTP client for the world.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use ureq::http::HeaderMap;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::client::{Answer, Client, ClientError, Head, Request, validator, without_password};

/// An HTTP/1.1 client that trusts the certificates which the system trusts, and those it is told to trust.
#[derive(Debug, Clone)]
pub struct Web {
    agent: Agent,
}

/// How [`Web`] goes about it. No time counts for more than a day. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct WebConfig {
    /// The longest wait for a connection, TLS included; 20 seconds by default.
    pub connect: Duration,
    /// The longest wait for the head of an answer, and the longest silence within its body; 30 seconds by default.
    /// How slowly a body may trickle is up to [`Cache::with_pace`](super::Cache::with_pace).
    pub stall: Duration,
    /// The address of a proxy, as `http://proxy.example:3128`. The environment is not asked for one.
    pub proxy: Option<String>,
    /// Authorities that are trusted beside the system's, for a mirror with a certificate of its own: certificates in
    /// PEM, one after another. Empty by default.
    pub roots: Vec<u8>,
}

impl Default for WebConfig {
    fn default() -> Self {
        let (connect, stall) = (Duration::from_secs(20), Duration::from_secs(30));
        Self { connect, stall, proxy: None, roots: Vec::new() }
    }
}

impl fmt::Debug for WebConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connect, stall, roots) = (self.connect, self.stall, String::from_utf8_lossy(&self.roots));
        let proxy = self.proxy.as_deref().map(without_password);
        write!(
            f,
            "WebConfig {{ connect: {connect:?}, stall: {stall:?}, proxy: {proxy:?}, roots: {roots:?} }}"
        )
    }
}

/// What of a [`WebConfig`] cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebError {
    /// The address of the proxy.
    #[error("the proxy {address:?}: expected an address as http://proxy.example:3128")]
    Proxy {
        /// It, without the name and the password that it may hold.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A certificate among the roots.
    #[error("certificate {number} of the roots: expected PEM with the certificate of an authority")]
    Root {
        /// Which, from 1.
        number: usize,
        /// Why.
        source: io::Error,
    },
    /// There is something in the roots, and no certificate.
    #[error("the roots hold no certificate: expected PEM, which begins with -----BEGIN CERTIFICATE-----")]
    NoRoot,
}

impl Web {
    /// A client.
    ///
    /// # Errors
    /// See [`WebError`].
    pub fn new(config: &WebConfig) -> Result<Self, WebError> {
        let (connect, stall) = (Some(config.connect.min(DAY)), Some(config.stall.min(DAY)));
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("cosmos-nvidia-driver/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .max_redirects(5)
            .proxy(config.proxy.as_deref().map(proxy).transpose()?)
            .timeout_resolve(connect)
            .timeout_connect(connect)
            .timeout_send_request(stall)
            .timeout_recv_response(stall)
            .timeout_per_read(stall)
            .tls_config(tls(&config.roots)?)
            .build()
            .new_agent();
        Ok(Self { agent })
    }
}

impl Client for Web {
    fn get(&self, request: &Request<'_>) -> Result<Answer, ClientError> {
        let scheme = request.url.get(..HTTPS.len());
        let secure = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(HTTPS));
        let mut asked = self.agent.get(request.url);
        if request.from > 0 {
            asked = asked.header("Range", format!("bytes={}-", request.from));
            if let Some(validator) = request.if_range {
                asked = asked.header("If-Range", validator);
            }
        }
        // What begins encrypted must not be redirected to plain text.
        let answer = asked.config().https_only(secure).build().call().map_err(unanswered)?;
        let head = head(answer.status().as_u16(), answer.headers());
        Ok(Answer { head, body: Box::new(answer.into_body().into_reader()) })
    }
}

fn head(status: u16, headers: &HeaderMap) -> Head {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Head {
        status,
        length: text("content-length").and_then(|length| length.trim().parse().ok()),
        range: text("content-range").and_then(|range| range.parse().ok()),
        validator: validator(text("etag"), text("last-modified")),
    }
}

fn unanswered(error: ureq::Error) -> ClientError {
    if let ureq::Error::RequireHttpsOnly(_) = error {
        return ClientError::Insecure;
    }
    let error = match error {
        ureq::Error::Rustls(error) => io::Error::other(error),
        error => error.into_io(),
    };
    match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => ClientError::Untrusted { reason: why.to_string() },
        _ => ClientError::NoAnswer(error),
    }
}

fn proxy(address: &str) -> Result<Proxy, WebError> {
    let refused =
        |error: ureq::Error| WebError::Proxy { address: without_password(address), source: error.into_io() };
    Proxy::new(address).map_err(refused)
}

fn tls(roots: &[u8]) -> Result<TlsConfig, WebError> {
    let system = rustls_native_certs::load_native_certs().certs;
    let all: Vec<_> = system.into_iter().chain(certificates(roots)?).collect();
    let roots = all.iter().map(|root| Certificate::from_der(root).to_owned());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build())
}

/// The certificates of a PEM text, each of which could be a root.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, WebError> {
    let mut store = RootCertStore::empty();
    let mut found = Vec::new();
    for (number, root) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        let refused = |source| WebError::Root { number, source };
        let root = root.map_err(|error| refused(io::Error::other(error)))?;
        store.add(root.clone()).map_err(|error| refused(io::Error::other(error)))?;
        found.push(root);
    }
    let blank = pem.trim_ascii().is_empty();
    if found.is_empty() && !blank { Err(WebError::NoRoot) } else { Ok(found) }
}

const HTTPS: &str = "https://";
const DAY: Duration = Duration::from_hours(24);
