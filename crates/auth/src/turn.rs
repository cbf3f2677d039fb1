//! Logins for TURN servers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::Secret;

/// A name and a password for a TURN server.
#[derive(Debug, PartialEq, Eq)]
pub struct TurnLogin {
    /// The name.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

impl TurnLogin {
    /// A login that holds until `expires`, in seconds since 1970, for a server that shares `secret` with us
    /// (draft-uberti-behave-turn-rest, section 2.2). The secret is taken byte for byte: it is text that may look like
    /// Base64, and is none.
    ///
    /// ```
    /// use cosmos_auth::{Secret, TurnLogin};
    /// let login = TurnLogin::time_limited(&Secret::new("north"), "user", 1_800_000_000);
    /// assert_eq!(login.username, "1800000000:user");
    /// assert_eq!(login.password.expose(), "IzBOWhMeTYLeyrVJ6aSOO+GLZU8=");
    /// assert_eq!(login.expires(), Some(1_800_000_000));
    /// ```
    pub fn time_limited(secret: &Secret, user: &str, expires: u64) -> Self {
        let username = format!("{expires}:{user}");
        let mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes());
        let mac = mac.expect("HMAC takes keys of any length").chain_update(&username);
        Self { username, password: Secret::new(BASE64.encode(mac.finalize().into_bytes())) }
    }

    /// Until when it holds, in seconds since 1970, where its name tells: `EXPIRY:USER`, or `EXPIRY-USER` as an old
    /// server of logins wrote it.
    pub fn expires(&self) -> Option<u64> {
        let digits = self.username.find([':', '-']).map_or(&*self.username, |end| &self.username[..end]);
        let is_time = digits.len() >= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_never_decoded() {
        let login = |secret| TurnLogin::time_limited(&Secret::new(secret), "user", 1_800_000_000);
        assert_eq!(login("bm9ydGg=").password.expose(), "6jmjVCiRzwtuk35PUxBUN+0l5ZE=");
        assert_ne!(login("bm9ydGg="), login("north"));
    }

    #[test]
    fn names_tell_how_long_they_hold() {
        for (username, expires) in [
            ("1800000000:user", Some(1_800_000_000)),
            ("1800000000:", Some(1_800_000_000)),
            ("1800000000", Some(1_800_000_000)),
            ("1800000000-user:1", Some(1_800_000_000)),
            ("user", None),
            ("2024:user", None),
            ("18000000x0:user", None),
            ("99999999999999999999999:user", None),
            ("", None),
        ] {
            let login = TurnLogin { username: username.into(), password: Secret::new("x") };
            assert_eq!(login.expires(), expires, "{username}");
        }
        assert!(!format!("{:?}", TurnLogin::time_limited(&Secret::new("s"), "u", 1)).contains('='));
    }
}
