//! What the loaded kernel module says of itself and of its GPUs, in `/proc/driver/nvidia`.

use std::str::FromStr;

use thiserror::Error;

use crate::{DriverVersion, GpuUuid, PciAddress};

/// The loaded kernel module: the first line of `/proc/driver/nvidia/version`.
///
/// The second line names the compiler, whose version looks like a driver's; it is not read.
///
/// ```
/// use cosmos_nvidia_driver::{Flavour, ProcVersion};
/// let module: ProcVersion = "\
/// NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (nixbld@)
/// GCC version:  gcc version 15.3.0 (GCC)"
///     .parse()?;
/// assert_eq!(module.version.as_str(), "580.159.04");
/// assert_eq!(module.flavour, Flavour::Open);
/// # Ok::<(), cosmos_nvidia_driver::ProcVersionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcVersion {
    /// The version of the module.
    pub version: DriverVersion,
    /// Which of the two modules it is.
    pub flavour: Flavour,
    /// The processor it was built for, as `x86_64` or `aarch64`.
    pub processor: Option<&'static str>,
}

impl FromStr for ProcVersion {
    type Err = ProcVersionError;

    fn from_str(text: &str) -> Result<Self, ProcVersionError> {
        let line = text.lines().next().unwrap_or_default();
        let given = || ProcVersionError { given: line.chars().take(SHOWN).collect() };
        if !line.starts_with("NVRM version:") {
            return Err(given());
        }
        let open = line.contains("Open Kernel Module");
        Ok(Self {
            version: DriverVersion::find_in(line).ok_or_else(given)?,
            flavour: if open { Flavour::Open } else { Flavour::Proprietary },
            processor: PROCESSORS.into_iter().find(|name| line.split_whitespace().any(|word| word == *name)),
        })
    }
}

/// Which kernel module it is. Both come in the same `.run` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Flavour {
    /// The open one, under MIT and GPL: Turing and later only.
    Open,
    /// The proprietary one.
    Proprietary,
}

/// Something that is not the version file of NVIDIA's kernel module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("first line {given:?}: expected \"NVRM version: NVIDIA UNIX ... Kernel Module ... 580.159.04 ...\"")]
pub struct ProcVersionError {
    /// The first line, cut after 120 characters.
    pub given: String,
}

/// One GPU as `/proc/driver/nvidia/gpus/<address>/information` describes it.
///
/// What the driver has not found out yet it writes with question marks; that is `None` here.
///
/// ```
/// use cosmos_nvidia_driver::ProcGpu;
/// let gpu = ProcGpu::parse("Model: \t\t NVIDIA H200\nBus Location: \t 0000:00:06.0\nDevice Minor: \t 0\n");
/// assert_eq!(gpu.model.as_deref(), Some("NVIDIA H200"));
/// assert_eq!((gpu.minor, gpu.uuid), (Some(0), None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcGpu {
    /// The product's name.
    pub model: Option<String>,
    /// Its UUID.
    pub uuid: Option<GpuUuid>,
    /// Where it sits.
    pub address: Option<PciAddress>,
    /// The number in `/dev/nvidiaN`, which is the host's in a container too.
    pub minor: Option<u32>,
    /// Whether the driver was told to leave it alone.
    pub excluded: Option<bool>,
}

impl ProcGpu {
    /// Reads the lines it knows and passes over the others.
    pub fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.into_iter().find_map(|(name, value)| (name.trim() == key).then(|| value.trim()))
        };
        Self {
            model: value("Model").filter(|model| !model.is_empty() && *model != "Unknown").map(str::to_owned),
            uuid: value("GPU UUID").and_then(|uuid| uuid.parse().ok()),
            address: value("Bus Location").and_then(|address| address.parse().ok()),
            minor: value("Device Minor").and_then(|minor| minor.parse().ok()),
            excluded: value("GPU Excluded").or_else(|| value("Blacklisted")).and_then(|word| match word {
                "Yes" => Some(true),
                "No" => Some(false),
                _ => None,
            }),
        }
    }
}

const PROCESSORS: [&str; 4] = ["x86_64", "aarch64", "ppc64le", "x86"];
const SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_formats_are_read() {
        use Flavour::{Open, Proprietary};
        for (line, version, flavour, processor) in [
            (
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021",
                "470.82.01",
                Proprietary,
                "x86_64",
            ),
            (
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  440.33  Wed Nov 13 00:00:22 UTC 2019",
                "440.33",
                Proprietary,
                "x86_64",
            ),
            (
                "NVRM version: NVIDIA UNIX aarch64 Kernel Module  515.65.01  Wed Jul 20 13:50:43 UTC 2022",
                "515.65.01",
                Proprietary,
                "aarch64",
            ),
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (nixbld@)  ",
                "580.159.04",
                Open,
                "x86_64",
            ),
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  570.133.20  Release Build  (dvs@x)",
                "570.133.20",
                Open,
                "aarch64",
            ),
        ] {
            let module: ProcVersion =
                format!("{line}\nGCC version:  gcc version 15.3.0 (GCC)\n").parse().unwrap();
            assert_eq!(module.version.as_str(), version);
            assert_eq!((module.flavour, module.processor), (flavour, Some(processor)), "{line}");
        }
    }

    #[test]
    fn the_compiler_is_no_driver() {
        for text in
            ["", "\n", "GCC version:  gcc version 15.3.0 (GCC)", "NVRM version: none\nGCC version: 15.3.0"]
        {
            assert!(text.parse::<ProcVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_gpu_that_is_not_awake_has_no_uuid() {
        let text = "Model: \t\t Unknown\nGPU UUID: \t GPU-????????-????-????-????-????????????\n\
                    Bus Location: \t 0000:01:00.0\nDevice Minor: \t 3\nGPU Excluded:\t Yes\n";
        let address = "01:00.0".parse().ok();
        let expected = ProcGpu { address, minor: Some(3), excluded: Some(true), ..ProcGpu::default() };
        assert_eq!(ProcGpu::parse(text), expected);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(NVRM version: )?\\PC{0,60}\n?\\PC{0,20}") {
            let _ = text.parse::<ProcVersion>();
            ProcGpu::parse(&text);
        }
    }
}
