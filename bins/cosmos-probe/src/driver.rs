//! The NVIDIA driver: what every source says of it, gathered in a child, since NVML runs NVIDIA's code.

use std::{fs, path::Path, thread};

use cosmos_nvidia_driver as nvidia;
use cosmos_nvidia_driver::{
    Access, Agreement, DriverVersion, Flavour, Modinfo, NvidiaSmi, NvmlLibrary, Observation, Source, Sources,
};
use cosmos_vulkan_probe::{Config, Failure, ask, child::Teller, output, same_uuid};
use serde::{Deserialize, Serialize};

/// The two halves of the driver and the GPUs that it drives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DriverFacts {
    /// The version of the kernel module.
    pub kernel_version: Option<String>,
    /// Whether the kernel module is the open one.
    pub open_module: Option<bool>,
    /// The version of the libraries in use; more than one is a fault.
    pub user_versions: Vec<String>,
    /// Library files of other versions.
    pub strays: Vec<String>,
    /// The version of the kernel module that a reboot would load, where it is another.
    pub pending: Option<String>,
    /// Whether NVML refused because its library is of another version than the kernel module.
    pub library_refused: bool,
    /// The newest CUDA release for the driver.
    pub cuda: Option<String>,
    /// Every version that was seen, the most trusted source first.
    pub observations: Vec<Seen>,
    /// What is there and wrong.
    pub findings: Vec<String>,
    /// Modules of NVIDIA that are loaded, sorted.
    pub modules: Vec<String>,
    /// Device files of NVIDIA, sorted.
    pub device_files: Vec<String>,
    /// The GPUs, by PCI address.
    pub gpus: Vec<Gpu>,
    /// Whether this is Windows' subsystem for Linux.
    pub wsl: bool,
    /// Files of the driver that are mounted read-only.
    pub read_only_mounts: Vec<String>,
    /// `libGLX_nvidia.so.X`, which draws.
    pub graphics_library: Option<String>,
    /// The package of the variant without graphics, `nvidia-headless-N`, where it is installed.
    pub headless_package: Option<String>,
}

/// One version, and where it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The source.
    pub source: String,
    /// The version.
    pub version: String,
    /// The file in whose name it stands.
    pub file: Option<String>,
}

/// One GPU.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gpu {
    /// The address, such as `0000:00:06.0`.
    pub pci: String,
    /// The name.
    pub name: Option<String>,
    /// The UUID, with `GPU-`.
    pub uuid: Option<String>,
    /// The number of its device file.
    pub minor: Option<u32>,
    /// The index that NVML gives it.
    pub index: Option<u32>,
    /// The PCI device.
    pub device_id: Option<u32>,
    /// The PCI class: `0x030000` with connectors, `0x030200` without.
    pub class: Option<u32>,
    /// The CUDA compute capability, major and minor.
    pub compute_capability: Option<(u32, u32)>,
    /// The chip, such as `GH100`.
    pub chip: Option<String>,
    /// The family of the chip, such as `Hopper`.
    pub architecture: Option<String>,
    /// Whether it is cut into MIG instances.
    pub mig: Option<bool>,
    /// Whether some X server has a screen on it.
    pub display_active: Option<bool>,
    /// The kernel driver that holds it.
    pub kernel_driver: Option<String>,
    /// Whether this process may use it: it has a device file, or NVML lists it.
    pub usable: Option<bool>,
}

/// The name of the task.
pub const TASK: &str = "driver";

/// Gathers in this process, a child, and tells what was found after each step.
pub fn gather(teller: &mut Teller) {
    let root = Path::new("/");
    teller.doing("reading /proc, /sys and the names of the libraries");
    teller.facts(&DriverFacts::read(root, NvmlLibrary::Off));
    teller.doing("asking libnvidia-ml, the library of NVML");
    teller.facts(&DriverFacts::read(root, NvmlLibrary::System));
}

/// Asks all seven sources: five in a child, two by programs of their own, all side by side. `stated` is the value of
/// `NVIDIA_DRIVER_VERSION`.
pub fn facts(config: &Config, stated: Option<&str>) -> (DriverFacts, Option<Failure>) {
    thread::scope(|scope| {
        let smi = scope.spawn(|| output("nvidia-smi", &["--version"], config.timeout));
        let module = scope.spawn(|| output("modinfo", &["nvidia"], config.timeout));
        let answer = ask::<DriverFacts>(&Config { display: None, ..config.clone() }, TASK);
        let mut facts = answer.facts.unwrap_or_default();
        let complaint = smi.join().ok().and_then(|said| facts.add_smi(said));
        facts.findings.extend(complaint);
        if let Ok(Ok(text)) = module.join() {
            facts.add_module(&text);
        }
        facts.add(Source::Stated, stated.and_then(|text| text.trim().parse().ok()));
        facts.settle();
        (facts, answer.failure)
    })
}

impl DriverFacts {
    /// Reads below a root, and asks that NVML.
    pub fn read(root: &Path, nvml: NvmlLibrary) -> Self {
        let survey = Sources { root: root.to_owned(), nvml, ..Sources::default() }.survey();
        let mut facts = Self {
            open_module: survey.driver.flavour.map(|flavour| flavour == Flavour::Open),
            library_refused: survey.driver.library_refused,
            cuda: survey.cuda().map(|version| version.to_string()),
            observations: survey.driver.observations.iter().map(Seen::of).collect(),
            findings: survey.findings.iter().map(ToString::to_string).collect(),
            modules: names(root, "sys/module", |name| name.starts_with("nvidia")),
            device_files: names(root, "dev", |name| name.starts_with("nvidia")),
            gpus: survey.gpus.iter().map(Gpu::of).collect(),
            wsl: root.join("dev/dxg").exists(),
            read_only_mounts: read_only_mounts(&text(root, "proc/self/mountinfo").unwrap_or_default()),
            graphics_library: graphics_library(root),
            headless_package: headless_package(root),
            ..Self::default()
        };
        facts.settle();
        facts
    }

    /// The version of the libraries, if all have the same.
    pub fn user_version(&self) -> Option<&str> {
        match &self.user_versions[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The version of the kernel module.
    pub fn kernel(&self) -> Option<DriverVersion> {
        self.kernel_version.as_deref()?.parse().ok()
    }

    /// What nvidia-smi complains of, if anything.
    fn add_smi(&mut self, said: Result<String, Failure>) -> Option<String> {
        match said {
            Ok(text) => {
                let smi = NvidiaSmi::parse(&text);
                self.cuda = self.cuda.take().or(smi.cuda.map(|version| version.to_string()));
                self.add(Source::NvidiaSmi, smi.driver);
                smi.problem.map(|problem| format!("nvidia-smi: {problem}"))
            }
            Err(Failure::NotStarted { .. }) => None,
            Err(failure) => Some(format!("nvidia-smi {failure}")),
        }
    }

    fn add_module(&mut self, text: &str) {
        let module = Modinfo::parse(text);
        self.open_module = self.open_module.or(module.flavour.map(|flavour| flavour == Flavour::Open));
        self.add(Source::Modinfo, module.version);
    }

    fn add(&mut self, source: Source, version: Option<DriverVersion>) {
        self.observations.extend(version.map(|version| Seen::of(&Observation::new(source, version))));
    }

    /// Draws the conclusions from all that was seen.
    fn settle(&mut self) {
        let mut driver = nvidia::Driver::of(self.observations.iter().filter_map(Seen::observation));
        driver.library_refused = self.library_refused;
        self.kernel_version = driver.kernel().map(ToString::to_string);
        self.user_versions = match driver.agreement() {
            Agreement::Absent | Agreement::KernelOnly { .. } => Vec::new(),
            Agreement::Match { version: user }
            | Agreement::UserOnly { user }
            | Agreement::Mismatch { user, .. } => vec![user.to_string()],
        };
        self.strays =
            driver.strays().filter_map(|seen| Some(seen.file.as_ref()?.display().to_string())).collect();
        self.pending = driver.pending().map(ToString::to_string);
        self.observations = driver.observations.iter().map(Seen::of).collect();
    }
}

impl Seen {
    fn of(seen: &Observation) -> Self {
        Self {
            source: seen.source.to_string(),
            version: seen.version.to_string(),
            file: seen.file.as_ref().map(|file| file.display().to_string()),
        }
    }

    fn observation(&self) -> Option<Observation> {
        let source = SOURCES.into_iter().find(|source| source.to_string() == self.source)?;
        Some(Observation {
            source,
            version: self.version.parse().ok()?,
            file: self.file.as_ref().map(Into::into),
        })
    }
}

impl Gpu {
    fn of(gpu: &nvidia::Gpu) -> Self {
        Self {
            pci: gpu.address.to_string(),
            name: gpu.name.clone(),
            uuid: gpu.uuid.map(|uuid| uuid.to_string()),
            minor: gpu.minor,
            index: gpu.index,
            device_id: gpu.device_id.map(u32::from),
            class: gpu.pci_class,
            compute_capability: gpu.compute_capability,
            chip: gpu.chip().map(|chip| chip.code().to_owned()),
            architecture: gpu.architecture().map(|family| family.to_string()),
            mig: gpu.mig,
            display_active: gpu.display_active,
            kernel_driver: gpu.kernel_driver.clone(),
            usable: Some(gpu.access != Access::None),
        }
    }

    /// As the driver's library knows it, which tells its family, its market and its connectors.
    pub fn model(&self) -> Option<nvidia::Gpu> {
        let mut model = nvidia::Gpu::at(self.pci.parse().ok()?);
        model.name.clone_from(&self.name);
        model.device_id = self.device_id.and_then(|id| u16::try_from(id).ok());
        model.pci_class = self.class;
        model.compute_capability = self.compute_capability;
        Some(model)
    }

    /// Whether an interface means this one.
    pub fn is(&self, uuid: &Option<String>, pci: Option<&String>) -> bool {
        let same = |(one, other): (&String, &String)| same_uuid(one, other);
        uuid.as_ref().zip(self.uuid.as_ref()).is_some_and(same)
            || pci.is_some_and(|pci| pci.eq_ignore_ascii_case(&self.pci))
    }

    /// The name for people.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.pci)
    }
}

/// The fields of a version, for comparing.
pub fn fields(version: &str) -> Vec<u32> {
    version.split('.').map_while(|field| field.parse().ok()).collect()
}

fn graphics_library(root: &Path) -> Option<String> {
    let found = LIBRARIES.iter().flat_map(|folder| {
        let files = names(root, folder, |name| name.starts_with("libGLX_nvidia.so."));
        files.into_iter().map(move |file| format!("/{folder}/{file}"))
    });
    found.max_by_key(String::len)
}

/// The list of files that dpkg keeps for each package that is installed.
fn headless_package(root: &Path) -> Option<String> {
    let is_one = |name: &str| name.starts_with("nvidia-headless-") && name.ends_with(".list");
    let list = names(root, "var/lib/dpkg/info", is_one).into_iter().next()?;
    list.strip_suffix(".list").map(|name| name.split(':').next().unwrap_or(name).to_owned())
}

fn read_only_mounts(mountinfo: &str) -> Vec<String> {
    let line = |line: &str| {
        let mut fields = line.split(' ');
        let (place, options) = (fields.nth(4)?, fields.next()?);
        let read_only = options.split(',').any(|option| option == "ro");
        let library = place.contains("nvidia") && (place.contains("/lib") || place.contains("/bin"));
        (read_only && library).then(|| place.to_owned())
    };
    mountinfo.lines().filter_map(line).collect()
}

/// The names in a folder, sorted. Without the folder there are none.
pub fn names(root: &Path, folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names = names.filter(|name| wanted(name)).collect::<Vec<_>>();
    names.sort();
    names
}

pub fn text(root: &Path, path: &str) -> Option<String> {
    fs::read_to_string(root.join(path)).ok()
}

/// Where libraries of a driver are, on Debian, on others, and where container tools put them.
pub const LIBRARIES: [&str; 7] = [
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "usr/local/nvidia/lib64",
    "usr/local/nvidia/lib",
    "usr/lib/wsl/lib",
];

const SOURCES: [Source; 7] = [
    Source::ProcVersion,
    Source::SysModule,
    Source::Nvml,
    Source::NvidiaSmi,
    Source::Library,
    Source::Modinfo,
    Source::Stated,
];

#[cfg(test)]
mod tests;
