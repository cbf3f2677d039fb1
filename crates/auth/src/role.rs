//! What a person may do.

use std::fmt;
use std::str::FromStr;

/// What a person may do, from least to most: each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees and hears.
    Viewer,
    /// Also types, points and changes the screen's size.
    Controller,
    /// Also decides about the session and its other people.
    Owner,
}

impl Role {
    /// All roles, least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Controller, Self::Owner];

    /// May press keys and move the pointer.
    pub fn may_control(self) -> bool {
        self >= Self::Controller
    }

    /// May read and write the clipboard, where nothing more is said. Reading counts too: what is copied there is often a
    /// password.
    pub fn may_use_clipboard(self) -> bool {
        self >= Self::Controller
    }

    /// May change the screen's size, which everybody sees.
    pub fn may_resize(self) -> bool {
        self >= Self::Controller
    }

    /// May end other people's sessions and hand out access.
    pub fn may_administer(self) -> bool {
        self == Self::Owner
    }

    /// The word for it, as [`FromStr`] reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Controller => "controller",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| BadRole(text.to_owned()))
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role; there are viewer, controller and owner")]
pub struct BadRole(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_of_each_role() {
        let rights = |r: Role| [r.may_control(), r.may_resize(), r.may_administer()];
        assert_eq!(rights(Role::Viewer), [false, false, false]);
        assert_eq!(rights(Role::Controller), [true, true, false]);
        assert_eq!(rights(Role::Owner), [true, true, true]);
    }

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        for text in ["", "Owner", "owner ", "root"] {
            assert_eq!(text.parse::<Role>(), Err(BadRole(text.to_owned())));
        }
    }
}
