//! Being reached by way of a TURN server (RFC 8656): for a machine to which nobody can send, and which itself may go out
//! by TCP or TLS alone. The server lends us an address; browsers send there, and need no TURN server of their own.
//!
//! One address is borrowed before anybody asks, so that no page waits for it. Once a session uses it, the next is
//! borrowed; one that has carried nothing for a while is given back.

mod lease;
mod talk;
mod wire;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cosmos_auth::{TurnLogin, ice::TurnAddress};
use str0m::net::Transmit;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
};

use self::lease::{Lease, LeaseError};
use crate::{error_text, hub::Event, ice::Ice};

/// The other end of a datagram, and its bytes.
type Datagram = (SocketAddr, Vec<u8>);

/// The addresses that are lent to us, each with the way to it.
#[derive(Clone, Default)]
pub(crate) struct Relays(Arc<Mutex<HashMap<SocketAddr, mpsc::Sender<Datagram>>>>);

/// Addresses that are borrowed at a time.
const MOST: usize = 32;
/// Datagrams that wait for one server; beyond this they are lost.
const QUEUE: usize = 1024;
/// Pauses after a failure, the first and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

impl Relays {
    /// Sends a datagram that leaves from an address that was lent to us.
    pub(crate) fn send(&self, transmit: Transmit) {
        if let Some(way) = self.lock().get(&transmit.source) {
            drop(way.try_send((transmit.destination, transmit.contents.into())));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, mpsc::Sender<Datagram>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Borrows addresses, for as long as it is polled.
pub(crate) async fn borrow(ice: Arc<Ice>, relays: Relays, events: mpsc::Sender<Event>) {
    let room = Arc::new(Semaphore::new(MOST));
    let (mut leases, mut pause) = (JoinSet::new(), AGAIN.0);
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        while leases.try_join_next().is_some() {}
        let (taken, is_taken) = oneshot::channel();
        if let Some(lease) = from_any(&ice).await {
            let (relays, events) = (relays.clone(), events.clone());
            leases.spawn(async move {
                hold(lease, taken, &relays, &events).await;
                drop(permit);
            });
            if is_taken.await.is_ok() {
                pause = AGAIN.0;
                continue;
            }
        }
        tokio::time::sleep(pause).await;
        pause = longer(pause);
    }
}

/// The pause after one more failure.
fn longer(pause: Duration) -> Duration {
    (pause * 2).min(AGAIN.1)
}

/// An address of the first server that lends one.
async fn from_any(ice: &Arc<Ice>) -> Option<Lease> {
    for (address, login) in ice.clone().turn_servers(crate::clock::unix_s()).await {
        match from(&address, &login).await {
            Ok(lease) => return Some(lease),
            Err(error) => tracing::warn!("{} lends us no address: {}", address.url(), error_text(&error)),
        }
    }
    None
}

async fn from(address: &TurnAddress, login: &TurnLogin) -> Result<Lease, LeaseError> {
    Lease::begin(wire::open(address).await?, login).await
}

/// Uses an address until it is given back or lost.
async fn hold(lease: Lease, taken: oneshot::Sender<()>, relays: &Relays, events: &mpsc::Sender<Event>) {
    let (address, base) = (lease.address(), lease.base());
    let (way, outgoing) = mpsc::channel(QUEUE);
    relays.lock().insert(address, way);
    tracing::info!(%address, server = %lease.server(), "a TURN server lends us an address");
    if events.send(Event::Lent { address, base }).await.is_ok() {
        match lease.run(outgoing, taken, events).await {
            Ok(()) => tracing::debug!(%address, "an address was given back"),
            Err(error) => tracing::warn!(%address, "an address was lost: {}", error_text(&error)),
        }
    }
    relays.lock().remove(&address);
    let _ended = events.send(Event::GivenBack { address }).await;
}

#[cfg(test)]
mod tests;
