//! What a machine is, gathered without changing anything.

mod cloud;
mod distribution;
mod kernel;
mod packages;
mod sources;

use cosmos_nvidia_driver::{Architecture, Display, DriverVersion, Flavour, Gpu, GpuClass, Sources, Support};
use serde::Serialize;

use super::Tree;

pub use cloud::{Cloud, Provider};
pub use distribution::{Distribution, Release};
pub use kernel::{Firewall, Init, Kernel, Nouveau};
pub use packages::{Package, Packages};
pub use sources::Source;

/// The name of the format of [`Facts`] as JSON.
pub const SCHEMA: &str = "cosmos.setup-facts/1";

/// What a machine is. What nobody could say is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The format.
    pub schema: &'static str,
    /// The distribution.
    pub distribution: Option<Distribution>,
    /// The processor, as dpkg has it: `amd64`, `arm64`.
    pub architecture: Option<String>,
    /// The kernel.
    pub kernel: Kernel,
    /// The GPUs of NVIDIA, by their place.
    pub gpus: Vec<GpuFact>,
    /// The driver.
    pub driver: DriverFact,
    /// The kernel's own driver for these GPUs.
    pub nouveau: Nouveau,
    /// What runs services.
    pub init: Init,
    /// Whether there is a cron.
    pub cron: bool,
    /// What may keep browsers out.
    pub firewall: Firewall,
    /// Docker, where it is installed.
    pub docker: Option<Installed>,
    /// NVIDIA's container toolkit, where it is installed.
    pub toolkit: Option<Installed>,
    /// The cloud.
    pub cloud: Option<Cloud>,
    /// Bytes that are free on the root file system.
    pub room: Option<u64>,
    /// The packages that ask for a reboot; empty where nobody does, or nobody says which.
    pub reboot_asked_by: Vec<String>,
    /// Whether a reboot is asked for.
    pub reboot_asked: bool,
    /// What differs from boot to boot.
    pub boot: Option<String>,
    /// Where apt takes packages from.
    pub sources: Vec<Source>,
    /// Which of the servers that set-up needs can be reached, where that was tried.
    pub network: Option<Vec<Reach>>,
    /// The packages.
    #[serde(skip)]
    pub packages: Packages,
}

/// A GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GpuFact {
    /// Its place, as `0000:00:1e.0`.
    pub address: String,
    /// Its name, where a driver tells it.
    pub name: Option<String>,
    /// The PCI device.
    pub device_id: Option<u16>,
    /// The chip, as `GA102`.
    pub chip: Option<&'static str>,
    /// The family of the chip.
    pub architecture: Option<Architecture>,
    /// For whom it was made.
    pub class: GpuClass,
    /// Whether it can drive a monitor.
    pub display: Display,
    /// Whether it is a slice of a GPU.
    pub is_slice: bool,
    /// The kernel driver that holds it.
    pub kernel_driver: Option<String>,
}

impl GpuFact {
    fn of(gpu: &Gpu) -> Self {
        Self {
            address: gpu.address.to_string(),
            name: gpu.name.clone(),
            device_id: gpu.device_id,
            chip: gpu.chip().map(cosmos_nvidia_driver::Chip::code),
            architecture: gpu.architecture(),
            class: gpu.class(),
            display: gpu.display(),
            is_slice: gpu.is_vgpu(),
            kernel_driver: gpu.kernel_driver.clone(),
        }
    }

    /// As people call it.
    pub fn called(&self) -> String {
        match (&self.name, self.chip) {
            (Some(name), _) => name.clone(),
            (None, Some(chip)) => format!("the {chip} at {}", self.address),
            (None, None) => format!("the GPU at {}", self.address),
        }
    }
}

/// The driver that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriverFact {
    /// The version of the kernel module that is loaded.
    pub loaded: Option<String>,
    /// The version of the libraries.
    pub libraries: Option<String>,
    /// Whether the module is the open one.
    pub open: Option<bool>,
    /// The package of the whole driver, where it came as one.
    pub package: Option<String>,
    /// What is there and wrong.
    pub findings: Vec<String>,
}

impl DriverFact {
    /// The version that is loaded, else that of the libraries.
    pub fn version(&self) -> Option<DriverVersion> {
        self.loaded.as_ref().or(self.libraries.as_ref())?.parse().ok()
    }

    /// Whether it drives a GPU of this architecture.
    pub fn drives(&self, architecture: Architecture) -> bool {
        let branch = self.version().map(|version| version.branch_rules());
        branch.is_some_and(|branch| branch.drives(architecture) == Support::Yes)
    }
}

/// Something that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
}

/// Whether a server can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// Its name.
    pub host: String,
    /// Why not; `None` where it can.
    pub problem: Option<String>,
}

impl Facts {
    /// Looks at the files below a root. Neither programs nor the network are asked.
    pub fn of(tree: &Tree) -> Self {
        let packages = Packages::of(tree);
        let package = packages.names().find(|name| is_driver(name)).map(str::to_owned);
        let survey = Sources::from(tree.root()).survey();
        let reboot = tree.text("/run/reboot-required.pkgs").unwrap_or_default();
        Self {
            schema: SCHEMA,
            distribution: Distribution::of(tree),
            architecture: packages.architecture.clone(),
            kernel: Kernel::of(tree),
            gpus: survey.gpus.iter().map(GpuFact::of).collect(),
            driver: DriverFact {
                loaded: survey.driver.kernel().map(ToString::to_string),
                libraries: survey.driver.user().map(ToString::to_string),
                open: survey.driver.flavour.map(|flavour| flavour == Flavour::Open),
                package,
                findings: survey.findings.iter().map(ToString::to_string).collect(),
            },
            nouveau: Nouveau::of(tree),
            init: Init::of(tree),
            cron: tree.exists("/etc/cron.d") && packages.names().any(|name| CRONS.contains(&name)),
            firewall: Firewall::of(tree),
            docker: installed(&packages, &["docker-ce", "docker.io"]),
            toolkit: installed(&packages, &["nvidia-container-toolkit"]),
            cloud: Cloud::of(tree),
            room: tree.room("/").ok(),
            reboot_asked_by: reboot.lines().map(str::to_owned).collect(),
            reboot_asked: tree.exists("/run/reboot-required"),
            boot: tree.text("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned()),
            sources: sources::sources(tree),
            network: None,
            packages,
        }
    }

    /// The release, where it is one that can be set up.
    pub fn release(&self) -> Option<Release> {
        self.distribution.as_ref().and_then(|distribution| distribution.release)
    }
}

fn installed(packages: &Packages, names: &[&str]) -> Option<Installed> {
    let found = names.iter().find_map(|name| Some((*name, packages.version(name)?)));
    found.map(|(package, version)| Installed { package: package.to_owned(), version: version.to_owned() })
}

/// `nvidia-driver-580-server-open`, Debian's `nvidia-driver` and `nvidia-tesla-470-driver`, NVIDIA's `cuda-drivers` and
/// `nvidia-open`.
fn is_driver(name: &str) -> bool {
    let numbered = |rest: &str| rest.starts_with(|sign: char| sign.is_ascii_digit());
    let branch = name.strip_prefix("nvidia-driver-").is_some_and(numbered);
    let tesla =
        name.strip_prefix("nvidia-tesla-").is_some_and(|rest| numbered(rest) && rest.ends_with("-driver"));
    branch || tesla || ["nvidia-driver", "cuda-drivers", "nvidia-open"].contains(&name)
}

const CRONS: [&str; 3] = ["cron", "cronie", "systemd-cron"];
