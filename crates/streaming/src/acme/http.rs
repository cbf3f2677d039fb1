//! How the authority is spoken to: the client of this program beneath the library of the protocol.

use std::{
    error::Error as StdError,
    io::Read,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::{Body, Bytes, to_bytes};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use ureq::http::{Method, Request, Response, header};

use crate::fetch;

/// The client. Clones have the same memory.
#[derive(Clone, Default)]
pub(super) struct Http {
    retry_after: Arc<Mutex<Option<Duration>>>,
}

/// Why there is no answer that could be read.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("there is no answer")]
    Sent(#[source] Box<ureq::Error>),
    #[error("the answer breaks off")]
    Read(#[source] std::io::Error),
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    Long,
    #[error("the answer is {0}, without a word")]
    Status(u16),
    #[error("the question was given up")]
    GivenUp(#[source] tokio::task::JoinError),
}

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// No answer is longer, in bytes: the longest is a certificate with those that lead to its authority.
const MAX_ANSWER: u64 = 256 * 1024;

impl Http {
    /// How long the authority last asked to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let url = request.uri().to_string();
        let agent = fetch::agent(&url, PATIENCE);
        let (parts, body) = request.into_parts();
        let sent = match body.is_empty() {
            true => agent.run(Request::from_parts(parts, ())),
            false => agent.run(Request::from_parts(parts, &body[..])),
        };
        let (parts, body) = sent.map_err(|error| NoAnswer::Sent(Box::new(error)))?.into_parts();
        let seconds =
            parts.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = seconds.map(Duration::from_secs);
        let mut bytes = Vec::new();
        body.into_reader().take(MAX_ANSWER + 1).read_to_end(&mut bytes).map_err(NoAnswer::Read)?;
        if bytes.len() as u64 > MAX_ANSWER {
            return Err(NoAnswer::Long);
        }
        // Who answers so is something in between.
        if parts.status.as_u16() >= 400 && !bytes.starts_with(b"{") {
            return Err(NoAnswer::Status(parts.status.as_u16()));
        }
        Ok(Response::from_parts(parts, bytes.into()))
    }
}

type Answer = Result<BytesResponse, Error>;

impl HttpClient for Http {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let http = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let is_read = parts.method == Method::GET;
            let body = to_bytes(Body::new(body), MAX_ANSWER as usize).await;
            let body = body.map_err(|error| Error::Other(error.into()))?;
            let asked = tokio::task::spawn_blocking(move || http.ask(Request::from_parts(parts, body)));
            let answer = asked.await.map_err(NoAnswer::GivenUp).flatten();
            let answer =
                answer.map_err(|error| Error::Other(Box::<dyn StdError + Send + Sync>::from(error)))?;
            let (parts, body) = answer.into_parts();
            // What it says at its directory the library takes for the directory.
            if is_read && parts.status.as_u16() >= 400 {
                return Err(serde_json::from_slice::<Problem>(&body)?.into());
            }
            Ok(BytesResponse { parts, body: Box::new(body) })
        })
    }
}
