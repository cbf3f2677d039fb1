//! Who may come in: logging in, cookies, and where a request may come from.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Extension, Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cosmos_auth::{Account, Claims, LoginLimiter, Role, Secret, SessionKey, origin};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{Secure, Site, refuse};
use crate::{AuthConfig, clock, session::Viewer};

/// How long a login lasts.
const LOGIN: Duration = Duration::from_secs(14 * 24 * 3600);
/// Password hashes computed at once: each takes 19 MiB and a core.
const HASHES: usize = 2;

pub(super) struct Access {
    account: Option<Arc<Account>>,
    key: SessionKey,
    origins: Vec<String>,
    limiter: Mutex<LoginLimiter>,
    hashes: Semaphore,
    cookie: String,
}

/// Why a request is refused.
pub(super) enum Refused {
    /// Nobody is logged in.
    NoSession,
    /// It was sent by a page of somebody else.
    Origin,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NoSession => refuse(StatusCode::UNAUTHORIZED, "log in first"),
            Self::Origin => refuse(
                StatusCode::FORBIDDEN,
                "this page was not served by this server; if a proxy changes the host, allow its origin with --origin",
            ),
        }
    }
}

impl Access {
    pub(super) fn new(auth: AuthConfig, port: u16) -> Self {
        Self {
            account: auth.account.map(Arc::new),
            key: auth.key,
            origins: auth.origins,
            limiter: Mutex::new(LoginLimiter::new()),
            hashes: Semaphore::new(HASHES),
            cookie: format!("cosmos_session_{port}"),
        }
    }

    /// Who sent the request.
    pub(super) fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, Refused> {
        if self.account.is_none() {
            return Ok(Viewer { user: "user".to_owned(), role: Role::Owner });
        }
        let claims = self.cookie(headers).and_then(|token| self.key.verify(token, now()).ok());
        claims.map(|claims| Viewer { user: claims.user, role: claims.role }).ok_or(Refused::NoSession)
    }

    /// Whether our own page sent the request.
    pub(super) fn same_origin(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let field = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let host = field("host").unwrap_or_default();
        let allowed = origin::allowed(field("origin"), host, &self.origins, field("sec-fetch-site"));
        if allowed { Ok(()) } else { Err(Refused::Origin) }
    }

    fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
        cookies
            .flat_map(|field| field.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, value)| value)
    }

    fn set_cookie(&self, value: &str, age: Duration, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            self.cookie,
            age.as_secs()
        )
    }

    fn limiter(&self) -> std::sync::MutexGuard<'_, LoginLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn verify(&self, account: Arc<Account>, attempt: Attempt) -> bool {
        let Ok(_permit) = self.hashes.acquire().await else { return false };
        let verify = move || account.verify(&attempt.user, &Secret::new(attempt.password));
        tokio::task::spawn_blocking(verify).await.unwrap_or(false)
    }
}

fn now() -> u64 {
    clock::unix_us() / 1_000_000
}

/// What the login form sends.
#[derive(Deserialize)]
pub(super) struct Attempt {
    user: String,
    password: String,
}

pub(super) async fn login(
    State(site): State<Arc<Site>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
    attempt: Result<Json<Attempt>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let access = &site.access;
    if let Err(refused) = access.same_origin(&headers) {
        return refused.into_response();
    }
    let Ok(Json(attempt)) = attempt else {
        return refuse(StatusCode::BAD_REQUEST, "a login is {\"user\": …, \"password\": …}");
    };
    let Some(account) = access.account.clone() else { return StatusCode::NO_CONTENT.into_response() };
    if let Err(retry) = access.limiter().check(from.ip(), Instant::now()) {
        let wait = [(header::RETRY_AFTER, retry.seconds().to_string())];
        return (wait, refuse(StatusCode::TOO_MANY_REQUESTS, "too many attempts; wait a little"))
            .into_response();
    }
    let user = account.user().to_owned();
    if !access.verify(account, attempt).await {
        access.limiter().failed(from.ip(), Instant::now());
        tracing::warn!(%from, "a login failed");
        return refuse(StatusCode::UNAUTHORIZED, "the user name or the password is wrong");
    }
    access.limiter().succeeded(from.ip());
    let issued = now();
    let claims = Claims { user, role: Role::Owner, issued, expires: issued + LOGIN.as_secs() };
    let cookie = access.set_cookie(&access.key.issue(&claims), LOGIN, secure);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

pub(super) async fn logout(
    State(site): State<Arc<Site>>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = site.access.same_origin(&headers) {
        return refused.into_response();
    }
    let cookie = site.access.set_cookie("", Duration::ZERO, secure);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}
