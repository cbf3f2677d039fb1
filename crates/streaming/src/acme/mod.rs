//! A certificate that an authority signs, by ACME (RFC 8555): asked for by itself, kept, and renewed in time.
//!
//! The authority sees that a name leads here by a handshake of its own with the one port (RFC 8737), so nothing else has
//! to be reachable. Until the first order is done, and whenever none can be, what was served before goes on being served.

mod challenge;

#[cfg(not(feature = "acme"))]
mod absent;
#[cfg(feature = "acme")]
mod http;
#[cfg(feature = "acme")]
mod keep;
#[cfg(feature = "acme")]
mod kept;
#[cfg(feature = "acme")]
mod order;

use std::path::PathBuf;

#[cfg(not(feature = "acme"))]
pub(crate) use self::absent::{IS_BUILT, keep};
pub(crate) use self::challenge::{ALPN, Challenges, Resolver};
#[cfg(feature = "acme")]
pub(crate) use self::keep::{IS_BUILT, keep};

/// Which certificate to ask for, and of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeConfig {
    /// The names that it is for, at least one. The authority reaches each of them at port 443.
    pub domains: Vec<String>,
    /// Whom the authority may write to.
    pub email: Option<String>,
    /// Where the authority's directory is.
    pub directory: String,
    /// The folder in which the account, the certificate and their keys are kept.
    pub folder: PathBuf,
}

impl AcmeConfig {
    /// The authority that most use.
    pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

    /// The file of the certificate and its key, one behind the other.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }
}
