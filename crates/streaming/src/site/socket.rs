//! A session over a WebSocket, for networks that carry nothing but HTTP.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        RawQuery, State,
        ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::Response,
};
use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{Site, access::Actor, refuse, stopping};
use crate::{
    error_text,
    hub::{Event, SocketOffer},
    session::Codecs,
};

/// The longest message of a page: a part of a clipboard text and its kind.
const MAX_MESSAGE: usize = 20 * 1024;
/// Messages that wait for the network; the session sees to it that they are few.
const QUEUE: usize = 4096;
/// A page pings every second.
const SILENCE: Duration = Duration::from_secs(15);
/// How long one message may take to leave.
const WRITE: Duration = Duration::from_secs(15);

/// Opens a session over a WebSocket.
pub(super) async fn open(
    State(site): State<Arc<Site>>,
    Actor { viewer, from }: Actor,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return refuse(
            StatusCode::UPGRADE_REQUIRED,
            "this is a WebSocket; does a proxy drop the Upgrade header?",
        );
    };
    let user = viewer.user.clone();
    let (outgoing, messages) = mpsc::channel(QUEUE);
    let (reply, admitted) = oneshot::channel();
    let decodes = decodes(query.as_deref().unwrap_or_default());
    let offer = SocketOffer { viewer, decodes, outgoing, reply };
    if site.events.send(Event::Socket(Box::new(offer))).await.is_err() {
        return stopping();
    }
    let id = match admitted.await {
        Ok(Ok(id)) => id,
        Ok(Err(refusal)) => return refuse(StatusCode::SERVICE_UNAVAILABLE, &error_text(&refusal)),
        Err(_) => return stopping(),
    };
    site.audit.note(&user, Some(from), "connect", "by WebSocket");
    let events = site.events.clone();
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| carry(socket, id, messages, events))
}

/// What the page says that it decodes; one that says nothing takes everything.
fn decodes(query: &str) -> Codecs {
    let named = query.split('&').find_map(|pair| pair.strip_prefix("codecs="));
    named.map_or(Codecs::ALL, |names| Codecs::named(&names.replace("%2C", ",")))
}

async fn carry(socket: WebSocket, id: u64, messages: mpsc::Receiver<Bytes>, events: mpsc::Sender<Event>) {
    let (sink, stream) = socket.split();
    tokio::select! {
        () = write(sink, messages) => {}
        () = read(stream, id, &events) => {}
    }
    drop(events.send(Event::Gone { id }).await);
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut messages: mpsc::Receiver<Bytes>) {
    while let Some(message) = messages.recv().await {
        let send = async {
            sink.feed(Message::Binary(message)).await?;
            while let Ok(message) = messages.try_recv() {
                sink.feed(Message::Binary(message)).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(WRITE, send).await, Ok(Ok(()))) {
            return;
        }
    }
    drop(timeout(WRITE, sink.close()).await);
}

async fn read(mut stream: SplitStream<WebSocket>, id: u64, events: &mpsc::Sender<Event>) {
    while let Ok(Some(Ok(message))) = timeout(SILENCE, stream.next()).await {
        let said = match message {
            Message::Binary(message) => events.send(Event::Said { id, message: message.into() }).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Text(_) | Message::Close(_) => return,
        };
        if said.is_err() {
            return;
        }
    }
}
