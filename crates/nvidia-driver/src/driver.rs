//! The two halves of a driver, where each was seen, and whether they fit.

use std::fmt;
use std::path::PathBuf;

use crate::{CudaVersion, DriverVersion, Flavour};

/// All that was seen of the driver's versions.
///
/// ```
/// use cosmos_nvidia_driver::{Agreement, Driver, Observation, Source};
/// let driver = Driver::of([
///     Observation::new(Source::ProcVersion, "580.159.04".parse()?),
///     Observation::new(Source::Library, "535.183.01".parse()?),
/// ]);
/// assert!(matches!(driver.agreement(), Agreement::Mismatch { .. }));
/// assert_eq!(
///     driver.agreement().to_string(),
///     "kernel module 580.159.04, libraries 535.183.01: restart the container, regenerate the CDI specification, or \
///      reboot after an update"
/// );
/// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Driver {
    /// Every version and where it was seen, the most trusted source first.
    pub observations: Vec<Observation>,
    /// Which kernel module it is.
    pub flavour: Option<Flavour>,
    /// The newest CUDA release, as NVML or nvidia-smi says.
    pub cuda: Option<CudaVersion>,
    /// Whether NVML itself refused because its library is of another version than the kernel module.
    pub library_refused: bool,
}

impl Driver {
    /// A driver of which these versions were seen.
    pub fn of(observations: impl IntoIterator<Item = Observation>) -> Self {
        let mut driver = Self::default();
        driver.observe_all(observations);
        driver.sort();
        driver
    }

    /// The version of the kernel module that is loaded.
    pub fn kernel(&self) -> Option<&DriverVersion> {
        self.on(Side::Kernel).next()
    }

    /// The version of the libraries, by the most trusted source. Where the library files are of several versions it
    /// is that of the kernel module, if it is among them.
    pub fn user(&self) -> Option<&DriverVersion> {
        let first = self.observations.iter().find(|seen| seen.source.side() == Side::User)?;
        let asked = first.source != Source::Library;
        let fitting = self.on(Side::User).find(|version| Some(*version) == self.kernel());
        fitting.filter(|_| !asked).or(Some(&first.version))
    }

    /// Library files of other versions than [`user`](Self::user): left over, or half of an update.
    pub fn strays(&self) -> impl Iterator<Item = &Observation> {
        let user = self.user();
        let files = self.observations.iter().filter(|seen| seen.source == Source::Library);
        files.filter(move |seen| Some(&seen.version) != user)
    }

    /// The module on disk, where it is another than the loaded one: what a reboot would load.
    pub fn pending(&self) -> Option<&DriverVersion> {
        self.on(Side::Disk).find(|version| self.kernel().is_some_and(|kernel| kernel != *version))
    }

    /// Whether kernel module and libraries are of one version, as they must be to the last digit.
    pub fn agreement(&self) -> Agreement<'_> {
        match (self.kernel(), self.user()) {
            (None, None) => Agreement::Absent,
            (Some(kernel), None) => Agreement::KernelOnly { kernel },
            (None, Some(user)) => Agreement::UserOnly { user },
            (Some(kernel), Some(user)) if kernel == user && !self.library_refused => {
                Agreement::Match { version: kernel }
            }
            (Some(kernel), Some(user)) => {
                let other = self.on(Side::User).find(|version| *version != kernel);
                Agreement::Mismatch { kernel, user: other.unwrap_or(user) }
            }
        }
    }

    pub(crate) fn observe_all(&mut self, observations: impl IntoIterator<Item = Observation>) {
        self.observations.extend(observations);
    }

    /// By trust; what one source says more than once stays in its order.
    pub(crate) fn sort(&mut self) {
        self.observations.sort_by_key(|seen| seen.source);
    }

    fn on(&self, side: Side) -> impl Iterator<Item = &DriverVersion> {
        self.observations.iter().filter(move |seen| seen.source.side() == side).map(|seen| &seen.version)
    }
}

/// One version and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Observation {
    /// The source.
    pub source: Source,
    /// The version.
    pub version: DriverVersion,
    /// The file in whose name it stands, for [`Source::Library`].
    pub file: Option<PathBuf>,
}

impl Observation {
    /// A version that stands in no file's name.
    pub const fn new(source: Source, version: DriverVersion) -> Self {
        Self { source, version, file: None }
    }
}

/// Where a version was seen, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Source {
    /// `/proc/driver/nvidia/version`.
    ProcVersion,
    /// `/sys/module/nvidia/version`.
    SysModule,
    /// `nvmlSystemGetDriverVersion`.
    Nvml,
    /// The output of nvidia-smi.
    NvidiaSmi,
    /// The name of `libcuda.so.X` or `libnvidia-ml.so.X`.
    Library,
    /// The output of modinfo.
    Modinfo,
    /// `NVIDIA_DRIVER_VERSION`.
    Stated,
}

impl Source {
    /// Which half of the driver it tells of.
    pub const fn side(self) -> Side {
        match self {
            Self::ProcVersion | Self::SysModule => Side::Kernel,
            Self::Nvml | Self::NvidiaSmi | Self::Library => Side::User,
            Self::Modinfo => Side::Disk,
            Self::Stated => Side::Wish,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProcVersion => "/proc/driver/nvidia/version",
            Self::SysModule => "/sys/module/nvidia/version",
            Self::Nvml => "NVML",
            Self::NvidiaSmi => "nvidia-smi",
            Self::Library => "library file",
            Self::Modinfo => "modinfo",
            Self::Stated => "NVIDIA_DRIVER_VERSION",
        })
    }
}

/// What a version is the version of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The loaded kernel module.
    Kernel,
    /// The libraries.
    User,
    /// The kernel module on disk.
    Disk,
    /// What somebody wants.
    Wish,
}

/// Whether the halves fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Agreement<'a> {
    /// There is no driver.
    Absent,
    /// The kernel module is loaded and there are no libraries: a container without the toolkit, or with capabilities
    /// that leave them out.
    KernelOnly {
        /// The module.
        kernel: &'a DriverVersion,
    },
    /// There are libraries and the kernel module is not loaded.
    UserOnly {
        /// The libraries.
        user: &'a DriverVersion,
    },
    /// They are of one version.
    Match {
        /// It.
        version: &'a DriverVersion,
    },
    /// They are not.
    Mismatch {
        /// The module.
        kernel: &'a DriverVersion,
        /// The libraries.
        user: &'a DriverVersion,
    },
}

/// One sentence, with the remedy where there is one.
impl fmt::Display for Agreement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no NVIDIA driver"),
            Self::KernelOnly { kernel } => {
                write!(f, "kernel module {kernel}, no libraries: install the userspace of {kernel}")
            }
            Self::UserOnly { user } => {
                write!(
                    f,
                    "libraries {user}, no kernel module loaded: load it on the host, or reboot the host"
                )
            }
            Self::Match { version } => write!(f, "driver {version}"),
            Self::Mismatch { kernel, user } if kernel == user => {
                write!(f, "kernel module {kernel}, and the library that NVML loaded is another: {REMEDY}")
            }
            Self::Mismatch { kernel, user } => {
                write!(f, "kernel module {kernel}, libraries {user}: {REMEDY}")
            }
        }
    }
}

const REMEDY: &str = "restart the container, regenerate the CDI specification, or reboot after an update";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn driver(seen: &[(Source, &str)]) -> Driver {
        Driver::of(seen.iter().map(|(source, version)| Observation::new(*source, version.parse().unwrap())))
    }

    #[test]
    fn the_halves_are_compared() {
        use Source::{Library, Modinfo, NvidiaSmi, Nvml, ProcVersion, Stated, SysModule};
        for (seen, said) in [
            (&[][..], "no NVIDIA driver"),
            (&[(Stated, "580.1")], "no NVIDIA driver"),
            (&[(Modinfo, "580.1")], "no NVIDIA driver"),
            (&[(SysModule, "580.1")], "kernel module 580.1, no libraries"),
            (&[(Library, "580.1")], "libraries 580.1, no kernel module loaded"),
            (&[(ProcVersion, "580.1"), (Nvml, "580.1")], "driver 580.1"),
            (&[(ProcVersion, "580.1"), (NvidiaSmi, "580.1")], "driver 580.1"),
            (&[(ProcVersion, "580.1"), (Library, "570.1")], "kernel module 580.1, libraries 570.1: restart"),
            // Old files beside the right ones do no harm, ...
            (&[(ProcVersion, "580.1"), (Library, "570.1"), (Library, "580.1")], "driver 580.1"),
            (&[(ProcVersion, "580.1"), (Library, "570.1"), (Nvml, "580.1")], "driver 580.1"),
            // ... unless the wrong ones are loaded.
            (
                &[(ProcVersion, "580.1"), (Library, "580.1"), (Nvml, "570.1")],
                "kernel module 580.1, libraries 570.1",
            ),
            (
                &[(ProcVersion, "470.82.01"), (Library, "470.82.00")],
                "kernel module 470.82.01, libraries 470.82.00",
            ),
        ] {
            let said_now = driver(seen).agreement().to_string();
            assert!(said_now.starts_with(said), "{seen:?}: {said_now}");
        }
    }

    #[test]
    fn a_refusal_of_nvml_is_a_mismatch_whatever_the_files_say() {
        let mut both = driver(&[(Source::ProcVersion, "580.1"), (Source::Library, "580.1")]);
        both.library_refused = true;
        assert!(both.agreement().to_string().contains("the library that NVML loaded is another"));
        let mut stray =
            driver(&[(Source::ProcVersion, "580.1"), (Source::Library, "580.1"), (Source::Library, "570.1")]);
        stray.library_refused = true;
        assert!(stray.agreement().to_string().starts_with("kernel module 580.1, libraries 570.1"));
    }

    #[test]
    fn an_update_that_waits_for_a_reboot_is_seen() {
        let seen = [(Source::Modinfo, "580.1"), (Source::SysModule, "570.1"), (Source::Library, "580.1")];
        let waiting = driver(&seen);
        assert_eq!(waiting.pending().map(DriverVersion::as_str), Some("580.1"));
        assert_eq!(waiting.observations[0].source, Source::SysModule);
        assert_eq!(driver(&[(Source::Modinfo, "580.1"), (Source::SysModule, "580.1")]).pending(), None);
    }

    #[test]
    fn strays_are_named() {
        let seen = [(Source::ProcVersion, "580.1"), (Source::Library, "570.1"), (Source::Library, "580.1")];
        let strays: Vec<String> = driver(&seen).strays().map(|seen| seen.version.to_string()).collect();
        assert_eq!(strays, ["570.1"]);
    }
}
