//! The page for noVNC, and the files of the noVNC that is installed: none of them lies in this binary.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use axum::{
    Router,
    extract::{Path as Matched, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::{Site, access, page, refuse, session, socket, websockify};

const PAGE: &[u8] = include_bytes!("../../../../web/vnc.html");

/// Where packages put it.
const PLACES: [&str; 4] = [
    "/usr/share/novnc",
    "/usr/share/webapps/novnc",
    "/usr/lib/node_modules/@novnc/novnc",
    "/usr/local/lib/node_modules/@novnc/novnc",
];
/// By this file it is known.
const CORE: &str = "core/rfb.js";
/// No file of it is larger.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// What a file is, by the end of its name. Others are not served.
const KINDS: [(&str, &str); 12] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("ttf", "font/ttf"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("mp3", "audio/mpeg"),
    ("oga", "audio/ogg"),
];

/// The noVNC that is installed, if one is.
pub(crate) fn find(given: Option<PathBuf>) -> Option<PathBuf> {
    let asked = given.is_some();
    let places = given.into_iter().chain(PLACES.iter().filter(|_| !asked).map(PathBuf::from));
    let found = places.filter_map(|place| place.canonicalize().ok()).find(|place| place.join(CORE).is_file());
    if found.is_none() && asked {
        tracing::warn!("the folder of noVNC holds no {CORE}; the page under /vnc/ tells what to install");
    }
    found
}

/// All that lies below `/vnc/`: what the page asks of the server has the same addresses there as for the other page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(root))
        .route("/vnc", get(|| async { to("vnc/") }))
        .route("/vnc/", get(index))
        .route("/vnc/api/session", get(session))
        .route("/vnc/api/login", get(access::offered).post(access::login))
        .route("/vnc/api/oidc/begin", post(access::begin_at_vnc))
        .route("/vnc/api/socket", get(socket::open))
        .route("/vnc/websockify", get(websockify::open))
        .route("/vnc/{*path}", get(file))
}

async fn root(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    if site.novnc_first { to("vnc/") } else { page::index(&headers) }
}

fn to(address: &'static str) -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, address)]).into_response()
}

async fn index(State(site): State<Arc<Site>>) -> Response {
    match &site.novnc {
        Some(_) => page::fixed(PAGE, "text/html; charset=utf-8"),
        None => missing(),
    }
}

fn missing() -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        "noVNC is not installed here: install the package novnc, or name the folder of @novnc/novnc with --novnc-root",
    )
}

async fn file(State(site): State<Arc<Site>>, Matched(path): Matched<String>, headers: HeaderMap) -> Response {
    let Some(root) = &site.novnc else { return missing() };
    let no_such = || refuse(StatusCode::NOT_FOUND, "noVNC has no such file");
    let Some((file, kind)) = within(root, &path) else { return no_such() };
    let Some((bytes, tag)) = tokio::task::spawn_blocking(move || read(&file)).await.ok().flatten() else {
        return no_such();
    };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let fields = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    if known { (StatusCode::NOT_MODIFIED, fields).into_response() } else { (fields, bytes).into_response() }
}

/// The file of this name, where it is one of noVNC: neither dots nor links lead out of its folder.
fn within(root: &Path, path: &str) -> Option<(PathBuf, &'static str)> {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
    let names = || path.split('/');
    if !names().all(|name| !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)) {
        return None;
    }
    let extension = path.rsplit_once('.')?.1;
    let kind = KINDS.iter().find(|(known, _)| *known == extension)?.1;
    let file = root.join(path).canonicalize().ok()?;
    file.starts_with(root).then_some((file, kind))
}

fn read(file: &Path) -> Option<(Vec<u8>, String)> {
    let about = fs::metadata(file).ok().filter(|about| about.is_file() && about.len() <= MAX_FILE)?;
    let changed = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((fs::read(file).ok()?, format!("\"{:x}-{:x}\"", changed.as_nanos(), about.len())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let folder = std::env::temp_dir().join(format!("cosmos-novnc-{}", std::process::id()));
        let root = folder.join("root");
        fs::create_dir_all(root.join("core")).unwrap();
        fs::write(root.join(CORE), "inside").unwrap();
        fs::write(root.join("core/key.pem"), "inside").unwrap();
        fs::write(folder.join("secret.js"), "outside").unwrap();
        symlink(folder.join("secret.js"), root.join("link.js")).unwrap();
        symlink("core/rfb.js", root.join("inner.js")).unwrap();
        let root = find(Some(root)).unwrap();
        let found = |path: &str| within(&root, path).is_some();
        assert!(found(CORE) && found("inner.js"));
        for path in [
            "../secret.js",
            "core/../../secret.js",
            "/etc/passwd",
            "core//rfb.js",
            "./core/rfb.js",
            "link.js",
            "core/key.pem",
            "core",
            "",
            "core/rfb.js/",
            "core\\rfb.js",
            "core/rfb.js\0",
            "core/%2e%2e/rfb.js",
            "none.js",
        ] {
            assert!(!found(path), "{path}");
        }
        assert_eq!(find(Some(folder.clone())), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
