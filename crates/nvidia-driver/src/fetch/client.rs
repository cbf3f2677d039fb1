//! The port to the network: one request, one answer.

use std::io::{self, Read};
use std::str::FromStr;

use thiserror::Error;

/// What fetches. [`Web`](super::Web) is the one for the world; a program with an HTTP client of its own brings that.
pub trait Client {
    /// Asks for one file, and follows redirections.
    ///
    /// # Errors
    /// No answer, or none that may be trusted. An answer of any status is no error.
    fn get(&self, request: &Request<'_>) -> Result<Answer, ClientError>;
}

/// Why a request has no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server could not be reached, or did not answer in time. It is asked again.
    #[error("no answer: {0}")]
    NoAnswer(#[from] io::Error),
    /// The server is not known to be who it says it is. It is not asked again.
    #[error(
        "the server's certificate is not trusted: {reason}; the authority of a private mirror must be among the roots"
    )]
    Untrusted {
        /// What is wrong with its certificate.
        reason: String,
    },
    /// An encrypted address redirects to one in plain text. It is not asked again.
    #[error("redirected to plain text")]
    Insecure,
}

/// A GET request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The address.
    pub url: &'a str,
    /// The first byte that is wanted. Above 0, `Range: bytes=<from>-` must be sent.
    pub from: u64,
    /// The value of `If-Range`, which must be sent with the range.
    pub if_range: Option<&'a str>,
}

/// An answer whose body is still to be read.
pub struct Answer {
    /// What was said before the body.
    pub head: Head,
    /// The body. A silence longer than the client allows must be an error.
    pub body: Box<dyn Read>,
}

/// What an answer says before its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The status, after redirections.
    pub status: u16,
    /// `Content-Length`.
    pub length: Option<u64>,
    /// `Content-Range`.
    pub range: Option<ContentRange>,
    /// `ETag` where it is a strong one, or else `Last-Modified`.
    pub validator: Option<String>,
}

/// `Content-Range`: `bytes 5-9/10`, `bytes 5-9/*`, `bytes */10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    /// The first byte; none where the range that was asked for is refused.
    pub start: Option<u64>,
    /// The length of the whole file, where it is known.
    pub total: Option<u64>,
}

impl FromStr for ContentRange {
    type Err = ();

    /// # Errors
    /// Anything else than a range of bytes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (range, total) = text.strip_prefix("bytes ").and_then(|text| text.split_once('/')).ok_or(())?;
        let start = range.split_once('-').map(|(start, _)| start.trim());
        let number = |text: &str| text.parse().map(Some).map_err(|_| ());
        Ok(Self {
            start: start.map_or(Ok(None), number)?,
            total: if total.trim() == "*" { None } else { number(total.trim())? },
        })
    }
}

/// The value for `If-Range` among those of `ETag` and `Last-Modified`: a weak tag does not promise equal bytes.
pub(super) fn validator(etag: Option<&str>, modified: Option<&str>) -> Option<String> {
    let strong = etag.filter(|tag| tag.starts_with('"') && tag.len() > 2);
    strong.or(modified).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// An address without the name and the password that may stand before its host.
pub(super) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let sign = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{sign}{host}{path}")
}
