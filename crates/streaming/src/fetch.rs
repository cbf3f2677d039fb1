//! Short questions over HTTP to services beside us. Each blocks, for seconds at most.

use std::{io::Read, sync::Arc, time::Duration};

use cosmos_auth::Secret;
use ureq::{
    Agent,
    http::Request,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// No answer is longer, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Why a service told nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// It does not answer.
    #[error("no answer")]
    NoAnswer(#[source] Box<ureq::Error>),
    /// The question cannot be asked in this form.
    #[error("the address or a header is malformed")]
    Question(#[source] ureq::http::Error),
    /// It refuses.
    #[error("the answer is {0}")]
    Status(u16),
    /// The answer ends too early, or is no text.
    #[error("the answer cannot be read")]
    Read(#[source] std::io::Error),
    /// The answer is too long.
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    Long,
}

/// One question.
pub(crate) struct Question<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(String, Secret)],
    pub(crate) body: &'a str,
}

/// Asks, and waits at most so long for the whole answer. What begins encrypted is not redirected to plain text, and what
/// carries a secret is not redirected at all.
pub(crate) fn ask(question: &Question<'_>, patience: Duration) -> Result<String, FetchError> {
    let agent = agent(question.url, patience);
    let mut request = Request::builder().method(question.method).uri(question.url);
    for (name, value) in question.headers {
        request = request.header(name, value.expose());
    }
    let no_answer = |error| FetchError::NoAnswer(Box::new(error));
    let answer = if question.body.is_empty() {
        agent.run(request.body(()).map_err(FetchError::Question)?).map_err(no_answer)?
    } else {
        agent.run(request.body(question.body).map_err(FetchError::Question)?).map_err(no_answer)?
    };
    match answer.status().as_u16() {
        200..=299 => text(answer.into_body().into_reader()),
        status => Err(FetchError::Status(status)),
    }
}

/// What asks there, and waits at most so long for an answer.
pub(crate) fn agent(url: &str, patience: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("cosmos/", env!("CARGO_PKG_VERSION")))
        .max_redirects(0)
        .timeout_global(Some(patience))
        .proxy(None)
        .tls_config(tls(url))
        .build()
        .new_agent()
}

fn text(body: impl Read) -> Result<String, FetchError> {
    let mut text = String::new();
    body.take(MAX_ANSWER + 1).read_to_string(&mut text).map_err(FetchError::Read)?;
    if text.len() as u64 > MAX_ANSWER { Err(FetchError::Long) } else { Ok(text) }
}

fn tls(url: &str) -> TlsConfig {
    // The system's certificates are many, and plain HTTP needs none.
    let found =
        if url.starts_with("https:") { rustls_native_certs::load_native_certs().certs } else { vec![] };
    let roots = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}
