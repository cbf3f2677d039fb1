//! What a page is told about the way to us: STUN and TURN servers, their logins, and which way is to be taken.

mod file;
mod public;
mod service;

use std::{path::PathBuf, sync::Arc, time::Duration};

use cosmos_auth::{
    Secret, TurnLogin,
    ice::{IceServer, IceServers, TurnAddress, TurnTransport},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::{file::ServersFile, service::Logins};

use crate::turn::Turn;

pub(crate) use self::public::ec2;
pub use self::{
    public::{BadPublicAddress, PublicAddress},
    service::{RestHeaders, Service},
};

/// The ways through the network, and what helps on them.
#[derive(Debug, Default)]
pub struct IceConfig {
    /// The only way that pages take.
    pub transport: Transport,
    /// Addresses by which others reach this machine, beside its own.
    pub public: Vec<PublicAddress>,
    /// The STUN server, as `HOST:PORT`, for us and for pages; `None` for none.
    pub stun: Option<String>,
    /// A TURN server, and how browsers log in to it.
    pub turn: Option<(TurnAddress, TurnAuth)>,
    /// Who else gives logins.
    pub services: Vec<Service>,
    /// A JSON file of servers. It is read again when it changes.
    pub file: Option<PathBuf>,
    /// Whether we are reached by way of the TURN servers, too: for a machine to which nobody can send.
    pub relay: bool,
    /// Whether this server is a TURN server too, on its one port.
    pub embedded: bool,
}

/// The only way that pages take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The best that leads here.
    #[default]
    Auto,
    /// WebRTC over UDP.
    Udp,
    /// WebRTC over TCP of the one port.
    Tcp,
    /// WebRTC over a TURN server.
    Turn,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Udp, Self::Tcp, Self::Turn, Self::WebSocket];

    /// Its name, as it is set and as the page knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Turn => "turn",
            Self::WebSocket => "websocket",
        }
    }
}

/// How browsers log in to a TURN server.
#[derive(Debug)]
pub enum TurnAuth {
    /// With logins that hold for a day, made with the secret that the server shares with us.
    SharedSecret {
        /// It, byte for byte.
        secret: Secret,
        /// Whom the logins are for; the server logs it.
        user: String,
    },
    /// With a name and a password that hold for good.
    LongTerm {
        /// The name.
        username: String,
        /// Its password.
        password: Secret,
    },
}

/// How long logins hold that are made here.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// How long a page waits at most for a service that has never answered.
const PATIENCE: Duration = Duration::from_secs(2);

/// Everything that pages ask about the way to us.
pub(crate) struct Ice {
    transport: Transport,
    stun: Option<String>,
    turn: Option<(TurnAddress, TurnAuth)>,
    logins: Vec<Arc<Logins>>,
    file: Option<ServersFile>,
    /// Our own TURN server, and whether it speaks TLS.
    ours: Option<(Arc<Turn>, bool)>,
}

impl Ice {
    pub(crate) fn new(config: IceConfig, ours: Option<Arc<Turn>>, tls: bool) -> Self {
        let logins = config.services.into_iter().map(|service| Arc::new(Logins::new(service))).collect();
        let file = config.file.map(ServersFile::new);
        let ours = ours.map(|turn| (turn, tls));
        Self { transport: config.transport, stun: config.stun, turn: config.turn, logins, file, ours }
    }

    /// Asks for logins, and again before they end, for as long as it is polled.
    pub(crate) async fn keep_fresh(&self) {
        let asking = self.logins.iter().cloned().map(|logins| async move { logins.keep_fresh().await });
        let mut asking: JoinSet<()> = asking.collect();
        while asking.join_next().await.is_some() {}
    }

    /// The answer for a page, which found us at this host and port, at `now` in seconds since 1970.
    pub(crate) async fn answer(self: Arc<Self>, found_at: Option<(String, u16)>, now: u64) -> Value {
        for logins in &self.logins {
            logins.first(PATIENCE).await;
        }
        // A file may lie on a disk that takes its time.
        let read = tokio::task::spawn_blocking(move || self.told(found_at, now));
        read.await.unwrap_or_else(|_| json!({ "iceServers": [] }))
    }

    /// The TURN servers, and how to log in to them, at `now` in seconds since 1970.
    pub(crate) async fn turn_servers(self: Arc<Self>, now: u64) -> Vec<(TurnAddress, TurnLogin)> {
        for logins in &self.logins {
            logins.first(PATIENCE).await;
        }
        let read = tokio::task::spawn_blocking(move || self.lists(now)).await;
        let lists = read.unwrap_or_default();
        let servers = lists.iter().flat_map(|list| &list.servers);
        let logins = servers.filter_map(|server| Some((server, server.login.as_ref()?)));
        let places = logins.flat_map(|(server, login)| {
            let addresses = server.urls.iter().filter_map(|url| TurnAddress::parse(url));
            addresses.map(|address| (address, login_of(&login.username, &login.password)))
        });
        places.collect()
    }

    fn lists(&self, now: u64) -> Vec<Arc<IceServers>> {
        let file = self.file.as_ref().and_then(|file| file.servers(now));
        let logins = self.logins.iter().filter_map(|logins| logins.servers());
        [Arc::new(self.own(now))].into_iter().chain(file).chain(logins).collect()
    }

    fn told(&self, found_at: Option<(String, u16)>, now: u64) -> Value {
        let mut lists = self.lists(now);
        lists.extend(found_at.and_then(|(host, port)| self.embedded(&host, port, now)).map(Arc::new));
        let expires = lists.iter().filter_map(|list| list.expires).min();
        let servers: Vec<Value> = lists.iter().flat_map(|list| list.servers.iter().map(shown)).collect();
        json!({
            "schema": "cosmos.ice/1",
            "transport": self.transport.as_str(),
            "iceServers": servers,
            // Not when, but how long: a browser's clock may stand elsewhere.
            "lifetime": expires.map(|at| at.saturating_sub(now)),
        })
    }

    /// Our own TURN server: where the page came in, TURN does as well.
    fn embedded(&self, host: &str, port: u16, now: u64) -> Option<IceServers> {
        let (turn, tls) = self.ours.as_ref()?;
        let ways = [Some(TurnTransport::Udp), Some(TurnTransport::Tcp), tls.then_some(TurnTransport::Tls)];
        let url = |transport| TurnAddress { host: host.to_owned(), port, transport }.url();
        let expires = now + LIFETIME.as_secs();
        let server = IceServer {
            urls: ways.into_iter().flatten().map(url).collect(),
            login: Some(turn.login(expires)),
        };
        Some(IceServers { servers: vec![server], expires: Some(expires) })
    }

    fn own(&self, now: u64) -> IceServers {
        let stun =
            self.stun.iter().map(|place| IceServer { urls: vec![format!("stun:{place}")], login: None });
        let expires = now + LIFETIME.as_secs();
        let turn = self.turn.iter().map(|(address, auth)| {
            let login = match auth {
                TurnAuth::SharedSecret { secret, user } => TurnLogin::time_limited(secret, user, expires),
                TurnAuth::LongTerm { username, password } => login_of(username, password),
            };
            IceServer { urls: vec![address.url()], login: Some(login) }
        });
        let servers: Vec<IceServer> = stun.chain(turn).collect();
        let expires = servers.iter().filter_map(|server| server.login.as_ref()?.expires()).min();
        IceServers { servers, expires }
    }
}

fn login_of(username: &str, password: &Secret) -> TurnLogin {
    TurnLogin { username: username.to_owned(), password: Secret::new(password.expose()) }
}

/// As `RTCIceServer` of W3C WebRTC. This is the one place where a password of a TURN server leaves, to whoever is logged
/// in.
fn shown(server: &IceServer) -> Value {
    match &server.login {
        Some(login) => json!({
            "urls": server.urls, "username": login.username, "credential": login.password.expose(),
        }),
        None => json!({ "urls": server.urls }),
    }
}

#[cfg(test)]
mod tests;
