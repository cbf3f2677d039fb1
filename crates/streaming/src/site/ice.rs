//! How a page and this server find a way to each other.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header::HOST, uri::Authority},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use str0m::Candidate;

use super::{
    Secure, Site,
    access::{Actor, Visitor},
    refuse, stopping,
};
use crate::{clock, hub::Event};

/// Tells whoever is logged in the STUN and TURN servers, with logins, and which way to take.
pub(super) async fn ice(
    _visitor: Visitor,
    State(site): State<Arc<Site>>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let found_at = host.map(|host| {
        let host_name = host.host().trim_matches(['[', ']']).to_owned();
        (host_name, host.port_u16().unwrap_or(if secure { 443 } else { 80 }))
    });
    Json(site.ice.clone().answer(found_at, clock::unix_s()).await).into_response()
}

/// Addresses that a page found of itself after its offer.
#[derive(Deserialize)]
pub(super) struct Found {
    session: u64,
    candidates: Vec<String>,
}

/// No page finds more at once.
const MOST: usize = 64;

pub(super) async fn candidates(
    Actor { viewer, .. }: Actor,
    State(site): State<Arc<Site>>,
    found: Result<Json<Found>, JsonRejection>,
) -> Response {
    let Some(found) = found.ok().map(|Json(found)| found).filter(|found| found.candidates.len() <= MOST)
    else {
        return refuse(StatusCode::BAD_REQUEST, "expected {\"session\": NUMBER, \"candidates\": [TEXT, …]}");
    };
    // Names of the page's own network, and what newer browsers may invent, are no addresses for us.
    let candidates =
        found.candidates.iter().filter_map(|text| Candidate::from_sdp_string(text).ok()).collect();
    let event = Event::Found { id: found.session, user: viewer.user, candidates };
    match site.events.send(event).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => stopping(),
    }
}
