//! Logging in and out, for people: a cookie.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{ConnectInfo, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use cosmos_auth::{Claims, Secret};
use serde::Deserialize;

use super::{Access, Refused, now};
use crate::site::{Secure, Site, refuse};

/// How long a login lasts.
const LOGIN: Duration = Duration::from_secs(14 * 24 * 3600);

/// What the login form sends.
#[derive(Deserialize)]
pub(crate) struct Attempt {
    user: String,
    password: String,
}

pub(crate) async fn login(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
    attempt: Result<Json<Attempt>, JsonRejection>,
) -> Response {
    let access = &site.access;
    if let Err(refused) = access.same_origin(&headers) {
        return refused.into_response();
    }
    let Ok(Json(Attempt { user, password })) = attempt else {
        return refuse(StatusCode::BAD_REQUEST, "a login is {\"user\": …, \"password\": …}");
    };
    if access.accounts.is_none() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let from = access.client(peer.ip(), &headers);
    let rights = match access.attempt(from, &user, Secret::new(password)).await {
        Ok(rights) => rights,
        Err(Refused::Wrong) => {
            return refuse(StatusCode::UNAUTHORIZED, "the user name or the password is wrong");
        }
        Err(refused) => return refused.into_response(),
    };
    access.audit.note(&user, Some(from), "log in", &rights.to_string());
    let issued = now();
    let claims = Claims { user, rights, issued, expires: issued + LOGIN.as_secs(), link: None };
    let cookie = access.cookie_for(&claims, LOGIN, secure);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

pub(crate) async fn logout(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(Secure(secure)): Extension<Secure>,
    headers: HeaderMap,
) -> Response {
    let access = &site.access;
    if let Err(refused) = access.same_origin(&headers) {
        return refused.into_response();
    }
    if let Some(viewer) = access.by_browser(peer.ip(), &headers) {
        access.audit.note(&viewer.user, Some(access.client(peer.ip(), &headers)), "log out", "");
    }
    let cookie = access.set_cookie("", Duration::ZERO, secure);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

impl Access {
    /// The header by which a browser keeps who somebody is.
    pub(in crate::site) fn cookie_for(&self, claims: &Claims, age: Duration, secure: bool) -> String {
        self.set_cookie(&self.key.issue(claims), age, secure)
    }

    fn set_cookie(&self, value: &str, age: Duration, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            self.cookie,
            age.as_secs()
        )
    }
}
