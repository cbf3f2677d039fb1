//! Versions of the driver: `470.82.01`, `580.159.04`, `440.33`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

/// The version of a driver: two or three numbers with points between.
///
/// Order and equality are those of the numbers, field by field, and an absent third field counts as zero; the text
/// is kept as it was, because leading zeros are part of the names of files.
///
/// ```
/// use cosmos_nvidia_driver::DriverVersion;
/// let (old, new): (DriverVersion, DriverVersion) = ("470.82.01".parse()?, "470.103.01".parse()?);
/// assert!(old < new);
/// assert_eq!(old.to_string(), "470.82.01");
/// assert_eq!((old.branch(), old.minor(), old.patch()), (470, 82, Some(1)));
/// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DriverVersion {
    text: String,
    branch: u32,
    minor: u32,
    patch: Option<u32>,
}

impl DriverVersion {
    /// The first field, by which NVIDIA and the distributions name a line of releases: 470, 580.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::DriverVersion;
    /// assert_eq!("580.159.04".parse::<DriverVersion>()?.branch(), 580);
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub const fn branch(&self) -> u32 {
        self.branch
    }

    /// The second field.
    pub const fn minor(&self) -> u32 {
        self.minor
    }

    /// The third field, which two-field versions as 440.33 lack.
    pub const fn patch(&self) -> Option<u32> {
        self.patch
    }

    /// The text as it was read, with its leading zeros.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first version among the words of a line, where there is one.
    ///
    /// ```
    /// use cosmos_nvidia_driver::DriverVersion;
    /// let line = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021";
    /// assert_eq!(DriverVersion::find_in(line).unwrap().as_str(), "470.82.01");
    /// ```
    pub fn find_in(line: &str) -> Option<Self> {
        line.split_whitespace().find_map(|word| word.parse().ok())
    }

    const fn key(&self) -> (u32, u32, u32) {
        let patch = match self.patch {
            Some(patch) => patch,
            None => 0,
        };
        (self.branch, self.minor, patch)
    }
}

impl FromStr for DriverVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refused = || VersionError { given: text.chars().take(SHOWN).collect() };
        let fields: Option<Vec<u32>> = text.split('.').take(MOST_FIELDS + 1).map(field).collect();
        let (branch, minor, patch) = match fields.ok_or_else(refused)?[..] {
            [branch, minor] => (branch, minor, None),
            [branch, minor, patch] => (branch, minor, Some(patch)),
            _ => return Err(refused()),
        };
        Ok(Self { text: text.to_owned(), branch, minor, patch })
    }
}

/// As it was read.
impl fmt::Display for DriverVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for DriverVersion {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for DriverVersion {}

impl PartialOrd for DriverVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DriverVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for DriverVersion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Something that is no version of a driver.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "driver version {given:?}: expected two or three numbers with points between, as 470.82.01 or 440.33"
)]
pub struct VersionError {
    /// What was given, cut after 40 characters.
    pub given: String,
}

/// One to nine digits.
fn field(digits: &str) -> Option<u32> {
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

const MOST_FIELDS: usize = 3;
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> DriverVersion {
        text.parse().unwrap()
    }

    #[test]
    fn order_is_that_of_the_numbers() {
        let ascending = [
            "304.137",
            "440.33",
            "440.33.01",
            "470.82.01",
            "470.103.01",
            "470.256.02",
            "580.65.06",
            "580.159.04",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("470.82.01"), version("470.82.1"));
        assert_eq!(version("440.33"), version("440.33.00"));
    }

    #[test]
    fn what_is_no_version_is_refused_by_name() {
        for text in [
            "",
            "470",
            "470.",
            ".82",
            "470.82.01.1",
            "470.82a",
            "+470.82",
            "470 .82",
            "470..1",
            "9999999999.1",
        ] {
            assert_eq!(text.parse::<DriverVersion>(), Err(VersionError { given: text.to_owned() }));
        }
        assert_eq!("x".repeat(100).parse::<DriverVersion>().unwrap_err().given.len(), 40);
    }

    proptest! {
        #[test]
        fn the_text_is_kept_and_the_order_is_numeric(
            a in prop::collection::vec(0..100_000_u32, 2..=3),
            b in prop::collection::vec(0..100_000_u32, 2..=3),
        ) {
            let text = |fields: &[u32]| fields.iter().map(|field| format!("{field:02}")).collect::<Vec<_>>().join(".");
            let (first, second) = (version(&text(&a)), version(&text(&b)));
            prop_assert_eq!(first.to_string(), text(&a));
            let padded = |fields: &[u32]| [fields[0], fields[1], fields.get(2).copied().unwrap_or(0)];
            prop_assert_eq!(first.cmp(&second), padded(&a).cmp(&padded(&b)));
        }

        #[test]
        fn no_text_panics(text in "[0-9.]{0,20}|\\PC{0,20}") {
            let _ = text.parse::<DriverVersion>();
            DriverVersion::find_in(&text);
        }
    }
}
