//! One person's name and password, kept as a hash.

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Secret;
use crate::secret::random_bytes;

/// The longest user name, in bytes.
pub const MAX_USER: usize = 64;

/// A user name and the Argon2id hash of its password.
///
/// One hash takes 19 MiB and about 20-50 ms of one core, whatever the outcome: bound how many run at once, and
/// keep them away from threads that serve others.
#[derive(Debug)]
pub struct Account {
    user: String,
    salt: [u8; 16],
    hash: [u8; HASH],
}

impl Account {
    /// Hashes the password with a fresh salt.
    ///
    /// # Errors
    ///
    /// [`AccountError`] where the name or the password cannot be used.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn new(user: impl Into<String>, password: &Secret) -> Result<Self, AccountError> {
        let user = user.into();
        if user.is_empty() || user.len() > MAX_USER || user.chars().any(char::is_control) {
            return Err(AccountError::User);
        }
        if password.expose().is_empty() {
            return Err(AccountError::EmptyPassword);
        }
        let salt = random_bytes();
        let hash = hash(password, &salt).map_err(AccountError::Hash)?;
        Ok(Self { user, salt, hash })
    }

    /// The user name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether both are right. It takes as long for a name that is not known as for a wrong password, so that
    /// the time does not tell which of them was wrong. `false` also where there is no memory for the hash.
    pub fn verify(&self, user: &str, password: &Secret) -> bool {
        // Hashed first, so that the comparison does not tell the length of the name.
        let same_user = Sha256::digest(user).ct_eq(&Sha256::digest(&self.user));
        match hash(password, &self.salt) {
            Ok(hash) => (same_user & hash.ct_eq(&self.hash)).into(),
            Err(_) => false,
        }
    }
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
    Hash(#[source] argon2::Error),
}

fn hash(password: &Secret, salt: &[u8]) -> Result<[u8; HASH], argon2::Error> {
    let params = Params::new(MEMORY, PASSES, 1, Some(HASH))?;
    let mut hash = [0; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        password.expose().as_bytes(),
        salt,
        &mut hash,
    )?;
    Ok(hash)
}

const HASH: usize = 32;
/// In KiB: OWASP's first choice for Argon2id with two passes.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_name_with_the_right_password_passes() {
        let account = Account::new("ada", &Secret::new("pässword")).unwrap();
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
        let [a, b] = [(); 2].map(|()| Account::new("ada", &Secret::new("same")).unwrap());
        assert_ne!(a.hash, b.hash);
    }

    #[test]
    fn names_and_passwords_that_cannot_be_used_are_refused() {
        for user in ["", "a\nb", &"x".repeat(MAX_USER + 1)] {
            assert!(matches!(Account::new(user, &Secret::new("p")), Err(AccountError::User)), "{user:?}");
        }
        assert!(matches!(Account::new("ada", &Secret::new("")), Err(AccountError::EmptyPassword)));
    }

    /// The answer of the reference implementation, `argon2 somesaltsomesalt -id -t 2 -k 19456 -p 1 -l 32`.
    #[test]
    fn the_hash_is_argon2id_with_the_documented_cost() {
        let hash = hash(&Secret::new("password"), b"somesaltsomesalt").unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "2b5dc4054886ec957ef59c73b661c54dd6fb274590b278f657c6d96aac8fa6d1");
    }
}
