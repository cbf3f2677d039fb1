//! How pages come in.

use std::time::Instant;

use bytes::Bytes;
use cosmos_auth::Grants;
use str0m::{change::SdpOffer, net::Transmit};
use tokio::sync::{mpsc, oneshot};

use super::{Hub, Live, SECOND, Standing};
use crate::session::{Answer, Codecs, OfferError, Session, Viewer, answer_at};

/// A page that wants to connect.
pub(crate) struct Offer {
    pub(crate) offer: SdpOffer,
    pub(crate) viewer: Viewer,
    /// Gets the session's number and the answer.
    pub(crate) reply: oneshot::Sender<Result<(u64, Answer), Refusal>>,
}

/// A page that wants to connect over a WebSocket.
pub(crate) struct SocketOffer {
    pub(crate) viewer: Viewer,
    /// What the page decodes.
    pub(crate) decodes: Codecs,
    /// Takes what is for the page; closed, it ends the session.
    pub(crate) outgoing: mpsc::Sender<Bytes>,
    /// Gets the session's number.
    pub(crate) reply: oneshot::Sender<Result<u64, Refusal>>,
}

/// Why a page was not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// There is no codec that it and those who watch decode.
    #[error("{0}")]
    Unseen(String),
    #[error("{0} pages are connected already, which is the most that this server takes")]
    Full(usize),
}

impl Hub {
    pub(super) fn offer(&mut self, offer: Offer, now: Instant) {
        if offer.reply.is_closed() {
            return;
        }
        let result = self.admit(offer.offer, offer.viewer, now);
        let _gone = offer.reply.send(result);
    }

    fn admit(&mut self, offer: SdpOffer, viewer: Viewer, now: Instant) -> Result<(u64, Answer), Refusal> {
        self.room()?;
        let (offered, answer) =
            answer_at(offer, &self.config.reach, self.negotiable(), self.config.adapts, now)?;
        if viewer.rights.grants.has(Grants::PICTURE) {
            // Over a WebSocket its browser may decode more.
            self.unseen_by(offered.decodes()).map_or(Ok(()), |why| Err(Refusal::Unseen(why)))?;
        }
        Ok((self.enter(Session::new(offered, viewer, now), None, now), answer))
    }

    pub(super) fn socket(&mut self, offer: SocketOffer, now: Instant, send: &mut dyn FnMut(Transmit)) {
        let SocketOffer { viewer, decodes, outgoing, reply } = offer;
        let admitted = self.room().map(|()| {
            self.enter(Session::over_socket(viewer, decodes, self.config.adapts, now), Some(outgoing), now)
        });
        let id = admitted.as_ref().ok().copied();
        if reply.send(admitted).is_ok()
            && let Some(id) = id
        {
            self.with(id, now, send, |_| ());
        } else if let Some(id) = id {
            self.leave(id, "the page did not wait", now);
        }
    }

    fn enter(&mut self, session: Session, outgoing: Option<mpsc::Sender<Bytes>>, now: Instant) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.count_session(outgoing.is_some());
        self.sessions.push(Live { id, session, outgoing, wake: now, standing: Standing::default() });
        self.settle();
        self.report.get_or_insert(now + SECOND);
        id
    }
}
