//! The provider as the server sees it: what is known of it, and who signs in by it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use cosmos_auth::{Rights, SIGN_IN, SessionKey, SignIn};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    OidcConfig, OidcError, SignInError, form, person,
    provider::{Provider, ProviderError},
    token::{self, Expected},
};
use crate::error_text;

/// Lets people sign in at a provider.
pub(crate) struct Oidc {
    shared: Arc<Shared>,
    asking: Semaphore,
    used: Mutex<VecDeque<(u64, String)>>,
}

/// What those need as well who ask the provider, on threads of their own.
struct Shared {
    config: OidcConfig,
    known: Mutex<Option<(Arc<Provider>, Instant)>>,
}

/// Who is asked for at once.
const ASKING: usize = 4;
/// Attempts that have ended and are not taken again. The limits on attempts let through fewer in their time.
const USED: usize = 1024;
/// When a provider is asked again where it is asked what.
const STALE: Duration = Duration::from_secs(3600);

impl Oidc {
    #[allow(clippy::unnecessary_wraps, reason = "there may be none")]
    pub(crate) fn new(config: OidcConfig) -> Result<Self, OidcError> {
        let shared = Arc::new(Shared { config, known: Mutex::default() });
        Ok(Self { shared, asking: Semaphore::new(ASKING), used: Mutex::default() })
    }

    pub(crate) fn config(&self) -> &OidcConfig {
        &self.shared.config
    }

    /// Looks whether the provider is there, and says so where it is not.
    pub(crate) async fn look(&self) {
        let OidcConfig { name, issuer, roles, .. } = self.config();
        if roles.iter().all(|(_, values)| values.is_empty()) {
            tracing::warn!(
                "nobody can come in by {name}; say who may with --oidc-owners, --oidc-controllers or --oidc-viewers"
            );
        }
        match self.ask(Shared::provider).await {
            Ok(_) => tracing::info!(%issuer, "people can sign in with {name}"),
            Err(error) => tracing::warn!(
                %issuer,
                "nobody can sign in with {name} now, which is tried again when somebody does: {}",
                error_text(&error)
            ),
        }
    }

    /// Where to send a browser, and the cookie that it keeps meanwhile.
    pub(crate) async fn begin(
        &self,
        key: &SessionKey,
        redirect: &str,
        now: u64,
    ) -> Result<(String, String), SignInError> {
        let provider = self.ask(Shared::provider).await?;
        let (attempt, cookie) = SignIn::begin(key, now);
        Ok((provider.address(self.config(), &attempt, redirect), cookie))
    }

    /// Who came back with this cookie and this query, and what they may do.
    pub(crate) async fn finish(
        &self,
        key: &SessionKey,
        (cookie, query): (Option<&str>, &str),
        redirect: &str,
        now: u64,
    ) -> Result<(String, Rights), SignInError> {
        let state = form::value(query, "state").unwrap_or_default();
        let attempt = SignIn::resume(key, cookie.unwrap_or_default(), &state, now)?;
        self.use_up(state, now)?;
        // RFC 9207.
        if form::value(query, "iss").is_some_and(|issuer| issuer != self.config().issuer.as_str()) {
            return Err(SignInError::Mixed);
        }
        let code = form::value(query, "code").filter(|code| !code.is_empty()).ok_or(SignInError::Declined)?;
        let redirect = redirect.to_owned();
        self.ask(move |shared| shared.person(&attempt, &code, &redirect)).await
    }

    async fn ask<T: Send + 'static, E: Into<SignInError> + Send + 'static>(
        &self,
        question: impl FnOnce(&Shared) -> Result<T, E> + Send + 'static,
    ) -> Result<T, SignInError> {
        let _asks = self.asking.try_acquire().map_err(|_| SignInError::Busy)?;
        let shared = self.shared.clone();
        let asked = spawn_blocking(move || question(&shared)).await;
        asked.map_err(|_| SignInError::Busy)?.map_err(Into::into)
    }

    /// Takes an answer once.
    fn use_up(&self, state: String, now: u64) -> Result<(), SignInError> {
        let mut used = lock(&self.used);
        used.retain(|(at, _)| now.saturating_sub(*at) <= SIGN_IN);
        if used.iter().any(|(_, known)| *known == state) {
            return Err(SignInError::Replayed);
        }
        if used.len() == USED {
            used.pop_front();
        }
        used.push_back((now, state));
        Ok(())
    }
}

impl Shared {
    /// Where the provider is asked what. What was known stays where it does not answer.
    fn provider(&self) -> Result<Arc<Provider>, ProviderError> {
        let known = lock(&self.known).clone();
        if let Some((provider, since)) = &known
            && since.elapsed() < STALE
        {
            return Ok(provider.clone());
        }
        match (Provider::discover(&self.config.issuer), known) {
            (Ok(found), _) => {
                let found = Arc::new(found);
                *lock(&self.known) = Some((found.clone(), Instant::now()));
                Ok(found)
            }
            (Err(_), Some((provider, _))) => Ok(provider),
            (Err(error), None) => Err(error),
        }
    }

    fn person(&self, attempt: &SignIn, code: &str, redirect: &str) -> Result<(String, Rights), SignInError> {
        let (config, provider) = (&self.config, self.provider()?);
        let tokens = provider.exchange(config, attempt, (code, redirect))?;
        let expected =
            Expected { issuer: config.issuer.as_str(), client: &config.client_id, nonce: &attempt.nonce };
        let mut claims = token::verify(tokens.id.expose(), &provider.keys()?, &expected)?;
        if !person::is_complete(config, &claims) {
            claims = provider.tell_more(claims, tokens.access.as_ref())?;
        }
        Ok(person::person(config, &claims)?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
