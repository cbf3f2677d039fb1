//! One address that a TURN server lends us.

use std::{
    collections::HashSet,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use cosmos_auth::TurnLogin;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep_until, timeout},
};
use turn_client_proto::{
    api::{CreatePermissionError, Transmit, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet},
    client::TurnClient,
    prelude::{DelayedTransmitBuild as _, TurnClientApi as _},
    tcp::TurnClientTcp,
    types::{AddressFamily, Instant as Time, TransportType, TurnCredentials},
    udp::TurnClientUdp,
};

use super::{Datagram, wire::Wire};
use crate::hub::Event;

/// How long a server may take to lend an address.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an address that was used may carry nothing: checks of a connection in use are seconds apart.
const IDLE: Duration = Duration::from_secs(60);
/// Others that one address speaks to.
const MOST_PEERS: usize = 64;
/// Bytes that are written to a stream at once.
const BATCH: usize = 64 * 1024;
/// The time from the first question over UDP to its repetition, and how often it is asked.
const REPEAT: (Duration, u32) = (Duration::from_millis(300), 5);

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
    client: TurnClient,
    /// The protocol counts its time from here.
    began: Instant,
    address: SocketAddr,
    /// Whom it was asked to speak to.
    peers: HashSet<SocketAddr>,
    /// What it was borrowed for has not begun while this is `None`.
    used: Option<Instant>,
}

/// What the server has said.
enum Heard {
    Lent(SocketAddr),
    Refused,
}

impl Lease {
    /// Borrows an address.
    pub(super) async fn begin(wire: Wire, login: &TurnLogin) -> Result<Self, LeaseError> {
        let credentials = TurnCredentials::new(&login.username, login.password.expose());
        let mut config = TurnConfig::new(credentials);
        config.set_address_family(match wire.remote {
            SocketAddr::V4(_) => AddressFamily::IPV4,
            SocketAddr::V6(_) => AddressFamily::IPV6,
        });
        config.set_request_retransmits(REPEAT.0, Duration::MAX, REPEAT.1, PATIENCE);
        let client = match wire.is_stream() {
            true => TurnClientTcp::allocate(wire.local, wire.remote, config).into(),
            false => TurnClientUdp::allocate(wire.local, wire.remote, config).into(),
        };
        let (began, address) = (Instant::now(), wire.local);
        let mut lease = Self { wire, client, began, address, peers: HashSet::new(), used: None };
        timeout(PATIENCE, lease.borrowed()).await.map_err(|_| LeaseError::Late)??;
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

    async fn borrowed(&mut self) -> Result<(), LeaseError> {
        let mut buffer = vec![0; BATCH];
        loop {
            self.flush().await?;
            match self.heard() {
                Some(Heard::Lent(address)) => {
                    self.address = address;
                    return Ok(());
                }
                Some(Heard::Refused) => return Err(LeaseError::Refused),
                None => {}
            }
            let at = self.deadline()?;
            tokio::select! {
                length = self.wire.receive(&mut buffer) => {
                    let length = length?;
                    let _handled = self.receive(&buffer[..length]);
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
        loop {
            self.flush().await?;
            let _told = self.heard();
            if self.client.relayed_addresses().next().is_none() {
                return Err(LeaseError::Ended);
            }
            let idle_at = self.used.map(|used| used + IDLE);
            if idle_at.is_some_and(|at| at <= Instant::now()) {
                return self.give_back().await;
            }
            let at = self.deadline()?;
            let at = idle_at.map_or(at, |idle_at| idle_at.min(at));
            tokio::select! {
                length = self.wire.receive(&mut buffer) => {
                    let length = length?;
                    self.arrived(&buffer[..length], events).await?;
                }
                Some(datagram) = outgoing.recv() => {
                    self.used = Some(Instant::now());
                    taken.take().map(|taken| taken.send(()));
                    self.leave(datagram, &mut outgoing, &mut batch).await?;
                }
                () = sleep_until(at.into()) => {}
            }
        }
    }

    async fn give_back(mut self) -> Result<(), LeaseError> {
        if self.client.delete(self.now()).is_ok() {
            self.flush().await?;
        }
        Ok(())
    }

    /// Hands on what others sent to the address.
    async fn arrived(&mut self, bytes: &[u8], events: &mpsc::Sender<Event>) -> Result<(), LeaseError> {
        let to = self.address;
        let mut next = match self.receive(bytes) {
            TurnRecvRet::PeerData(data) => Some((data.peer, data.data().to_vec())),
            _ => None,
        };
        // What a stream brings at once may be several datagrams, and ends of others.
        while let Some((from, bytes)) = next.take().or_else(|| self.waiting()) {
            self.used = Some(Instant::now());
            let event = Event::Relayed { from, to, bytes };
            events.send(event).await.map_err(|_| LeaseError::Ended)?;
        }
        Ok(())
    }

    fn waiting(&mut self) -> Option<Datagram> {
        self.client.poll_recv(self.now()).map(|data| (data.peer, data.data().to_vec()))
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
            self.wrap(to, bytes, batch);
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

    /// Puts a datagram as the server takes it at the end of `batch`; nothing while it may not be sent yet, as on a network
    /// that loses it.
    fn wrap(&mut self, to: SocketAddr, bytes: Vec<u8>, batch: &mut Vec<u8>) {
        let now = self.now();
        if self.peers.len() < MOST_PEERS && self.peers.insert(to) {
            // It is asked once: what is refused stays refused.
            if let Err(why) = self.ask_for(to, now) {
                tracing::debug!(%to, why, "not reached by way of TURN");
                return;
            }
        }
        if let Ok(Some(transmit)) = self.client.send_to(TransportType::Udp, to, bytes, now) {
            let at = batch.len();
            batch.resize(at + transmit.data.len(), 0);
            transmit.write_into(&mut batch[at..]);
        }
    }

    /// Asks the server to let datagrams through to this address, and from it.
    fn ask_for(&mut self, to: SocketAddr, now: Time) -> Result<(), String> {
        if self.wire.is_stream() {
            // The library leaves out the padding that channels have in streams (RFC 8656, section 12.5).
            return match self.client.create_permission(TransportType::Udp, to.ip(), now) {
                Err(CreatePermissionError::AlreadyExists) => Ok(()),
                asked => asked.map_err(|error| error.to_string()),
            };
        }
        self.client.bind_channel(TransportType::Udp, to, now).map_err(|error| error.to_string())
    }

    fn receive<'b>(&mut self, bytes: &'b [u8]) -> TurnRecvRet<&'b [u8]> {
        let (from, to) = (self.wire.remote, self.wire.local);
        let now = self.now();
        self.client.recv(Transmit::new(bytes, self.client.transport(), from, to), now)
    }

    /// Sends what the protocol has to say.
    async fn flush(&mut self) -> Result<(), LeaseError> {
        loop {
            // Being polled is what makes it say something.
            let state = self.client.poll(self.now());
            let Some(transmit) = self.client.poll_transmit(self.now()) else {
                return if matches!(state, TurnPollRet::Closed) { Err(LeaseError::Ended) } else { Ok(()) };
            };
            self.wire.send(&transmit.data).await?;
        }
    }

    fn deadline(&mut self) -> Result<Instant, LeaseError> {
        match self.client.poll(self.now()) {
            TurnPollRet::WaitUntil(at) => Ok(at.to_std(self.began)),
            TurnPollRet::Closed => Err(LeaseError::Ended),
            _ => Ok(Instant::now()),
        }
    }

    fn heard(&mut self) -> Option<Heard> {
        while let Some(event) = self.client.poll_event() {
            match event {
                TurnEvent::AllocationCreated(_, address) => return Some(Heard::Lent(address)),
                TurnEvent::AllocationCreateFailed(_) => return Some(Heard::Refused),
                TurnEvent::ChannelCreateFailed(_, peer) => {
                    tracing::debug!(%peer, "the TURN server does not speak to this address");
                }
                _ => {}
            }
        }
        None
    }

    /// The time as the protocol counts it.
    fn now(&self) -> Time {
        Time::from_std(self.began)
    }
}
