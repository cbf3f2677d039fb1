//! What nvidia-smi and modinfo print. The caller runs them, with a deadline: `nvidia-smi` may take ten seconds
//! without the persistence daemon, and for ever where the driver hangs.

use crate::{CudaVersion, DriverVersion, Flavour};

/// The answer of `nvidia-smi --version`, or its refusal, which comes on standard output as well.
///
/// ```
/// use cosmos_nvidia_driver::NvidiaSmi;
/// let smi = NvidiaSmi::parse("NVIDIA-SMI version  : 580.159.04\nDRIVER version      : 580.159.04\n");
/// assert_eq!(smi.driver.unwrap().as_str(), "580.159.04");
///
/// let smi = NvidiaSmi::parse("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.54");
/// assert_eq!(smi.problem, Some("Failed to initialize NVML: Driver/library version mismatch".to_owned()));
/// assert_eq!(smi.library, Some("535.54".to_owned()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NvidiaSmi {
    /// The version of the driver.
    pub driver: Option<DriverVersion>,
    /// The version of libnvidia-ml. It lacks the third field that the driver's has, so it is text.
    pub library: Option<String>,
    /// The highest CUDA version that the driver runs.
    pub cuda: Option<CudaVersion>,
    /// The first line, where it is no answer but a complaint.
    pub problem: Option<String>,
}

impl NvidiaSmi {
    /// Reads the lines of `nvidia-smi --version` and of `nvidia-smi -q`, which name the same things.
    pub fn parse(text: &str) -> Self {
        let driver: Option<DriverVersion> =
            value(text, &["DRIVER version"]).and_then(|found| found.parse().ok());
        let first = text.lines().map(str::trim).find(|line| !line.is_empty());
        Self {
            problem: first.filter(|_| driver.is_none()).map(|line| line.chars().take(SHOWN).collect()),
            library: value(text, &["NVML version", "NVML library version"]).map(str::to_owned),
            cuda: value(text, &["CUDA version"]).and_then(|found| found.parse().ok()),
            driver,
        }
    }
}

/// The module on disk, from `modinfo nvidia` or `modinfo -F version nvidia`. It is what the next boot loads; what is
/// loaded now may be older.
///
/// ```
/// use cosmos_nvidia_driver::{Flavour, Modinfo};
/// let module = Modinfo::parse("version:        580.159.04\nlicense:        Dual MIT/GPL\n");
/// assert_eq!(module.flavour, Some(Flavour::Open));
/// assert_eq!(Modinfo::parse("470.82.01\n").version.unwrap().as_str(), "470.82.01");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modinfo {
    /// The version of the module.
    pub version: Option<DriverVersion>,
    /// Which module it is, told by its licence.
    pub flavour: Option<Flavour>,
}

impl Modinfo {
    /// Reads the lines it knows.
    pub fn parse(text: &str) -> Self {
        let alone = || text.lines().next().map(str::trim);
        Self {
            version: value(text, &["version"]).or_else(alone).and_then(|found| found.parse().ok()),
            flavour: value(text, &["license"]).and_then(|licence| match licence {
                "NVIDIA" => Some(Flavour::Proprietary),
                licence if licence.contains("MIT") => Some(Flavour::Open),
                _ => None,
            }),
        }
    }
}

/// The text behind the colon of the first line that has one of these names, in any case.
fn value<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| names.iter().any(|name| key.trim().eq_ignore_ascii_case(name)))?;
    Some(value.trim()).filter(|value| !value.is_empty() && *value != "N/A")
}

const SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(text: &str) -> Option<String> {
        NvidiaSmi::parse(text).driver.map(|version| version.to_string())
    }

    #[test]
    fn the_driver_is_found_in_each_report() {
        let version = "NVIDIA-SMI version  : 580.159.04\nNVML version        : 580.159\n\
                       DRIVER version      : 580.159.04\nCUDA Version        : 13.0\n";
        let smi = NvidiaSmi::parse(version);
        assert_eq!(smi.cuda, Some(CudaVersion::new(13, 0)));
        assert_eq!((smi.library.as_deref(), smi.problem), (Some("580.159"), None));
        assert_eq!(driver(version).as_deref(), Some("580.159.04"));
        let query = include_str!("../testdata/h200/nvidia-smi-q.txt");
        assert_eq!(driver(query).as_deref(), Some("580.159.04"));
    }

    #[test]
    fn refusals_on_standard_output_are_kept() {
        for text in ["No devices were found\n", "\nERROR: Option devices is not recognized.", "[N/A]"] {
            assert_eq!(NvidiaSmi::parse(text).problem.as_deref(), Some(text.trim()));
        }
        assert_eq!(NvidiaSmi::parse("DRIVER version : N/A").driver, None);
        assert_eq!(NvidiaSmi::parse(""), NvidiaSmi::default());
    }

    #[test]
    fn the_licence_tells_the_module() {
        for (licence, flavour) in
            [("NVIDIA", Some(Flavour::Proprietary)), ("Dual MIT/GPL", Some(Flavour::Open)), ("GPL", None)]
        {
            let text =
                format!("filename: /lib/x.ko\nversion: 535.183.01\nlicense: {licence}\nsrcversion: 1.2");
            let module = Modinfo::parse(&text);
            assert_eq!(module.flavour, flavour);
            assert_eq!(module.version.map(|version| version.to_string()).as_deref(), Some("535.183.01"));
        }
        let missing = "modinfo: ERROR: Module nvidia not found.";
        assert_eq!(Modinfo::parse(missing), Modinfo::default());
    }
}
