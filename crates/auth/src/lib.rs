//! Who may come in, and as what: passwords, signed sessions, roles, rate limits, origins; and how browsers log in to
//! the TURN servers on the way.
//!
//! Everything here is a function of its arguments. The clock is one of them (`now`), the environment is never
//! read, and only [`store`] touches the disk. Randomness comes from the operating system.
//!
//! ```
//! use cosmos_auth::{Account, Claims, Rights, Role, Secret, SessionKey};
//!
//! let account = Account::new("ada", Rights::of(Role::Owner), &Secret::new("correct horse"))?;
//! assert!(account.verify("ada", &Secret::new("correct horse")));
//!
//! let key = SessionKey::random();
//! let now = 1_800_000_000;
//! let claims = Claims { user: "ada".into(), rights: account.rights(), issued: now, expires: now + 3600, link: None };
//! assert_eq!(key.verify(&key.issue(&claims), now)?, claims);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod accounts;
mod authorization;
pub mod ice;
mod limiter;
mod link;
mod networks;
pub mod origin;
mod rights;
mod role;
mod secret;
mod session;
mod sign_in;
pub mod store;
mod turn;

pub use account::{Account, AccountError, MAX_USER, hash_password};
pub use accounts::{Accounts, AccountsError, BadLine, MAX_ACCOUNTS};
pub use authorization::{ApiToken, Authorization, MAX_AUTHORIZATION, MIN_API_TOKEN, WeakToken};
pub use limiter::{LoginLimiter, RetryAfter};
pub use link::{BadLink, Link, LinkId, Links, MAX_DEPTH, MAX_LINK, MAX_LINKS};
pub use networks::{BadNetwork, Networks};
pub use rights::{BadRights, Grants, Rights};
pub use role::{BadRole, Role};
pub use secret::{Secret, random_password};
pub use session::{Claims, MAX_TOKEN, SessionKey, TokenError};
pub use sign_in::{SIGN_IN, SignIn, StaleSignIn};
pub use turn::TurnLogin;
