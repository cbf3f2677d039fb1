//! Links that let somebody in: made, listed, opened and revoked.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Json,
    extract::{ConnectInfo, Path as Named, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use cosmos_auth::{BadLink, Claims, Link, LinkId, Links, Rights, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Secure, Site,
    access::{Actor, Refused, Visitor, now},
    refuse, stopping,
};
use crate::{hub::Event, private_file, session::Viewer};

/// The links, and the file in which they outlive the process.
pub(super) struct LinkBook {
    links: Mutex<Links>,
    path: Option<PathBuf>,
    writing: tokio::sync::Mutex<()>,
}

/// In bytes: enough for all links that there may be.
const MAX_FILE: u64 = 256 * 1024;

impl LinkBook {
    /// The links that are kept in the file, where there are any.
    pub(super) fn open(path: Option<PathBuf>) -> Self {
        let links = path.as_deref().map(load).unwrap_or_default();
        Self { links: Mutex::new(links), path, writing: tokio::sync::Mutex::default() }
    }

    /// The link of this number, while it is valid.
    pub(super) fn get(&self, id: LinkId) -> Option<Link> {
        self.with(|links| links.get(id, now()).cloned())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Links) -> T) -> T {
        change(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the links down as they are now.
    async fn keep(&self) -> io::Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        let _turn = self.writing.lock().await;
        let text = self.with(|links| links.to_string());
        tokio::task::spawn_blocking(move || private_file::write(&path, text.as_bytes()))
            .await
            .map_err(io::Error::other)?
    }
}

fn load(path: &Path) -> Links {
    let read = || {
        let length = fs::metadata(path)?.len();
        if length > MAX_FILE { Err(io::ErrorKind::FileTooLarge.into()) } else { fs::read_to_string(path) }
    };
    match read() {
        Ok(text) => text.parse().unwrap_or_else(|_| {
            tracing::warn!(path = %path.display(), "these are no links: those that were made before let nobody in");
            Links::default()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Links::default(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "links that were made before let nobody in");
            Links::default()
        }
    }
}

/// What somebody may hand on: the link that it is narrowed from, where they came in by one, and the most that it may
/// allow.
pub(super) fn may_share(viewer: &Viewer) -> Option<(Option<LinkId>, Rights)> {
    match viewer.link {
        Some(link) => Some((Some(link), viewer.rights)),
        None => viewer.rights.role.may_administer().then(|| (None, Rights::of(Role::Controller))),
    }
}

/// What is asked for when a link is to be made.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// What whoever opens it is called.
    name: String,
    /// As `viewer` or `viewer+sound`.
    rights: String,
    /// How long it lasts.
    seconds: u64,
}

pub(super) async fn make(
    State(site): State<Arc<Site>>,
    Actor { viewer, from }: Actor,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Response {
    let Some((parent, _)) = may_share(&viewer) else { return not_yours() };
    let Ok(Json(Wanted { name, rights, seconds })) = wanted else {
        let form = "a link is {\"name\": …, \"rights\": \"viewer\", \"seconds\": …}";
        return refuse(StatusCode::BAD_REQUEST, form);
    };
    let rights = match rights.parse::<Rights>() {
        Ok(rights) => rights,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let book = &site.access.links;
    let expires = now().saturating_add(seconds);
    let id = match book.with(|links| links.make(parent, &name, &viewer.user, rights, expires, now())) {
        Ok(id) => id,
        Err(BadLink::TooMany) => return refuse(StatusCode::CONFLICT, &BadLink::TooMany.to_string()),
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    if let Err(error) = book.keep().await {
        book.with(|links| links.revoke(id));
        return not_kept(&error);
    }
    site.audit.note(&viewer.user, Some(from), "make link", &format!("{id} {rights}"));
    let Some(link) = book.get(id) else { return not_found() };
    let mut body = shown(id, &link);
    body["token"] = site.access.link_token(id).into();
    (StatusCode::CREATED, Json(body)).into_response()
}

pub(super) async fn list(State(site): State<Arc<Site>>, Visitor(viewer): Visitor) -> Response {
    let Some((mine, _)) = may_share(&viewer) else { return not_yours() };
    let links = site.access.links.with(|links| {
        let seen = |id| mine.is_none_or(|mine| links.is_below(id, mine));
        let all = links.all(now());
        all.into_iter().filter(|(id, _)| seen(*id)).map(|(id, link)| shown(id, link)).collect::<Vec<_>>()
    });
    Json(json!({ "links": links })).into_response()
}

pub(super) async fn revoke(
    State(site): State<Arc<Site>>,
    Actor { viewer, from }: Actor,
    Named(id): Named<String>,
) -> Response {
    let Some((mine, _)) = may_share(&viewer) else { return not_yours() };
    let Ok(id) = id.parse::<LinkId>() else { return not_found() };
    let book = &site.access.links;
    let gone = book.with(|links| {
        let allowed = mine.is_none_or(|mine| links.is_below(id, mine));
        if allowed { links.revoke(id) } else { Vec::new() }
    });
    if gone.is_empty() {
        return not_found();
    }
    site.audit.note(&viewer.user, Some(from), "revoke link", &id.to_string());
    if site.events.send(Event::Revoked(gone)).await.is_err() {
        return stopping();
    }
    match book.keep().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => not_kept(&error),
    }
}

/// What a page sends that was opened by a link.
#[derive(Deserialize)]
pub(super) struct Opened {
    token: String,
}

/// Lets whoever has a link in.
pub(super) async fn open(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
    opened: Result<Json<Opened>, JsonRejection>,
) -> Response {
    let access = &site.access;
    if let Err(refused) = access.same_origin(&headers) {
        return refused.into_response();
    }
    let Ok(Json(Opened { token })) = opened else {
        return refuse(StatusCode::BAD_REQUEST, "a link is opened by {\"token\": …}");
    };
    let from = access.client(peer.ip(), &headers);
    let opened = access.open(from, &token, || {
        let id = access.link_of(&token)?;
        Some((id, access.links.get(id)?))
    });
    let (id, link) = match opened {
        Ok(opened) => opened,
        Err(Refused::Wrong) => return refuse(StatusCode::UNAUTHORIZED, &BadLink::Unknown.to_string()),
        Err(refused) => return refused.into_response(),
    };
    site.audit.note(&link.name, Some(from), "open link", &id.to_string());
    let issued = now();
    let age = Duration::from_secs(link.expires.saturating_sub(issued));
    let claims =
        Claims { user: link.name, rights: link.rights, issued, expires: link.expires, link: Some(id) };
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, access.cookie_for(&claims, age, secure))]).into_response()
}

fn shown(id: LinkId, link: &Link) -> Value {
    json!({
        "id": id.to_string(),
        "parent": link.parent.map(|parent| parent.to_string()),
        "name": link.name,
        "maker": link.maker,
        "rights": link.rights.to_string(),
        "expires": link.expires,
    })
}

fn not_yours() -> Response {
    refuse(
        StatusCode::FORBIDDEN,
        "only owners make links, and those who came by one hand on less than they have",
    )
}

fn not_found() -> Response {
    refuse(StatusCode::NOT_FOUND, &BadLink::Unknown.to_string())
}

fn not_kept(error: &io::Error) -> Response {
    let why = format!("the links cannot be written down, so this does not outlive the server: {error}");
    refuse(StatusCode::INTERNAL_SERVER_ERROR, &why)
}
