//! One address that a TURN server lends us.

use std::{io, net::SocketAddr, time::Instant};

use cosmos_auth::TurnLogin;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep_until, timeout},
};
use turn_client_proto::types::Instant as Time;

use super::{
    Datagram,
    talk::{End, Next, PATIENCE, Talk},
    wire::Wire,
};
use crate::hub::Event;

/// Bytes that are read or written at once.
const BATCH: usize = 64 * 1024;

/// Why an address was not lent, or is no more.
#[derive(Debug, thiserror::Error)]
pub(super) enum LeaseError {
    #[error("the connection failed")]
    Wire(#[from] io::Error),
    #[error("it did not answer in time")]
    Late,
    #[error("it refuses; is the login right, and does it still hold?")]
    Refused,
    #[error("it ended the loan")]
    Ended,
}

/// An address, and the connection to the server that lends it.
pub(super) struct Lease {
    wire: Wire,
    talk: Talk,
    /// The protocol counts its time from here.
    began: Instant,
    address: SocketAddr,
}

impl Lease {
    /// Borrows an address.
    pub(super) async fn begin(wire: Wire, login: &TurnLogin) -> Result<Self, LeaseError> {
        let talk = Talk::begin(wire.is_stream(), wire.local, wire.remote, login);
        let (began, address) = (Instant::now(), wire.local);
        let mut lease = Self { wire, talk, began, address };
        lease.address = timeout(PATIENCE, lease.borrowed()).await.map_err(|_| LeaseError::Late)??;
        Ok(lease)
    }

    /// The address that is lent to us.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ours by which we speak to the server.
    pub(super) fn base(&self) -> SocketAddr {
        self.wire.local
    }

    /// The server.
    pub(super) fn server(&self) -> SocketAddr {
        self.wire.remote
    }

    async fn borrowed(&mut self) -> Result<SocketAddr, LeaseError> {
        let mut buffer = vec![0; BATCH];
        loop {
            let Some(at) = self.say().await? else { return Err(LeaseError::Ended) };
            if let Some(address) = self.talk.lent() {
                return Ok(address);
            }
            tokio::select! {
                length = self.wire.receive(&mut buffer) => {
                    let _nobody = self.talk.receive(&buffer[..length?], self.now())?;
                }
                () = sleep_until(at.into()) => {}
            }
        }
    }

    /// Carries datagrams until the address has been idle, or is lost.
    pub(super) async fn run(
        mut self,
        mut outgoing: mpsc::Receiver<Datagram>,
        taken: oneshot::Sender<()>,
        events: &mpsc::Sender<Event>,
    ) -> Result<(), LeaseError> {
        let (mut buffer, mut batch, mut taken) = (vec![0; BATCH], Vec::new(), Some(taken));
        while let Some(at) = self.say().await? {
            tokio::select! {
                length = self.wire.receive(&mut buffer) => {
                    for (from, bytes) in self.talk.receive(&buffer[..length?], self.now())? {
                        let event = Event::Relayed { from, to: self.address, bytes };
                        events.send(event).await.map_err(|_| LeaseError::Ended)?;
                    }
                }
                Some(datagram) = outgoing.recv() => {
                    taken.take().map(|taken| taken.send(()));
                    self.leave(datagram, &mut outgoing, &mut batch).await?;
                }
                () = sleep_until(at.into()) => {}
            }
        }
        Ok(())
    }

    /// Says what the protocol has to say; until when it has nothing more, or `None` once the address was given back.
    async fn say(&mut self) -> Result<Option<Instant>, LeaseError> {
        loop {
            match self.talk.poll(self.now()) {
                Next::Send(bytes) => self.wire.send(&bytes).await?,
                Next::Wait(at) => return Ok(Some(at.to_std(self.began))),
                Next::Over(End::Idle) => return Ok(None),
                Next::Over(End::Refused) => return Err(LeaseError::Refused),
                Next::Over(End::Lost) => return Err(LeaseError::Ended),
            }
        }
    }

    /// Sends a datagram, and those that wait behind it.
    async fn leave(
        &mut self,
        first: Datagram,
        outgoing: &mut mpsc::Receiver<Datagram>,
        batch: &mut Vec<u8>,
    ) -> Result<(), LeaseError> {
        let mut next = Some(first);
        while let Some((to, bytes)) = next {
            self.talk.wrap(to, bytes, self.now(), batch);
            next = match batch.len() < BATCH && self.wire.is_stream() {
                true => outgoing.try_recv().ok(),
                false => None,
            };
        }
        if !batch.is_empty() {
            self.wire.send(batch).await?;
            batch.clear();
        }
        Ok(())
    }

    /// The time as the protocol counts it.
    fn now(&self) -> Time {
        Time::from_std(self.began)
    }
}
