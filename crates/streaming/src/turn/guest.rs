//! One client of our TURN server, without I/O: messages of its go in; answers and what it sends to us come out.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_auth::{Secret, TurnLogin};
use turn_server_proto::{
    api::{SocketAllocateError, Transmit, TurnServerApi as _, TurnServerPollRet},
    server::TurnServer,
    types::{AddressFamily, Instant as Time, TransportType, prelude::DelayedTransmitBuild as _},
};

use crate::stun::attribute;

/// What the realm of a TURN server is called.
const REALM: &str = "cosmos";
/// STUN's attribute that holds the name of a login (RFC 8489, section 14.3).
const USERNAME: u16 = 0x0006;
/// Logins end with an hour, so that those which hold at a time are few: some clients tell no more than the hash of their
/// names (RFC 8489, section 14.4).
const HOUR: u64 = 3600;
/// The longest that logins hold, in hours.
pub(super) const HOURS: u64 = 25;

/// What follows from a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// This is the answer.
    Reply(Vec<u8>),
    /// A datagram is for us.
    Arrive {
        /// The address that the client was lent.
        from: SocketAddr,
        /// One of ours.
        to: SocketAddr,
        /// What it holds.
        bytes: Vec<u8>,
    },
}

/// Who is let in, and where they may send to.
pub struct Rules {
    /// What logins are made with.
    pub secret: Secret,
    /// Our own addresses. Nothing is relayed to any other, whatever a client has permissions for.
    pub ours: Vec<SocketAddr>,
}

impl Rules {
    /// A login that holds until the end of the hour in which `expires` is, in seconds since 1970.
    pub fn login(&self, expires: u64) -> TurnLogin {
        TurnLogin::time_limited(&self.secret, "page", expires.next_multiple_of(HOUR))
    }
}

/// Lends an address, of IPv4 or else of IPv6, if there is one left.
pub type Lend<'a> = &'a mut dyn FnMut(bool) -> Option<SocketAddr>;

/// A client.
pub struct Guest {
    rules: Arc<Rules>,
    server: TurnServer,
    local: SocketAddr,
    remote: SocketAddr,
    lent: Option<SocketAddr>,
    /// The protocol counts its time from here.
    began: Instant,
}

impl Guest {
    /// One at `remote`, who reached us at `local`, at `unix` seconds since 1970. Over streams each message is handed over
    /// by itself, as over UDP.
    pub fn new(rules: Arc<Rules>, local: SocketAddr, remote: SocketAddr, unix: u64) -> Self {
        let mut server = TurnServer::new(TransportType::Udp, local, REALM.to_owned());
        for ahead in 1..=HOURS + 1 {
            let login = rules.login((unix / HOUR + ahead) * HOUR);
            server.add_user(login.username, login.password.expose().to_owned());
        }
        Self { rules, server, local, remote, lent: None, began: Instant::now() }
    }

    /// The address that the client was lent.
    pub fn lent(&self) -> Option<SocketAddr> {
        self.lent
    }

    /// Takes a message of the client.
    pub fn receive(&mut self, message: &[u8], lend: Lend<'_>) -> Vec<Act> {
        let transmit = Transmit::new(message, TransportType::Udp, self.remote, self.local);
        let now = self.now();
        let sent = self.server.recv(transmit, now).map(|sent| (sent.from, sent.to, sent.data.build()));
        let mut acts: Vec<Act> =
            sent.and_then(|(from, to, bytes)| self.act(from, to, bytes)).into_iter().collect();
        acts.extend(self.go_on(lend));
        acts
    }

    /// Does what is due by time.
    pub fn go_on(&mut self, lend: Lend<'_>) -> Vec<Act> {
        self.poll(lend);
        let mut acts = Vec::new();
        while let Some(sent) = self.server.poll_transmit(self.now()) {
            acts.extend(self.act(sent.from, sent.to, sent.data));
        }
        acts
    }

    /// When [`go_on`](Self::go_on) is due.
    pub fn deadline(&mut self) -> Instant {
        match self.server.poll(self.now()) {
            TurnServerPollRet::WaitUntil(at) => at.to_std(self.began),
            _ => Instant::now() + Duration::from_secs(1),
        }
    }

    /// Wraps a datagram of ours for the client; nothing where it has no permission for it.
    pub fn wrap(&mut self, from: SocketAddr, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let transmit = Transmit::new(bytes, TransportType::Udp, from, self.lent?);
        let now = self.now();
        self.server.recv(transmit, now).filter(|sent| sent.to == self.remote).map(|sent| sent.data.build())
    }

    fn poll(&mut self, lend: Lend<'_>) {
        loop {
            match self.server.poll(self.now()) {
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    let is_udp = allocation_transport == TransportType::Udp && self.lent.is_none();
                    let address = is_udp.then(|| lend(family == AddressFamily::IPV4)).flatten();
                    self.lent = self.lent.or(address);
                    let now = self.now();
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        address.ok_or(SocketAllocateError::InsufficientCapacity),
                        now,
                    );
                }
                TurnServerPollRet::SocketClose { listen_addr, .. } if self.lent == Some(listen_addr) => {
                    self.lent = None;
                }
                TurnServerPollRet::SocketClose { .. } | TurnServerPollRet::TcpClose { .. } => {}
                // Streams to others are not lent, so nobody waits for one.
                TurnServerPollRet::TcpConnect { .. } | TurnServerPollRet::WaitUntil(_) => return,
            }
        }
    }

    fn act(&self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) -> Option<Act> {
        if from == self.local {
            // There is one client, whatever the library says: it addresses an answer about addresses to ourselves.
            return Some(Act::Reply(bytes));
        }
        let is_ours = self.lent == Some(from) && self.rules.ours.contains(&to);
        is_ours.then_some(Act::Arrive { from, to, bytes })
    }

    /// The time as the protocol counts it.
    fn now(&self) -> Time {
        Time::from_std(self.began)
    }
}

/// The name in a message of STUN.
pub(super) fn username(message: &[u8]) -> Option<&str> {
    std::str::from_utf8(attribute(message.get(20..)?, USERNAME)?).ok()
}
