//! Settings that exclude each other, and settings that need each other.

/// What cannot be meant. One rule for starting and for the linter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Both ways to log in to a TURN server.
    #[error(
        "both a TURN shared secret and a TURN user name or password are set; provide just one of these \
         authentication methods, not both"
    )]
    TurnBoth,
    /// A login without a server.
    #[error("a TURN login is set, but no TURN host; set COSMOS_TURN_HOST, or leave the login out")]
    TurnWithoutHost,
    /// A long-term login without its password.
    #[error("a TURN user name is set, but no TURN password; set COSMOS_TURN_PASSWORD too")]
    TurnWithoutPassword,
    /// A long-term login without its user.
    #[error("a TURN password is set, but no TURN user name; set COSMOS_TURN_USERNAME too")]
    TurnWithoutUser,
    /// A service without its key.
    #[error(
        "TURN logins of Cloudflare are asked for, and its key is not complete; set both \
         COSMOS_CLOUDFLARE_TURN_TOKEN_ID and COSMOS_CLOUDFLARE_TURN_API_TOKEN"
    )]
    CloudflareWithoutKey,
    /// Without a GPU, and not without one.
    #[error("both software drawing and a GPU are demanded; leave COSMOS_SOFTWARE or COSMOS_REQUIRE_GPU out")]
    SoftwareAndGpu,
    /// The password of the first manual.
    #[error(
        "the password may not be \"mypasswd\", which everybody knows; choose another, or leave it out and one is made"
    )]
    DefaultPassword,
}

impl Conflict {
    /// The setting at which a reader should look first.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TurnBoth | Self::TurnWithoutPassword => "turn_username",
            Self::TurnWithoutHost => "turn_shared_secret",
            Self::TurnWithoutUser => "turn_password",
            Self::CloudflareWithoutKey => "cloudflare_turn",
            Self::SoftwareAndGpu => "software",
            Self::DefaultPassword => "password",
        }
    }
}

/// What is wrong with the TURN settings of which `set` says that they are set.
pub(super) fn turn(set: impl Fn(&str) -> bool) -> Option<Conflict> {
    let (secret, user) = (set("turn_shared_secret"), set("turn_username"));
    let password = set("turn_password");
    match (secret, user, password) {
        (true, true, _) | (true, _, true) => Some(Conflict::TurnBoth),
        (false, true, false) => Some(Conflict::TurnWithoutPassword),
        (false, false, true) => Some(Conflict::TurnWithoutUser),
        (false, false, false) => None,
        _ => (!set("turn_host")).then_some(Conflict::TurnWithoutHost),
    }
}

/// The password that every manual told.
pub(super) const DEFAULT_PASSWORD: &str = "mypasswd";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_logins() {
        let (host, secret, user, password) =
            ("turn_host", "turn_shared_secret", "turn_username", "turn_password");
        for (given, found) in [
            (&[][..], None),
            (&[host], None),
            (&[host, secret], None),
            (&[host, user, password], None),
            (&[secret], Some(Conflict::TurnWithoutHost)),
            (&[user, password], Some(Conflict::TurnWithoutHost)),
            (&[host, user], Some(Conflict::TurnWithoutPassword)),
            (&[host, password], Some(Conflict::TurnWithoutUser)),
            (&[host, secret, user, password], Some(Conflict::TurnBoth)),
            (&[secret, user], Some(Conflict::TurnBoth)),
            (&[host, secret, password], Some(Conflict::TurnBoth)),
        ] {
            assert_eq!(turn(|key| given.contains(&key)), found, "{given:?}");
        }
    }
}
