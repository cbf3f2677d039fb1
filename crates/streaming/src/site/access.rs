//! Who may come in: cookies, passwords and tokens of scripts, proxies, and where a request may come from.

mod login;
mod sign_in;
mod visitor;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use cosmos_auth::{
    Accounts, ApiToken, Authorization, Claims, LinkId, LoginLimiter, MAX_USER, RetryAfter, Rights, Role,
    Secret, SessionKey, origin,
};
use tokio::sync::Semaphore;

use super::{links::LinkBook, refuse};
use crate::{AuthConfig, ProxyConfig, audit::Audit, clock, metrics::Logins, session::Viewer};

pub(super) use self::{
    login::{login, logout},
    sign_in::{begin, begin_at_vnc, callback, offered},
    visitor::{Actor, Visitor},
};

/// Password hashes computed at once: each takes 19 MiB and a core.
const HASHES: usize = 2;
/// The name of whoever shows the token of the API.
const API: &str = "api";

pub(super) struct Access {
    accounts: Option<Arc<Accounts>>,
    api_token: Option<ApiToken>,
    proxy: ProxyConfig,
    key: SessionKey,
    origins: Vec<String>,
    limiter: Mutex<LoginLimiter>,
    hashes: Semaphore,
    cookie: String,
    sign_in_cookie: String,
    audit: Audit,
    logins: Mutex<Logins>,
    pub(super) links: LinkBook,
}

/// Why a request is refused.
pub(super) enum Refused {
    /// Nobody is logged in.
    NoSession,
    /// It was sent by a page of somebody else.
    Origin,
    /// The name, the password or the token is wrong.
    Wrong,
    /// There were too many attempts.
    TooMany(RetryAfter),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NoSession => refuse(StatusCode::UNAUTHORIZED, "log in first"),
            Self::Wrong => {
                refuse(StatusCode::UNAUTHORIZED, "the user name, the password or the token is wrong")
            }
            Self::Origin => refuse(
                StatusCode::FORBIDDEN,
                "this page was not served by this server; if a proxy changes the host, allow its origin with --origin",
            ),
            Self::TooMany(retry) => {
                let wait = [(header::RETRY_AFTER, retry.seconds().to_string())];
                (wait, refuse(StatusCode::TOO_MANY_REQUESTS, "too many attempts; wait a little"))
                    .into_response()
            }
        }
    }
}

impl Access {
    pub(super) fn new(auth: AuthConfig, port: u16, audit: Audit) -> Self {
        Self {
            accounts: auth.accounts.map(Arc::new),
            api_token: auth.api_token,
            proxy: auth.proxy,
            key: auth.key,
            origins: auth.origins,
            limiter: Mutex::new(LoginLimiter::new()),
            hashes: Semaphore::new(HASHES),
            cookie: format!("cosmos_session_{port}"),
            sign_in_cookie: format!("cosmos_sign_in_{port}"),
            audit,
            logins: Mutex::default(),
            links: LinkBook::open(auth.links),
        }
    }

    /// Who sent the request. `changes` is whether it changes something: then it must come from our own page, or from no
    /// page at all.
    async fn identify(&self, peer: IpAddr, headers: &HeaderMap, changes: bool) -> Result<Viewer, Refused> {
        let by_browser = self.by_browser(peer, headers);
        let script = self.authorization(headers);
        if changes && (by_browser.is_some() || script.is_none()) {
            self.same_origin(headers)?;
        }
        match (by_browser, script) {
            (Some(viewer), _) => Ok(viewer),
            (None, Some(authorization)) => self.by_script(self.client(peer, headers), authorization).await,
            (None, None) => Err(Refused::NoSession),
        }
    }

    /// What browsers send along with every request, whichever page made them.
    pub(super) fn by_browser(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Viewer> {
        if self.accounts.is_none() {
            return Some(viewer("user".to_owned(), Rights::of(Role::Owner)));
        }
        let claims =
            sign_in::cookie(headers, &self.cookie).and_then(|token| self.key.verify(token, now()).ok());
        let by_cookie = claims.and_then(|claims| self.holder(claims));
        by_cookie.or_else(|| self.by_proxy(peer, headers))
    }

    /// Who holds a cookie; nobody, when it came from a link that was revoked.
    fn holder(&self, claims: Claims) -> Option<Viewer> {
        let Claims { user, rights, expires, link, .. } = claims;
        let Some(id) = link else { return Some(viewer(user, rights)) };
        let rights = rights.narrowed(self.links.get(id)?.rights);
        let ends = Instant::now() + Duration::from_secs(expires.saturating_sub(now()));
        Some(Viewer { user, rights, link, ends: Some(ends) })
    }

    /// What a link is shown as.
    pub(super) fn link_token(&self, id: LinkId) -> String {
        self.key.issue_link(id)
    }

    /// The link that this server has signed.
    pub(super) fn link_of(&self, token: &str) -> Option<LinkId> {
        self.key.verify_link(token).ok()
    }

    /// Whom a trusted proxy has checked.
    fn by_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Viewer> {
        let name = self.proxy.user_header.as_deref().filter(|_| self.proxy.networks.contain(peer))?;
        let mut names = headers.get_all(name).iter();
        let (Some(user), None) = (names.next(), names.next()) else { return None };
        let user = user.to_str().ok().filter(|user| !user.is_empty() && user.len() <= MAX_USER)?;
        let rights = self.accounts.as_ref().and_then(|accounts| accounts.rights_of(user));
        Some(viewer(user.to_owned(), rights.unwrap_or(self.proxy.rights)))
    }

    /// What a script says of itself. Pages do not count: a browser that knows a password sends it along with the
    /// requests of any page, and proxies pass on what was meant for them.
    fn authorization(&self, headers: &HeaderMap) -> Option<Authorization> {
        let foreign = headers.contains_key(header::ORIGIN) && self.same_origin(headers).is_err();
        if foreign || headers.contains_key("sec-fetch-site") {
            return None;
        }
        Authorization::parse(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
    }

    async fn by_script(&self, from: IpAddr, authorization: Authorization) -> Result<Viewer, Refused> {
        match authorization {
            Authorization::Basic { user, password } => {
                let rights = self.attempt(from, &user, password).await?;
                Ok(viewer(user, rights))
            }
            Authorization::Bearer(token) => {
                self.limiter().check(from, API, Instant::now()).map_err(|retry| self.limited(retry))?;
                let right = self.api_token.as_ref().is_some_and(|known| known.verify(&token));
                self.tell(from, API, right, "the token of the API")?;
                Ok(viewer(API.to_owned(), Rights::of(Role::Owner)))
            }
        }
    }

    /// What somebody with this name and password may do.
    async fn attempt(&self, from: IpAddr, user: &str, password: Secret) -> Result<Rights, Refused> {
        let Some(accounts) = self.accounts.clone() else { return Ok(Rights::of(Role::Owner)) };
        self.limiter().check(from, user, Instant::now()).map_err(|retry| self.limited(retry))?;
        let Ok(_permit) = self.hashes.acquire().await else { return Err(Refused::Wrong) };
        let name = user.to_owned();
        let verify = move || accounts.verify(&name, &password);
        let rights = tokio::task::spawn_blocking(verify).await.unwrap_or_default();
        self.tell(from, user, rights.is_some(), "a password")?;
        rights.ok_or(Refused::Wrong)
    }

    /// What `look` finds behind a link, which counts as an attempt like any other.
    pub(super) fn open<T>(
        &self,
        from: IpAddr,
        token: &str,
        look: impl FnOnce() -> Option<T>,
    ) -> Result<T, Refused> {
        self.limiter().check(from, token, Instant::now()).map_err(|retry| self.limited(retry))?;
        let found = look();
        self.tell(from, token, found.is_some(), "a link")?;
        found.ok_or(Refused::Wrong)
    }

    /// Counts an attempt that was not looked at.
    fn limited(&self, retry: RetryAfter) -> Refused {
        self.count(|logins| logins.limited += 1);
        Refused::TooMany(retry)
    }

    /// How often somebody came in, or tried to.
    pub(super) fn logins(&self) -> Logins {
        *self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, change: impl FnOnce(&mut Logins)) {
        change(&mut self.logins.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts an attempt.
    fn tell(&self, from: IpAddr, user: &str, right: bool, proof: &str) -> Result<(), Refused> {
        self.count(|logins| *(if right { &mut logins.accepted } else { &mut logins.wrong }) += 1);
        if right {
            self.limiter().succeeded(from, user);
            return Ok(());
        }
        self.limiter().failed(from, user, Instant::now());
        // What is typed for a name that nobody has may be a password.
        let known = self.accounts.as_ref().is_some_and(|accounts| accounts.rights_of(user).is_some());
        let who = if known || user == API { user } else { "somebody unknown" };
        self.audit.note(who, Some(from), "is refused", proof);
        Err(Refused::Wrong)
    }

    /// Whether our own page sent the request.
    pub(super) fn same_origin(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let field = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = field("host").unwrap_or_default();
        let allowed = origin::allowed(field("origin"), host, &self.origins, field("sec-fetch-site"));
        if allowed { Ok(()) } else { Err(Refused::Origin) }
    }

    /// The address of whoever asks, behind whatever proxies are trusted.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let forwarded = headers.get_all("x-forwarded-for").iter();
        let forwarded: Vec<&str> = forwarded.filter_map(|value| value.to_str().ok()).collect();
        self.proxy.networks.origin(peer, forwarded.into_iter())
    }

    fn limiter(&self) -> std::sync::MutexGuard<'_, LoginLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who did not come by a link.
fn viewer(user: String, rights: Rights) -> Viewer {
    Viewer { user, rights, link: None, ends: None }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    clock::unix_us() / 1_000_000
}
