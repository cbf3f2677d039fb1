//! At whose place people may sign in, besides with a password here.

use std::path::PathBuf;

use clap::Parser;
use cosmos_auth::{Role, Secret};
use cosmos_streaming::{OidcConfig, SecureUrl};

use super::access::{AccessError, Source};

/// A provider of OpenID Connect.
#[derive(Debug, Parser)]
pub struct SignIn {
    /// Provider of OpenID Connect at which people may sign in, as it calls itself, to the letter
    #[arg(
        long,
        value_name = "URL",
        env = "COSMOS_OIDC_ISSUER",
        requires = "oidc_client_id",
        conflicts_with = "no_password"
    )]
    oidc_issuer: Option<SecureUrl>,
    /// Let people in by that provider alone: no password is made, and none is taken
    #[arg(long, env = "COSMOS_OIDC_ONLY", value_parser = clap::builder::BoolishValueParser::new())]
    pub oidc_only: bool,
    /// Name by which the provider knows this server
    #[arg(long, value_name = "ID", env = "COSMOS_OIDC_CLIENT_ID")]
    oidc_client_id: Option<String>,
    /// File that holds the secret that goes with it, instead of COSMOS_OIDC_CLIENT_SECRET
    #[arg(long, value_name = "FILE", env = "COSMOS_OIDC_CLIENT_SECRET_FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Descriptor that was left open, from which that secret is read to its end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(3..))]
    oidc_client_secret_fd: Option<i32>,
    /// Name of the provider on the button; its host otherwise
    #[arg(long, value_name = "NAME", env = "COSMOS_OIDC_NAME")]
    oidc_name: Option<String>,
    /// What the provider is asked to tell, divided by spaces
    #[arg(long, value_name = "SCOPES", env = "COSMOS_OIDC_SCOPES", default_value = "openid email profile")]
    oidc_scopes: String,
    /// Claim that names the user; an email must be one that the provider has checked
    #[arg(long, value_name = "CLAIM", env = "COSMOS_OIDC_USER_CLAIM", default_value = "email")]
    oidc_user_claim: String,
    /// Claim that gives the role, as groups or realm_access.roles; the one that names the user otherwise
    #[arg(long, value_name = "CLAIM", env = "COSMOS_OIDC_ROLE_CLAIM")]
    oidc_role_claim: Option<String>,
    /// Values of that claim that make an owner, joined by commas; * for all
    #[arg(long, value_name = "VALUES", env = "COSMOS_OIDC_OWNERS", default_value = "")]
    oidc_owners: String,
    /// Values of that claim that make a controller
    #[arg(long, value_name = "VALUES", env = "COSMOS_OIDC_CONTROLLERS", default_value = "")]
    oidc_controllers: String,
    /// Values of that claim that make a viewer
    #[arg(long, value_name = "VALUES", env = "COSMOS_OIDC_VIEWERS", default_value = "")]
    oidc_viewers: String,
    /// Where the provider sends people back to: where the page is, and then api/oidc/callback; found out otherwise
    #[arg(long, value_name = "URL", env = "COSMOS_OIDC_REDIRECT_URI")]
    oidc_redirect_uri: Option<SecureUrl>,
}

impl SignIn {
    /// Reads the secret.
    pub fn secret(&self) -> Result<Option<Secret>, AccessError> {
        let source = Source {
            what: "the secret of the client of OpenID Connect",
            variable: "COSMOS_OIDC_CLIENT_SECRET",
            number: self.oidc_client_secret_fd,
            path: self.oidc_client_secret_file.as_deref(),
        };
        source.read()
    }

    /// Whether there is a provider.
    pub fn is_set(&self) -> bool {
        self.oidc_issuer.is_some()
    }

    /// The provider, and who of those whom it knows may come in.
    pub fn config(&self, secret: Option<&Secret>) -> Option<OidcConfig> {
        let (issuer, client_id) = (self.oidc_issuer.clone()?, self.oidc_client_id.clone()?);
        let host = issuer.as_str().split('/').nth(2).unwrap_or_default().to_owned();
        let opens = self.oidc_scopes.split_whitespace().any(|scope| scope == "openid");
        Some(OidcConfig {
            name: self.oidc_name.clone().unwrap_or(host),
            issuer,
            client_id,
            client_secret: secret.map(|secret| Secret::new(secret.expose())),
            scopes: if opens { self.oidc_scopes.clone() } else { format!("openid {}", self.oidc_scopes) },
            user_claim: self.oidc_user_claim.clone(),
            role_claim: self.oidc_role_claim.as_ref().unwrap_or(&self.oidc_user_claim).clone(),
            roles: self.roles(),
            redirect: self.oidc_redirect_uri.clone(),
        })
    }

    /// All that decides who comes in, as one text.
    pub fn rules(&self) -> Option<Secret> {
        let issuer = self.oidc_issuer.as_ref()?;
        let claims = (&self.oidc_user_claim, &self.oidc_role_claim);
        Some(Secret::new(format!("{issuer} {:?} {claims:?} {:?}", self.oidc_client_id, self.roles())))
    }

    fn roles(&self) -> Vec<(Role, Vec<String>)> {
        let list = |text: &str| {
            text.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
        };
        vec![
            (Role::Owner, list(&self.oidc_owners)),
            (Role::Controller, list(&self.oidc_controllers)),
            (Role::Viewer, list(&self.oidc_viewers)),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::args::Args;

    fn typed(flags: &str) -> SignIn {
        let command = "stream --oidc-issuer https://id.example.org:444/realm --oidc-client-id desk ";
        Args::parse_from(format!("{command}{flags}").split_whitespace()).access.sign_in
    }

    #[test]
    fn what_was_typed_says_who_comes_in() {
        let config = typed("--oidc-owners ada@x,,bob@x --oidc-viewers *").config(None).unwrap();
        let lists = [vec!["ada@x".to_owned(), "bob@x".to_owned()], vec![], vec!["*".to_owned()]];
        let roles = [Role::Owner, Role::Controller, Role::Viewer];
        assert_eq!(config.roles, roles.into_iter().zip(lists).collect::<Vec<_>>());
        assert_eq!(
            (&*config.name, &*config.user_claim, &*config.role_claim),
            ("id.example.org:444", "email", "email")
        );
        let groups =
            typed("--oidc-role-claim groups --oidc-scopes groups --oidc-name Example").config(None).unwrap();
        assert_eq!(
            (&*groups.scopes, &*groups.role_claim, &*groups.name),
            ("openid groups", "groups", "Example")
        );
    }

    #[test]
    fn a_provider_that_lets_people_in_alone_goes_with_no_password() {
        let parsed = |flags: &str| {
            let provider = "--oidc-issuer https://id.example.org --oidc-client-id desk";
            Args::try_parse_from(format!("stream --oidc-only {provider} {flags}").split_whitespace())
        };
        let args = parsed("").unwrap();
        assert!(args.password().unwrap().is_none(), "none is made");
        let given = args.access.read().unwrap();
        assert!(args.access.accounts("ada", None, &given).unwrap().is_empty());
        assert!(parsed("--no-password").is_err(), "everybody comes in");
        let refusal = |args: &Args| args.password().err().unwrap().to_string();
        for (flags, place) in [
            ("--password-file /x", "/x"),
            ("--view-password-file /y", "/y"),
            ("--users /z", "/z"),
            ("--password-fd 99", "a descriptor"),
            ("--view-password-fd 99", "--view-password-fd"),
        ] {
            let refused = refusal(&parsed(flags).unwrap());
            assert!(refused.contains(&format!(" {place} holds one")), "{flags}: {refused}");
        }
        let nobody = refusal(&Args::try_parse_from(["stream", "--oidc-only"]).unwrap());
        assert!(nobody.contains("--oidc-issuer"), "{nobody}");
    }

    #[test]
    fn whatever_decides_who_comes_in_changes_the_rules() {
        let rules = |flags| typed(flags).rules().unwrap();
        for flags in ["--oidc-owners eve", "--oidc-role-claim sub", "--oidc-user-claim sub"] {
            assert!(rules(flags) != rules(""), "{flags}");
        }
        assert!(rules("--oidc-name Example") == rules(""));
        assert!(Args::parse_from(["stream"]).access.sign_in.rules().is_none());
    }
}
