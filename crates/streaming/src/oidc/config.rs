//! At whose place people sign in, and who of them may come in.

use std::{fmt, str::FromStr};

use axum::http::Uri;
use cosmos_auth::{Role, Secret};

/// A provider of OpenID Connect, and who may come in by it.
#[derive(Debug)]
pub struct OidcConfig {
    /// What the provider calls itself, to the letter.
    pub issuer: SecureUrl,
    /// What it calls us.
    pub client_id: String,
    /// What we show it; `None` for a client that keeps none.
    pub client_secret: Option<Secret>,
    /// What it is called in the page.
    pub name: String,
    /// What it is asked to tell, divided by spaces; `openid` is among it.
    pub scopes: String,
    /// The claim that names the user.
    pub user_claim: String,
    /// The claim that tells what they may do.
    pub role_claim: String,
    /// Values of that claim, and the role that each gives; the most of them counts. `*` stands for every value.
    pub roles: Vec<(Role, Vec<String>)>,
    /// Where the provider sends people back to; `None` for where they came from.
    pub redirect: Option<SecureUrl>,
}

/// An address to which secrets may be sent: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureUrl(String);

/// The text is no such address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of the form https://host/path; http is taken for this machine alone")]
pub struct BadUrl(String);

/// Why nobody can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// It was left out.
    #[error("this program was built without OpenID Connect; build it with --features oidc")]
    NotBuilt,
}

impl SecureUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecureUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = || BadUrl(text.chars().take(80).collect());
        let plain = text.len() <= LONGEST && !text.contains(['#', '@', '\\']);
        let address: Uri = text.parse().map_err(|_| bad())?;
        let host = address.host().unwrap_or_default();
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let safe = match address.scheme_str() {
            Some("https") => !host.is_empty(),
            Some("http") => here,
            _ => false,
        };
        if plain && safe { Ok(Self(text.to_owned())) } else { Err(bad()) }
    }
}

impl fmt::Display for SecureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// In bytes.
const LONGEST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_nowhere_in_plain_text() {
        for (text, taken) in [
            ("https://id.example.org", true),
            ("https://id.example.org/realms/desk?x=1", true),
            ("https://[2001:db8::1]:8443/", true),
            ("http://127.0.0.1:9000/x", true),
            ("http://[::1]:9000", true),
            ("http://localhost", true),
            ("http://id.example.org", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1@id.example.org/", false),
            ("https://ada@id.example.org/", false),
            ("https://id.example.org/#x", false),
            ("https://", false),
            ("ftp://localhost", false),
            ("javascript:alert(1)", false),
            ("//id.example.org", false),
            ("/path", false),
            ("", false),
            ("https://id.example.org/a b", false),
        ] {
            assert_eq!(text.parse::<SecureUrl>().is_ok(), taken, "{text}");
        }
    }
}
