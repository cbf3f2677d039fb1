#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, future::Future, net::TcpListener as StdTcpListener};

use cosmos_auth::{Secret, ice::TurnTransport};
use str0m::net::Protocol;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, UdpSocket},
    task::AbortHandle,
    time::timeout,
};

use super::*;
use crate::{
    clock,
    crowd::Newcomer,
    ice::{IceConfig, TurnAuth},
    tls::{Tls, TlsConfig},
    turn::Turn,
};

/// Somebody whom the server speaks to.
const OTHER: &str = "127.0.0.1:9";
const LIMIT: Duration = Duration::from_secs(20);

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(LIMIT, test).await.expect("in time") });
}

fn other() -> SocketAddr {
    OTHER.parse().unwrap()
}

fn turn_address(at: SocketAddr, transport: TurnTransport) -> TurnAddress {
    TurnAddress { host: at.ip().to_string(), port: at.port(), transport }
}

/// Where nobody listens.
fn closed() -> SocketAddr {
    StdTcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn transmit(source: SocketAddr, destination: SocketAddr, bytes: &[u8]) -> Transmit {
    Transmit { proto: Protocol::Udp, source, destination, contents: bytes.to_vec().into() }
}

/// The TURN server that this program has for browsers, as the one that we go to.
struct Server {
    turn: Arc<Turn>,
    at: SocketAddr,
    /// What is relayed to the other.
    relayed: mpsc::Receiver<Event>,
    /// The streams, the oldest first.
    streams: mpsc::Receiver<AbortHandle>,
}

impl Server {
    /// One on UDP and TCP of a port.
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let socket = Arc::new(UdpSocket::bind(at).await.unwrap());
        let (hub, relayed) = mpsc::channel(16);
        let (told, streams) = mpsc::channel(16);
        let turn = Turn::new(vec![other()], hub).unwrap();
        let serves = turn.clone();
        tokio::spawn(async move {
            loop {
                let (stream, from) = listener.accept().await.unwrap();
                let turn = serves.clone();
                let serving = async move { turn.serve(stream, (from, at), &Newcomer::default()).await };
                told.send(tokio::spawn(serving).abort_handle()).await.unwrap();
            }
        });
        let serves = turn.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                serves.datagram(&socket, from, at, &buffer[..length]);
            }
        });
        Self { turn, at, relayed, streams }
    }

    fn login(&self) -> TurnLogin {
        self.turn.login(clock::unix_s() + 3600)
    }
}

#[test]
fn the_next_address_is_borrowed_once_one_is_used_and_a_lost_one_is_forgotten() {
    run(async {
        let mut server = Server::start().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rtc.json");
        let TurnLogin { username, password } = server.login();
        let list = serde_json::json!({ "iceServers": [{
            "urls": turn_address(server.at, TurnTransport::Tcp).url(), "username": username,
            "credential": password.expose(),
        }]});
        fs::write(&file, list.to_string()).unwrap();
        // The first server that is known is none.
        let auth = TurnAuth::LongTerm { username: "ann".into(), password: Secret::new("north") };
        let turn = Some((turn_address(closed(), TurnTransport::Tcp), auth));
        let config = IceConfig { turn, file: Some(file), ..IceConfig::default() };
        let (relays, (events, mut heard)) = (Relays::default(), mpsc::channel(16));
        let borrowing = tokio::spawn(borrow(Arc::new(Ice::new(config, None, false)), relays.clone(), events));

        let Some(Event::Lent { address, base }) = heard.recv().await else { panic!("an address is lent") };
        assert_eq!(base.ip(), other().ip());
        let first = server.streams.recv().await.unwrap();
        // What leaves before the server speaks to the other is lost.
        let mut again = tokio::time::interval(Duration::from_millis(20));
        let arrived = loop {
            tokio::select! {
                arrived = server.relayed.recv() => break arrived,
                _ = again.tick() => relays.send(transmit(address, other(), b"ping")),
            }
        };
        let Some(Event::Relayed { from, to, bytes }) = arrived else { panic!("it arrives") };
        assert_eq!((from, to, &bytes[..]), (address, other(), &b"ping"[..]));

        let Some(Event::Lent { address: next, .. }) = heard.recv().await else {
            panic!("the next one is lent")
        };
        assert_ne!(next, address);
        assert!(server.turn.send(&transmit(other(), address, b"pong")));
        let Some(Event::Relayed { from, to, bytes }) = heard.recv().await else { panic!("it arrives") };
        assert_eq!((from, to, &bytes[..]), (other(), address, &b"pong"[..]));

        first.abort();
        let Some(Event::GivenBack { address: lost }) = heard.recv().await else { panic!("it is lost") };
        assert_eq!(lost, address);
        let known: Vec<_> = relays.lock().keys().copied().collect();
        assert_eq!(known, [next]);
        borrowing.abort();
    });
}

#[test]
fn a_datagram_leaves_by_its_own_address_or_is_lost() {
    let (lent, next): (SocketAddr, SocketAddr) =
        ("192.0.2.1:1".parse().unwrap(), "192.0.2.1:2".parse().unwrap());
    let (relays, (way, mut outgoing)) = (Relays::default(), mpsc::channel(2));
    relays.lock().insert(lent, way);
    for (from, byte) in [(next, 9), (lent, 0), (lent, 1), (lent, 2)] {
        relays.send(transmit(from, other(), &[byte]));
    }
    let left: Vec<_> = std::iter::from_fn(|| outgoing.try_recv().ok()).collect();
    assert_eq!(left, [(other(), vec![0]), (other(), vec![1])], "what there is no room for is lost");
}

#[test]
fn pauses_grow_to_the_longest() {
    let pauses = std::iter::successors(Some(AGAIN.0), |pause| Some(longer(*pause)));
    let seconds: Vec<_> = pauses.take(9).map(|pause| pause.as_secs()).collect();
    assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
}

#[test]
fn a_login_decides_whether_an_address_is_lent() {
    run(async {
        let server = Server::start().await;
        let wrong = TurnLogin { password: Secret::new("south"), ..server.login() };
        let expired = server.turn.login(clock::unix_s() - 7200);
        for transport in [TurnTransport::Udp, TurnTransport::Tcp] {
            let address = turn_address(server.at, transport);
            let lease = from(&address, &server.login()).await.unwrap();
            assert_eq!((lease.server(), lease.base().ip()), (server.at, server.at.ip()));
            assert_eq!(lease.address().ip(), server.at.ip());
            for login in [&wrong, &expired] {
                let refused = from(&address, login).await.err();
                assert!(matches!(refused, Some(LeaseError::Refused)), "{transport:?}: {refused:?}");
            }
        }
    });
}

#[test]
fn a_stream_is_what_arrives_until_it_ends_and_a_datagram_is_one() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let address = turn_address(at, TurnTransport::Tcp);
        let mut wire = wire::open(&address).await.unwrap();
        assert!(wire.is_stream());
        assert_eq!(wire.remote, at);
        let (mut stream, from) = listener.accept().await.unwrap();
        assert_eq!(from, wire.local);
        stream.write_all(b"abc").await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(wire.receive(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"abc");
        drop(stream);
        let ended = wire.receive(&mut buffer).await.unwrap_err();
        assert_eq!(ended.kind(), std::io::ErrorKind::UnexpectedEof);

        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = turn_address(socket.local_addr().unwrap(), TurnTransport::Udp);
        let mut wire = wire::open(&address).await.unwrap();
        assert!(!wire.is_stream());
        for bytes in [&b"one"[..], b"two!"] {
            wire.send(bytes).await.unwrap();
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..length], from), (bytes, wire.local));
        }
    });
}

#[test]
fn the_first_address_that_answers_is_taken() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, closed) = (listener.local_addr().unwrap(), closed());
        let address = turn_address(at, TurnTransport::Tcp);
        for (found, expected) in [
            (&[at, closed][..], Ok(at)),
            (&[closed, at], Ok(at)),
            (&[closed], Err(std::io::ErrorKind::ConnectionRefused)),
            (&[], Err(std::io::ErrorKind::NotFound)),
        ] {
            let wire = wire::first_of(&address, found.iter().copied()).await;
            assert_eq!(wire.map(|wire| wire.remote).map_err(|error| error.kind()), expected, "{found:?}");
        }
    });
}

#[test]
fn a_server_that_this_system_does_not_trust_is_told_nothing() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let tls = Tls::new(TlsConfig::Own(folder.path().join("tls.pem")), &[at]).unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            tls.accept(stream).await.is_err()
        });
        let refused = wire::open(&turn_address(at, TurnTransport::Tls)).await.err().unwrap();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidData, "{refused}");
        assert!(serving.await.unwrap(), "the handshake is not finished");
    });
}
