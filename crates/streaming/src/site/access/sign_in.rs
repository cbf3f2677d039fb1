//! Signing in at somebody else's: the page asks for the way there, and the browser comes back with an answer.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use cosmos_auth::{Claims, Rights, SIGN_IN};
use serde_json::json;

use super::{Access, now, visitor::peer};
use crate::{
    error_text,
    oidc::{Failed, SignInError},
    site::{BasePath, Secure, Site, base::Below, refuse},
};

/// How long it is believed that somebody may come in: the provider does not tell when that ends.
const SIGNED_IN: Duration = Duration::from_secs(24 * 3600);
/// Where the browser comes back to, below wherever the page is, and the way from there to the page.
const CALLBACK: &str = "/api/oidc/callback";
const PAGE: &str = "../../";
/// The same to the page for noVNC, and what tells in the cookie of an attempt that it began there.
const VNC: (&str, &str) = ("../../vnc/", "vnc.");

/// What a request tells of the way by which it came.
pub(crate) struct Way {
    peer: IpAddr,
    secure: bool,
    below: Option<BasePath>,
    headers: HeaderMap,
    query: String,
}

impl<S: Sync> FromRequestParts<S> for Way {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            peer: peer(parts),
            secure: parts.extensions.get::<Secure>().is_some_and(|Secure(secure)| *secure),
            below: parts.extensions.get::<Below>().map(|Below(base)| base.clone()),
            headers: parts.headers.clone(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

/// By what people come in, for the form: at whose place, and whether with a password as well.
pub(crate) async fn offered(State(site): State<Arc<Site>>) -> Response {
    let provider = site.oidc.as_ref().map(|oidc| &oidc.config().name);
    let password = site.access.accounts.as_ref().is_none_or(|accounts| !accounts.is_empty());
    Json(json!({ "provider": provider, "password": password })).into_response()
}

/// Begins an attempt. Only our own page may: no other can send people on such a way.
pub(crate) async fn begin(State(site): State<Arc<Site>>, way: Way) -> Response {
    begin_at("", &site, &way).await
}

/// The same, from the page for noVNC.
pub(crate) async fn begin_at_vnc(State(site): State<Arc<Site>>, way: Way) -> Response {
    begin_at(VNC.1, &site, &way).await
}

async fn begin_at(page: &str, site: &Site, way: &Way) -> Response {
    let access = &site.access;
    if let Err(refused) = access.same_origin(&way.headers) {
        return refused.into_response();
    }
    let Some(oidc) = &site.oidc else {
        return refuse(StatusCode::NOT_FOUND, "nobody else lets people in here");
    };
    let Some(redirect) = access.redirect(site, way) else {
        return refuse(StatusCode::BAD_REQUEST, "the request names no host to come back to");
    };
    match oidc.begin(&access.key, &redirect, now()).await {
        Ok((url, cookie)) => {
            let cookie = access.attempt_cookie(&format!("{page}{cookie}"), SIGN_IN, way.secure);
            ([(header::SET_COOKIE, cookie)], Json(json!({ "url": url }))).into_response()
        }
        Err(error) => {
            tracing::warn!("nobody can sign in with {} now: {}", oidc.config().name, error_text(&error));
            refuse(StatusCode::SERVICE_UNAVAILABLE, "it does not answer; try again later")
        }
    }
}

/// Takes the answer. The browser is always sent to one of our pages, the one where it began, and nowhere else.
pub(crate) async fn callback(State(site): State<Arc<Site>>, way: Way) -> Response {
    let kept = cookie(&way.headers, &site.access.sign_in_cookie);
    let at_vnc = kept.and_then(|kept| kept.strip_prefix(VNC.1));
    let page = if at_vnc.is_some() { VNC.0 } else { PAGE };
    let over = site.access.attempt_cookie("", 0, way.secure);
    match site.access.signed_in(&site, &way, at_vnc.or(kept)).await {
        Ok(cookie) => to_page(page, "", over, Some(cookie)),
        Err(failed) => to_page(page, &format!("#sign-in={}", failed.as_str()), over, None),
    }
}

fn to_page(page: &str, fragment: &str, over: String, session: Option<String>) -> Response {
    let cookies = [Some(over), session].into_iter().flatten();
    let cookies = cookies.filter_map(|cookie| cookie.parse::<HeaderValue>().ok());
    let cookies = AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    let place = [(header::LOCATION, format!("{page}{fragment}"))];
    (StatusCode::SEE_OTHER, place, cookies).into_response()
}

impl Access {
    /// The session's cookie of whoever comes back.
    async fn signed_in(&self, site: &Site, way: &Way, cookie: Option<&str>) -> Result<String, Failed> {
        let (Some(oidc), Some(redirect)) = (&site.oidc, self.redirect(site, way)) else {
            return Err(Failed::Stale);
        };
        let from = self.client(way.peer, &way.headers);
        let whose = cookie.unwrap_or_default();
        let limit = self.limiter().check(from, whose, Instant::now());
        if let Err(retry) = limit {
            let _counted = self.limited(retry);
            return Err(Failed::Often);
        }
        let finished = oidc.finish(&self.key, (cookie, &way.query), &redirect, now()).await;
        match finished {
            Ok((user, rights)) => {
                let _right = self.tell(from, whose, true, "");
                self.audit.note(&user, Some(from), "log in", &format!("{rights} by {}", oidc.config().name));
                Ok(self.session_of(user, rights, way.secure))
            }
            Err(error) => Err(self.not_signed_in(from, whose, &error)),
        }
    }

    fn session_of(&self, user: String, rights: Rights, secure: bool) -> String {
        let issued = now();
        let claims = Claims { user, rights, issued, expires: issued + SIGNED_IN.as_secs(), link: None };
        self.cookie_for(&claims, SIGNED_IN, secure)
    }

    /// Counts and tells an attempt that failed. A provider that is away is nobody's attempt to get in.
    fn not_signed_in(&self, from: IpAddr, whose: &str, error: &SignInError) -> Failed {
        let (failed, why) = (error.failed(), error_text(error));
        if failed == Failed::Unavailable {
            tracing::warn!("somebody could not sign in: {why}");
        } else {
            let _wrong = self.tell(from, whose, false, &why);
        }
        failed
    }

    /// Where the provider sends the browser back to: what was set, or where the page is for whoever asks.
    fn redirect(&self, site: &Site, way: &Way) -> Option<String> {
        let set = site.oidc.as_ref().and_then(|oidc| oidc.config().redirect.as_ref());
        if let Some(url) = set {
            return Some(url.as_str().to_owned());
        }
        let proxied = self.proxy.networks.contain(way.peer);
        let told = |name: &str| proxied.then(|| text(&way.headers, name)).flatten();
        let secure = way.secure || told("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        let host =
            told("x-forwarded-host").or_else(|| text(&way.headers, "host")).filter(|host| is_host(host))?;
        // A proxy that takes the path off says so, or has been told to by the same setting.
        let prefix = told("x-forwarded-prefix").and_then(|prefix| prefix.parse().ok());
        let taken_off = || proxied.then(|| site.base.clone());
        let base: BasePath = way.below.clone().or(prefix).or_else(taken_off).unwrap_or_default();
        Some(format!("{}://{host}{}", if secure { "https" } else { "http" }, base.with(CALLBACK)))
    }

    /// Unlike the session's, it is sent along when another site sends the browser here: the provider does.
    fn attempt_cookie(&self, value: &str, seconds: u64, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        let name = &self.sign_in_cookie;
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    cookies
        .flat_map(|field| field.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A name or an address, with or without a port, and nothing that means more in an address.
fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !host.is_empty() && host.len() <= MAX_HOST && host.bytes().all(plain)
}

/// A DNS name has at most 253 bytes, a port 5.
const MAX_HOST: usize = 260;
