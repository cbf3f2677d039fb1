//! The page's own files, which lie in this binary.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use rust_embed::{Embed, EmbeddedFile};
use serde_json::{Map, Value};

use super::Site;
use crate::PageConfig;

#[derive(Embed)]
#[folder = "../../web/js"]
struct Scripts;

#[derive(Embed)]
#[folder = "../../web/css"]
struct Styles;

const INDEX: &[u8] = include_bytes!("../../../../web/index.html");
const ICON: &[u8] = include_bytes!("../../../../web/icon.svg");
const MANIFEST: &[u8] = include_bytes!("../../../../web/manifest.webmanifest");

/// What a browser reads that installs the page.
pub(super) struct Manifest(Bytes);

impl Manifest {
    /// The page's own, with other names.
    pub(super) fn new(page: &PageConfig) -> Self {
        let mut manifest: Map<String, Value> =
            serde_json::from_slice(MANIFEST).expect("the manifest in this program is an object");
        for (key, value) in
            [("name", &page.name), ("short_name", &page.short_name), ("start_url", &page.start_url)]
        {
            manifest.insert(key.to_owned(), value.as_str().into());
        }
        Self(Value::from(manifest).to_string().into())
    }
}

/// Answers with the manifest.
pub(super) async fn manifest(State(site): State<Arc<Site>>) -> Response {
    fixed(site.manifest.0.clone(), "application/manifest+json")
}

/// Answers with a file of the page.
pub(super) async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    match path {
        "/" | "/index.html" => index(),
        "/icon.svg" => fixed(ICON, "image/svg+xml"),
        _ => {
            let script =
                path.strip_prefix("/js/").and_then(Scripts::get).map(|file| (file, "text/javascript"));
            let style = || path.strip_prefix("/css/").and_then(Styles::get).map(|file| (file, "text/css"));
            match script.or_else(style) {
                Some((file, kind)) => embedded(file, kind, &headers),
                None => super::refuse(StatusCode::NOT_FOUND, "there is no such page"),
            }
        }
    }
}

/// The page itself.
pub(super) fn index() -> Response {
    fixed(INDEX, "text/html; charset=utf-8")
}

pub(super) fn fixed(bytes: impl Into<axum::body::Body>, kind: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes.into()).into_response()
}

fn embedded(file: EmbeddedFile, kind: &'static str, headers: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let fields = [
        (header::CONTENT_TYPE, kind.to_owned() + "; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    if known {
        (StatusCode::NOT_MODIFIED, fields).into_response()
    } else {
        (fields, file.data).into_response()
    }
}
