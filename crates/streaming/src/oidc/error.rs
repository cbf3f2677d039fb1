//! Why somebody cannot sign in.

use cosmos_auth::StaleSignIn;

use super::{Failed, person::NoPerson, provider::ProviderError, token::BadToken};

/// Why an attempt to sign in does not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// The provider does not answer, or not as one.
    #[error("the provider is of no help")]
    Provider(#[from] ProviderError),
    /// Too many sign in at this moment.
    #[error("too many sign in at this moment")]
    Busy,
    /// It does not belong to the browser.
    #[error("the answer is to no question of this browser")]
    Stale(#[from] StaleSignIn),
    /// The answer was shown before.
    #[error("the answer was used before")]
    Replayed,
    /// The provider says that it is another one.
    #[error("the answer is that of another provider")]
    Mixed,
    /// No code came.
    #[error("the provider or the person declined")]
    Declined,
    /// The token proves nothing.
    #[error("the token proves nothing")]
    Token(#[from] BadToken),
    /// They may not come in.
    #[error("not let in")]
    Person(#[from] NoPerson),
}

impl SignInError {
    /// What the page is told.
    pub(crate) fn failed(&self) -> Failed {
        match self {
            // A code that was used before, or made up, is refused by the provider.
            Self::Provider(ProviderError::Code(_)) => Failed::Unproven,
            Self::Provider(_) | Self::Busy => Failed::Unavailable,
            Self::Stale(_) | Self::Replayed => Failed::Stale,
            Self::Declined => Failed::Declined,
            Self::Token(_) | Self::Mixed => Failed::Unproven,
            Self::Person(_) => Failed::Uninvited,
        }
    }
}
