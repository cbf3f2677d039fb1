//! What the `Authorization` header of a script says.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Secret;

/// No header is longer, in bytes. Longer ones are refused unread.
pub const MAX_AUTHORIZATION: usize = 4096;
/// A token of the API that is shorter could be guessed.
pub const MIN_API_TOKEN: usize = 20;

/// What the `Authorization` header says.
#[derive(Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A name and a password (RFC 7617).
    Basic {
        /// The name, which holds no colon.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token (RFC 6750).
    Bearer(Secret),
}

impl Authorization {
    /// Reads the header's value; `None` where it is neither.
    pub fn parse(value: &str) -> Option<Self> {
        if value.len() > MAX_AUTHORIZATION {
            return None;
        }
        let (scheme, rest) = value.split_once(' ')?;
        let rest = rest.trim_matches(' ');
        if scheme.eq_ignore_ascii_case("bearer") {
            let sound = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic());
            return sound.then(|| Self::Bearer(Secret::new(rest)));
        }
        let decoded = scheme.eq_ignore_ascii_case("basic").then(|| BASE64.decode(rest).ok()).flatten()?;
        let text = Secret::new(String::from_utf8(decoded).ok()?);
        let (user, password) = text.expose().split_once(':')?;
        Some(Self::Basic { user: user.to_owned(), password: Secret::new(password) })
    }
}

/// The token that scripts show instead of a password, kept as its hash. Unlike a password it is too long to be guessed,
/// so the hash need not be slow.
pub struct ApiToken([u8; 32]);

impl ApiToken {
    /// Keeps the hash of a token.
    ///
    /// # Errors
    ///
    /// [`WeakToken`] where it is shorter than [`MIN_API_TOKEN`] or holds what does not fit a header.
    pub fn new(token: &Secret) -> Result<Self, WeakToken> {
        let text = token.expose();
        if text.len() < MIN_API_TOKEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WeakToken);
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Whether this is the token. The time does not depend on how much of it is right.
    pub fn verify(&self, token: &Secret) -> bool {
        let digest: [u8; 32] = Sha256::digest(token.expose()).into();
        digest.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(***)")
    }
}

/// The token is too short, or holds spaces or other characters than those of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token of the API has at least {MIN_API_TOKEN} visible ASCII characters and no spaces; `openssl rand -hex 32` \
     makes one"
)]
pub struct WeakToken;

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str, password: &str) -> Option<Authorization> {
        Some(Authorization::Basic { user: user.into(), password: Secret::new(password) })
    }

    #[test]
    fn both_schemes_are_read_and_nothing_else() {
        // `ada:s3cret`, `ada:a:b`, `ada`, `ada:` and `p\xff:x`.
        for (value, expected) in [
            ("Basic YWRhOnMzY3JldA==", basic("ada", "s3cret")),
            ("bAsIc YWRhOnMzY3JldA==", basic("ada", "s3cret")),
            ("Basic YWRhOmE6Yg==", basic("ada", "a:b")),
            ("Basic YWRh", None),
            ("Basic YWRhOg==", basic("ada", "")),
            ("Basic cP86eA==", None),
            ("Basic YWRhOnMzY3JldA", None),
            ("Basic", None),
            ("Digest YWRhOnMzY3JldA==", None),
            ("Bearer abc.def", Some(Authorization::Bearer(Secret::new("abc.def")))),
            ("Bearer a b", None),
            ("Bearer ", None),
        ] {
            assert_eq!(Authorization::parse(value), expected, "{value}");
        }
        assert_eq!(Authorization::parse(&format!("Bearer {}", "x".repeat(MAX_AUTHORIZATION))), None);
    }

    #[test]
    fn a_token_is_long_and_only_itself() {
        for weak in
            ["", "short", "nineteen characters", "with a space in the middle", "mit Ümlaut und so weiter"]
        {
            assert_eq!(ApiToken::new(&Secret::new(weak)).err(), Some(WeakToken), "{weak}");
        }
        let token = ApiToken::new(&Secret::new("0123456789abcdef0123")).unwrap();
        assert!(token.verify(&Secret::new("0123456789abcdef0123")));
        for other in ["", "0123456789abcdef012", "0123456789abcdef01234", "0123456789abcdef0124"] {
            assert!(!token.verify(&Secret::new(other)), "{other}");
        }
        assert_eq!(format!("{token:?}"), "ApiToken(***)");
    }
}
