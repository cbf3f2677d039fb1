//! One order: an account, the checks, and the certificate.

use std::{fs, path::Path, time::Duration};

use cosmos_auth::Secret;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder,
    Order, OrderStatus, Problem, RetryPolicy,
};
use serde::{Deserialize, Serialize};

use super::{
    AcmeConfig, Challenges,
    http::Http,
    kept::{self, CannotWrite, Certificate},
};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    #[error("the authority does not answer; look at --acme-directory, and at this machine's way out")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the authority says: {words}; {remedy}")]
    Said { words: String, remedy: &'static str },
    #[error("the authority does not check by a handshake (tls-alpn-01), which is all that is done here")]
    NoChallenge,
    #[error("the authority has not decided within {} s", PATIENCE.as_secs())]
    Slow,
    #[error("what the authority answers makes no sense; look at --acme-directory")]
    Nonsense(#[source] Error),
    #[error("the certificate that came is not for what was asked for")]
    Other,
    #[error("no certificate can be made for this name; look at --acme")]
    Make(#[source] rcgen::Error),
    #[error(transparent)]
    Write(#[from] CannotWrite),
}

/// How long an authority may take to check, and to sign.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: RetryPolicy = RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(PATIENCE);

/// An account, as it is kept.
#[derive(Deserialize, Serialize)]
struct Kept {
    directory: String,
    credentials: AccountCredentials,
}

/// Asks for a certificate, and keeps it.
pub(super) async fn order(
    config: &AcmeConfig,
    challenges: &Challenges,
    http: &Http,
) -> Result<(), OrderError> {
    kept::prepare(&config.folder)?;
    let (mut order, path) = begin(config, http).await?;
    tracing::debug!(account = %path.display(), order = order.url(), "a certificate is ordered");
    prove(&mut order, challenges).await?;
    let key = rcgen::KeyPair::generate().map_err(OrderError::Make)?;
    let mut parameters = rcgen::CertificateParams::new(config.domains.clone()).map_err(OrderError::Make)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let request = parameters.serialize_request(&key).map_err(OrderError::Make)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&POLL).await?;
    if !Certificate::of(chain.as_bytes()).is_some_and(|one| one.is_for(&config.domains)) {
        return Err(OrderError::Other);
    }
    let both = Secret::new(format!("{}\n{}", chain.trim_end(), key.serialize_pem()));
    Ok(kept::write(&config.certificate(), &both)?)
}

/// An order of the account that is kept, or of a new one where the authority does not know that.
async fn begin(config: &AcmeConfig, http: &Http) -> Result<(Order, std::path::PathBuf), OrderError> {
    let path = config.folder.join("account.json");
    let names: Vec<Identifier> = config.domains.iter().cloned().map(Identifier::Dns).collect();
    let wanted = NewOrder::new(&names);
    match account(config, &path, http).await?.new_order(&wanted).await {
        Err(Error::Api(problem)) if is(&problem, "accountDoesNotExist") => {
            drop(fs::remove_file(&path));
            Ok((account(config, &path, http).await?.new_order(&wanted).await?, path))
        }
        order => Ok((order?, path)),
    }
}

async fn account(config: &AcmeConfig, path: &Path, http: &Http) -> Result<Account, OrderError> {
    let builder = || Account::builder_with_http(Box::new(http.clone()));
    let kept = fs::read(path).ok().and_then(|json| serde_json::from_slice::<Kept>(&json).ok());
    if let Some(kept) = kept.filter(|kept| kept.directory == config.directory) {
        return Ok(builder().from_credentials(kept.credentials).await?);
    }
    let contact = config.email.as_ref().map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = builder().create(&wanted, config.directory.clone(), None).await?;
    let kept = Kept { directory: config.directory.clone(), credentials };
    let json = serde_json::to_string(&kept).map_err(|error| OrderError::Nonsense(error.into()))?;
    kept::write(path, &Secret::new(json))?;
    Ok(account)
}

/// Lets the authority see that the names lead here.
async fn prove(order: &mut Order, challenges: &Challenges) -> Result<(), OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
        let mut challenge = challenge.ok_or(OrderError::NoChallenge)?;
        let digest = challenge.key_authorization().digest();
        let name = challenge.identifier().to_string();
        challenges.expect(&name, digest.as_ref()).map_err(OrderError::Make)?;
        challenge.set_ready().await?;
    }
    match order.poll_ready(&POLL).await? {
        OrderStatus::Ready => Ok(()),
        _ => Err(failed_check(order).await),
    }
}

/// What the authority says of the check that failed.
async fn failed_check(order: &mut Order) -> OrderError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.clone()) {
            return Error::Api(problem).into();
        }
    }
    OrderError::Said { words: "the order is refused".to_owned(), remedy: remedy("") }
}

impl From<Error> for OrderError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Said { words: words(&problem), remedy: remedy(kind(&problem)) },
            Error::Other(source) => Self::NoAnswer(source),
            Error::Timeout(_) => Self::Slow,
            other => Self::Nonsense(other),
        }
    }
}

/// In its own words, on one line and not without end: they come from outside.
fn words(problem: &Problem) -> String {
    let told = problem.detail.iter().cloned();
    let more = problem.subproblems.iter().filter_map(|one| one.detail.clone());
    let said = told.chain(more).chain([kind(problem).to_owned()]).filter(|text| !text.is_empty());
    let said = said.collect::<Vec<_>>().join(", ");
    said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}

fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}

fn is(problem: &Problem, wanted: &str) -> bool {
    kind(problem) == wanted
}

/// What to do about it, by the kinds of RFC 8555, section 6.7.
fn remedy(kind: &str) -> &'static str {
    match kind {
        "connection" | "dns" | "tls" | "unauthorized" | "incorrectResponse" => {
            "each name of --acme must lead to this server, and port 443 there to the port of --listen"
        }
        "rateLimited" => "it is asked again later",
        "rejectedIdentifier" | "caa" | "unsupportedIdentifier" | "malformed" => {
            "look at --acme: it signs for no such name"
        }
        "invalidContact" | "unsupportedContact" => "look at --acme-email",
        "externalAccountRequired" | "userActionRequired" => {
            "it wants an account that was made elsewhere; choose another authority with --acme-directory"
        }
        _ => "it is asked again later; another authority can be chosen with --acme-directory",
    }
}
