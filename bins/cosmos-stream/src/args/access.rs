//! Who may come in besides whoever knows the one password.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use clap::{Parser, Subcommand};
use cosmos_auth::{
    Account, AccountError, Accounts, AccountsError, ApiToken, BadLine, Networks, Rights, Role, Secret,
    SessionKey, WeakToken,
};
use cosmos_streaming::ProxyConfig;

use super::{handed, sign_in::SignIn};

/// What else this program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a password from standard input and print its hash, for a line `name:role:hash` of the file of users
    HashPassword,
}

/// Who may come in.
#[derive(Debug, Parser)]
pub struct Access {
    /// File with users, one `name:role:hash` a line; `cosmos-stream hash-password` makes the hash, and a role is viewer,
    /// controller or owner, or a role and just what is granted, as `viewer+sound`
    #[arg(long, value_name = "FILE", env = "COSMOS_USERS", conflicts_with = "no_password")]
    pub users: Option<PathBuf>,
    /// File that holds the password of those who may only look, instead of COSMOS_VIEW_PASSWORD
    #[arg(long, value_name = "FILE", env = "COSMOS_VIEW_PASSWORD_FILE")]
    view_password_file: Option<PathBuf>,
    /// Descriptor that was left open, from which that password is read to its end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(3..))]
    view_password_fd: Option<i32>,
    /// File that holds the token of the API, instead of COSMOS_API_TOKEN
    #[arg(long, value_name = "FILE", env = "COSMOS_API_TOKEN_FILE")]
    api_token_file: Option<PathBuf>,
    /// Descriptor that was left open, from which the token of the API is read to its end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(3..))]
    api_token_fd: Option<i32>,
    /// Networks of proxies whose X-Forwarded-For is believed, as 10.0.0.0/8,::1
    #[arg(long, value_name = "NETWORKS", env = "COSMOS_TRUSTED_PROXIES", default_value = "")]
    trusted_proxies: Networks,
    /// Header in which these proxies name a user whom they have checked
    #[arg(long, value_name = "NAME", env = "COSMOS_PROXY_USER_HEADER", requires = "trusted_proxies")]
    proxy_user_header: Option<String>,
    /// Role of such a user who stands in no file of users: viewer, controller or owner
    #[arg(long, value_name = "ROLE", env = "COSMOS_PROXY_ROLE", default_value = "viewer")]
    proxy_role: Rights,
    /// File in which it is kept who did what from where, at most twice 1 MiB
    #[arg(long, value_name = "FILE", env = "COSMOS_AUDIT_LOG")]
    pub audit_log: Option<PathBuf>,
    #[command(flatten)]
    pub sign_in: SignIn,
}

/// What cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("cannot read {what} from {}", path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot read {what} from descriptor {number}")]
    Fd { what: &'static str, number: i32, source: io::Error },
    #[error("{} can be written by others, who could let themselves in: run `chmod go-w` on it", .0.display())]
    Writable(PathBuf),
    #[error("the users in {} cannot be used", path.display())]
    Users { path: PathBuf, source: AccountsError },
    #[error("nobody stands in {}; add a line name:role:hash, or leave the file out", .0.display())]
    Nobody(PathBuf),
    #[error("the password of those who may only look is that of the owner; choose another one")]
    SamePassword,
    #[error("the password of those who may only look cannot be used")]
    ViewPassword(#[source] AccountError),
    #[error("the token of the API cannot be used")]
    Token(#[from] WeakToken),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Line(#[from] BadLine),
}

/// The secrets that were given, read once before this process opens anything.
pub struct Given {
    view_password: Option<Secret>,
    api_token: Option<Secret>,
    /// The text of the file of users.
    users: Option<String>,
    oidc_secret: Option<Secret>,
    oidc_rules: Option<Secret>,
}

impl Access {
    /// Where passwords come from beside that of the owner, if from anywhere.
    pub fn passwords_from(&self) -> Option<String> {
        let number = self.view_password_fd.map(|_| "--view-password-fd".to_owned());
        let variable = || env::var_os(VIEW_PASSWORD).map(|_| VIEW_PASSWORD.to_owned());
        let files = [&self.view_password_file, &self.users].into_iter().flatten().next();
        number.or_else(variable).or_else(|| files.map(|path| path.display().to_string()))
    }

    /// Reads what was given. To be called once, before this process opens anything.
    pub fn read(&self) -> Result<Given, AccessError> {
        let view = Source {
            what: "the password of those who may only look",
            variable: VIEW_PASSWORD,
            number: self.view_password_fd,
            path: self.view_password_file.as_deref(),
        };
        let token = Source {
            what: "the token of the API",
            variable: "COSMOS_API_TOKEN",
            number: self.api_token_fd,
            path: self.api_token_file.as_deref(),
        };
        let (view_password, api_token) = (view.read()?, token.read()?);
        let users = self.users.as_deref().map(read_users).transpose()?;
        let (oidc_secret, oidc_rules) = (self.sign_in.secret()?, self.sign_in.rules());
        Ok(Given { view_password, api_token, users, oidc_secret, oidc_rules })
    }

    /// Everybody who may log in.
    pub fn accounts(
        &self,
        user: &str,
        password: Option<&Secret>,
        given: &Given,
    ) -> Result<Accounts, AccessError> {
        let mut accounts = Accounts::default();
        if let (Some(text), Some(path)) = (&given.users, &self.users) {
            accounts =
                Accounts::parse(text).map_err(|source| AccessError::Users { path: path.clone(), source })?;
            if accounts.is_empty() && password.is_none() {
                return Err(AccessError::Nobody(path.clone()));
            }
        }
        if let Some(password) = password {
            accounts.push(Account::new(user, Rights::of(Role::Owner), password)?)?;
        }
        if let Some(view) = &given.view_password {
            if password == Some(view) {
                return Err(AccessError::SamePassword);
            }
            let account =
                Account::new(user, Rights::of(Role::Viewer), view).map_err(AccessError::ViewPassword)?;
            accounts.push(account)?;
        }
        Ok(accounts)
    }

    /// The token of the API.
    pub fn api_token(given: &Given) -> Result<Option<ApiToken>, AccessError> {
        Ok(given.api_token.as_ref().map(ApiToken::new).transpose()?)
    }

    /// The proxies whose word is taken.
    pub fn proxy(&self) -> ProxyConfig {
        ProxyConfig {
            networks: self.trusted_proxies.clone(),
            user_header: self.proxy_user_header.clone(),
            rights: self.proxy_role,
        }
    }
}

impl Given {
    /// The password of those who may only look.
    pub fn view_password(&self) -> Option<&Secret> {
        self.view_password.as_ref()
    }

    /// What a provider of OpenID Connect is shown.
    pub fn oidc_secret(&self) -> Option<&Secret> {
        self.oidc_secret.as_ref()
    }

    /// The key, changed so that whatever changes who may come in ends all sessions.
    pub fn bind(&self, key: SessionKey) -> SessionKey {
        let users = self.users.as_ref().map(|users| Secret::new(users.as_str()));
        let secrets = self.view_password.iter().chain(&users).chain(&self.oidc_rules);
        secrets.fold(key, |key, secret| key.bound_to(secret))
    }
}

/// Where a secret may come from.
pub(super) struct Source<'a> {
    pub(super) what: &'static str,
    pub(super) variable: &'static str,
    pub(super) number: Option<i32>,
    pub(super) path: Option<&'a Path>,
}

impl Source<'_> {
    pub(super) fn read(&self) -> Result<Option<Secret>, AccessError> {
        let what = self.what;
        if let Some(number) = self.number {
            let text = handed::read(number).map_err(|source| AccessError::Fd { what, number, source })?;
            return Ok(Some(Secret::new(text)));
        }
        if let Ok(text) = env::var(self.variable) {
            return Ok(Some(Secret::new(text)));
        }
        let Some(path) = self.path else { return Ok(None) };
        let text = fs::read_to_string(path).map_err(|source| AccessError::File {
            what,
            path: path.to_owned(),
            source,
        })?;
        Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
    }
}

fn read_users(path: &Path) -> Result<String, AccessError> {
    let failed = |source| AccessError::File { what: "the users", path: path.to_owned(), source };
    let found = fs::metadata(path).map_err(failed)?;
    if found.mode() & 0o022 != 0 {
        return Err(AccessError::Writable(path.to_owned()));
    }
    if found.len() > MAX_USERS_FILE {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(failed)
}

const VIEW_PASSWORD: &str = "COSMOS_VIEW_PASSWORD";
/// In bytes: enough for all users that a server takes.
const MAX_USERS_FILE: u64 = 1 << 20;
