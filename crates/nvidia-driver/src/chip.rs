//! Chips: which one a PCI device id names, and what follows from that.

use std::fmt;

/// A family of chips, in order of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Architecture {
    /// G8x to GT2xx: GeForce 8 to 300.
    Tesla,
    /// GF1xx: GeForce 400 and 500.
    Fermi,
    /// GK1xx, GK2xx: GeForce 600 and 700, Tesla K80.
    Kepler,
    /// GM1xx, GM2xx: GeForce 900, Tesla M60.
    Maxwell,
    /// GP1xx: GeForce 10, P100, P40.
    Pascal,
    /// GV100: V100.
    Volta,
    /// TU1xx: GeForce 16 and RTX 20, T4.
    Turing,
    /// GA1xx: GeForce RTX 30, A100, A10.
    Ampere,
    /// AD1xx: GeForce RTX 40, L4, L40S.
    Ada,
    /// GH100: H100, H200.
    Hopper,
    /// GB1xx, GB2xx: B200, GeForce RTX 50.
    Blackwell,
}

impl Architecture {
    /// The architecture of a CUDA compute capability; `None` for those that are newer than this table.
    ///
    /// ```
    /// use cosmos_nvidia_driver::Architecture;
    /// assert_eq!(Architecture::of_compute_capability(8, 9), Some(Architecture::Ada));
    /// ```
    pub const fn of_compute_capability(major: u32, minor: u32) -> Option<Self> {
        Some(match (major, minor) {
            (1, _) => Self::Tesla,
            (2, _) => Self::Fermi,
            (3, _) => Self::Kepler,
            (5, _) => Self::Maxwell,
            (6, _) => Self::Pascal,
            (7, 0..=4) => Self::Volta,
            (7, _) => Self::Turing,
            (8, 9) => Self::Ada,
            (8, _) => Self::Ampere,
            (9, _) => Self::Hopper,
            (10..=12, _) => Self::Blackwell,
            _ => return None,
        })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The chip of a GPU.
///
/// ```
/// use cosmos_nvidia_driver::{Architecture, Chip};
/// let chip = Chip::of_device(0x2335).unwrap();
/// assert_eq!((chip.code(), chip.architecture()), ("GH100", Architecture::Hopper));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    code: &'static str,
    architecture: Architecture,
    compute: (u32, u32),
}

impl Chip {
    /// The chip that a PCI device id of vendor 10de names, as far as the ranges are known: NVIDIA gives each chip a
    /// range of ids.
    ///
    /// Sources: the PCI ID Repository up to Ada; the names in NVIDIA's open kernel module for Blackwell.
    pub fn of_device(id: u16) -> Option<Self> {
        let row = CHIPS.iter().find(|(first, last, ..)| (*first..=*last).contains(&id))?;
        let (_, _, code, compute) = *row;
        let architecture = Architecture::of_compute_capability(compute.0, compute.1)?;
        Some(Self { code, architecture, compute })
    }

    /// NVIDIA's name of the chip, as `AD102`.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The family it belongs to.
    pub const fn architecture(self) -> Architecture {
        self.architecture
    }

    /// The CUDA compute capability, major and minor.
    pub const fn compute_capability(self) -> (u32, u32) {
        self.compute
    }
}

/// First and last device id, chip, compute capability. Narrower ranges stand before those that contain them.
const CHIPS: [(u16, u16, &str, (u32, u32)); 60] = [
    (0x06c0, 0x06df, "GF100", (2, 0)),
    (0x06e0, 0x06ff, "G98", (1, 1)),
    (0x0a20, 0x0a3f, "GT216", (1, 2)),
    (0x0a60, 0x0a7f, "GT218", (1, 2)),
    (0x0ca0, 0x0cbf, "GT215", (1, 2)),
    (0x0dc0, 0x0ddf, "GF106", (2, 1)),
    (0x0de0, 0x0dff, "GF108", (2, 1)),
    (0x0e22, 0x0e3b, "GF104", (2, 1)),
    (0x0f00, 0x0f06, "GF108", (2, 1)),
    (0x0fc0, 0x0fff, "GK107", (3, 0)),
    (0x102d, 0x102d, "GK210", (3, 7)),
    (0x1001, 0x103f, "GK110", (3, 5)),
    (0x1040, 0x107f, "GF119", (2, 1)),
    (0x1080, 0x109f, "GF110", (2, 0)),
    (0x10c0, 0x10df, "GT218", (1, 2)),
    (0x1140, 0x1140, "GF117", (2, 1)),
    (0x1180, 0x11bf, "GK104", (3, 0)),
    (0x11c0, 0x11ff, "GK106", (3, 0)),
    (0x1200, 0x1213, "GF114", (2, 1)),
    (0x1241, 0x1251, "GF116", (2, 1)),
    (0x1280, 0x12bf, "GK208", (3, 5)),
    (0x1340, 0x137f, "GM108", (5, 0)),
    (0x1380, 0x13bf, "GM107", (5, 0)),
    (0x13c0, 0x13ff, "GM204", (5, 2)),
    (0x1401, 0x143f, "GM206", (5, 2)),
    (0x15f0, 0x15ff, "GP100", (6, 0)),
    (0x1617, 0x1667, "GM204", (5, 2)),
    (0x1725, 0x172f, "GP100", (6, 0)),
    (0x174d, 0x174e, "GM108", (5, 0)),
    (0x1789, 0x179c, "GM107", (5, 0)),
    (0x17c2, 0x17ff, "GM200", (5, 2)),
    (0x1af1, 0x1af1, "GA100", (8, 0)),
    (0x1b00, 0x1b7f, "GP102", (6, 1)),
    (0x1b80, 0x1bff, "GP104", (6, 1)),
    (0x1c00, 0x1c7f, "GP106", (6, 1)),
    (0x1c80, 0x1cff, "GP107", (6, 1)),
    (0x1d00, 0x1d7f, "GP108", (6, 1)),
    (0x1d80, 0x1dff, "GV100", (7, 0)),
    (0x1e00, 0x1e7f, "TU102", (7, 5)),
    (0x1e80, 0x1eff, "TU104", (7, 5)),
    (0x1f00, 0x1f7f, "TU106", (7, 5)),
    (0x1f80, 0x1fff, "TU117", (7, 5)),
    (0x2080, 0x20ff, "GA100", (8, 0)),
    (0x2180, 0x21ff, "TU116", (7, 5)),
    (0x2200, 0x227f, "GA102", (8, 6)),
    (0x2300, 0x237f, "GH100", (9, 0)),
    (0x2400, 0x247f, "GA103", (8, 6)),
    (0x2480, 0x24ff, "GA104", (8, 6)),
    (0x2500, 0x257f, "GA106", (8, 6)),
    (0x2580, 0x25ff, "GA107", (8, 6)),
    (0x2680, 0x26ff, "AD102", (8, 9)),
    (0x2700, 0x277f, "AD103", (8, 9)),
    (0x2780, 0x27ff, "AD104", (8, 9)),
    (0x2800, 0x287f, "AD106", (8, 9)),
    (0x2880, 0x28ff, "AD107", (8, 9)),
    (0x2900, 0x297f, "GB100", (10, 0)),
    (0x2b80, 0x2bff, "GB202", (12, 0)),
    (0x2c00, 0x2c7f, "GB203", (12, 0)),
    (0x2d00, 0x2dff, "GB206", (12, 0)),
    (0x2f00, 0x2f7f, "GB205", (12, 0)),
];

#[cfg(test)]
mod tests;
