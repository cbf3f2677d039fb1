//! A TURN server of our own (RFC 8656) on the one port, over UDP, TCP and TLS: for browsers that can go out by TURN alone.
//!
//! It relays to this server and to nobody else. The addresses that it lends have no sockets, so nothing leaves the machine
//! through it, and nothing but what we send ourselves comes in.

mod guest;
mod line;

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use cosmos_auth::{Secret, TurnLogin};
use rustls::crypto::aws_lc_rs;
use str0m::net::Transmit;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UdpSocket,
    sync::mpsc,
    time::sleep_until,
};

pub(crate) use self::line::take_within;
use self::{guest::username, line::Line};
pub use self::{
    guest::{Act, Guest, Lend, Rules},
    line::take,
};
use crate::{clock, crowd::Newcomer, first::is_stun, hub::Event};

/// The other end of a datagram, and its bytes.
type Datagram = (SocketAddr, Vec<u8>);

/// The server.
pub(crate) struct Turn {
    rules: Arc<Rules>,
    lent: Mutex<Lent>,
    /// Those who speak over UDP, the newest last.
    callers: Mutex<Vec<Caller>>,
    hub: mpsc::Sender<Event>,
}

/// The addresses that are lent, each with the way to whom it is lent to.
#[derive(Default)]
struct Lent {
    ways: HashMap<SocketAddr, mpsc::Sender<Datagram>>,
    next: u16,
}

struct Caller {
    from: SocketAddr,
    inbox: mpsc::Sender<Vec<u8>>,
    /// Whether it has been lent an address.
    settled: Arc<AtomicBool>,
}

/// Ports of addresses that are lent. They are names and no more: none that Linux gives to programs of this machine by
/// itself, as a browser here is one of those whom we answer.
const PORTS: std::ops::RangeInclusive<u16> = 61000..=65535;
/// Addresses that are lent at a time.
const MOST: usize = 64;
/// Those over UDP who have been lent nothing yet; the oldest makes room.
const MOST_WAITING: usize = 32;
/// Messages that wait for one client; beyond this they are lost.
const QUEUE: usize = 256;
/// How long a client may take to be lent an address.
const PATIENCE: Duration = Duration::from_secs(15);

impl Turn {
    /// One that relays to these addresses of ours.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn new(ours: Vec<SocketAddr>, hub: mpsc::Sender<Event>) -> io::Result<Arc<Self>> {
        let mut bytes = [0; 32];
        let random = aws_lc_rs::default_provider().secure_random.fill(&mut bytes);
        random.map_err(|_| io::Error::other("the system gives no random bytes"))?;
        let rules = Arc::new(Rules { secret: Secret::new(BASE64.encode(bytes)), ours });
        Ok(Arc::new(Self { rules, lent: Mutex::default(), callers: Mutex::default(), hub }))
    }

    /// A login that holds until `expires` at least, in seconds since 1970 and no more than a day from now.
    pub(crate) fn login(&self, expires: u64) -> TurnLogin {
        self.rules.login(expires)
    }

    /// Sends a datagram to whom its destination is lent to; tells whether it is lent to somebody.
    pub(crate) fn send(&self, transmit: &Transmit) -> bool {
        let lent = self.lent();
        let way = lent.ways.get(&transmit.destination);
        way.map(|way| drop(way.try_send((transmit.source, transmit.contents.to_vec())))).is_some()
    }

    /// Takes a datagram that came to `socket` at `to`; tells whether it is for a TURN server.
    pub(crate) fn datagram(
        self: &Arc<Self>,
        socket: &Arc<UdpSocket>,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        if !is_ours(bytes) {
            return false;
        }
        let mut callers = self.callers();
        callers.retain(|caller| !caller.inbox.is_closed());
        match callers.iter().find(|caller| caller.from == from) {
            Some(caller) => drop(caller.inbox.try_send(bytes.to_vec())),
            // Nothing but a request begins anything.
            None if bytes[0] != 0 => {}
            None => callers.extend(self.call(socket, from, to, bytes)),
        }
        let waiting = callers.iter().filter(|caller| !caller.settled.load(Relaxed));
        if waiting.count() > MOST_WAITING
            && let Some(oldest) = callers.iter().position(|caller| !caller.settled.load(Relaxed))
        {
            callers.remove(oldest);
        }
        true
    }

    fn call(
        self: &Arc<Self>,
        socket: &Arc<UdpSocket>,
        from: SocketAddr,
        to: SocketAddr,
        first: &[u8],
    ) -> Option<Caller> {
        let (sender, inbox) = mpsc::channel(QUEUE);
        sender.try_send(first.to_vec()).ok()?;
        let settled = Arc::new(AtomicBool::new(false));
        let line = Line::Datagrams { socket: socket.clone(), remote: from, inbox };
        let (turn, settles) = (self.clone(), settled.clone());
        tokio::spawn(async move { turn.attend(line, from, to, || settles.store(true, Relaxed)).await });
        Some(Caller { from, inbox: sender, settled })
    }

    /// Serves a client that came over a stream.
    ///
    /// # Errors
    /// Why it ended; of no consequence to any other.
    pub(crate) async fn serve(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        (from, to): (SocketAddr, SocketAddr),
        newcomer: &Newcomer,
    ) -> io::Result<()> {
        let line = Line::Stream { stream: Box::new(stream), read: Vec::new() };
        self.attend(line, from, to, || newcomer.settle()).await
    }

    async fn attend(
        self: &Arc<Self>,
        mut line: Line,
        from: SocketAddr,
        to: SocketAddr,
        settle: impl Fn(),
    ) -> io::Result<()> {
        let mut guest = Guest::new(self.rules.clone(), to, from, clock::unix_s());
        let (way, mut outgoing) = mpsc::channel(QUEUE);
        let (mut loan, patience) = (Loan { turn: self, address: None }, Instant::now() + PATIENCE);
        loop {
            let deadline = guest.deadline();
            let deadline = if loan.address.is_some() { deadline } else { deadline.min(patience) };
            let acts = tokio::select! {
                message = line.receive() => {
                    let message = message?;
                    let lend = &mut |is_v4| loan.begin(to, is_v4, &way);
                    guest.receive(&message, lend)
                }
                Some(datagram) = outgoing.recv() => wrap(&mut guest, datagram, &mut outgoing),
                () = sleep_until(deadline.into()) => {
                    let lend = &mut |is_v4| loan.begin(to, is_v4, &way);
                    guest.go_on(lend)
                }
            };
            self.act(acts, &mut line).await?;
            match (loan.address, guest.lent()) {
                (Some(_), None) => return Ok(()),
                (Some(_), Some(_)) => settle(),
                (None, _) if Instant::now() >= patience => return Ok(()),
                (None, _) => {}
            }
        }
    }

    async fn act(&self, acts: Vec<Act>, line: &mut Line) -> io::Result<()> {
        let mut replies = Vec::new();
        for act in acts {
            match act {
                Act::Reply(bytes) => replies.push(bytes),
                Act::Arrive { from, to, bytes } => {
                    self.hub.send(Event::Relayed { from, to, bytes }).await.map_err(io::Error::other)?;
                }
            }
        }
        if replies.is_empty() { Ok(()) } else { line.send(&replies).await }
    }

    fn lent(&self) -> MutexGuard<'_, Lent> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn callers(&self) -> MutexGuard<'_, Vec<Caller>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wraps a datagram, and those that wait behind it.
fn wrap(guest: &mut Guest, first: Datagram, outgoing: &mut mpsc::Receiver<Datagram>) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut next = Some(first);
    while let Some((from, bytes)) = next {
        acts.extend(guest.wrap(from, bytes).map(Act::Reply));
        next = outgoing.try_recv().ok();
    }
    acts
}

/// An address that is lent to one client, until it is dropped.
struct Loan<'a> {
    turn: &'a Turn,
    address: Option<SocketAddr>,
}

impl Loan<'_> {
    /// Lends an address of the family, beside the one that the client reached.
    fn begin(
        &mut self,
        reached: SocketAddr,
        is_v4: bool,
        way: &mpsc::Sender<Datagram>,
    ) -> Option<SocketAddr> {
        if is_v4 != reached.is_ipv4() || self.address.is_some() {
            return None;
        }
        let mut lent = self.turn.lent();
        if lent.ways.len() >= MOST {
            return None;
        }
        let span = PORTS.end() - PORTS.start();
        for _ in 0..=MOST {
            lent.next = (lent.next + 1) % span;
            let address = SocketAddr::new(reached.ip(), PORTS.start() + lent.next);
            if let Entry::Vacant(free) = lent.ways.entry(address) {
                free.insert(way.clone());
                self.address = Some(address);
                return self.address;
            }
        }
        None
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.turn.lent().ways.remove(&address);
        }
    }
}

/// Whether a datagram is for a TURN server: a channel's (RFC 8656, section 12.4), or a request or an indication of TURN's.
/// Checks of WebRTC carry a name; a question for one's own address has none.
fn is_ours(datagram: &[u8]) -> bool {
    const BINDING: u16 = 0x0001;
    // Allocate, Refresh, CreatePermission and ChannelBind requests, and the Send indication.
    const TURN: [u16; 5] = [0x0003, 0x0004, 0x0008, 0x0009, 0x0016];
    let Some(kind) = datagram.first_chunk::<2>().map(|kind| u16::from_be_bytes(*kind)) else { return false };
    match datagram[0] {
        0x40..=0x4f => true,
        0 if is_stun(datagram) => TURN.contains(&kind) || (kind == BINDING && username(datagram).is_none()),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
