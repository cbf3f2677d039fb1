//! One person's name, rights and password, kept as a hash.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, Version};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::secret::random_bytes;
use crate::{Rights, Secret};

/// The longest user name, in bytes.
pub const MAX_USER: usize = 64;

/// A user name, what its holder may do, and the hash of a password.
///
/// One hash of a password that was given here takes 19 MiB and about 20-50 ms of one core, whatever the outcome:
/// bound how many run at once, and keep them away from threads that serve others.
#[derive(Debug)]
pub struct Account {
    user: String,
    rights: Rights,
    hash: PasswordHash,
}

impl Account {
    /// Hashes the password with Argon2id and a fresh salt.
    ///
    /// # Errors
    ///
    /// [`AccountError`] where the name or the password cannot be used.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn new(user: impl Into<String>, rights: Rights, password: &Secret) -> Result<Self, AccountError> {
        let user = user.into();
        if !is_user(&user) {
            return Err(AccountError::User);
        }
        Ok(Self { user, rights, hash: hashed(password)? })
    }

    /// An account with a hash that [`hash_password`] or another program made: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
    ///
    /// # Errors
    ///
    /// [`AccountError`] where the name cannot be used, or the text is no such hash or costs too much to check.
    pub fn with_hash(user: impl Into<String>, rights: Rights, hash: &str) -> Result<Self, AccountError> {
        let user = user.into();
        if !is_user(&user) {
            return Err(AccountError::User);
        }
        let hash = PasswordHash::new(hash).map_err(|_| AccountError::Format)?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.salt.is_none() || hash.hash.is_none() {
            return Err(AccountError::Format);
        }
        let params = Params::try_from(&hash).map_err(|_| AccountError::Format)?;
        if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
            return Err(AccountError::Cost);
        }
        Ok(Self { user, rights, hash })
    }

    /// The user name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What the holder may do.
    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// Whether both are right. It takes as long for a name that is not known as for a wrong password, so that
    /// the time does not tell which of them was wrong. `false` also where there is no memory for the hash.
    pub fn verify(&self, user: &str, password: &Secret) -> bool {
        // Hashed first, so that the comparison does not tell the length of the name.
        let same_user = Sha256::digest(user).ct_eq(&Sha256::digest(&self.user));
        let same_password = self.computed(password).is_some_and(|hash| Some(hash) == self.hash.hash);
        bool::from(same_user) & same_password
    }

    /// The same computation as that of the kept hash. What it is compared by takes a constant time.
    fn computed(&self, password: &Secret) -> Option<argon2::password_hash::phc::Output> {
        let algorithm = Algorithm::try_from(self.hash.algorithm.as_str()).ok()?;
        let version = self.hash.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?;
        let params = Params::try_from(&self.hash).ok()?;
        let hasher = Argon2::new(algorithm, version, params);
        let salt = self.hash.salt.as_ref()?;
        hasher.hash_password_with_salt(password.expose().as_bytes(), salt).ok()?.hash
    }
}

/// The hash of a password, as a line of a file of users holds it.
///
/// # Errors
///
/// [`AccountError`] where the password is empty or there is no memory.
///
/// # Panics
///
/// If the operating system gives no random bytes.
pub fn hash_password(password: &Secret) -> Result<String, AccountError> {
    hashed(password).map(|hash| hash.to_string())
}

/// Why there can be no such account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name is empty, longer than [`MAX_USER`] or holds control characters.
    #[error("a user name has 1 to {MAX_USER} bytes and no control characters")]
    User,
    /// The password is empty.
    #[error("the password is empty")]
    EmptyPassword,
    /// The hash could not be computed, mostly for want of 19 MiB of memory.
    #[error("the password cannot be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    /// The text is no hash of Argon2.
    #[error(
        "this is no hash of Argon2, which begins with \"$argon2id$\"; `cosmos-stream hash-password` makes one"
    )]
    Format,
    /// The hash takes too much memory or time to check.
    #[error(
        "a hash may take at most 256 MiB, 10 passes and 8 lanes; `cosmos-stream hash-password` makes a cheaper one"
    )]
    Cost,
}

fn is_user(user: &str) -> bool {
    !user.is_empty() && user.len() <= MAX_USER && !user.chars().any(char::is_control)
}

fn hashed(password: &Secret) -> Result<PasswordHash, AccountError> {
    if password.expose().is_empty() {
        return Err(AccountError::EmptyPassword);
    }
    with_salt(password, &random_bytes()).map_err(AccountError::Hash)
}

fn with_salt(password: &Secret, salt: &[u8; 16]) -> argon2::password_hash::Result<PasswordHash> {
    let params = Params::new(MEMORY, PASSES, 1, Some(HASH))?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hasher.hash_password_with_salt(password.expose().as_bytes(), salt)
}

const HASH: usize = 32;
/// In KiB: OWASP's first choice for Argon2id with two passes.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// In KiB.
const MOST_MEMORY: u32 = 256 * 1024;
const MOST_PASSES: u32 = 10;
const MOST_LANES: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn account(password: &str) -> Account {
        Account::new("ada", Rights::of(Role::Owner), &Secret::new(password)).unwrap()
    }

    #[test]
    fn only_the_right_name_with_the_right_password_passes() {
        let account = account("pässword");
        let cases = [
            ("ada", "pässword", true),
            ("ada", "password", false),
            ("ada", "pässword ", false),
            ("ada", "", false),
            ("Ada", "pässword", false),
            ("", "pässword", false),
        ];
        for (user, password, expected) in cases {
            assert_eq!(account.verify(user, &Secret::new(password)), expected, "{user} {password}");
        }
    }

    #[test]
    fn one_password_hashes_differently_each_time() {
        let [a, b] = [(); 2].map(|()| account("same"));
        assert_ne!(a.hash, b.hash);
    }

    #[test]
    fn names_and_passwords_that_cannot_be_used_are_refused() {
        let new = |user: &str, password| Account::new(user, Rights::of(Role::Viewer), &Secret::new(password));
        for user in ["", "a\nb", &"x".repeat(MAX_USER + 1)] {
            assert!(matches!(new(user, "p"), Err(AccountError::User)), "{user:?}");
        }
        assert!(matches!(new("ada", ""), Err(AccountError::EmptyPassword)));
        assert!(matches!(hash_password(&Secret::new("")), Err(AccountError::EmptyPassword)));
    }

    /// The answer of the reference implementation, `argon2 somesaltsomesalt -id -t 2 -k 19456 -p 1 -l 32`.
    #[test]
    fn the_hash_is_argon2id_with_the_documented_cost() {
        let hash = with_salt(&Secret::new("password"), b"somesaltsomesalt").unwrap().to_string();
        assert_eq!(
            hash,
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE"
        );
    }

    /// Lines of the reference implementation: `printf password | argon2 somesalt …`.
    #[test]
    fn hashes_of_other_programs_are_checked() {
        for hash in [
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        ] {
            let account = Account::with_hash("ada", Rights::of(Role::Viewer), hash).unwrap();
            assert!(account.verify("ada", &Secret::new("password")), "{hash}");
            assert!(!account.verify("ada", &Secret::new("passwore")), "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_or_too_dear_is_refused() {
        let hash = |text: &str| Account::with_hash("ada", Rights::of(Role::Viewer), text).err().unwrap();
        for text in [
            "",
            "password",
            "$2y$05$abcdefghijklmnopqrstuuAkoAYFDpoAYFDpoAYFDpoAYFDpoAYFD",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        ] {
            assert!(matches!(hash(text), AccountError::Format), "{text}");
        }
        for params in ["m=1048576,t=2,p=1", "m=19456,t=11,p=1", "m=19456,t=2,p=9"] {
            let text =
                format!("$argon2id$v=19${params}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
            assert!(matches!(hash(&text), AccountError::Cost), "{params}");
        }
    }
}
