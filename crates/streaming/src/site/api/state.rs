//! How things stand.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use cosmos_protocol::DesktopState;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::graphics;
use crate::{
    hub::Event,
    session::Viewer,
    site::{Site, access::Visitor, stopping},
    stats::Snapshot,
};

/// Answers with how things stand, those who administer with what is set too.
pub(in crate::site) async fn state(State(site): State<Arc<Site>>, Visitor(viewer): Visitor) -> Response {
    match snapshot(&site).await {
        Some(snapshot) => Json(told(&site, &viewer, snapshot)).into_response(),
        None => stopping(),
    }
}

/// How things stand; `None` while the server stops.
pub(super) async fn snapshot(site: &Site) -> Option<Snapshot> {
    let (reply, answer) = oneshot::channel();
    site.events.send(Event::Snapshot(reply)).await.ok()?;
    answer.await.ok()
}

fn told(site: &Site, viewer: &Viewer, snapshot: Snapshot) -> Value {
    let encoder = snapshot.encoder.map(|info| {
        json!({ "element": info.element.to_string(), "codec": info.codec.to_string(),
                "sampling": info.sampling.to_string(), "hardware": info.hardware,
                "reason": info.reason, "not_chosen": info.not_chosen })
    });
    let (state, message) = snapshot.desktop;
    json!({
        "schema": "cosmos.state/1",
        "version": env!("CARGO_PKG_VERSION"),
        "desktop": { "up": state == DesktopState::Up, "message": message,
                     "size": snapshot.size.map(|size| size.to_string()) },
        "graphics": site.about.graphics.as_deref().and_then(graphics::read),
        "encoder": encoder,
        "viewers": snapshot.viewers,
        "audio": snapshot.audio,
        "policy": snapshot.policy,
        "settings": viewer.rights.role.may_administer().then(|| settings(site)),
    })
}

/// What is set, and what a person chose instead.
fn settings(site: &Site) -> Map<String, Value> {
    let mut settings = site.about.settings.clone();
    for (key, value) in site.chosen.now().by_key().into_iter().filter(|(_, value)| !value.is_null()) {
        let setting = settings.entry(key).or_insert_with(|| json!({}));
        setting["value"] = value;
        setting["source"] = "page".into();
        setting["name"] = Value::Null;
    }
    settings
}
