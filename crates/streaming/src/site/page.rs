//! The page's own files, which lie in this binary.

use axum::{
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "../../web/js"]
struct Scripts;

#[derive(Embed)]
#[folder = "../../web/css"]
struct Styles;

const INDEX: &[u8] = include_bytes!("../../../../web/index.html");
const ICON: &[u8] = include_bytes!("../../../../web/icon.svg");
const MANIFEST: &[u8] = include_bytes!("../../../../web/manifest.webmanifest");

/// Answers with a file of the page.
pub(super) async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    match path {
        "/" | "/index.html" => index(),
        "/icon.svg" => fixed(ICON, "image/svg+xml"),
        "/manifest.webmanifest" => fixed(MANIFEST, "application/manifest+json"),
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

pub(super) fn fixed(bytes: &'static [u8], kind: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes).into_response()
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
