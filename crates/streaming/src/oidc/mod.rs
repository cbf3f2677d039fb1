//! Signing in with an account that somebody else keeps, by OpenID Connect: the authorization code flow with PKCE.
//!
//! A [`SignIn`](cosmos_auth::SignIn) ties an attempt to a browser, `provider` asks, `token` believes nothing that is not
//! signed, and `person` tells from the claims who somebody is and what they may do.

mod config;

#[cfg(not(feature = "oidc"))]
mod absent;
#[cfg(feature = "oidc")]
mod client;
#[cfg(feature = "oidc")]
mod error;
#[cfg(feature = "oidc")]
mod form;
#[cfg(feature = "oidc")]
mod person;
#[cfg(feature = "oidc")]
mod provider;
#[cfg(feature = "oidc")]
mod token;

#[cfg(not(feature = "oidc"))]
pub(crate) use self::absent::{Oidc, SignInError};
pub use self::config::{BadUrl, OidcConfig, OidcError, SecureUrl};
#[cfg(feature = "oidc")]
pub(crate) use self::{client::Oidc, error::SignInError};

/// How the page is told that an attempt has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "oidc"), expect(dead_code, reason = "nobody signs in, so nobody fails to"))]
pub(crate) enum Failed {
    /// The provider does not answer.
    Unavailable,
    /// The attempt is not this browser's, or too old.
    Stale,
    /// The person, or the provider for them, said no.
    Declined,
    /// What the provider answered proves nothing.
    Unproven,
    /// There were too many attempts.
    Often,
    /// The provider knows them, and nobody lets them in here.
    Uninvited,
}

impl Failed {
    /// The word for it in the page's address.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Stale => "stale",
            Self::Declined => "declined",
            Self::Unproven => "unproven",
            Self::Often => "often",
            Self::Uninvited => "uninvited",
        }
    }
}
