//! Figures for Prometheus, and whether the desktop is there.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cosmos_protocol::DesktopState;

use super::{graphics, state::snapshot};
use crate::{
    metrics,
    site::{Site, access::Visitor, refuse, stopping},
};

/// What is served on a port for figures alone, to everybody who reaches it.
pub(in crate::site) fn open_router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(site): State<Arc<Site>>| async move { figures(&site).await }))
        .with_state(site)
}

/// Answers with the figures, those who administer.
pub(in crate::site) async fn metrics(State(site): State<Arc<Site>>, Visitor(viewer): Visitor) -> Response {
    match viewer.rights.role.may_administer() {
        true => figures(&site).await,
        false => refuse(StatusCode::FORBIDDEN, "only who administers this desktop sees its figures"),
    }
}

/// Answers whether the desktop can be seen, and not why not: anybody may ask.
pub(in crate::site) async fn ready(State(site): State<Arc<Site>>) -> Response {
    match snapshot(&site).await {
        Some(snapshot) if snapshot.desktop.0 == DesktopState::Up => "ok".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the desktop is not there").into_response(),
    }
}

async fn figures(site: &Site) -> Response {
    let Some(snapshot) = snapshot(site).await else { return stopping() };
    let drawn = site.about.graphics.as_deref().and_then(graphics::read);
    let text = metrics::render(snapshot, site.access.logins(), drawn.as_ref().map(graphics::figures));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
