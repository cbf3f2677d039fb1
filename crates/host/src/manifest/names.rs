//! Names that all container runtimes accept.

use std::{fmt, str::FromStr};

use super::ManifestError;

/// A name of a container: 1 to 40 small ASCII letters, digits and hyphens, a letter first and no hyphen last. With
/// what is put behind it, it is a label of DNS (RFC 1035), as services need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// The reference of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(String);

/// The name of a host in DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl Name {
    /// The name of the desktop of one user. A revision of a StatefulSet adds eleven signs to it in a label.
    pub(super) fn of_user(&self, user: &super::UserName) -> Result<Self, ManifestError> {
        let name = format!("{}-{user}", self.0);
        if name.len() <= LONGEST_IN_FLEET { Ok(Self(name)) } else { Err(ManifestError::Long(name)) }
    }
}

impl Image {
    /// A shell and curl, and little else.
    pub(super) fn of_curl() -> Self {
        Self("docker.io/curlimages/curl:8.11.1".to_owned())
    }
}

impl FromStr for Name {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let fits =
            is_label(text) && text.len() <= 40 && text.starts_with(|sign: char| sign.is_ascii_lowercase());
        if fits { Ok(Self(text.to_owned())) } else { Err(ManifestError::Name(shown(text))) }
    }
}

impl FromStr for Image {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte);
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        match first && text.len() <= 512 && text.bytes().all(sign) {
            true => Ok(Self(text.to_owned())),
            false => Err(ManifestError::Image(shown(text))),
        }
    }
}

impl FromStr for HostName {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        match text.len() <= 200 && text.split('.').all(is_label) {
            true => Ok(Self(text.to_owned())),
            false => Err(ManifestError::Host(shown(text))),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 1123, in small letters.
pub(super) fn is_label(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = text.starts_with('-') || text.ends_with('-');
    (1..=63).contains(&text.len()) && !ends && text.bytes().all(sign)
}

/// So much of a text that is refused is shown.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A label of an object may hold 63 signs.
const LONGEST_IN_FLEET: usize = 52;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_all_runtimes_accept() {
        let long = "a".repeat(41);
        for (text, name, image, host) in [
            ("cosmos", true, true, true),
            ("a-1", true, true, true),
            ("1a", false, true, true),
            ("a-", false, true, false),
            ("Cosmos", false, true, false),
            ("a.b.example", false, true, true),
            ("a..b", false, true, false),
            ("ghcr.io/x/y:24.04@sha256:0f", false, true, false),
            ("--privileged", false, false, false),
            ("a b", false, false, false),
            ("a\nb", false, false, false),
            ("", false, false, false),
            (&long, false, true, true),
        ] {
            let parsed = (
                text.parse::<Name>().is_ok(),
                text.parse::<Image>().is_ok(),
                text.parse::<HostName>().is_ok(),
            );
            assert_eq!(parsed, (name, image, host), "{text:?}");
        }
    }

    #[test]
    fn a_desktop_of_a_fleet_has_a_name_that_a_label_can_hold() {
        let user: super::super::UserName = "alice-of-sales".parse().expect("a name");
        let named = |length: usize| Name("a".repeat(length)).of_user(&user);
        assert!(named(37).is_ok_and(|name| name.0.ends_with("a-alice-of-sales")));
        assert!(matches!(named(38), Err(ManifestError::Long(name)) if name.len() == 53));
    }
}
