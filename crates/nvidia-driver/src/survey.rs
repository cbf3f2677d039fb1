//! Asking the machine: every source of a driver's version and every view of its GPUs, in one go.

mod libraries;
mod merge;
mod nvml;
mod pci_bus;
mod root;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{Agreement, CudaVersion, Driver, Gpu, Modinfo, NvidiaSmi, Observation, ProcVersion, Source};
use root::Root;

/// Where to look.
///
/// ```no_run
/// use cosmos_nvidia_driver::Sources;
/// let machine = Sources::default().survey();
/// println!("{}", machine.driver.agreement());
/// for gpu in machine.visible() {
///     println!("{} {}", gpu.address, gpu.name.as_deref().unwrap_or("?"));
/// }
/// for finding in &machine.findings {
///     println!("{finding}");
/// }
/// ```
///
/// A machine without a GPU is a normal answer, and so is a folder in which there is nothing:
///
/// ```
/// use cosmos_nvidia_driver::{Agreement, NvmlLibrary, Sources};
/// let machine = Sources { root: "/nonexistent".into(), nvml: NvmlLibrary::Off, ..Sources::default() }.survey();
/// assert_eq!(machine.driver.agreement(), Agreement::Absent);
/// assert!(machine.gpus.is_empty() && machine.findings.is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Sources {
    /// The root of the file system: `/`, or that of a container or an image.
    pub root: PathBuf,
    /// Which libnvidia-ml to load. It answers for the machine this program runs on, whatever the root is.
    pub nvml: NvmlLibrary,
    /// What `nvidia-smi --version` or `nvidia-smi -q` printed on standard output, where the caller ran it.
    pub nvidia_smi: Option<String>,
    /// What `modinfo nvidia` printed, where the caller ran it.
    pub modinfo: Option<String>,
    /// The value of `NVIDIA_DRIVER_VERSION`.
    pub stated: Option<String>,
    /// Folders with libraries besides the usual ones, under the root.
    pub libraries: Vec<PathBuf>,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            nvml: NvmlLibrary::System,
            nvidia_smi: None,
            modinfo: None,
            stated: None,
            libraries: Vec::new(),
        }
    }
}

/// Which libnvidia-ml to load.
///
/// NVML runs NVIDIA's code in this process, and that may hang where the driver does: who must answer in time calls
/// from a child process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NvmlLibrary {
    /// `libnvidia-ml.so.1` and then `libnvidia-ml.so`, where the loader finds them.
    System,
    /// This file.
    File(PathBuf),
    /// None.
    Off,
}

impl From<&Path> for Sources {
    /// The files below a root, without NVML, which would answer for another machine.
    fn from(root: &Path) -> Self {
        Self { root: root.to_owned(), nvml: NvmlLibrary::Off, ..Self::default() }
    }
}

impl Sources {
    /// Asks all of them. A source that is missing is left out; what is there and wrong is a finding.
    pub fn survey(&self) -> Survey {
        let root = Root::new(&self.root);
        let mut findings = Vec::new();
        let mut driver = Driver::default();
        let nvml = nvml::survey(&self.nvml);
        read_kernel(&root, &mut driver, &mut findings);
        if let Ok(answer) = &nvml {
            driver.cuda = answer.cuda;
            driver.observe_all(answer.driver.clone().map(|version| Observation::new(Source::Nvml, version)));
        }
        self.read_tools(&mut driver, &mut findings);
        driver.observe_all(libraries::observations(&root, &self.libraries, &mut findings));
        driver.sort();
        let listed = nvml.as_ref().is_ok_and(|answer| answer.complete);
        let (from_nvml, problem) = match nvml {
            Ok(answer) => (answer.gpus, None),
            Err(problem) => (Vec::new(), problem),
        };
        driver.library_refused = problem == Some(NvmlProblem::WrongVersion);
        let gpus = merge::gpus(from_nvml, pci_bus::gpus(&root, &mut findings), listed, &root);
        if let Some(problem) = problem.filter(|problem| matters(problem, &driver, &gpus)) {
            findings.push(Finding::Nvml(problem));
        }
        if root.exists("dev/dxg") {
            findings.push(Finding::Wsl);
        }
        Survey { driver, gpus, findings }
    }

    fn read_tools(&self, driver: &mut Driver, findings: &mut Vec<Finding>) {
        if let Some(text) = &self.nvidia_smi {
            let smi = NvidiaSmi::parse(text);
            driver.cuda = driver.cuda.or(smi.cuda);
            driver.observe_all(smi.driver.map(|version| Observation::new(Source::NvidiaSmi, version)));
            findings.extend(smi.problem.map(|said| Finding::NvidiaSmi { said }));
        }
        if let Some(text) = &self.modinfo {
            let module = Modinfo::parse(text);
            driver.flavour = driver.flavour.or(module.flavour);
            driver.observe_all(module.version.map(|version| Observation::new(Source::Modinfo, version)));
        }
        match self.stated.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::parse) {
            Some(Ok(version)) => driver.observe_all([Observation::new(Source::Stated, version)]),
            Some(Err(error)) => {
                findings.push(Finding::Text { place: Source::Stated, reason: error.to_string() });
            }
            None => {}
        }
    }
}

/// What the sources said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Survey {
    /// The driver.
    pub driver: Driver,
    /// All GPUs that any view shows, by address. A container often sees more than it may use.
    pub gpus: Vec<Gpu>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Survey {
    /// The GPUs that this process may use, by address: what [`Selection`](crate::Selection) chooses among.
    pub fn visible(&self) -> Vec<Gpu> {
        self.gpus.iter().filter(|gpu| gpu.access != crate::Access::None).cloned().collect()
    }

    /// The newest CUDA release for this driver: as NVML says, else by the table.
    pub fn cuda(&self) -> Option<CudaVersion> {
        let driver = self.driver.kernel().or_else(|| self.driver.user());
        self.driver.cuda.or_else(|| driver.and_then(CudaVersion::of_driver))
    }
}

/// Something that is there and wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Finding {
    /// NVML cannot be asked, though there is a driver or a GPU.
    #[error("NVML: {0}")]
    Nvml(NvmlProblem),
    /// nvidia-smi complained.
    #[error("nvidia-smi: {said}")]
    NvidiaSmi {
        /// The first line of its output.
        said: String,
    },
    /// A file is there and cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A source says something that is no version.
    #[error("{place}: {reason}")]
    Text {
        /// The source.
        place: Source,
        /// What it says and what was expected.
        reason: String,
    },
    /// The Linux of Windows: its driver is the host's, and there is no X driver.
    #[error("/dev/dxg: this is WSL, whose driver is that of Windows; there is no X driver for it")]
    Wsl,
}

/// Why NVML cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NvmlProblem {
    /// The library is not there, where it was looked for.
    #[error(
        "no {library}: the driver's userspace is not installed, or the capability \"utility\" is missing"
    )]
    Missing {
        /// Its name.
        library: String,
    },
    /// There is a file, and it is no library for this processor.
    #[error("{library} cannot be loaded: {reason}")]
    Unloadable {
        /// Its name.
        library: String,
        /// The loader's words.
        reason: String,
    },
    /// It loads, and lacks functions of NVML.
    #[error("{library} is no NVML, or too old: {reason}")]
    Incomplete {
        /// Its name.
        library: String,
        /// What it lacks.
        reason: String,
    },
    /// The library is of another version than the loaded kernel module.
    #[error("the library is of another version than the kernel module: {REMEDY}")]
    WrongVersion,
    /// The kernel module is not loaded.
    #[error("the kernel module is not loaded")]
    NotLoaded,
    /// The device nodes are there, and not for this user.
    #[error("this user may not open the devices /dev/nvidia*")]
    NoPermission,
    /// Another error.
    #[error("{reason}")]
    Failed {
        /// NVML's words.
        reason: String,
    },
}

/// The module that is loaded, from both of the places it shows itself in.
fn read_kernel(root: &Root<'_>, driver: &mut Driver, findings: &mut Vec<Finding>) {
    match root.text(PROC_VERSION, findings).as_deref().map(str::parse::<ProcVersion>) {
        Some(Ok(module)) => {
            driver.flavour = Some(module.flavour);
            driver.observe_all([Observation::new(Source::ProcVersion, module.version)]);
        }
        Some(Err(error)) => {
            findings.push(Finding::Text { place: Source::ProcVersion, reason: error.to_string() });
        }
        None => {}
    }
    match root.text(SYS_VERSION, findings).as_deref().map(|text| text.trim().parse()) {
        Some(Ok(version)) => driver.observe_all([Observation::new(Source::SysModule, version)]),
        Some(Err(error)) => {
            findings.push(Finding::Text { place: Source::SysModule, reason: error.to_string() });
        }
        None => {}
    }
}

/// A missing NVML is no finding on a machine without a driver and a GPU.
fn matters(problem: &NvmlProblem, driver: &Driver, gpus: &[Gpu]) -> bool {
    let absent = matches!(problem, NvmlProblem::Missing { .. } | NvmlProblem::NotLoaded);
    !absent || driver.agreement() != Agreement::Absent || !gpus.is_empty()
}

const PROC_VERSION: &str = "proc/driver/nvidia/version";
const SYS_VERSION: &str = "sys/module/nvidia/version";
const REMEDY: &str = "restart the container, regenerate the CDI specification, or reboot after an update";
