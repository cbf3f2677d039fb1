//! What happens, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event as Line, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, broadcast};

use super::{Site, access::Visitor, refuse};

/// Events that wait for one reader; beyond this the oldest are lost, and it is told how many.
pub(crate) const QUEUE: usize = 64;
/// Readers at a time.
pub(super) const READERS: usize = 16;
/// How often a reader to whom nothing happens is shown that the connection stands.
const ALIVE: Duration = Duration::from_secs(15);

/// Something that happened: its kind, and what it is about.
pub(crate) type Happened = (&'static str, Value);

pub(super) async fn follow(State(site): State<Arc<Site>>, _: Visitor) -> Response {
    let Ok(permit) = site.readers.clone().try_acquire_owned() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "too many follow the events already");
    };
    let reader = Reader { happened: site.happened.subscribe(), _permit: permit };
    let lines = stream::unfold(reader, |mut reader| async move {
        let line = reader.next().await?;
        Some((Ok::<_, Infallible>(line), reader))
    });
    Sse::new(lines).keep_alive(KeepAlive::new().interval(ALIVE)).into_response()
}

struct Reader {
    happened: broadcast::Receiver<Happened>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    async fn next(&mut self) -> Option<Line> {
        let (kind, about) = match self.happened.recv().await {
            Ok(happened) => happened,
            Err(broadcast::error::RecvError::Lagged(count)) => ("lost", count.into()),
            Err(broadcast::error::RecvError::Closed) => return None,
        };
        Some(Line::default().event(kind).data(about.to_string()))
    }
}
