//! Of whom a certificate is asked for, and for which names.

use std::path::Path;

use clap::Args;
use cosmos_auth::ice::is_host;
use cosmos_streaming::{AcmeConfig, SecureUrl};

/// An authority that signs by ACME.
#[derive(Debug, Args)]
pub struct AcmeArgs {
    /// Name to ask an authority for a certificate for, by ACME; it leads to this server at port 443. Several with commas
    #[arg(long, value_name = "DOMAIN", env = "COSMOS_ACME", value_delimiter = ',', value_parser = domain,
          conflicts_with = "https_certificate")]
    acme: Vec<String>,
    /// Whom the authority may write to
    #[arg(long, value_name = "ADDRESS", env = "COSMOS_ACME_EMAIL")]
    acme_email: Option<String>,
    /// Where the directory of the authority is
    #[arg(long, value_name = "URL", env = "COSMOS_ACME_DIRECTORY", default_value = AcmeConfig::LETS_ENCRYPT)]
    acme_directory: SecureUrl,
}

impl AcmeArgs {
    /// Whether a certificate is wanted.
    pub fn is_wanted(&self) -> bool {
        !self.acme.is_empty()
    }

    /// What is to be asked for; it is kept below `state`.
    pub fn config(&self, state: &Path) -> AcmeConfig {
        AcmeConfig {
            domains: self.acme.clone(),
            email: self.acme_email.clone().filter(|email| !email.is_empty()),
            directory: self.acme_directory.as_str().to_owned(),
            folder: state.join("acme"),
        }
    }
}

/// A name that an authority may find at port 443, and so neither an address nor a pattern.
fn domain(text: &str) -> Result<String, String> {
    let is_name = is_host(text) && text.contains('.') && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    match is_name && !text.contains('_') {
        true => Ok(text.to_ascii_lowercase()),
        false => {
            Err("expected a name that leads here, as desk.example.org; no address, and no pattern".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        for name in ["desk.example.org", "DESK.example.org", "a-b.test"] {
            assert_eq!(domain(name), Ok(name.to_ascii_lowercase()));
        }
        for other in [
            "",
            "localhost",
            "192.0.2.1",
            "::1",
            "*.example.org",
            "desk.example.org:443",
            "a b.test",
            "a/b.c",
        ] {
            assert!(domain(other).is_err(), "{other:?}");
        }
    }
}
