//! One port: UDP for WebRTC, and TCP for HTTP and WebRTC, told apart by the first byte.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use axum::Router;
use str0m::net::{Protocol, Transmit};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, ReadBuf},
    net::{
        TcpListener, TcpStream, UdpSocket,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, mpsc},
    time::timeout,
};

use crate::{
    crowd::{Crowd, Newcomer},
    first::{Spoken, append, is_stun, read_frame, spoken},
    hub::Event,
    relay::Relays,
    server::ServerError,
    site,
    tls::Tls,
    turn::Turn,
};

/// The addresses that a browser may find us at, for a listener at `listen`.
///
/// # Errors
/// [`ServerError::Interfaces`] when the machine does not tell its addresses.
pub(crate) fn addresses(listen: SocketAddr) -> Result<Vec<SocketAddr>, ServerError> {
    if !listen.ip().is_unspecified() {
        return Ok(vec![listen]);
    }
    let interfaces = if_addrs::get_if_addrs().map_err(ServerError::Interfaces)?;
    let ours = interfaces.iter().map(if_addrs::Interface::ip).filter(|ip| match ip {
        IpAddr::V4(ip) => !ip.is_link_local(),
        IpAddr::V6(ip) => listen.is_ipv6() && !ip.is_unicast_link_local(),
    });
    Ok(ours.map(|ip| SocketAddr::new(ip, listen.port())).collect())
}

/// The UDP sockets, one for each of our addresses: the answer to a datagram must leave from where it came to.
pub(crate) struct Sockets {
    sockets: Vec<(SocketAddr, Arc<UdpSocket>)>,
    streams: Streams,
    relays: Relays,
    turn: Option<Arc<Turn>>,
}

/// A keyframe leaves in one burst; the default of the system holds half of one.
const SEND_BUFFER: usize = 1 << 20;

impl Sockets {
    pub(crate) async fn bind(addresses: &[SocketAddr], streams: Streams) -> Result<Self, ServerError> {
        let mut sockets = Vec::new();
        for address in addresses {
            let socket = match UdpSocket::bind(address).await {
                // It went in the meantime, or is not ready yet, as new addresses of IPv6 are.
                Err(source) if source.kind() == io::ErrorKind::AddrNotAvailable && addresses.len() > 1 => {
                    tracing::warn!(%address, "no browser can use this address, which is not ready");
                    continue;
                }
                bound => {
                    bound.map_err(|source| ServerError::Bind { what: "UDP", address: *address, source })?
                }
            };
            if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER) {
                tracing::debug!(%error, "the send buffer keeps its size");
            }
            sockets.push((*address, Arc::new(socket)));
        }
        Ok(Self { sockets, streams, relays: Relays::default(), turn: None })
    }

    /// The addresses that others lend us.
    pub(crate) fn relays(&self) -> &Relays {
        &self.relays
    }

    /// Lets a TURN server of our own have what is for it.
    pub(crate) fn share_with(&mut self, turn: Arc<Turn>) {
        self.turn = Some(turn);
    }

    /// Hands a datagram to our own TURN server; tells whether it is for that.
    pub(crate) fn is_for_turn(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        let Some(turn) = &self.turn else { return false };
        let socket = self.sockets.iter().find(|(address, _)| *address == to);
        socket.is_some_and(|(_, socket)| turn.datagram(socket, from, to, bytes))
    }

    /// Our addresses that have a socket.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().map(|(address, _)| *address).collect()
    }

    /// Waits for a datagram: how long it is, who sent it, to which of our addresses.
    pub(crate) async fn receive(&self, buffer: &mut [u8]) -> (usize, SocketAddr, SocketAddr) {
        std::future::poll_fn(|context| {
            for (address, socket) in &self.sockets {
                let mut space = ReadBuf::new(buffer);
                // An error is about a datagram sent earlier, to a viewer who has gone.
                while let Poll::Ready(result) = socket.poll_recv_from(context, &mut space) {
                    if let Ok(from) = result {
                        return Poll::Ready((space.filled().len(), from, *address));
                    }
                }
            }
            Poll::Pending
        })
        .await
    }

    /// The next datagram that has already arrived.
    pub(crate) fn try_receive(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr, SocketAddr)> {
        self.sockets.iter().find_map(|(address, socket)| {
            socket.try_recv_from(buffer).ok().map(|(length, from)| (length, from, *address))
        })
    }

    /// Sends a datagram. What the system has no room for is lost, as on any network.
    pub(crate) fn send(&self, transmit: Transmit) {
        if self.turn.as_ref().is_some_and(|turn| turn.send(&transmit)) {
            return;
        }
        if transmit.proto == Protocol::Udp {
            match self.sockets.iter().find(|(address, _)| *address == transmit.source) {
                Some((_, socket)) => {
                    if let Err(error) = socket.try_send_to(&transmit.contents, transmit.destination) {
                        tracing::trace!(%error, "a datagram was lost");
                    }
                }
                None => self.relays.send(transmit),
            }
        } else {
            self.streams.send(transmit.destination, transmit.contents.into());
        }
    }
}

/// The TCP streams that carry WebRTC, by the address of the other end.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>>>);

/// Datagrams that wait for one stream; beyond this they are lost.
const STREAM_QUEUE: usize = 1024;

impl Streams {
    fn send(&self, to: SocketAddr, bytes: Vec<u8>) {
        if let Some(stream) = self.lock().get(&to) {
            drop(stream.try_send(bytes));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What TCP connections are served with.
pub(crate) struct Gate {
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) turn: Option<Arc<Turn>>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) streams: Streams,
}

/// Connections of those who ask for figures.
const MAX_FIGURES: usize = 32;
/// How long a connection may take to say its first byte, or its next.
const FIRST_BYTE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(60);
/// Accepts connections until the task is ended.
pub(crate) async fn accept(listener: TcpListener, gate: Arc<Gate>) {
    let crowd = Crowd::default();
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let gate = gate.clone();
                crowd.enter(from.ip(), |newcomer| {
                    let serving = async move {
                        if let Err(error) = serve(stream, from, &gate, &newcomer).await {
                            tracing::debug!(%from, %error, "a connection ended");
                        }
                    };
                    tokio::spawn(serving).abort_handle()
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Accepts connections to the port for figures until the task is ended.
pub(crate) async fn accept_figures(listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(MAX_FIGURES));
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        let Ok((stream, from)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let router = router.clone();
        tokio::spawn(async move {
            let _ended = site::serve(stream, from, false, &Newcomer::default(), &router).await;
            drop(permit);
        });
    }
}

async fn serve(stream: TcpStream, from: SocketAddr, gate: &Gate, newcomer: &Newcomer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    if timeout(FIRST_BYTE, stream.peek(&mut first)).await?? == 0 {
        return Ok(());
    }
    match spoken(first[0]) {
        Spoken::Http => site::serve(stream, from, false, newcomer, &gate.router).await,
        Spoken::WebRtc => match &gate.turn {
            Some(turn) if timeout(FIRST_BYTE, is_stun_without_frame(&stream)).await?? => {
                let places = (canonical(from), canonical(stream.local_addr()?));
                turn.serve(stream, places, newcomer).await
            }
            _ => serve_ice(stream, from, gate, newcomer).await,
        },
        Spoken::Tls => match &gate.tls {
            Some(tls) => serve_tls(stream, from, (gate, tls), newcomer).await,
            None => Err(io::Error::other("TLS is turned off here: use http://, or a proxy in front")),
        },
        Spoken::Unknown => Err(io::Error::other(format!("nothing begins with {:#04x}", first[0]))),
    }
}

async fn serve_tls(
    stream: TcpStream,
    from: SocketAddr,
    (gate, tls): (&Gate, &Tls),
    newcomer: &Newcomer,
) -> io::Result<()> {
    let to = canonical(stream.local_addr()?);
    let mut stream = tls.accept(stream).await?;
    if let Some(turn) = &gate.turn {
        let first = timeout(FIRST_BYTE, stream.fill_buf()).await??.first();
        if first.is_some_and(|first| spoken(*first) == Spoken::WebRtc) {
            return turn.serve(stream, (canonical(from), to), newcomer).await;
        }
    }
    site::serve(stream, from, true, newcomer, &gate.router).await
}

/// Whether a stream begins with STUN as TURN has it, and not with the frame of WebRTC over TCP, which is two bytes longer.
async fn is_stun_without_frame(stream: &TcpStream) -> io::Result<bool> {
    let mut head = [0; 8];
    loop {
        match stream.peek(&mut head).await? {
            8 => return Ok(is_stun(&head)),
            0 => return Ok(false),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve_ice(stream: TcpStream, from: SocketAddr, gate: &Gate, newcomer: &Newcomer) -> io::Result<()> {
    let to = canonical(stream.local_addr()?);
    let from = canonical(from);
    let (mut reader, writer) = stream.into_split();
    let mut frame = Vec::new();
    timeout(FIRST_BYTE, read_frame(&mut reader, &mut frame)).await??;
    if !is_stun(&frame) {
        return Err(io::Error::other("it does not begin with STUN"));
    }
    newcomer.settle();
    let (sender, outgoing) = mpsc::channel(STREAM_QUEUE);
    gate.streams.lock().insert(from, sender);
    let writing = tokio::spawn(write_frames(writer, outgoing));
    let result = read_frames(reader, frame, from, to, gate).await;
    gate.streams.lock().remove(&from);
    writing.abort();
    result
}

async fn read_frames(
    mut reader: OwnedReadHalf,
    mut frame: Vec<u8>,
    from: SocketAddr,
    to: SocketAddr,
    gate: &Gate,
) -> io::Result<()> {
    loop {
        let event = Event::Tcp { from, to, bytes: std::mem::take(&mut frame) };
        gate.events.send(event).await.map_err(io::Error::other)?;
        timeout(IDLE, read_frame(&mut reader, &mut frame)).await??;
    }
}

async fn write_frames(mut writer: OwnedWriteHalf, mut outgoing: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    let mut batch = Vec::new();
    while let Some(bytes) = outgoing.recv().await {
        batch.clear();
        append(&mut batch, &bytes);
        while batch.len() < 64 * 1024
            && let Ok(bytes) = outgoing.try_recv()
        {
            append(&mut batch, &bytes);
        }
        writer.write_all(&batch).await?;
    }
    Ok(())
}

/// A dual-stack socket shows IPv4 peers as IPv6; candidates are told in IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
