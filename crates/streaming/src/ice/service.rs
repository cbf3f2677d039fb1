//! A service that gives logins for TURN servers, asked again before they end.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cosmos_auth::{
    Secret,
    ice::{IceError, IceServers},
};
use tokio::{sync::Notify, time::timeout};

use crate::fetch::{FetchError, Question, ask};
use crate::{clock, error_text};

/// A service that gives logins.
#[derive(Debug)]
pub struct Service {
    pub(super) url: String,
    headers: Vec<(String, Secret)>,
    /// What is sent; nothing where it is only asked.
    body: String,
}

/// What a service is told in the headers of a question, and in which of them.
#[derive(Clone, Debug)]
pub struct RestHeaders {
    /// Who asks.
    pub user: (String, String),
    /// `udp` or `tcp`: how browsers are to reach the server.
    pub protocol: (String, String),
    /// Whether over TLS: `true` or `false`.
    pub tls: (String, String),
}

impl Service {
    /// One that answers at `url`, as the seed's companion service of coturn does.
    pub fn rest(url: String, headers: RestHeaders) -> Self {
        let RestHeaders { user, protocol, tls } = headers;
        let headers = [user, protocol, tls].into_iter().map(|(name, value)| (name, Secret::new(value)));
        Self { url, headers: headers.collect(), body: String::new() }
    }

    /// That of Cloudflare, for the key of this identifier.
    pub fn cloudflare(key: &str, token: &Secret) -> Self {
        Self {
            url: format!("{CLOUDFLARE}/{key}/credentials/generate-ice-servers"),
            headers: vec![
                ("Authorization".to_owned(), Secret::new(format!("Bearer {}", token.expose()))),
                ("Content-Type".to_owned(), Secret::new("application/json")),
            ],
            body: format!("{{\"ttl\":{DAY}}}"),
        }
    }
}

const CLOUDFLARE: &str = "https://rtc.live.cloudflare.com/v1/turn/keys";
/// How long Cloudflare's logins are asked to hold, in seconds.
const DAY: u32 = 24 * 3600;
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Pauses after a failure, the first and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// Logins that do not say when they end are asked for again after so long, and all others at the latest.
const RENEW: Duration = Duration::from_secs(3600);
/// Logins are never asked for more often.
const RENEW_LEAST: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
enum NoLogins {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Content(#[from] IceError),
}

/// The logins that a service has given.
pub(super) struct Logins {
    service: Arc<Service>,
    known: Mutex<(Option<Arc<IceServers>>, bool)>,
    answered: Notify,
}

impl Logins {
    pub(super) fn new(service: Service) -> Self {
        Self { service: Arc::new(service), known: Mutex::default(), answered: Notify::new() }
    }

    /// Asks for logins, and again before they end.
    pub(super) async fn keep_fresh(&self) {
        let mut failure = AGAIN.0;
        loop {
            let service = self.service.clone();
            let fetched = tokio::task::spawn_blocking(move || service.ask(clock::unix_s())).await;
            let pause = match fetched {
                Ok(Ok(servers)) => {
                    failure = AGAIN.0;
                    let lasts = servers.expires.map(|at| at.saturating_sub(clock::unix_s()));
                    self.know(Some(Arc::new(servers)));
                    renewal(lasts)
                }
                Ok(Err(error)) => {
                    tracing::warn!("{} gives no TURN logins: {}", self.service.place(), error_text(&error));
                    self.know(None);
                    let longer = (failure * 2).min(AGAIN.1);
                    std::mem::replace(&mut failure, longer)
                }
                Err(_) => return,
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits until the service has answered once, well or ill, and no longer than `patience`.
    pub(super) async fn first(&self, patience: Duration) {
        let answered = self.answered.notified();
        if !self.lock().1 {
            let _late = timeout(patience, answered).await;
        }
    }

    /// The last logins that it gave.
    pub(super) fn servers(&self) -> Option<Arc<IceServers>> {
        self.lock().0.clone()
    }

    fn know(&self, servers: Option<Arc<IceServers>>) {
        let mut known = self.lock();
        known.1 = true;
        // Old logins may still hold, which the server that they are for knows best.
        if servers.is_some() {
            known.0 = servers;
        }
        self.answered.notify_waiters();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Option<Arc<IceServers>>, bool)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Its address, without what may be a secret.
    fn place(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    fn ask(&self, now: u64) -> Result<IceServers, NoLogins> {
        let method = if self.body.is_empty() { "GET" } else { "POST" };
        let question = Question { method, url: &self.url, headers: &self.headers, body: &self.body };
        Ok(IceServers::parse(&ask(&question, ANSWER)?, now)?)
    }
}

/// When to ask again for logins that last so many seconds: with a quarter of their time left.
fn renewal(lasts: Option<u64>) -> Duration {
    let by_life = lasts.map_or(RENEW, |seconds| Duration::from_secs(seconds) * 3 / 4);
    by_life.clamp(RENEW_LEAST, RENEW)
}
