//! The screen as a PNG, for scripts. What watches the desktop is not disturbed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use cosmos_auth::Grants;
use tokio::{sync::oneshot, time::timeout};

use super::{Site, access::Visitor, png, refuse};
use crate::demand::DemandCell;

/// The least time between two of them.
const EVERY: Duration = Duration::from_millis(500);
/// How long the desktop may take to show itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes screenshots, one after the other.
pub(super) struct Camera {
    demand: Arc<DemandCell>,
    last: Mutex<Option<Instant>>,
}

impl Camera {
    pub(super) fn new(demand: Arc<DemandCell>) -> Self {
        Self { demand, last: Mutex::new(None) }
    }

    /// Whether another one may be taken now; it counts from here on.
    fn ready(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = last.is_none_or(|last| now >= last + EVERY);
        if ready {
            *last = Some(now);
        }
        ready
    }
}

pub(super) async fn take(State(site): State<Arc<Site>>, Visitor(viewer): Visitor) -> Response {
    if !viewer.rights.grants.has(Grants::PICTURE) {
        return refuse(StatusCode::FORBIDDEN, "you may not see the desktop");
    }
    if !site.camera.ready(Instant::now()) {
        let wait = [(header::RETRY_AFTER, "1")];
        let refusal =
            refuse(StatusCode::TOO_MANY_REQUESTS, "at most two screenshots a second; wait a little");
        return (wait, refusal).into_response();
    }
    let (reply, picture) = oneshot::channel();
    site.camera.demand.want_picture(reply);
    let Ok(Ok(picture)) = timeout(PATIENCE, picture).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the desktop does not show itself; try again");
    };
    match tokio::task::spawn_blocking(move || png::pack(picture.size, &picture.bgrx)).await {
        Ok(Ok(bytes)) => ([(header::CONTENT_TYPE, "image/png")], bytes).into_response(),
        _ => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the picture could not be packed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_screenshot_follows_another_not_too_soon() {
        let (camera, start) = (Camera::new(Arc::default()), Instant::now());
        let at = |ms| camera.ready(start + Duration::from_millis(ms));
        assert_eq!([at(0), at(499), at(500), at(900), at(1000)], [true, false, true, false, true]);
    }
}
