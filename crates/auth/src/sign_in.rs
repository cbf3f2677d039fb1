//! Signing in at somebody else's: what one attempt is known by, so that it ends in the browser in which it began.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::secret::{Secret, random_bytes};
use crate::session::SessionKey;

/// How long an attempt may take, in seconds.
pub const SIGN_IN: u64 = 600;

/// One attempt to sign in with OpenID Connect.
///
/// The browser keeps a random cookie, and all that the other side sees is made of it with the key of this server. So
/// nothing is remembered of attempts that were only begun, nobody can make up a state for a cookie, and a cookie
/// alone does not tell the verifier.
///
/// ```
/// use cosmos_auth::{SessionKey, SignIn};
///
/// let key = SessionKey::random();
/// let (begun, cookie) = SignIn::begin(&key, 1_800_000_000);
/// let ended = SignIn::resume(&key, &cookie, &begun.state, 1_800_000_060)?;
/// assert_eq!(ended.nonce, begun.nonce);
/// assert!(SignIn::resume(&key, &cookie, "another", 1_800_000_060).is_err());
/// # Ok::<(), cosmos_auth::StaleSignIn>(())
/// ```
pub struct SignIn {
    /// Goes to the provider and comes back with the answer.
    pub state: String,
    /// Comes back in the signed token.
    pub nonce: String,
    /// Shown to the provider together with the code (RFC 7636).
    pub verifier: Secret,
}

/// The answer is to no attempt that this browser began a short while ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this browser began no such attempt in the last {} minutes", SIGN_IN / 60)]
pub struct StaleSignIn;

impl SignIn {
    /// A new attempt, and what the browser is to keep in a cookie. `now` is in seconds since 1970.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn begin(key: &SessionKey, now: u64) -> (Self, String) {
        let mut kept = random_bytes::<SEED>().to_vec();
        kept.extend(now.to_be_bytes());
        (Self::of(key, &kept), BASE64.encode(kept))
    }

    /// The attempt that a browser began, when the state that came back is its own.
    ///
    /// # Errors
    ///
    /// [`StaleSignIn`]
    pub fn resume(key: &SessionKey, cookie: &str, state: &str, now: u64) -> Result<Self, StaleSignIn> {
        if cookie.len() > MAX_COOKIE {
            return Err(StaleSignIn);
        }
        let kept = BASE64.decode(cookie).map_err(|_| StaleSignIn)?;
        let (_, began) = kept.split_first_chunk::<SEED>().ok_or(StaleSignIn)?;
        let began = u64::from_be_bytes(began.try_into().map_err(|_| StaleSignIn)?);
        let attempt = Self::of(key, &kept);
        let mine: bool = attempt.state.as_bytes().ct_eq(state.as_bytes()).into();
        let fresh = now.checked_sub(began).is_some_and(|age| age < SIGN_IN);
        if mine && fresh { Ok(attempt) } else { Err(StaleSignIn) }
    }

    /// What the provider is told of the verifier beforehand: its SHA-256.
    pub fn challenge(&self) -> String {
        BASE64.encode(Sha256::digest(self.verifier.expose()))
    }

    fn of(key: &SessionKey, kept: &[u8]) -> Self {
        let part = |purpose| BASE64.encode(key.derived(purpose, kept));
        Self { state: part(STATE), nonce: part(NONCE), verifier: Secret::new(part(VERIFIER)) }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn(***)")
    }
}

/// In bytes.
const SEED: usize = 32;
const MAX_COOKIE: usize = 64;
const STATE: &[u8] = b"cosmos sign-in state\0";
const NONCE: &[u8] = b"cosmos sign-in nonce\0";
const VERIFIER: &[u8] = b"cosmos sign-in verifier\0";

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn an_attempt_ends_where_it_began_in_time_and_at_the_same_server() {
        let key = SessionKey::random();
        let (mine, cookie) = SignIn::begin(&key, NOW);
        let (others, other_cookie) = SignIn::begin(&key, NOW);
        let longer = BASE64.encode([0; SEED + 9]);
        for (cookie, state, now, expected) in [
            (&*cookie, &*mine.state, NOW, true),
            (&cookie, &mine.state, NOW + SIGN_IN - 1, true),
            (&cookie, &mine.state, NOW + SIGN_IN, false),
            (&cookie, &mine.state, NOW - 1, false),
            (&cookie, &others.state, NOW, false),
            (&other_cookie, &mine.state, NOW, false),
            (&cookie, "", NOW, false),
            ("", &mine.state, NOW, false),
            ("?", &mine.state, NOW, false),
            (&longer, &mine.state, NOW, false),
            (&"A".repeat(4000), &mine.state, NOW, false),
        ] {
            assert_eq!(SignIn::resume(&key, cookie, state, now).is_ok(), expected, "{cookie} {state} {now}");
        }
        assert!(SignIn::resume(&SessionKey::random(), &cookie, &mine.state, NOW).is_err());
    }

    #[test]
    fn a_cookie_with_another_beginning_has_another_state() {
        let key = SessionKey::random();
        let (mine, cookie) = SignIn::begin(&key, NOW);
        let mut kept = BASE64.decode(cookie).unwrap();
        kept[SEED..].copy_from_slice(&(NOW + SIGN_IN).to_be_bytes());
        assert!(SignIn::resume(&key, &BASE64.encode(kept), &mine.state, NOW + SIGN_IN).is_err());
    }

    /// The example of RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let attempt = SignIn { state: String::new(), nonce: String::new(), verifier };
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let (made, _) = SignIn::begin(&SessionKey::random(), NOW);
        assert_eq!(made.verifier.expose().len(), 43, "the least that the standard allows");
    }
}
