//! The connection to a TURN server: UDP, TCP, or TLS over TCP.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use cosmos_auth::ice::{TurnAddress, TurnTransport};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// How long a server may take to be found, or to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it may take nothing of what is sent.
const STUCK: Duration = Duration::from_secs(10);

/// A connection.
pub(super) struct Wire {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    way: Way,
}

enum Way {
    Udp(UdpSocket),
    Stream(Box<dyn Stream>),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to a server, by the first of its addresses that answers.
pub(super) async fn open(server: &TurnAddress) -> io::Result<Wire> {
    let found = timeout(CONNECT, lookup_host((&*server.host, server.port))).await??;
    first_of(server, found).await
}

/// Connects to a server by the first of these addresses that answers.
pub(super) async fn first_of(
    server: &TurnAddress,
    found: impl Iterator<Item = SocketAddr>,
) -> io::Result<Wire> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for remote in found {
        match timeout(CONNECT, to(server, remote)).await.unwrap_or_else(|late| Err(late.into())) {
            Ok(wire) => return Ok(wire),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn to(server: &TurnAddress, remote: SocketAddr) -> io::Result<Wire> {
    if server.transport == TurnTransport::Udp {
        let any = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
        socket.connect(remote).await?;
        return Ok(Wire { local: socket.local_addr()?, remote, way: Way::Udp(socket) });
    }
    let stream = TcpStream::connect(remote).await?;
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let stream: Box<dyn Stream> = match server.transport {
        TurnTransport::Tls => {
            let name = ServerName::try_from(server.host.clone()).map_err(io::Error::other)?;
            Box::new(connector().await?.connect(name, stream).await?)
        }
        _ => Box::new(stream),
    };
    Ok(Wire { local, remote, way: Way::Stream(stream) })
}

/// What trusts whom this system trusts.
async fn connector() -> io::Result<TlsConnector> {
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config).into())
}

impl Wire {
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.way, Way::Stream(_))
    }

    /// The next bytes that arrive: of a stream, as many as there are. Nothing is lost when this is not polled to its end.
    ///
    /// # Errors
    /// What the connection says; that it is closed.
    pub(super) async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.way {
            Way::Udp(socket) => socket.recv(buffer).await,
            Way::Stream(stream) => match stream.read(buffer).await? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                length => Ok(length),
            },
        }
    }

    /// Sends a datagram, or a run of bytes.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.way {
            Way::Udp(socket) => socket.send(bytes).await.map(drop),
            Way::Stream(stream) => {
                timeout(STUCK, async {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                })
                .await?
            }
        }
    }
}
