//! What is asked of the provider. Each question blocks, for seconds at most, and no answer is longer than 64 KiB.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosmos_auth::{Secret, SignIn};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{OidcConfig, SecureUrl, config::BadUrl, form};
use crate::fetch::{FetchError, Question, ask};

/// Where a provider is asked what.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    authorization: SecureUrl,
    token: SecureUrl,
    keys: SecureUrl,
    person: Option<SecureUrl>,
    /// Whether it takes our secret in the body alone.
    secret_in_body: bool,
}

/// Why a provider is of no help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not answer.
    #[error("{what} cannot be had from it")]
    Fetch { what: &'static str, source: FetchError },
    /// It answers something else.
    #[error("{what} of it cannot be read")]
    Content { what: &'static str, source: serde_json::Error },
    /// One of its addresses is none that a secret may be sent to.
    #[error("an address of it cannot be used")]
    Address(#[from] BadUrl),
    /// It is another one.
    #[error("it calls itself {0:?}; set --oidc-issuer to just that")]
    Issuer(String),
    /// It gives nothing for the code.
    #[error("it does not take the code")]
    Code(#[source] FetchError),
    /// It speaks of somebody else.
    #[error("it tells of somebody else than its token")]
    Other,
}

/// What it gives for a code.
#[derive(Deserialize)]
struct Given {
    id_token: String,
    access_token: Option<String>,
}

/// The same, kept from logs.
pub(super) struct Tokens {
    pub(super) id: Secret,
    pub(super) access: Option<Secret>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

impl Provider {
    /// Asks it where it is asked what.
    pub(super) fn discover(issuer: &SecureUrl) -> Result<Self, ProviderError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.as_str().trim_end_matches('/'));
        Self::parse(&get(DOCUMENT, &url, &[])?, issuer)
    }

    fn parse(text: &str, issuer: &SecureUrl) -> Result<Self, ProviderError> {
        let told: Document = read(DOCUMENT, text)?;
        if told.issuer != issuer.as_str() {
            return Err(ProviderError::Issuer(told.issuer.chars().take(200).collect()));
        }
        let ways = told.token_endpoint_auth_methods_supported.unwrap_or_default();
        let knows = |way: &str| ways.iter().any(|known| known == way);
        Ok(Self {
            authorization: told.authorization_endpoint.parse()?,
            token: told.token_endpoint.parse()?,
            keys: told.jwks_uri.parse()?,
            person: told.userinfo_endpoint.map(|url| url.parse()).transpose()?,
            secret_in_body: knows("client_secret_post") && !knows("client_secret_basic"),
        })
    }

    /// Where a browser is sent to sign in.
    pub(super) fn address(&self, config: &OidcConfig, attempt: &SignIn, redirect: &str) -> String {
        let asked = form::encode(&[
            ("response_type", "code"),
            ("client_id", &config.client_id),
            ("redirect_uri", redirect),
            ("scope", &config.scopes),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &attempt.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        let base = self.authorization.as_str();
        format!("{base}{}{asked}", if base.contains('?') { '&' } else { '?' })
    }

    /// Gives the code, and gets tokens for it.
    pub(super) fn exchange(
        &self,
        config: &OidcConfig,
        attempt: &SignIn,
        (code, redirect): (&str, &str),
    ) -> Result<Tokens, ProviderError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", attempt.verifier.expose()),
        ];
        let mut headers = vec![("Content-Type".to_owned(), Secret::new("application/x-www-form-urlencoded"))];
        match &config.client_secret {
            Some(secret) if !self.secret_in_body => headers.push(basic(&config.client_id, secret)),
            secret => {
                fields.push(("client_id", &config.client_id));
                fields.extend(secret.iter().map(|secret| ("client_secret", secret.expose())));
            }
        }
        let body = Secret::new(form::encode(&fields));
        let url = self.token.as_str();
        let question = Question { method: "POST", url, headers: &headers, body: body.expose() };
        let text = Secret::new(ask(&question, ANSWER).map_err(refused)?);
        let given: Given = read("the token", text.expose())?;
        Ok(Tokens { id: Secret::new(given.id_token), access: given.access_token.map(Secret::new) })
    }

    /// The keys by which it signs now. Those that we do not understand are passed over.
    pub(super) fn keys(&self) -> Result<Vec<Jwk>, ProviderError> {
        let keys: Keys = read(KEYS, &get(KEYS, self.keys.as_str(), &[])?)?;
        Ok(keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }

    /// What else it tells of the person whom a token of these claims is about; claims that were signed stay.
    pub(super) fn tell_more(
        &self,
        mut claims: Map<String, Value>,
        access: Option<&Secret>,
    ) -> Result<Map<String, Value>, ProviderError> {
        let (Some(person), Some(access)) = (&self.person, access) else { return Ok(claims) };
        let headers = [("Authorization".to_owned(), Secret::new(format!("Bearer {}", access.expose())))];
        let more: Map<String, Value> = read(PERSON, &get(PERSON, person.as_str(), &headers)?)?;
        if more.get("sub") != claims.get("sub") {
            return Err(ProviderError::Other);
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(claims)
    }
}

fn get(what: &'static str, url: &str, headers: &[(String, Secret)]) -> Result<String, ProviderError> {
    let question = Question { method: "GET", url, headers, body: "" };
    ask(&question, ANSWER).map_err(|source| ProviderError::Fetch { what, source })
}

fn read<T: for<'a> Deserialize<'a>>(what: &'static str, text: &str) -> Result<T, ProviderError> {
    serde_json::from_str(text).map_err(|source| ProviderError::Content { what, source })
}

/// A refusal is about the code, or about us; everything else about the provider.
fn refused(error: FetchError) -> ProviderError {
    match error {
        FetchError::Status(400..=499) => ProviderError::Code(error),
        source => ProviderError::Fetch { what: "a token", source },
    }
}

/// RFC 6749, section 2.3.1: both are escaped as in a form, then joined.
fn basic(client: &str, secret: &Secret) -> (String, Secret) {
    let both = Secret::new(format!("{}:{}", form::escape(client), form::escape(secret.expose())));
    ("Authorization".to_owned(), Secret::new(format!("Basic {}", STANDARD.encode(both.expose()))))
}

/// How long one answer may take: the four of a sign-in together take less time than any request has.
const ANSWER: Duration = Duration::from_secs(3);
const DOCUMENT: &str = "the description";
const KEYS: &str = "the keys";
const PERSON: &str = "what it knows of the person";
