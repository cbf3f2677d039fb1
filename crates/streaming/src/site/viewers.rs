//! Who is connected, what they may do, and what scripts do in their place.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Path as Named, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cosmos_auth::Rights;
use cosmos_desktop::{Button, InputEvent, Keysym, Point};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    Site,
    access::{Actor, Visitor},
    refuse, stopping,
};
use crate::hub::{Ask, Event};

/// Events of scripts in a second, on average and at once.
const EVENTS: f64 = 200.0;
const MOST_EVENTS: usize = 500;
/// The longest text that is typed by one event, in bytes.
const MAX_TEXT: usize = 4096;

pub(super) async fn list(State(site): State<Arc<Site>>, _: Visitor) -> Response {
    match ask(&site, Ask::Viewers).await {
        Some(viewers) => Json(json!({ "viewers": viewers })).into_response(),
        None => stopping(),
    }
}

pub(super) async fn expel(State(site): State<Arc<Site>>, actor: Actor, Named(id): Named<u64>) -> Response {
    if !actor.viewer.rights.role.may_administer() {
        return not_owner();
    }
    site.audit.note(&actor.viewer.user, Some(actor.from), "expel", &format!("viewer {id}"));
    done(ask(&site, |reply| Ask::Expel(id, reply)).await)
}

/// The rights that a viewer shall have.
#[derive(Deserialize)]
pub(super) struct Wanted {
    rights: String,
}

pub(super) async fn change(
    State(site): State<Arc<Site>>,
    actor: Actor,
    Named(id): Named<u64>,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Response {
    if !actor.viewer.rights.role.may_administer() {
        return not_owner();
    }
    let Ok(Json(Wanted { rights })) = wanted else {
        return refuse(StatusCode::BAD_REQUEST, "rights are {\"rights\": \"viewer+sound\"}");
    };
    let rights = match rights.parse::<Rights>() {
        Ok(rights) => rights,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    site.audit.note(&actor.viewer.user, Some(actor.from), "change rights", &format!("viewer {id}: {rights}"));
    done(ask(&site, |reply| Ask::Rights(id, rights, reply)).await)
}

pub(super) async fn give(State(site): State<Arc<Site>>, actor: Actor, Named(id): Named<u64>) -> Response {
    if !actor.viewer.rights.role.may_administer() {
        return not_owner();
    }
    site.audit.note(&actor.viewer.user, Some(actor.from), "give control", &format!("viewer {id}"));
    done(ask(&site, |reply| Ask::Give(id, reply)).await)
}

pub(super) async fn release(State(site): State<Arc<Site>>, actor: Actor) -> Response {
    if !actor.viewer.rights.role.may_administer() {
        return not_owner();
    }
    site.audit.note(&actor.viewer.user, Some(actor.from), "release control", "");
    done(ask(&site, Ask::Release).await)
}

/// What a script does with keyboard and pointer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    events: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Said {
    Key { keysym: u32, pressed: bool },
    Text { text: String },
    PointerTo { x: u16, y: u16 },
    PointerBy { dx: i16, dy: i16 },
    Button { button: Which, pressed: bool },
    Scroll { dx: i16, dy: i16 },
    ReleaseAll {},
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Which {
    Left,
    Middle,
    Right,
    Back,
    Forward,
}

impl From<Said> for InputEvent {
    fn from(said: Said) -> Self {
        match said {
            Said::Key { keysym, pressed } => Self::Key { keysym: Keysym(keysym), pressed },
            Said::Text { text } => Self::Text(text),
            Said::PointerTo { x, y } => Self::PointerTo(Point { x, y }),
            Said::PointerBy { dx, dy } => Self::PointerBy { dx, dy },
            Said::Button { button, pressed } => Self::Button { button: button.into(), pressed },
            Said::Scroll { dx, dy } => Self::Scroll { dx, dy },
            Said::ReleaseAll {} => Self::ReleaseAll,
        }
    }
}

impl From<Which> for Button {
    fn from(which: Which) -> Self {
        match which {
            Which::Left => Self::Left,
            Which::Middle => Self::Middle,
            Which::Right => Self::Right,
            Which::Back => Self::Back,
            Which::Forward => Self::Forward,
        }
    }
}

pub(super) async fn input(
    State(site): State<Arc<Site>>,
    actor: Actor,
    input: Result<Json<Input>, JsonRejection>,
) -> Response {
    let Ok(Json(Input { events })) = input else {
        let form = "input is {\"events\": [{\"type\": \"key\", \"keysym\": 97, \"pressed\": true}, …]}";
        return refuse(StatusCode::BAD_REQUEST, form);
    };
    let long = |said: &Said| matches!(said, Said::Text { text } if text.len() > MAX_TEXT);
    if events.iter().any(long) {
        return refuse(StatusCode::BAD_REQUEST, "a text has at most 4096 bytes; send several");
    }
    if !site.events_of_scripts.take(events.len(), Instant::now()) {
        return refuse(
            StatusCode::TOO_MANY_REQUESTS,
            "at most 500 events at once, and 200 a second; wait a little",
        );
    }
    let events = events.into_iter().map(InputEvent::from).collect();
    match ask(&site, |reply| Ask::Input(actor.viewer, events, reply)).await {
        Some(true) => StatusCode::NO_CONTENT.into_response(),
        Some(false) => refuse(StatusCode::FORBIDDEN, "keyboard and pointer belong to somebody else"),
        None => stopping(),
    }
}

/// How many events scripts may still send: a bucket that fills with time.
pub(super) struct Allowance(Mutex<(f64, Instant)>);

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new((MOST_EVENTS as f64, now)))
    }

    /// Takes so many, where there are as many.
    fn take(&self, events: usize, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since: Duration = now.saturating_duration_since(state.1);
        let there = (state.0 + since.as_secs_f64() * EVENTS).min(MOST_EVENTS as f64);
        let enough = events as f64 <= there;
        *state = (if enough { there - events as f64 } else { there }, now);
        enough
    }
}

/// What the hub answers; `None` when it has ended.
async fn ask<T>(site: &Site, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    site.events.send(Event::Ask(Box::new(ask(reply)))).await.ok()?;
    answer.await.ok()
}

fn done(answer: Option<bool>) -> Response {
    match answer {
        Some(true) => StatusCode::NO_CONTENT.into_response(),
        Some(false) => {
            refuse(StatusCode::NOT_FOUND, "there is no such viewer; GET /api/v1/viewers lists them")
        }
        None => stopping(),
    }
}

fn not_owner() -> Response {
    refuse(StatusCode::FORBIDDEN, "only owners decide about others")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_may_send_a_burst_and_then_so_many_a_second() {
        let start = Instant::now();
        let allowance = Allowance::new(start);
        assert!(!allowance.take(MOST_EVENTS + 1, start));
        assert!(allowance.take(MOST_EVENTS, start));
        assert!(!allowance.take(1, start));
        let second = start + Duration::from_secs(1);
        assert!(!allowance.take(201, second));
        assert!(allowance.take(200, second));
        assert!(allowance.take(MOST_EVENTS, second + Duration::from_secs(3600)));
        assert!(!allowance.take(1, second + Duration::from_secs(3600)));
    }
}
