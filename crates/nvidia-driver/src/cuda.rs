//! CUDA releases and the drivers they need.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::DriverVersion;

/// A release of CUDA: 11.4, 13.0.
///
/// ```
/// use cosmos_nvidia_driver::CudaVersion;
/// assert_eq!(CudaVersion::from_nvml(13000), Some(CudaVersion::new(13, 0)));
/// assert_eq!("12.4".parse(), Ok(CudaVersion::new(12, 4)));
/// assert_eq!(CudaVersion::new(11, 4).minimum_driver().unwrap().as_str(), "470.42.01");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CudaVersion {
    major: u32,
    minor: u32,
}

impl CudaVersion {
    /// A release from its two numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// The release that NVML and the CUDA driver write as one number: 13000, 12080.
    ///
    /// `None` for numbers below 1000.
    pub fn from_nvml(number: i32) -> Option<Self> {
        let number = u32::try_from(number).ok().filter(|number| *number >= 1000)?;
        Some(Self { major: number / 1000, minor: number % 1000 / 10 })
    }

    /// The first number.
    pub const fn major(self) -> u32 {
        self.major
    }

    /// The second number.
    pub const fn minor(self) -> u32 {
        self.minor
    }

    /// The driver that this release came with, which runs all of it. `None` for releases that are not in the table:
    /// those before 10.2 and after 13.3, and those that never were.
    ///
    /// Source: the table of toolkits and their drivers in the release notes of CUDA 13.3. From 13.4 on, a toolkit
    /// comes without a driver.
    pub fn minimum_driver(self) -> Option<DriverVersion> {
        let row = RELEASES.iter().find(|(major, minor, _)| (*major, *minor) == (self.major, self.minor));
        row.and_then(|(.., driver)| driver.parse().ok())
    }

    /// The oldest driver on which programs of any release of this major version start, with those features that the
    /// driver has: NVIDIA's minor version compatibility, which there is from CUDA 11 on.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::CudaVersion;
    /// assert_eq!(CudaVersion::new(11, 8).compatible_driver().unwrap().as_str(), "450.80.02");
    /// assert_eq!(CudaVersion::new(10, 2).compatible_driver(), None);
    /// ```
    pub fn compatible_driver(self) -> Option<DriverVersion> {
        let row = COMPATIBLE.iter().find(|(major, _)| *major == self.major);
        row.and_then(|(_, driver)| driver.parse().ok())
    }

    /// The newest release of the table that a driver runs all of.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::CudaVersion;
    /// assert_eq!(CudaVersion::of_driver(&"470.82.01".parse()?), Some(CudaVersion::new(11, 4)));
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub fn of_driver(driver: &DriverVersion) -> Option<Self> {
        let releases = RELEASES.iter().rev().map(|(major, minor, _)| Self::new(*major, *minor));
        releases.into_iter().find(|release| release.minimum_driver().is_some_and(|least| least <= *driver))
    }
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for CudaVersion {
    type Err = CudaVersionError;

    fn from_str(text: &str) -> Result<Self, CudaVersionError> {
        let number = |digits: &str| {
            let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok())?
        };
        let parts = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        let refused = || CudaVersionError { given: text.chars().take(SHOWN).collect() };
        parts.map(|(major, minor)| Self { major, minor }).ok_or_else(refused)
    }
}

/// Something that is no release of CUDA.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("CUDA version {given:?}: expected two numbers with a point between, as 12.4")]
pub struct CudaVersionError {
    /// What was given, cut after 40 characters.
    pub given: String,
}

const SHOWN: usize = 40;

/// Release and the driver of its general availability, in order.
const RELEASES: [(u32, u32, &str); 23] = [
    (10, 2, "440.33"),
    (11, 0, "450.51.05"),
    (11, 1, "455.23"),
    (11, 2, "460.27.03"),
    (11, 3, "465.19.01"),
    (11, 4, "470.42.01"),
    (11, 5, "495.29.05"),
    (11, 6, "510.39.01"),
    (11, 7, "515.43.04"),
    (11, 8, "520.61.05"),
    (12, 0, "525.60.13"),
    (12, 1, "530.30.02"),
    (12, 2, "535.54.03"),
    (12, 3, "545.23.06"),
    (12, 4, "550.54.14"),
    (12, 5, "555.42.02"),
    (12, 6, "560.28.03"),
    (12, 8, "570.26"),
    (12, 9, "575.51.03"),
    (13, 0, "580.65.06"),
    (13, 1, "590.44.01"),
    (13, 2, "595.45.04"),
    (13, 3, "610.43.02"),
];

const COMPATIBLE: [(u32, &str); 3] = [(11, "450.80.02"), (12, "525.60.13"), (13, "580.65.06")];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn the_tables_are_in_order_and_readable() {
        for rows in RELEASES.windows(2) {
            assert!((rows[0].0, rows[0].1) < (rows[1].0, rows[1].1));
            let driver = |row: &(u32, u32, &str)| row.2.parse::<DriverVersion>().unwrap();
            assert!(driver(&rows[0]) < driver(&rows[1]));
        }
    }

    /// The lines of the release notes' table, the newest first: release, update, driver.
    fn published() -> impl DoubleEndedIterator<Item = (CudaVersion, u32, DriverVersion)> {
        let table = include_str!("../testdata/cuda-releases.txt").lines();
        table.filter(|line| !line.starts_with('#')).map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let update = if words[1] == "GA" { 0 } else { words[1].parse().unwrap() };
            (words[0].parse().unwrap(), update, words[2].parse().unwrap())
        })
    }

    /// The version before: one less in the last field that is not zero.
    fn just_before(driver: &DriverVersion) -> DriverVersion {
        let (branch, minor, patch) = (driver.branch(), driver.minor(), driver.patch().unwrap_or_default());
        let text = match patch {
            0 => format!("{branch}.{}.99", minor - 1),
            _ => format!("{branch}.{minor}.{:02}", patch - 1),
        };
        text.parse().unwrap()
    }

    #[test]
    fn every_release_of_the_release_notes_has_its_driver() {
        for (release, update, driver) in published() {
            let least = release.minimum_driver().unwrap();
            assert!(if update == 0 { least == driver } else { least <= driver }, "{release} {update}");
            assert_eq!(CudaVersion::of_driver(&driver), Some(release), "{release} {update}");
        }
        assert_eq!(published().filter(|(_, update, _)| *update == 0).count(), RELEASES.len());
        for never in [CudaVersion::new(11, 9), CudaVersion::new(12, 7), CudaVersion::new(14, 0)] {
            assert_eq!(never.minimum_driver(), None, "{never}");
        }
    }

    #[test]
    fn one_release_less_is_had_with_the_driver_just_before() {
        let mut before = None;
        for (release, update, driver) in published().rev() {
            if update == 0 {
                assert_eq!(CudaVersion::of_driver(&just_before(&driver)), before, "{release}");
                before = Some(release);
            }
        }
        assert_eq!(CudaVersion::of_driver(&"999.1".parse().unwrap()), before);
        assert_eq!(CudaVersion::of_driver(&"418.39".parse().unwrap()), None);
    }

    #[test]
    fn each_major_release_starts_with_its_oldest_driver() {
        for (major, least) in [
            (10, None),
            (11, Some("450.80.02")),
            (12, Some("525.60.13")),
            (13, Some("580.65.06")),
            (14, None),
        ] {
            let found = CudaVersion::new(major, 3).compatible_driver();
            assert_eq!(found.as_ref().map(DriverVersion::as_str), least, "{major}");
        }
    }

    #[test]
    fn numbers_and_texts_of_releases() {
        for (number, text) in [(13000, "13.0"), (12080, "12.8"), (11040, "11.4"), (10020, "10.2")] {
            assert_eq!(CudaVersion::from_nvml(number).unwrap().to_string(), text);
        }
        for number in [0, -1, 999, i32::MIN] {
            assert_eq!(CudaVersion::from_nvml(number), None);
        }
        for text in ["", "12", "12.", ".4", "12.4.1", "+1.2", "99999.0"] {
            assert!(text.parse::<CudaVersion>().is_err(), "{text}");
        }
    }
}
