//! The HTTP client for the world.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::HeaderMap;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::client::{Answer, Client, Head, Request, validator};

/// An HTTP/1.1 client that trusts the certificates which the system trusts.
#[derive(Debug, Clone)]
pub struct Web {
    agent: Agent,
}

/// How [`Web`] goes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebConfig {
    /// The longest wait for a connection, TLS included; 20 seconds by default.
    pub connect: Duration,
    /// The longest silence before and within an answer; 30 seconds by default.
    pub stall: Duration,
    /// The address of a proxy, as `http://proxy.example:3128`. The environment is not asked for one.
    pub proxy: Option<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), stall: Duration::from_secs(30), proxy: None }
    }
}

impl Web {
    /// A client.
    ///
    /// # Errors
    /// An address of a proxy that cannot be understood.
    pub fn new(config: &WebConfig) -> io::Result<Self> {
        let proxy = config.proxy.as_deref().map(Proxy::new).transpose().map_err(ureq::Error::into_io)?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("cosmos-nvidia-driver/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .max_redirects(5)
            .proxy(proxy)
            .timeout_resolve(Some(config.connect))
            .timeout_connect(Some(config.connect))
            .timeout_recv_response(Some(config.stall))
            .timeout_per_read(Some(config.stall))
            .tls_config(tls())
            .build()
            .new_agent();
        Ok(Self { agent })
    }
}

impl Client for Web {
    fn get(&self, request: &Request<'_>) -> io::Result<Answer> {
        let secure = request.url.starts_with("https://");
        let mut asked = self.agent.get(request.url);
        if request.from > 0 {
            asked = asked.header("Range", format!("bytes={}-", request.from));
            if let Some(validator) = request.if_range {
                asked = asked.header("If-Range", validator);
            }
        }
        // What begins encrypted must not be redirected to plain text.
        let answer = asked.config().https_only(secure).build().call().map_err(ureq::Error::into_io)?;
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

fn tls() -> TlsConfig {
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned());
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}
