//! The video encoder that a model of GPU is known to have.

use std::ops::RangeInclusive;

use crate::{Architecture, Chip, DriverVersion};

/// What is known of the encoder of a model. A probe that opens a session overrides all of it: NVML reports an encoder
/// capacity of 100 for GPUs that have no encoder.
///
/// Sources: NVIDIA's NVENC application note and support matrix; for the models without an engine, reports of users of
/// OBS and HandBrake.
///
/// ```
/// use cosmos_nvidia_driver::{Chip, NvencExpectation};
/// let l4 = NvencExpectation::of(Chip::of_device(0x27b8), None, Some("NVIDIA L4")).unwrap();
/// assert!(l4.av1 && l4.engines == (1..=2));
/// let a100 = NvencExpectation::of(Chip::of_device(0x20b0), None, None).unwrap();
/// assert!(!a100.any());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NvencExpectation {
    /// How many engines, fewest to most: boards of one chip differ.
    pub engines: RangeInclusive<u32>,
    /// Whether it encodes H.264.
    pub h264: bool,
    /// Whether it encodes HEVC.
    pub hevc: bool,
    /// Whether it encodes AV1.
    pub av1: bool,
}

impl NvencExpectation {
    /// What is known of a chip, of a compute capability where the chip is not known, and of names that differ from
    /// their chip.
    pub fn of(chip: Option<Chip>, compute: Option<(u32, u32)>, name: Option<&str>) -> Option<Self> {
        if name.is_some_and(is_without) {
            return Some(Self::none());
        }
        match chip {
            Some(chip) => Self::of_chip(chip),
            None => compute.and_then(Self::of_compute_capability),
        }
    }

    /// Whether an engine is expected at all.
    pub fn any(&self) -> bool {
        *self.engines.end() > 0
    }

    fn of_chip(chip: Chip) -> Option<Self> {
        let rows = ENGINES.iter().find(|(code, _)| *code == chip.code());
        let engines = rows.map(|(_, engines)| engines.clone())?;
        let hevc = chip.architecture() >= Architecture::Pascal || chip.compute_capability() == (5, 2);
        let av1 = matches!(chip.architecture(), Architecture::Ada | Architecture::Blackwell);
        Some(Self::with(engines, hevc, av1))
    }

    fn of_compute_capability(compute: (u32, u32)) -> Option<Self> {
        match compute {
            (8, 0) | (9, 0) | (10, _) => Some(Self::none()),
            (3, 0) => Some(Self::with(1..=1, false, false)),
            (5, 2) => Some(Self::with(1..=2, true, false)),
            (7, 0) => Some(Self::with(3..=3, true, false)),
            (8, 6) => Some(Self::with(1..=1, true, false)),
            (8, 9) => Some(Self::with(1..=3, true, true)),
            (12, 0) => Some(Self::with(1..=4, true, true)),
            _ => None,
        }
    }

    fn with(engines: RangeInclusive<u32>, hevc: bool, av1: bool) -> Self {
        let any = *engines.end() > 0;
        Self { h264: any, hevc: any && hevc, av1: any && av1, engines }
    }

    fn none() -> Self {
        Self::with(0..=0, false, false)
    }
}

/// The oldest driver that has a version of the encoder's API; `None` for versions that are not in the table, 9.0 to
/// 13.0.
///
/// Source: the README of nv-codec-headers.
///
/// ```
/// use cosmos_nvidia_driver::nvenc_api_driver;
/// assert_eq!(nvenc_api_driver(11, 1).unwrap().as_str(), "470.57.02");
/// ```
pub fn nvenc_api_driver(major: u32, minor: u32) -> Option<DriverVersion> {
    let row = API.iter().find(|(api, _)| *api == (major, minor));
    row.and_then(|(_, driver)| driver.parse().ok())
}

/// The newest version of the encoder's API in the table that a driver has.
///
/// ```
/// use cosmos_nvidia_driver::nvenc_api_of;
/// assert_eq!(nvenc_api_of(&"470.82.01".parse()?), Some((11, 1)));
/// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
/// ```
pub fn nvenc_api_of(driver: &DriverVersion) -> Option<(u32, u32)> {
    let known = |(major, minor)| nvenc_api_driver(major, minor).is_some_and(|least| least <= *driver);
    API.iter().rev().map(|(api, _)| *api).find(|api| known(*api))
}

/// Models without an engine though their chip's other models have one.
fn is_without(name: &str) -> bool {
    let words = || name.split(|sign: char| sign.is_whitespace() || sign == '-');
    let two = |first: &str, second: &str| words().zip(words().skip(1)).any(|pair| pair == (first, second));
    words().any(|word| WITHOUT.contains(&word)) || two("GT", "1030") || two("P106", "100")
}

const WITHOUT: [&str; 6] = ["MX150", "MX230", "MX250", "MX350", "MX450", "T500"];

const ENGINES: [(&str, RangeInclusive<u32>); 37] = [
    ("GK107", 1..=1),
    ("GK104", 1..=1),
    ("GK106", 1..=1),
    ("GK110", 1..=1),
    ("GK210", 1..=1),
    ("GM108", 0..=0),
    ("GM107", 1..=1),
    ("GM204", 2..=2),
    ("GM206", 1..=1),
    ("GM200", 2..=2),
    ("GP100", 3..=3),
    ("GP102", 2..=2),
    ("GP104", 2..=2),
    ("GP106", 1..=1),
    ("GP107", 1..=1),
    ("GP108", 0..=0),
    ("GV100", 3..=3),
    ("TU102", 1..=1),
    ("TU104", 1..=1),
    ("TU106", 1..=1),
    ("TU116", 1..=1),
    ("TU117", 0..=1),
    ("GA100", 0..=0),
    ("GA102", 1..=1),
    ("GA103", 1..=1),
    ("GA104", 1..=1),
    ("GA106", 1..=1),
    ("GA107", 1..=1),
    ("AD102", 2..=3),
    ("AD103", 1..=2),
    ("AD104", 1..=2),
    ("AD106", 1..=1),
    ("AD107", 1..=1),
    ("GH100", 0..=0),
    ("GB100", 0..=0),
    ("GB202", 1..=4),
    ("GB203", 1..=4),
];

const API: [((u32, u32), &str); 9] = [
    ((9, 0), "418.30"),
    ((9, 1), "435.21"),
    ((10, 0), "445.87"),
    ((11, 0), "455.28"),
    ((11, 1), "470.57.02"),
    ((12, 0), "520.56.06"),
    ((12, 1), "530.41.03"),
    ((12, 2), "550.54.14"),
    ((13, 0), "570.0"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn engines_and_codecs_of_known_models() {
        for (id, name, engines, codecs) in [
            (0x102d, "Tesla K80", 1..=1, [true, false, false]),
            (0x13f2, "Tesla M60", 2..=2, [true, true, false]),
            (0x1380, "NVIDIA GeForce GTX 750 Ti", 1..=1, [true, false, false]),
            (0x1340, "GeForce 830M", 0..=0, [false, false, false]),
            (0x1b38, "Tesla P40", 2..=2, [true, true, false]),
            (0x1d01, "NVIDIA GeForce GT 1030", 0..=0, [false, false, false]),
            (0x1c8d, "NVIDIA GeForce GTX 1050", 1..=1, [true, true, false]),
            (0x1c96, "NVIDIA GeForce MX350", 0..=0, [false, false, false]),
            (0x1c07, "P106-100", 0..=0, [false, false, false]),
            (0x1db4, "Tesla V100-PCIE-16GB", 3..=3, [true, true, false]),
            (0x1eb8, "Tesla T4", 1..=1, [true, true, false]),
            (0x1f97, "NVIDIA GeForce MX450", 0..=0, [false, false, false]),
            (0x20b0, "NVIDIA A100-SXM4-40GB", 0..=0, [false, false, false]),
            (0x20b7, "NVIDIA A30", 0..=0, [false, false, false]),
            (0x2237, "NVIDIA A10G", 1..=1, [true, true, false]),
            (0x2330, "NVIDIA H100 80GB HBM3", 0..=0, [false, false, false]),
            (0x2335, "NVIDIA H200", 0..=0, [false, false, false]),
            (0x26b5, "NVIDIA L40", 2..=3, [true, true, true]),
            (0x27b8, "NVIDIA L4", 1..=2, [true, true, true]),
            (0x2901, "NVIDIA B200", 0..=0, [false, false, false]),
        ] {
            let found = NvencExpectation::of(Chip::of_device(id), None, Some(name)).unwrap();
            assert_eq!(found.engines, engines, "{name}");
            assert_eq!([found.h264, found.hevc, found.av1], codecs, "{name}");
            assert_eq!(found.any(), *engines.end() > 0);
        }
    }

    #[test]
    fn the_compute_capability_serves_where_the_chip_is_unknown() {
        let of = |compute| NvencExpectation::of(None, Some(compute), None);
        assert_eq!(of((9, 0)).map(|found| found.any()), Some(false));
        assert_eq!(of((8, 9)).map(|found| found.av1), Some(true));
        assert_eq!(of((7, 5)), None);
        assert_eq!(NvencExpectation::of(None, None, Some("NVIDIA Graphics Device")), None);
    }

    #[test]
    fn every_boundary_of_the_api() {
        for (driver, api) in [
            ("418.29", None),
            ("418.30", Some((9, 0))),
            ("450.80.02", Some((10, 0))),
            ("470.57.01", Some((11, 0))),
            ("470.57.02", Some((11, 1))),
            ("520.56.06", Some((12, 0))),
            ("530.41.02", Some((12, 0))),
            ("550.54.14", Some((12, 2))),
            ("569.99", Some((12, 2))),
            ("580.159.04", Some((13, 0))),
        ] {
            assert_eq!(nvenc_api_of(&driver.parse().unwrap()), api, "{driver}");
        }
        assert_eq!(nvenc_api_driver(8, 2), None);
    }
}
