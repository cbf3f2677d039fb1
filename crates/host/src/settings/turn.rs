//! The user name of a time-limited TURN login.

use std::{fmt, str::FromStr};

/// Until when a login holds, and for whom. Written `1800000000:user`, as the protocol's draft has it; read also as
/// `1800000000-user`, as an old server of credentials wrote it.
///
/// ```
/// use cosmos_host::settings::TurnUser;
/// let old: TurnUser = "1800000000-user-1".parse()?;
/// assert_eq!(old.to_string(), "1800000000:user-1");
/// # Ok::<(), cosmos_host::settings::BadTurnUser>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnUser {
    /// Seconds since 1970 at which it ends.
    pub expires: u64,
    /// The user.
    pub user: String,
}

/// A text that is no user name of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TURN user {0:?}: expected EXPIRY:USER, the expiry in seconds since 1970")]
pub struct BadTurnUser(pub String);

impl FromStr for TurnUser {
    type Err = BadTurnUser;

    fn from_str(text: &str) -> Result<Self, BadTurnUser> {
        let refused = || BadTurnUser(text.chars().take(80).collect());
        let (expires, user) = text.split_once([':', '-']).ok_or_else(refused)?;
        let digits = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
        let expires = expires.parse().ok().filter(|_| digits).ok_or_else(refused)?;
        Ok(Self { expires, user: user.to_owned() })
    }
}

impl fmt::Display for TurnUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.expires, self.user)
    }
}
