//! A role, and what of the desktop is granted with it.

use std::fmt;
use std::ops::BitAnd;
use std::str::FromStr;

use crate::role::{BadRole, Role};

/// What a person may do.
///
/// As text it is a role, which stands for all that usually goes with it, or a role and just what is granted:
/// `viewer`, `viewer+sound`, `controller+picture+sound+clipboard-out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rights {
    /// What they may change.
    pub role: Role,
    /// What reaches them, and what is taken from them besides keys and pointer.
    pub grants: Grants,
}

impl Rights {
    /// What usually goes with a role.
    pub fn of(role: Role) -> Self {
        Self { role, grants: Grants::of(role) }
    }

    /// What is left when no more than `limit` is allowed.
    pub fn narrowed(self, limit: Self) -> Self {
        Self { role: self.role.min(limit.role), grants: self.grants & limit.grants }
    }

    /// Whether `other` allows nothing that this does not.
    pub fn covers(self, other: Self) -> bool {
        self.narrowed(other) == other
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.as_str())?;
        if self.grants == Grants::of(self.role) {
            return Ok(());
        }
        if self.grants == Grants::NONE {
            return f.write_str("+nothing");
        }
        self.grants.names().try_for_each(|name| write!(f, "+{name}"))
    }
}

impl FromStr for Rights {
    type Err = BadRights;

    fn from_str(text: &str) -> Result<Self, BadRights> {
        let mut words = text.split('+');
        let role = words.next().unwrap_or_default().parse()?;
        let names: Vec<&str> = words.collect();
        let grants = match names[..] {
            [] => Grants::of(role),
            ["nothing"] => Grants::NONE,
            _ => names.into_iter().try_fold(Grants::NONE, |sum, name| {
                let grant = Grants::named(name).ok_or_else(|| BadRights::Grant(name.to_owned()))?;
                Ok::<_, BadRights>(sum.with(grant))
            })?,
        };
        Ok(Self { role, grants })
    }
}

/// A set of things that can be granted one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grants(u8);

impl Grants {
    /// Nothing at all.
    pub const NONE: Self = Self(0);
    /// Sees the desktop.
    pub const PICTURE: Self = Self(1);
    /// Hears it.
    pub const SOUND: Self = Self(2);
    /// May set the desktop's clipboard.
    pub const CLIPBOARD_IN: Self = Self(4);
    /// Is told what is copied on the desktop, which is often a password.
    pub const CLIPBOARD_OUT: Self = Self(8);
    /// May exchange files. Kept for that; nothing asks for it yet.
    pub const FILES: Self = Self(16);
    /// All of them.
    pub const ALL: Self = Self(31);

    const NAMES: [(&'static str, Self); 5] = [
        ("picture", Self::PICTURE),
        ("sound", Self::SOUND),
        ("clipboard-in", Self::CLIPBOARD_IN),
        ("clipboard-out", Self::CLIPBOARD_OUT),
        ("files", Self::FILES),
    ];

    /// What usually goes with a role.
    pub fn of(role: Role) -> Self {
        match role {
            Role::Viewer => Self::PICTURE.with(Self::SOUND),
            Role::Controller | Role::Owner => Self::ALL,
        }
    }

    /// The set of these bits, as [`bits`](Self::bits) gives them; `None` where one means nothing.
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits & !Self::ALL.0 == 0).then_some(Self(bits))
    }

    /// The set as bits.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` is granted.
    pub fn has(self, other: Self) -> bool {
        self & other == other
    }

    /// These and those of `other`.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The words for what is granted.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(_, grant)| self.has(*grant)).map(|(name, _)| name)
    }

    /// What a word stands for.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, grant)| grant)
    }
}

impl BitAnd for Grants {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The text names no rights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRights {
    /// It does not begin with a role.
    #[error(transparent)]
    Role(#[from] BadRole),
    /// What is granted is not known.
    #[error(
        "{0:?} cannot be granted; there are picture, sound, clipboard-in, clipboard-out and files, or nothing alone"
    )]
    Grant(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> impl Iterator<Item = Rights> {
        let grants = (0..=Grants::ALL.bits()).filter_map(Grants::from_bits);
        grants.flat_map(|grants| Role::ALL.map(|role| Rights { role, grants }))
    }

    #[test]
    fn rights_are_read_as_they_are_written() {
        for rights in every() {
            assert_eq!(rights.to_string().parse(), Ok(rights));
        }
        for (text, written) in [("viewer+sound+picture", "viewer"), ("owner+sound+sound", "owner+sound")] {
            assert_eq!(text.parse::<Rights>().unwrap().to_string(), written);
        }
        for text in ["", "root", "viewer+", "viewer+keys", "viewer+sound+nothing", "+sound", "viewer sound"] {
            assert!(text.parse::<Rights>().is_err(), "{text}");
        }
    }

    #[test]
    fn narrowing_never_widens_and_covering_is_an_order() {
        for a in every() {
            for b in every() {
                let both = a.narrowed(b);
                assert_eq!(both, b.narrowed(a));
                assert!(a.covers(both) && b.covers(both), "{a} {b}");
                assert_eq!(a.covers(b) && b.covers(a), a == b, "{a} {b}");
            }
        }
    }

    #[test]
    fn only_known_bits_are_a_set() {
        assert_eq!(Grants::from_bits(32), None);
        assert_eq!(Grants::named("keys"), None);
        assert!(!Grants::of(Role::Viewer).has(Grants::CLIPBOARD_OUT));
    }
}
