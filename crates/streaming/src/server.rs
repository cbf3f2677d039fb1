//! The server: threads for the desktop, one loop for the network.

mod config;

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::{Desktop, DesktopError, InputEvent, OpenDesktop};
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc, oneshot},
    time::sleep_until,
};

use crate::{
    app_ready, audio,
    audit::Audit,
    choices::Chosen,
    demand::DemandCell,
    desktop::DesktopThreads,
    hub::{Event, Hub, HubConfig},
    ice::{Ice, IceConfig, PublicAddress},
    net::{self, Gate, Sockets, Streams},
    oidc::{Oidc, OidcError},
    outside::{self, Outside},
    relay,
    rfb::{self, Rfb, Screen},
    session::{self, Datagram, Reach},
    site::{self, HubPorts, Shown},
    tls::{Tls, TlsConfig, TlsError},
    turn::Turn,
    video::Video,
};

pub use self::config::{AboutConfig, AuthConfig, PageConfig, ProxyConfig, ServerConfig, VideoConfig};

/// Why the server does not run, or no longer does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The port is taken, or may not be used.
    #[error("cannot listen on {what} {address}; is another server there? choose another with --listen")]
    Bind {
        /// TCP or UDP.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The file of what happened cannot be written.
    #[error("cannot write {}; choose another file with --audit-log", path.display())]
    Audit {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The port for figures is taken, or may not be used.
    #[error("cannot serve figures on {address}; is another server there? choose another with --metrics-port")]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The machine's addresses are unknown.
    #[error("cannot list the addresses of this machine; name one with --listen")]
    Interfaces(#[source] io::Error),
    /// There can be no TLS.
    #[error("cannot serve TLS")]
    Tls(#[from] TlsError),
    /// Nobody can sign in at somebody else's.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The network loop could not be made.
    #[error("cannot start the network thread")]
    Runtime(#[source] io::Error),
    /// The desktop was lost and did not come back.
    #[error("the desktop was lost and did not come back")]
    Desktop(#[source] DesktopError),
}

/// Events that wait for the network thread.
const EVENT_QUEUE: usize = 256;
/// Input that waits for the desktop.
const INPUT_QUEUE: usize = 1024;
/// News of the world outside that wait.
const NEWS_QUEUE: usize = 4;
/// Datagrams taken at once before anything else gets its turn.
const BATCH: usize = 32;

/// Serves `desktop` until `stop` is ready; `open` gets it back when it is lost. `ready` is told where the server
/// listens.
///
/// # Errors
/// [`ServerError`] when the port cannot be had, or a lost desktop has not come back for a minute.
pub fn serve(
    mut config: ServerConfig,
    desktop: Desktop,
    open: OpenDesktop,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    session::install_crypto();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServerError::Runtime)?;
    let (events, inbox) = mpsc::channel(EVENT_QUEUE);
    let network = runtime.block_on(Network::open(&config, events.clone()))?;
    if let Some(file) = config.app_ready.clone() {
        runtime.spawn(app_ready::watch(file, events.clone()));
    }
    let audit = audit(&config.auth)?;
    let oidc = config.auth.oidc.take().map(Oidc::new).transpose()?.map(Arc::new);
    if let Some(oidc) = oidc.clone() {
        runtime.spawn(async move { oidc.look().await });
    }
    ready(network.listen);
    let demand = Arc::new(DemandCell::default());
    let (happened, _) = broadcast::channel(site::EVENTS_QUEUE);
    let stopping = Arc::new(AtomicBool::new(false));
    let (input, keys) = sync_channel(INPUT_QUEUE);
    let rfb = std::mem::take(&mut config.rfb);
    let rfb = Arc::new(Rfb::new(
        rfb,
        (config.policy, config.app_ready.is_none(), config.audio.is_some()),
        demand.clone(),
        input.clone(),
        network.tls.clone(),
        events.clone(),
    ));
    rfb.film.encoded_by_circuit(config.video.is_by_circuit());
    let encoders = config.video.offered();
    let chosen = Arc::new(Chosen::load(config.choices.clone(), &config.about.settings, encoders));
    let hub = Hub::new(
        network.hub_config(&config, &chosen, (&audit, &happened)),
        demand.clone(),
        input,
        rfb.clone(),
    );
    let (lost, desktop_lost) = oneshot::channel();
    thread::scope(|scope| {
        let threads =
            desktop_threads(&config.video, open, &demand, &events, (keys, rfb.screen.clone()), &stopping);
        scope.spawn(move || drop(threads.run(desktop).map_err(|error| lost.send(error))));
        if let Some(audio) = &config.audio {
            scope.spawn(|| audio::run(audio, &demand, &events, &stopping));
            if let Some(sound) = rfb.sound.clone() {
                let (events, stopping) = (&events, &stopping);
                scope.spawn(move || audio::run_plain(audio, &sound, events, stopping));
            }
        }
        let ports = HubPorts { events: events.clone(), demand: demand.clone(), happened, rfb: rfb.clone() };
        let shown = Shown { auth: config.auth, oidc, page: config.page, about: config.about, chosen };
        let ways = (shown, &audit, ports, config.ice);
        let result = runtime.block_on(network.run((hub, rfb), inbox, ways, stop, desktop_lost));
        stopping.store(true, Relaxed);
        demand.wake_frames();
        demand.want(|_| ());
        result
    })
}

fn audit(auth: &AuthConfig) -> Result<Audit, ServerError> {
    match &auth.audit {
        Some(path) => {
            Audit::open(path.clone()).map_err(|source| ServerError::Audit { path: path.clone(), source })
        }
        None => Ok(Audit::default()),
    }
}

fn desktop_threads(
    config: &VideoConfig,
    open: OpenDesktop,
    demand: &Arc<DemandCell>,
    events: &mpsc::Sender<Event>,
    (input, screen): (Receiver<InputEvent>, Arc<Screen>),
    stop: &Arc<AtomicBool>,
) -> DesktopThreads {
    let video = Video::new(config, screen);
    DesktopThreads { open, demand: demand.clone(), events: events.clone(), input, video, stop: stop.clone() }
}

/// The sockets, before anybody is served.
struct Network {
    listen: SocketAddr,
    addresses: Vec<SocketAddr>,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    sockets: Sockets,
    streams: Streams,
    tls: Option<Arc<Tls>>,
    turn: Option<Arc<Turn>>,
    /// The port of their own that viewers of RFB have.
    viewers: Option<TcpListener>,
    events: mpsc::Sender<Event>,
}

impl Network {
    async fn open(config: &ServerConfig, events: mpsc::Sender<Event>) -> Result<Self, ServerError> {
        let bind = |source| ServerError::Bind { what: "TCP", address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(bind)?;
        let listen = listener.local_addr().map_err(bind)?;
        let addresses = net::addresses(listen)?;
        let streams = Streams::default();
        let mut sockets = Sockets::bind(&addresses, streams.clone()).await?;
        let addresses = sockets.addresses();
        let turn = config.ice.embedded.then(|| Turn::new(addresses.clone(), events.clone())).transpose();
        let turn = turn.map_err(ServerError::Runtime)?;
        turn.iter().for_each(|turn| sockets.share_with(turn.clone()));
        let tls = config.tls.as_ref().map(|tls| Tls::new(tls.clone(), &addresses));
        let tls = match (tls.transpose(), &config.tls) {
            // Nobody asked for it by name, and the desktop works without.
            (Err(error), Some(TlsConfig::Own(_))) => {
                tracing::warn!("there is no TLS: {}", crate::error_text(&error));
                None
            }
            (tls, _) => tls?,
        };
        let viewers = rfb::bind(config.rfb.listen).await?;
        let metrics = match config.metrics {
            Some(address) => Some(
                TcpListener::bind(address)
                    .await
                    .map_err(|source| ServerError::Metrics { address, source })?,
            ),
            None => None,
        };
        Ok(Self {
            listen,
            addresses,
            listener,
            metrics,
            sockets,
            streams,
            tls: tls.map(Arc::new),
            turn,
            viewers,
            events,
        })
    }

    fn hub_config(
        &self,
        config: &ServerConfig,
        chosen: &Chosen,
        (audit, happened): (&Audit, &broadcast::Sender<site::Happened>),
    ) -> HubConfig {
        HubConfig {
            reach: self.reach(&config.ice),
            codecs: [&[config.video.codec], &config.video.others[..]].concat(),
            full: config.video.full_colour,
            encoders: config.video.encoders(),
            audio: config.audio.is_some(),
            fps: config.video.fps,
            max_kbps: config.video.max_kbps,
            adapts: config.video.adapts,
            audit: audit.clone(),
            happened: happened.clone(),
            keyframe_every: config.video.keyframe_every,
            policy: config.policy,
            chosen: chosen.now(),
            waits_for: config.app_ready.as_deref().map(app_ready::waiting),
        }
    }

    fn reach(&self, ice: &IceConfig) -> Reach {
        let mut reach = Reach::new(self.addresses.clone());
        for address in &ice.public {
            if let PublicAddress::Told(address) = address {
                reach.told(*address);
            }
        }
        reach
    }

    async fn run(
        self,
        (mut hub, rfb): (Hub, Arc<Rfb>),
        mut inbox: mpsc::Receiver<Event>,
        (shown, audit, ports, ice): (Shown, &Audit, HubPorts, IceConfig),
        stop: impl Future<Output = ()>,
        lost: oneshot::Receiver<DesktopError>,
    ) -> Result<(), ServerError> {
        let Self { listen, listener, metrics, sockets, streams, tls, turn, viewers, events, .. } = self;
        let (news, mut outside_news) = mpsc::channel(NEWS_QUEUE);
        // Nobody outside sees an address of loopback.
        let stun = ice.stun.clone().filter(|_| !listen.ip().is_loopback());
        let looking = tokio::spawn(outside::find_out(ice.public.clone(), stun, news));
        let mut outside = Outside::default();
        let is_relayed = ice.relay;
        let ice = Arc::new(Ice::new(ice, turn.clone(), tls.is_some()));
        let borrowing = is_relayed
            .then(|| tokio::spawn(relay::borrow(ice.clone(), sockets.relays().clone(), events.clone())));
        let (router, figures) =
            site::router(shown, audit, (listen.port(), tls.is_some()), ports, ice.clone());
        let figures = metrics.map(|listener| tokio::spawn(net::accept_figures(listener, figures)));
        let refreshing = tokio::spawn(async move { ice.keep_fresh().await });
        let certifying = tls.clone().map(|tls| tokio::spawn(async move { tls.keep_fresh().await }));
        let viewing = viewers.map(|listener| tokio::spawn(rfb::accept(listener, rfb)));
        let gate = Gate { router, tls, turn, events, streams };
        let accepting = tokio::spawn(net::accept(listener, Arc::new(gate)));
        let (mut stop, mut lost) = (pin!(stop), pin!(lost));
        let mut buffer = vec![0; 4096];
        let send = &mut |transmit| sockets.send(transmit);
        let result = loop {
            let deadline = hub.deadline().into_iter().chain(outside.deadline()).min();
            let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                () = &mut stop => break Ok(()),
                Ok(error) = &mut lost => break Err(ServerError::Desktop(error)),
                Some(event) = inbox.recv() => {
                    if matches!(event, Event::Offer(_)) {
                        outside.ask(hub.reach(), Instant::now());
                    }
                    hub.handle(event, Instant::now(), send);
                }
                Some(news) = outside_news.recv() => outside.hear(news, hub.reach(), Instant::now()),
                (length, from, to) = sockets.receive(&mut buffer) => {
                    let mut next = Some((length, from, to));
                    for _ in 0..BATCH {
                        let Some((length, from, to)) = next.take().or_else(|| sockets.try_receive(&mut buffer)) else {
                            break;
                        };
                        let datagram = Datagram { tcp: false, from, to, bytes: &buffer[..length] };
                        if !sockets.is_for_turn(from, to, datagram.bytes)
                            && !hub.datagram(&datagram, Instant::now(), send)
                        {
                            outside.receive(from, to, datagram.bytes, hub.reach());
                        }
                    }
                }
                () = sleep_until(deadline.into()) => {
                    hub.tick(Instant::now(), send);
                    outside.tick(Instant::now(), send);
                }
            }
        };
        hub.dismiss("the server stops", Instant::now(), send);
        accepting.abort();
        viewing.into_iter().chain(figures).chain(borrowing).chain(certifying).for_each(|task| task.abort());
        refreshing.abort();
        looking.abort();
        // The desktop's threads may be waiting for room in the queue.
        inbox.close();
        while inbox.try_recv().is_ok() {}
        result
    }
}
