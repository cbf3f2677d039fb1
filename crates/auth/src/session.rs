//! Signed session tokens: what a cookie holds.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::account::MAX_USER;
use crate::link::LinkId;
use crate::rights::{Grants, Rights};
use crate::role::Role;
use crate::secret::{Secret, random_bytes};

/// No token is longer, in bytes. Longer ones are refused unread.
pub const MAX_TOKEN: usize = 256;

/// What a token says about its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The user's name, at most [`MAX_USER`] bytes. A token for a longer one is never accepted.
    pub user: String,
    /// What the holder may do.
    pub rights: Rights,
    /// When it was issued, in seconds since 1970.
    pub issued: u64,
    /// The first second in which it is no longer valid, in seconds since 1970.
    pub expires: u64,
    /// The link by which the holder came in, where it was one.
    pub link: Option<LinkId>,
}

/// The key that signs tokens. Whoever has it can make any token; a new one ends all sessions.
pub struct SessionKey([u8; KEY]);

impl SessionKey {
    /// A new key.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// A key that was made by [`random`](Self::random) before.
    pub fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    /// The key itself, for keeping it.
    pub fn as_bytes(&self) -> &[u8; KEY] {
        &self.0
    }

    /// A key made of this one and of a password, so that a change of the password ends all sessions.
    pub fn bound_to(&self, password: &Secret) -> Self {
        let mac = self.mac(BINDING, password.expose().as_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// Signs the number of a link. What it allows is not in it, and so cannot be changed.
    pub fn issue_link(&self, link: LinkId) -> String {
        let tag = self.mac(LINK, link.as_bytes()).finalize().into_bytes();
        format!("{link}.{}", BASE64.encode(tag))
    }

    /// Reads what [`issue_link`](Self::issue_link) made.
    ///
    /// # Errors
    ///
    /// [`TokenError::Malformed`] or [`TokenError::Forged`]. Whether the link still holds, [`Links`](crate::Links) knows.
    pub fn verify_link(&self, token: &str) -> Result<LinkId, TokenError> {
        let (id, tag) = split(token).ok_or(TokenError::Malformed)?;
        self.mac(LINK, &id).verify_slice(&tag).map_err(|_| TokenError::Forged)?;
        id.try_into().map(LinkId::from_bytes).map_err(|_| TokenError::Malformed)
    }

    /// Signs the claims. The token holds letters, digits, `-`, `_` and one `.`, so it fits a cookie as it is.
    pub fn issue(&self, claims: &Claims) -> String {
        let payload = encode(claims);
        let tag = self.mac(TOKEN, &payload).finalize().into_bytes();
        format!("{}.{}", BASE64.encode(payload), BASE64.encode(tag))
    }

    /// Reads a token. `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`TokenError`]; whether a token is expired is only told of tokens that this key has signed.
    pub fn verify(&self, token: &str, now: u64) -> Result<Claims, TokenError> {
        let (payload, tag) = split(token).ok_or(TokenError::Malformed)?;
        self.mac(TOKEN, &payload).verify_slice(&tag).map_err(|_| TokenError::Forged)?;
        let claims = decode(&payload).ok_or(TokenError::Malformed)?;
        if now >= claims.expires {
            return Err(TokenError::Expired { since: claims.expires });
        }
        Ok(claims)
    }

    /// What this key makes of a text for a purpose; it tells nothing about the key, nor about other purposes.
    pub(crate) fn derived(&self, purpose: &[u8], text: &[u8]) -> [u8; KEY] {
        self.mac(purpose, text).finalize().into_bytes().into()
    }

    fn mac(&self, purpose: &[u8], text: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.chain_update(purpose).chain_update(text)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(***)")
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no token of this version.
    #[error("this is no session token")]
    Malformed,
    /// Another key signed it, or it was changed.
    #[error("the session token is not signed by this server")]
    Forged,
    /// It was valid once.
    #[error("the session has expired")]
    Expired {
        /// Since when, in seconds since 1970.
        since: u64,
    },
}

fn split(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (payload, tag) = token.split_once('.')?;
    Some((BASE64.decode(payload).ok()?, BASE64.decode(tag).ok()?))
}

/// Version, role, grants where they are not the usual ones, link where there is one, issued, expires, user: the only text
/// comes last and needs no length.
fn encode(claims: &Claims) -> Vec<u8> {
    let Rights { role, grants } = claims.rights;
    let mut payload = match claims.link {
        Some(_) => vec![LINKED, role_byte(role), grants.bits()],
        None if grants == Grants::of(role) => vec![USUAL, role_byte(role)],
        None => vec![NARROWED, role_byte(role), grants.bits()],
    };
    payload.extend(claims.link.iter().flat_map(LinkId::as_bytes));
    payload.extend(claims.issued.to_be_bytes());
    payload.extend(claims.expires.to_be_bytes());
    payload.extend(claims.user.as_bytes());
    payload
}

fn decode(payload: &[u8]) -> Option<Claims> {
    let (rights, link, rest) = decode_rights(payload)?;
    let (issued, rest) = rest.split_first_chunk()?;
    let (expires, user) = rest.split_first_chunk()?;
    if user.len() > MAX_USER {
        return None;
    }
    Some(Claims {
        user: std::str::from_utf8(user).ok()?.to_owned(),
        rights,
        issued: u64::from_be_bytes(*issued),
        expires: u64::from_be_bytes(*expires),
        link,
    })
}

fn decode_rights(payload: &[u8]) -> Option<(Rights, Option<LinkId>, &[u8])> {
    let (&[version, role], rest) = payload.split_first_chunk()?;
    let role = Role::ALL.into_iter().find(|&known| role_byte(known) == role)?;
    match version {
        USUAL => Some((Rights::of(role), None, rest)),
        NARROWED | LINKED => {
            let (&grants, rest) = rest.split_first()?;
            let rights = Rights { role, grants: Grants::from_bits(grants)? };
            if version == NARROWED {
                return Some((rights, None, rest));
            }
            let (link, rest) = rest.split_first_chunk()?;
            Some((rights, Some(LinkId::from_bytes(*link)), rest))
        }
        _ => None,
    }
}

fn role_byte(role: Role) -> u8 {
    match role {
        Role::Viewer => 0,
        Role::Controller => 1,
        Role::Owner => 2,
    }
}

const KEY: usize = 32;
/// The versions of what is signed: with the grants that usually go with the role, with others, and by a link.
const USUAL: u8 = 1;
const NARROWED: u8 = 2;
const LINKED: u8 = 3;
/// What a key is used for comes first in what it signs, so that one use cannot stand in for another.
const TOKEN: &[u8] = b"cosmos session token\0";
const LINK: &[u8] = b"cosmos share link\0";
const BINDING: &[u8] = b"cosmos session key bound to a password\0";
