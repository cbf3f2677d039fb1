//! RFB over a WebSocket, as noVNC and its kin speak it.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Extension,
    extract::{
        ConnectInfo, State,
        ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use cosmos_auth::Rights;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};

use super::{Secure, Site, refuse};
use crate::rfb::{self, Guest, Stream};

/// The longest message of a viewer. The stream does not care where messages begin, so longer texts come in several.
const MAX_MESSAGE: usize = 1024 * 1024;
/// What is carried at once.
const CHUNK: usize = 16 * 1024;

/// Opens a stream of RFB. Whoever is logged in need not give a password again.
pub(super) async fn open(
    State(site): State<Arc<Site>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Err(refusal) = site.access.same_origin(&headers) {
        return refusal.into_response();
    }
    let Ok(upgrade) = upgrade else {
        return refuse(
            StatusCode::UPGRADE_REQUIRED,
            "this is a WebSocket for VNC viewers; does a proxy drop the Upgrade header?",
        );
    };
    // VNC knows roles only, and nothing of links that are revoked: who has less than a role, or came by a link, is asked
    // for a password.
    let viewer = site.access.by_browser(from.ip(), &headers);
    let whole =
        viewer.filter(|viewer| viewer.link.is_none() && viewer.rights == Rights::of(viewer.rights.role));
    let known = whole.map(|viewer| (viewer.user, viewer.rights.role));
    let guest = Guest { from, known, stream: if secure { Stream::Secure } else { Stream::Open } };
    upgrade
        .protocols(["binary"])
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| carry(socket, site, guest))
}

async fn carry(socket: WebSocket, site: Arc<Site>, guest: Guest) {
    let from = guest.from;
    let (ours, theirs) = duplex(4 * CHUNK);
    let (sink, stream) = socket.split();
    let (reader, writer) = split(theirs);
    let carrying = async {
        tokio::select! {
            () = outward(reader, sink) => {}
            () = inward(stream, writer) => {}
        }
    };
    let serving = rfb::serve(&site.rfb, ours, guest);
    let (served, ()) = tokio::join!(serving, carrying);
    if let Err(error) = served {
        tracing::debug!(%from, %error, "a VNC viewer is gone");
    }
}

/// Ends once the server's side of the stream does.
async fn outward(mut reader: ReadHalf<DuplexStream>, mut sink: SplitSink<WebSocket, Message>) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = reader.read(&mut buffer).await {
        if sink.send(Message::Binary(buffer[..length].to_vec().into())).await.is_err() {
            return;
        }
    }
    drop(sink.close().await);
}

/// Ends once the viewer's side does.
async fn inward(mut stream: SplitStream<WebSocket>, mut writer: WriteHalf<DuplexStream>) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Binary(bytes) if writer.write_all(&bytes).await.is_ok() => {}
            Message::Ping(_) | Message::Pong(_) => {}
            _ => return,
        }
    }
}
