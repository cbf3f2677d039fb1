//! What is said with a TURN server, without I/O: bytes and the time go in; bytes, datagrams and a deadline come out.

use std::{collections::HashSet, io, net::SocketAddr, time::Duration};

use cosmos_auth::TurnLogin;
use turn_client_proto::{
    api::{Transmit, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet},
    client::TurnClient,
    prelude::{DelayedTransmitBuild as _, TurnClientApi as _},
    tcp::TurnClientTcp,
    types::{AddressFamily, Instant as Time, TransportType, TurnCredentials},
    udp::TurnClientUdp,
};

use super::Datagram;
use crate::{
    first::{MAX_DATAGRAM, is_stun},
    stun::attribute,
    turn::take_within,
};

/// How long a server may take to lend an address.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long an address that was used may carry nothing: checks of a connection in use are seconds apart.
const IDLE: Duration = Duration::from_secs(60);
/// Others that one address speaks to.
const MOST_PEERS: usize = 64;
/// The time from the first question over UDP to its repetition, and how often it is asked.
const REPEAT: (Duration, u32) = (Duration::from_millis(300), 5);

/// STUN's attribute that holds the reason of a refusal.
const ERROR_CODE: u16 = 0x0009;
/// The login is missing, wrong, or has expired.
const UNAUTHORIZED: u16 = 401;

/// What is to be done for the talk to go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send this: a datagram, or a part of the stream.
    Send(Vec<u8>),
    /// Nothing before this time, unless something arrives or is to leave.
    Wait(Time),
    /// Nothing more.
    Over(End),
}

/// How a talk ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// No address was lent.
    Refused,
    /// The server lends it no longer.
    Lost,
    /// It has carried nothing for a while, and was given back.
    Idle,
}

/// A talk about one address.
pub(super) struct Talk {
    client: TurnClient,
    local: SocketAddr,
    remote: SocketAddr,
    lent: Option<SocketAddr>,
    refused: bool,
    /// Whether it was told that it takes a login.
    challenged: bool,
    /// What has arrived of a stream and is no whole message yet.
    read: Vec<u8>,
    /// Whom the address was asked to speak to.
    peers: HashSet<SocketAddr>,
    /// What it was borrowed for has not begun while this is `None`.
    used: Option<Time>,
}

impl Talk {
    /// Asks the server at `remote` for an address, over a stream or by datagrams.
    pub(super) fn begin(is_stream: bool, local: SocketAddr, remote: SocketAddr, login: &TurnLogin) -> Self {
        let credentials = TurnCredentials::new(&login.username, login.password.expose());
        let mut config = TurnConfig::new(credentials);
        config.set_address_family(match remote {
            SocketAddr::V4(_) => AddressFamily::IPV4,
            SocketAddr::V6(_) => AddressFamily::IPV6,
        });
        config.set_request_retransmits(REPEAT.0, Duration::MAX, REPEAT.1, PATIENCE);
        let client = match is_stream {
            true => TurnClientTcp::allocate(local, remote, config).into(),
            false => TurnClientUdp::allocate(local, remote, config).into(),
        };
        let (read, peers) = Default::default();
        Self { client, local, remote, lent: None, refused: false, challenged: false, read, peers, used: None }
    }

    /// The address that is lent to us.
    pub(super) fn lent(&self) -> Option<SocketAddr> {
        self.lent
    }

    /// What is to be done next. To be asked until it has nothing to send.
    pub(super) fn poll(&mut self, now: Time) -> Next {
        let idle_at = self.used.map(|used| used + IDLE);
        let is_idle = idle_at.is_some_and(|at| at <= now);
        if is_idle {
            // What cannot be given back now, the server takes back by itself.
            let _ended = self.client.delete(now);
        }
        // Being polled is what makes it say something.
        let state = self.client.poll(now);
        if let Some(transmit) = self.client.poll_transmit(now) {
            return Next::Send(transmit.data.to_vec());
        }
        self.hear();
        match state {
            _ if self.refused => Next::Over(End::Refused),
            _ if is_idle => Next::Over(End::Idle),
            TurnPollRet::Closed => Next::Over(self.lent.map_or(End::Refused, |_| End::Lost)),
            _ if self.lent.is_some() && self.client.relayed_addresses().next().is_none() => {
                Next::Over(End::Lost)
            }
            TurnPollRet::WaitUntil(at) => Next::Wait(idle_at.map_or(at, |idle_at| idle_at.min(at))),
            // It is about streams to others, of which there are none.
            _ => Next::Wait(now),
        }
    }

    /// Takes a datagram, or the next bytes of a stream; tells what others sent to the address.
    ///
    /// # Errors
    /// When a stream holds what is no message of TURN.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Time) -> io::Result<Vec<Datagram>> {
        let mut arrived = Vec::new();
        if self.client.transport() == TransportType::Udp {
            arrived.extend(self.take(bytes, now));
        } else {
            // The library knows no padding, and keeps whatever it cannot read, without end.
            self.read.extend_from_slice(bytes);
            while let Some(message) = take_within(&mut self.read, usize::MAX)? {
                if message[0] < 0x40 && !is_stun(&message) {
                    return Err(io::Error::other("what it sends is no message of TURN"));
                }
                arrived.extend(self.take(&message, now));
            }
        }
        if !arrived.is_empty() {
            self.used = Some(now);
        }
        Ok(arrived)
    }

    fn take(&mut self, message: &[u8], now: Time) -> Option<Datagram> {
        if self.lent.is_none() && is_challenge(message) {
            // The library takes no answer for one that proves nothing, and would go on asking.
            self.refused |= self.challenged;
            self.challenged = true;
        }
        let transmit = Transmit::new(message, self.client.transport(), self.remote, self.local);
        match self.client.recv(transmit, now) {
            TurnRecvRet::PeerData(data) if data.data().len() <= MAX_DATAGRAM => {
                Some((data.peer, data.data().to_vec()))
            }
            _ => None,
        }
    }

    /// Puts a datagram as the server takes it at the end of `batch`; nothing while it may not be sent yet, as on a network
    /// that loses it.
    pub(super) fn wrap(&mut self, to: SocketAddr, bytes: Vec<u8>, now: Time, batch: &mut Vec<u8>) {
        self.used = Some(now);
        if self.peers.len() < MOST_PEERS && self.peers.insert(to) {
            // It is asked once: what is refused stays refused.
            if let Err(error) = self.client.bind_channel(TransportType::Udp, to, now) {
                tracing::debug!(%to, %error, "not reached by way of TURN");
                return;
            }
        }
        if let Ok(Some(transmit)) = self.client.send_to(TransportType::Udp, to, bytes, now) {
            let at = batch.len();
            batch.resize(at + transmit.data.len(), 0);
            transmit.write_into(&mut batch[at..]);
            if self.client.transport() == TransportType::Tcp {
                // Messages in streams begin at whole fours (RFC 8656, section 12.5).
                batch.resize(batch.len().next_multiple_of(4), 0);
            }
        }
    }

    fn hear(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                TurnEvent::AllocationCreated(_, address) => self.lent = Some(address),
                TurnEvent::ChannelCreateFailed(_, peer) => {
                    tracing::debug!(%peer, "the TURN server does not speak to this address");
                }
                _ => {}
            }
        }
    }
}

/// Whether a message says that an address is lent to nobody without a login, or with this one.
fn is_challenge(message: &[u8]) -> bool {
    const ALLOCATE_ERROR: [u8; 2] = [0x01, 0x13];
    message.starts_with(&ALLOCATE_ERROR) && is_stun(message) && error_code(message) == Some(UNAUTHORIZED)
}

/// What a message of STUN gives as its reason (RFC 8489, section 14.8).
fn error_code(message: &[u8]) -> Option<u16> {
    let value = attribute(message.get(20..)?, ERROR_CODE)?;
    Some(u16::from(value.get(2)? & 7) * 100 + u16::from(*value.get(3)?))
}

#[cfg(test)]
mod tests;
