//! What is spoken over HTTP: the page, logging in, and the offer that begins a session.

mod access;
mod api;
mod base;
mod bundle;
mod events;
mod ice;
mod links;
mod novnc;
mod page;
mod png;
mod screenshot;
mod socket;
mod viewers;
mod websockify;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, broadcast, mpsc, oneshot},
    time::timeout,
};
use tower_service::Service;

pub(crate) use self::events::{Happened, QUEUE as EVENTS_QUEUE};
use self::{
    access::{Access, Actor, Visitor},
    base::Below,
    page::Manifest,
    screenshot::Camera,
    viewers::Allowance,
};
use crate::{
    AboutConfig, AuthConfig, PageConfig,
    audit::Audit,
    choices::Chosen,
    crowd::Newcomer,
    demand::DemandCell,
    error_text,
    hub::{Event, Offer, Refusal},
    ice::Ice,
    oidc::Oidc,
    rfb::{NoVnc, Rfb},
    session::OfferError,
};

pub use self::base::{BadBasePath, BasePath};

/// What the handlers work with.
struct Site {
    access: Access,
    oidc: Option<Arc<Oidc>>,
    /// Where the page is, besides the root.
    base: BasePath,
    audit: Audit,
    /// The port that also speaks TLS.
    secure_port: Option<u16>,
    manifest: Manifest,
    chosen: Arc<Chosen>,
    about: AboutConfig,
    events: mpsc::Sender<Event>,
    ice: Arc<Ice>,
    rfb: Arc<Rfb>,
    /// The folder of noVNC.
    novnc: Option<PathBuf>,
    /// Whether it is the page that people see first.
    novnc_first: bool,
    camera: Camera,
    events_of_scripts: Allowance,
    happened: broadcast::Sender<Happened>,
    readers: Arc<Semaphore>,
}

/// No offer of a browser is longer.
const MAX_BODY: usize = 64 * 1024;
/// All headers of a request together, in bytes.
const MAX_HEADERS: usize = 64 * 1024;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long any request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

const OPENAPI: &str = include_str!("openapi.json");

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; \
                      base-uri 'none'; frame-ancestors 'self'; form-action 'self'";

/// Whether a request came over TLS.
#[derive(Clone, Copy)]
struct Secure(bool);

/// What leads from the handlers to the desktop and back.
pub(crate) struct HubPorts {
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) demand: Arc<DemandCell>,
    /// Gives what happens to whoever follows it.
    pub(crate) happened: broadcast::Sender<Happened>,
    pub(crate) rfb: Arc<Rfb>,
}

/// What the page and programs are shown, and who may see it.
pub(crate) struct Shown {
    pub(crate) auth: AuthConfig,
    pub(crate) oidc: Option<Arc<Oidc>>,
    pub(crate) page: PageConfig,
    pub(crate) about: AboutConfig,
    pub(crate) chosen: Arc<Chosen>,
}

/// What is served on every connection, and what on a port for figures alone. The port tells the cookies of several
/// servers on one host apart; `tls` says whether it is also spoken there.
pub(crate) fn router(
    Shown { auth, oidc, page, about, chosen }: Shown,
    audit: &Audit,
    (port, tls): (u16, bool),
    hub: HubPorts,
    ice: Arc<Ice>,
) -> (Router, Router) {
    let access = Access::new(auth, port, audit.clone());
    let NoVnc { root, first } = hub.rfb.novnc.clone();
    let site = Arc::new(Site {
        access,
        oidc,
        base: page.base.clone(),
        audit: audit.clone(),
        secure_port: tls.then_some(port),
        manifest: Manifest::new(&page),
        chosen,
        about,
        events: hub.events,
        ice,
        rfb: hub.rfb,
        novnc: novnc::find(root),
        novnc_first: first,
        camera: Camera::new(hub.demand),
        events_of_scripts: Allowance::new(Instant::now()),
        happened: hub.happened,
        readers: Arc::new(Semaphore::new(events::READERS)),
    });
    let figures = api::metrics::open_router(site.clone());
    let inner = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(api::metrics::ready))
        .route("/metrics", get(api::metrics::metrics))
        .route("/api/session", get(session))
        .route("/api/state", get(api::state))
        .route("/api/v1/state", get(api::state))
        .route("/api/v1/choices", get(api::choices::read).put(api::choices::choose))
        .route("/api/login", get(access::offered).post(access::login))
        .route("/api/oidc/begin", post(access::begin))
        .route("/api/oidc/callback", get(access::callback))
        .route("/api/logout", post(access::logout))
        .route("/api/ice", get(ice::ice))
        .route("/api/candidates", post(ice::candidates))
        .route("/api/link", post(links::open))
        .route("/api/v1/links", get(links::list).post(links::make))
        .route("/api/v1/links/{id}", delete(links::revoke))
        .route("/api/v1/viewers", get(viewers::list))
        .route("/api/v1/viewers/{id}", delete(viewers::expel))
        .route("/api/v1/viewers/{id}/rights", put(viewers::change))
        .route("/api/v1/viewers/{id}/control", post(viewers::give))
        .route("/api/v1/control", delete(viewers::release))
        .route("/api/v1/input", post(viewers::input))
        .route("/api/v1/screenshot", get(screenshot::take))
        .route("/api/v1/events", get(events::follow))
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/offer", post(offer))
        .route("/api/socket", get(socket::open))
        .route("/websockify", get(websockify::open))
        .merge(novnc::routes())
        .route("/manifest.webmanifest", get(page::manifest))
        .fallback(get(page::file))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(site.clone(), upgrade))
        .layer(middleware::from_fn(guard))
        .with_state(site);
    (page.base.serve(inner), figures)
}

/// Serves one connection.
///
/// # Errors
/// What the connection failed with; of no consequence to any other.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: SocketAddr,
    secure: bool,
    newcomer: &Newcomer,
    router: &Router,
) -> io::Result<()> {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        newcomer.settle();
        let mut router = router.clone();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        request.extensions_mut().insert(Secure(secure));
        async move {
            let answer = timeout(REQUEST_TIMEOUT, router.call(request)).await;
            Ok::<_, Infallible>(match answer {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
            })
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(64)
        .max_buf_size(MAX_HEADERS);
    http.serve_connection(TokioIo::new(stream), service).with_upgrades().await.map_err(io::Error::other)
}

/// Every answer says what the page may do, and that nobody else may embed or sniff it.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Sends a browser that asks for it (W3C Upgrade Insecure Requests, section 3.2.1) to TLS on this port: without a secure
/// context it would decode no messages and share no clipboard. Whoever comes through a proxy, or from this machine, stays.
async fn upgrade(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    match site.secure_port.and_then(|port| secure_address(&request, port)) {
        Some(address) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, address)]).into_response(),
        None => next.run(request).await,
    }
}

fn secure_address(request: &Request, port: u16) -> Option<String> {
    let headers = request.headers();
    let proxied = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "via"];
    let secure = request.extensions().get::<Secure>().is_some_and(|Secure(secure)| *secure);
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let name = host.strip_suffix(&format!(":{port}"))?;
    let here = name == "localhost" || name == "[::1]" || name.starts_with("127.");
    let asked = headers.get("upgrade-insecure-requests").is_some_and(|value| value == "1");
    if secure || here || !asked || proxied.iter().any(|name| headers.contains_key(*name)) {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let below = request.extensions().get::<Below>();
    let path = below.map_or_else(|| path.to_owned(), |Below(base)| base.with(path));
    Some(format!("https://{host}{path}"))
}

/// An answer that says why not.
fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

/// What scripts can ask, in words that programs read.
async fn openapi(_: Visitor) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn session(Visitor(viewer): Visitor) -> Response {
    let grants: Vec<_> = viewer.rights.grants.names().collect();
    let shares = links::may_share(&viewer).map(|(_, most)| most.to_string());
    Json(json!({
        "user": viewer.user,
        "role": viewer.rights.role.as_str(),
        "grants": grants,
        "guest": viewer.link.is_some(),
        "shares": shares,
    }))
    .into_response()
}

async fn offer(
    State(site): State<Arc<Site>>,
    Actor { viewer, from }: Actor,
    offer: Result<Json<str0m::change::SdpOffer>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let offer = match offer {
        Ok(Json(offer)) => offer,
        Err(rejection) => return not_an_offer(rejection.status()),
    };
    let user = viewer.user.clone();
    let (reply, answer) = oneshot::channel();
    if site.events.send(Event::Offer(Box::new(Offer { offer, viewer, reply }))).await.is_err() {
        return stopping();
    }
    match answer.await {
        Ok(Ok((session, answer))) => {
            site.audit.note(&user, Some(from), "connect", "by WebRTC");
            Json(json!({ "type": "answer", "sdp": answer.to_sdp_string(), "session": session }))
                .into_response()
        }
        Ok(Err(refusal)) => {
            let status = match &refusal {
                Refusal::Offer(OfferError::Codec(_)) | Refusal::Unseen(_) => StatusCode::NOT_ACCEPTABLE,
                Refusal::Offer(OfferError::Sdp(_)) => StatusCode::BAD_REQUEST,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            refuse(status, &error_text(&refusal))
        }
        Err(_) => stopping(),
    }
}

/// The parser's own words hold addresses of our memory.
fn not_an_offer(status: StatusCode) -> Response {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => refuse(status, "no offer is that long"),
        _ => refuse(
            StatusCode::BAD_REQUEST,
            "an offer is {\"type\": \"offer\", \"sdp\": …} with a session description",
        ),
    }
}

fn stopping() -> Response {
    refuse(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
}
