//! How others see us: what people tell, what the provider of the machine tells, and what a STUN server tells.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use str0m::net::{Protocol, Transmit};
use tokio::sync::mpsc;

use crate::{
    error_text,
    ice::{PublicAddress, ec2},
    session::Reach,
    stun::Mapper,
};

/// How long what a STUN server told is good for: translators forget a silent sender within minutes at most.
const GOOD: Duration = Duration::from_secs(30);
/// Pauses between two attempts to find the STUN server, the first and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// News of the world outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Others reach us by this address.
    Reached(SocketAddr),
    /// The STUN server has these addresses.
    Servers(Vec<SocketAddr>),
}

/// Finds out what takes its time, and tells it.
pub(crate) async fn find_out(public: Vec<PublicAddress>, stun: Option<String>, news: mpsc::Sender<News>) {
    let provider = async {
        for endpoint in public.into_iter().filter_map(|address| match address {
            PublicAddress::Ec2 { endpoint } => Some(endpoint),
            PublicAddress::Told(_) => None,
        }) {
            match tokio::task::spawn_blocking(move || ec2(&endpoint)).await {
                Ok(Ok(ip)) => drop(news.send(News::Reached(SocketAddr::new(ip, 0))).await),
                Ok(Err(error)) => tracing::warn!("{}", error_text(&error)),
                Err(_) => return,
            }
        }
    };
    let server = async {
        let Some(place) = stun else { return };
        let mut pause = AGAIN.0;
        loop {
            match tokio::net::lookup_host(&place).await {
                Ok(found) => return drop(news.send(News::Servers(found.collect())).await),
                Err(error) => tracing::debug!(%place, %error, "there is no STUN server"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(AGAIN.1);
        }
    };
    tokio::join!(provider, server);
}

/// Keeps [`Reach`] up to date with what a STUN server tells.
#[derive(Default)]
pub(crate) struct Outside {
    mapper: Mapper,
    asked: Option<Instant>,
}

impl Outside {
    /// Something was found out.
    pub(crate) fn hear(&mut self, news: News, reach: &mut Reach, now: Instant) {
        match news {
            News::Reached(address) => {
                tracing::info!(%address, "others reach this machine");
                reach.told(address);
            }
            News::Servers(servers) => {
                self.mapper = Mapper::new(servers);
                self.asked = None;
                self.ask(reach, now);
            }
        }
    }

    /// Somebody is about to connect: asks again, unless the last answer is still good.
    pub(crate) fn ask(&mut self, reach: &Reach, now: Instant) {
        if self.asked.is_none_or(|then| now >= then + GOOD) {
            self.asked = Some(now);
            self.mapper.ask(reach.hosts(), now, random);
        }
    }

    /// When [`tick`](Self::tick) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.mapper.deadline()
    }

    /// The time has come.
    pub(crate) fn tick(&mut self, now: Instant, send: &mut dyn FnMut(Transmit)) {
        for asked in self.mapper.due(now) {
            send(Transmit {
                proto: Protocol::Udp,
                source: asked.from,
                destination: asked.to,
                contents: asked.bytes.to_vec().into(),
            });
        }
    }

    /// A datagram came that belongs to no session.
    pub(crate) fn receive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], reach: &mut Reach) {
        if let Some(mapped) = self.mapper.receive(from, to, bytes) {
            tracing::debug!(base = %mapped.base, outer = %mapped.outer, "seen from outside");
            reach.found(mapped.outer, mapped.base);
        }
    }
}

fn random() -> [u8; 12] {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).expect("the operating system has a random generator");
    bytes
}
