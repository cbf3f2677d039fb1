//! The path below which a proxy shows the page, where the proxy does not take it off.

use std::{fmt, str::FromStr};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use tower_service::Service;

/// A path of segments, as `/desk`; empty for the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// The text is no such path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no path of letters, digits and the signs -._~ that begins with a slash, for example /desk")]
pub struct BadBasePath(String);

/// That a request came by way of the path, which was taken off.
#[derive(Clone)]
pub(super) struct Below(pub(super) BasePath);

impl FromStr for BasePath {
    type Err = BadBasePath;

    fn from_str(text: &str) -> Result<Self, BadBasePath> {
        let path = text.trim_end_matches('/');
        let is_segment = |segment: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !["", ".", ".."].contains(&segment) && segment.bytes().all(plain)
        };
        let rest = path.strip_prefix('/');
        let fits = path.is_empty() && text.starts_with('/')
            || path.len() <= LONGEST && rest.is_some_and(|rest| rest.split('/').all(is_segment));
        if fits { Ok(Self(path.to_owned())) } else { Err(BadBasePath(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

impl BasePath {
    /// Cookies of the page are for what is below the path: another desktop may be beside it.
    fn keep_cookies(&self, mut response: Response) -> Response {
        if let header::Entry::Occupied(mut cookies) = response.headers_mut().entry(header::SET_COOKIE) {
            for cookie in cookies.iter_mut() {
                let text =
                    cookie.to_str().map(|text| text.replace("; Path=/;", &format!("; Path={}/;", self.0)));
                if let Some(kept) = text.ok().and_then(|text| text.parse().ok()) {
                    *cookie = kept;
                }
            }
        }
        response
    }

    /// The path as it was, of one that was taken off.
    pub(super) fn with(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Serves the same below the path as at the root, which a proxy that takes it off asks.
    pub(super) fn serve(self, inner: Router) -> Router {
        if self.0.is_empty() {
            return inner;
        }
        Router::new().fallback(move |request: Request| {
            let (base, mut inner) = (self.clone(), inner.clone());
            async move {
                if let Some(to) = base.elsewhere(request.uri()) {
                    return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response();
                }
                let request = base.strip(request);
                let below = request.extensions().get::<Below>().is_some();
                match inner.call(request).await {
                    Ok(response) if below => base.keep_cookies(response),
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            }
        })
    }

    /// Where the page is, for who asks for the path itself; relative, as a proxy may have changed scheme and host.
    fn elsewhere(&self, uri: &Uri) -> Option<String> {
        let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
        (uri.path() == self.0).then(|| format!("{}/{query}", self.0))
    }

    /// The request without the path.
    fn strip(&self, mut request: Request) -> Request {
        let whole = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let rest = whole.strip_prefix(&self.0).filter(|rest| rest.starts_with('/'));
        if let Some(uri) = rest.and_then(|rest| rest.parse::<Uri>().ok()) {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(Below(self.clone()));
        }
        request
    }
}

/// In bytes.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_taken() {
        for (text, path) in [
            ("/", Some("/")),
            ("/desk", Some("/desk")),
            ("/desk/", Some("/desk")),
            ("/a/b-1._~/", Some("/a/b-1._~")),
            ("", None),
            ("desk", None),
            ("//", Some("/")),
            ("/a//b", None),
            ("/a/../b", None),
            ("/a b", None),
            ("/a\r\nSet-Cookie: x", None),
            ("/a?b", None),
            ("https://a/b", None),
        ] {
            let parsed = text.parse::<BasePath>().ok().map(|path| path.to_string());
            assert_eq!(parsed.as_deref(), path, "{text}");
        }
    }

    #[test]
    fn the_path_is_taken_off_where_it_is_whole() {
        let base: BasePath = "/desk".parse().expect("it is one");
        let of = |uri: &str| {
            let request = Request::builder().uri(uri).body(axum::body::Body::empty()).expect("a request");
            base.elsewhere(request.uri()).unwrap_or_else(|| {
                let stripped = base.strip(request);
                format!("{} {}", stripped.uri(), stripped.extensions().get::<Below>().is_some())
            })
        };
        for (uri, expected) in [
            ("/desk/js/main.js?x=/desk/", "/js/main.js?x=/desk/ true"),
            ("/desk/", "/ true"),
            ("/desk//evil.example", "//evil.example true"),
            ("/desk", "/desk/"),
            ("/desk?transport=webrtc", "/desk/?transport=webrtc"),
            ("/desktop/", "/desktop/ false"),
            ("/api/state", "/api/state false"),
        ] {
            assert_eq!(of(uri), expected, "{uri}");
        }
    }
}
