//! Who may come in, and as what: passwords, signed sessions, roles, rate limits, origins; and how browsers log in to
//! the TURN servers on the way.
//!
//! Everything here is a function of its arguments. The clock is one of them (`now`), the environment is never
//! read, and only [`store`] touches the disk. Randomness comes from the operating system.
//!
//! ```
//! use cosmos_auth::{Account, Claims, Role, Secret, SessionKey};
//!
//! let account = Account::new("ada", &Secret::new("correct horse"))?;
//! assert!(account.verify("ada", &Secret::new("correct horse")));
//!
//! let key = SessionKey::random();
//! let now = 1_800_000_000;
//! let claims = Claims { user: "ada".into(), role: Role::Owner, issued: now, expires: now + 3600 };
//! assert_eq!(key.verify(&key.issue(&claims), now)?, claims);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
pub mod ice;
mod limiter;
pub mod origin;
mod role;
mod secret;
mod session;
pub mod store;
mod turn;

pub use account::{Account, AccountError, MAX_USER};
pub use limiter::{LoginLimiter, RetryAfter};
pub use role::{BadRole, Role};
pub use secret::{Secret, random_password};
pub use session::{Claims, MAX_TOKEN, SessionKey, TokenError};
pub use turn::TurnLogin;
