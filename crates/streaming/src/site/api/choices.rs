//! What a person has chosen for everybody who watches.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    choices::{BadChoice, Choices, SCHEMA},
    error_text,
    hub::Event,
    session::Viewer,
    site::{
        Site,
        access::{Actor, Visitor},
        refuse, stopping,
    },
};

/// Answers with what is chosen, and with what cannot be, as something stronger sets it.
pub(in crate::site) async fn read(State(site): State<Arc<Site>>, Visitor(viewer): Visitor) -> Response {
    told(&site, &viewer)
}

/// Chooses, for those who administer. What is left out is no longer chosen.
pub(in crate::site) async fn choose(
    State(site): State<Arc<Site>>,
    Actor { viewer, .. }: Actor,
    choices: Result<Json<Choices>, JsonRejection>,
) -> Response {
    if !viewer.rights.role.may_administer() {
        return refuse(StatusCode::FORBIDDEN, "only who administers this desktop may choose for everybody");
    }
    let Ok(Json(choices)) = choices else { return refuse(StatusCode::BAD_REQUEST, EXPECTED) };
    let chosen = site.chosen.clone();
    // The file is written through to the disk.
    let result = tokio::task::spawn_blocking(move || chosen.choose(choices)).await;
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error @ (BadChoice::Range { .. } | BadChoice::Encoder { .. }))) => {
            return refuse(StatusCode::BAD_REQUEST, &error.to_string());
        }
        Ok(Err(error @ BadChoice::Fixed { .. })) => return refuse(StatusCode::CONFLICT, &error.to_string()),
        Ok(Err(error @ BadChoice::Keep { .. })) => {
            tracing::warn!("{}", error_text(&error));
            drop(site.events.send(Event::Chosen(site.chosen.now())).await);
            return refuse(StatusCode::INSUFFICIENT_STORAGE, &error_text(&error));
        }
        Err(_) => return stopping(),
    }
    match site.events.send(Event::Chosen(site.chosen.now())).await {
        Ok(()) => told(&site, &viewer),
        Err(_) => stopping(),
    }
}

fn told(site: &Site, viewer: &Viewer) -> Response {
    let (choices, may_choose) = (site.chosen.now(), viewer.rights.role.may_administer());
    let (fixed, encoders) = (site.chosen.fixed(), site.chosen.encoders());
    Json(json!({
        "schema": SCHEMA,
        "choices": choices,
        "fixed": fixed,
        "may_choose": may_choose,
        "encoders": encoders,
    }))
    .into_response()
}

const EXPECTED: &str = "a choice is {\"video_bitrate\": …, \"framerate\": …, \"audio\": …, \"resize\": …, \
                        \"encoder\": …}, each of which may be left out";
