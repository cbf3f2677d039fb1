//! All accounts of a server, and the file that they can stand in.

use crate::account::AccountError;
use crate::{Account, BadRights, Rights, Secret};

/// The most accounts that a server takes.
pub const MAX_ACCOUNTS: usize = 1000;

/// Who may log in.
///
/// In a file each account is a line, `name:role:hash`, in which the hash is what
/// [`hash_password`](crate::hash_password) makes and the role is what [`Rights`] reads. A name holds no colon. Empty
/// lines, and those that begin with `#`, are passed over.
///
/// ```
/// use cosmos_auth::{Accounts, Secret, hash_password};
///
/// let hash = hash_password(&Secret::new("correct horse"))?;
/// let accounts = Accounts::parse(&format!("# who may come in\nada:owner:{hash}\n"))?;
/// let rights = accounts.verify("ada", &Secret::new("correct horse"));
/// assert_eq!(rights.map(|rights| rights.to_string()).as_deref(), Some("owner"));
/// assert_eq!(accounts.verify("ada", &Secret::new("wrong")), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Accounts(Vec<Account>);

impl Accounts {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// [`AccountsError`], which names the line and never what it holds.
    pub fn parse(text: &str) -> Result<Self, AccountsError> {
        let mut accounts = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let account = parse_line(line).map_err(|what| AccountsError { line: at + 1, what })?;
            if accounts.rights_of(account.user()).is_some() {
                return Err(AccountsError { line: at + 1, what: BadLine::Twice });
            }
            accounts.push(account).map_err(|what| AccountsError { line: at + 1, what })?;
        }
        Ok(accounts)
    }

    /// Adds an account. One name may have several passwords, each with rights of its own.
    ///
    /// # Errors
    ///
    /// [`BadLine::TooMany`] beyond [`MAX_ACCOUNTS`].
    pub fn push(&mut self, account: Account) -> Result<(), BadLine> {
        if self.0.len() == MAX_ACCOUNTS {
            return Err(BadLine::TooMany);
        }
        self.0.push(account);
        Ok(())
    }

    /// Whether nobody can log in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a user may do by name alone, for those whom somebody else has checked: the most of all accounts of the name.
    pub fn rights_of(&self, user: &str) -> Option<Rights> {
        let rights = self.0.iter().filter(|account| account.user() == user).map(Account::rights);
        rights.max_by_key(|rights| rights.role)
    }

    /// What somebody with this name and password may do; `None` where they are not both right. It hashes as often for
    /// a name that is not known as for one that is, so the time tells nothing about the names.
    pub fn verify(&self, user: &str, password: &Secret) -> Option<Rights> {
        let of_user = self.0.iter().filter(|account| account.user() == user);
        let others = self.0.iter().filter(|account| account.user() != user);
        let tried = of_user.chain(others).take(self.passwords_of_one());
        // All of them, whatever the first says.
        let right: Vec<_> = tried.filter(|account| account.verify(user, password)).collect();
        right.into_iter().map(Account::rights).max_by_key(|rights| rights.role)
    }

    /// How many passwords the name with the most of them has.
    fn passwords_of_one(&self) -> usize {
        let count = |name: &Account| self.0.iter().filter(|account| account.user() == name.user()).count();
        self.0.iter().map(count).max().unwrap_or(0)
    }
}

fn parse_line(line: &str) -> Result<Account, BadLine> {
    let mut fields = line.splitn(3, ':');
    let (Some(user), Some(rights), Some(hash)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(BadLine::Fields);
    };
    Ok(Account::with_hash(user, rights.parse()?, hash)?)
}

/// What is wrong with a file of users.
#[derive(Debug, thiserror::Error)]
#[error("line {line} cannot be used")]
pub struct AccountsError {
    /// Which line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub what: BadLine,
}

/// What is wrong with one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadLine {
    /// It has too few fields.
    #[error("a line is name:role:hash")]
    Fields,
    /// The role is none.
    #[error(transparent)]
    Rights(#[from] BadRights),
    /// The name or the hash cannot be used.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The name stands on an earlier line too.
    #[error("the name stands on an earlier line as well")]
    Twice,
    /// There are more than [`MAX_ACCOUNTS`].
    #[error("there are more than {MAX_ACCOUNTS} users")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, hash_password};

    fn add(accounts: &mut Accounts, user: &str, role: Role, password: &str) {
        let account = Account::new(user, Rights::of(role), &Secret::new(password)).unwrap();
        accounts.push(account).unwrap();
    }

    #[test]
    fn everybody_has_the_rights_of_their_password() {
        let mut accounts = Accounts::default();
        assert!(accounts.is_empty() && accounts.verify("ada", &Secret::new("")).is_none());
        add(&mut accounts, "ada", Role::Owner, "one");
        add(&mut accounts, "ada", Role::Viewer, "two");
        add(&mut accounts, "bob", Role::Controller, "one");
        for (user, password, role) in [
            ("ada", "one", Some(Role::Owner)),
            ("ada", "two", Some(Role::Viewer)),
            ("bob", "one", Some(Role::Controller)),
            ("bob", "two", None),
            ("eve", "one", None),
            ("", "one", None),
        ] {
            let rights = accounts.verify(user, &Secret::new(password));
            assert_eq!(rights.map(|rights| rights.role), role, "{user} {password}");
        }
        assert_eq!(accounts.rights_of("ada"), Some(Rights::of(Role::Owner)));
        assert_eq!(accounts.rights_of("eve"), None);
    }

    #[test]
    fn a_file_is_read_by_lines() {
        let hash = hash_password(&Secret::new("s3cret")).unwrap();
        let text = format!("# people\n\nada:owner:{hash}\n  bob:viewer+sound:{hash}  \r\n");
        let accounts = Accounts::parse(&text).unwrap();
        assert_eq!(accounts.verify("ada", &Secret::new("s3cret")), Some(Rights::of(Role::Owner)));
        assert_eq!(accounts.rights_of("bob").unwrap().to_string(), "viewer+sound");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_not_shown() {
        let hash = hash_password(&Secret::new("s3cret")).unwrap();
        for (line, said) in [
            ("ada", "name:role:hash"),
            ("ada:owner", "name:role:hash"),
            ("ada:root:x", "there are viewer, controller and owner"),
            ("ada:viewer+keys:x", "cannot be granted"),
            ("ada:owner:hunter2", "hash-password"),
            (":owner:x", "a user name has"),
            (&format!("eve:owner:{hash}"), "earlier line"),
        ] {
            let error = Accounts::parse(&format!("eve:viewer:{hash}\n{line}\n")).unwrap_err();
            let text = format!("{error}: {}", error.what);
            assert!(text.starts_with("line 2 ") && text.contains(said), "{text}");
            assert!(!text.contains("hunter2") && !text.contains(&hash), "{text}");
        }
    }
}
