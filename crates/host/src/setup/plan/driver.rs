//! Which driver a machine gets: branch, kernel module and packages.

use cosmos_nvidia_driver::{Architecture, Branch, Flavour, GpuClass, Support, UbuntuPackages};
use serde::{Deserialize, Serialize};

use super::{Draft, Step, modules};
use crate::setup::{Change, GpuFact, Nouveau, Release, Seen, Version, Wanted};

/// The driver that a machine will have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Choice {
    /// None: there is no GPU of NVIDIA.
    None,
    /// The one that is there.
    Kept {
        /// Its version.
        version: String,
        /// Whether it is loaded.
        loaded: bool,
    },
    /// One that is installed.
    New {
        /// The branch.
        branch: u32,
        /// Whether the kernel module is the open one.
        open: bool,
        /// Where its packages come from.
        origin: Origin,
    },
}

/// Who makes the packages of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Ubuntu, for desktops.
    Ubuntu,
    /// Ubuntu, for servers.
    UbuntuServer,
    /// Debian.
    Debian,
    /// NVIDIA.
    Nvidia,
}

impl Choice {
    /// The branch that the machine will have.
    pub fn branch(&self) -> Option<Branch> {
        match self {
            Self::None => None,
            Self::Kept { version, .. } => {
                let number = version.split('.').next().unwrap_or_default();
                number.parse().ok().map(Branch)
            }
            Self::New { branch, .. } => Some(Branch(*branch)),
        }
    }

    /// Whether it is there only after a reboot.
    pub fn needs_reboot(&self) -> bool {
        matches!(self, Self::New { .. } | Self::Kept { loaded: false, .. })
    }
}

/// Chooses, and says why not better.
pub fn choose(draft: &mut Draft<'_>) -> Choice {
    let facts = draft.facts;
    if facts.gpus.is_empty() {
        draft.note("there is no GPU of NVIDIA: desktops are drawn by the processor");
        return Choice::None;
    }
    if let Some(kept) = kept(draft) {
        return kept;
    }
    if let Some(slice) = facts.gpus.iter().find(|gpu| gpu.is_slice) {
        draft.problem(format!(
            "{} is a slice of a GPU, whose driver (GRID) is not public: install the one that the cloud offers, then \
             apply again",
            slice.called()
        ));
        return Choice::None;
    }
    let families: Vec<Option<Architecture>> = facts.gpus.iter().map(|gpu| gpu.architecture).collect();
    let offered = offered(draft.release, draft.is_seed());
    match offered.iter().find(|(branch, _)| drives_all(*branch, &families)) {
        Some((branch, origin)) => new(draft, *branch, *origin, &families),
        None => refuse(draft, offered),
    }
}

/// The driver that is there already, by whomever, where it will do.
fn kept(draft: &mut Draft<'_>) -> Option<Choice> {
    let driver = &draft.facts.driver;
    let version = driver.version()?;
    let unable =
        draft.facts.gpus.iter().find(|gpu| gpu.architecture.is_some_and(|family| !driver.drives(family)));
    let from = driver
        .package
        .clone()
        .unwrap_or_else(|| "no package: it was installed by hand or by the cloud".into());
    match unable {
        Some(gpu) => {
            let text = format!(
                "driver {version} ({from}) does not drive {}: remove it, reboot, then apply again",
                gpu.called()
            );
            draft.problem(text);
        }
        None if !version.is_supported() => {
            draft.problem(format!(
                "driver {version} ({from}) is older than 450.80.02: remove it, reboot, then apply again"
            ));
        }
        None => draft.note(format!("driver {version} is there and is kept ({from})")),
    }
    if draft.is_seed() && version.branch() != SEED {
        draft.note(format!("the profile seed has driver {SEED}; this machine has {version}"));
    }
    let loaded = driver.loaded.is_some();
    Some(Choice::Kept { version: version.to_string(), loaded })
}

fn new(draft: &mut Draft<'_>, branch: u32, origin: Origin, families: &[Option<Architecture>]) -> Choice {
    if draft.is_seed() && branch != SEED {
        draft.note(format!(
            "driver {SEED} does not drive every GPU of this machine, so that it gets {branch}"
        ));
    }
    let open = module(branch, families) == Flavour::Open;
    let servers = draft.facts.gpus.iter().all(|gpu| gpu.class == GpuClass::DataCentre);
    let origin = match origin {
        Origin::Ubuntu if servers && !draft.is_seed() => Origin::UbuntuServer,
        origin => origin,
    };
    for gpu in draft.facts.gpus.iter().filter(|gpu| gpu.architecture.is_none()) {
        draft.notes.push(format!("{} is newer than this program: it gets the newest driver", gpu.called()));
    }
    Choice::New { branch, open, origin }
}

fn refuse(draft: &mut Draft<'_>, offered: &[(u32, Origin)]) -> Choice {
    let has = |gpu: &&GpuFact| offered.iter().any(|(branch, _)| drives_all(*branch, &[gpu.architecture]));
    let release = draft.release.codename();
    let text = match draft.facts.gpus.iter().find(|gpu| !has(gpu)) {
        Some(gpu) => {
            let last = gpu.architecture.and_then(Branch::last_of);
            let branch = last.map_or("newer".to_owned(), |last| last.0.to_string());
            format!(
                "{release} has no driver of branch {branch}, which {} needs: use another release",
                gpu.called()
            )
        }
        None => {
            let names: Vec<String> = draft.facts.gpus.iter().map(GpuFact::called).collect();
            format!("no driver of {release} drives all of {}: take one of them out", names.join(", "))
        }
    };
    draft.problem(text);
    Choice::None
}

/// The branches of a release, the one to prefer first.
fn offered(release: Release, seed: bool) -> &'static [(u32, Origin)] {
    use Origin::{Debian, Nvidia, Ubuntu};
    match (release, seed) {
        (Release::Focal, false) => &[(570, Ubuntu), (535, Ubuntu), (470, Ubuntu)],
        (Release::Focal, true) => &[(470, Ubuntu), (570, Ubuntu), (535, Ubuntu)],
        (Release::Jammy | Release::Noble, false) => {
            &[(580, Ubuntu), (570, Ubuntu), (535, Ubuntu), (470, Ubuntu)]
        }
        (Release::Jammy | Release::Noble, true) => {
            &[(470, Ubuntu), (580, Ubuntu), (570, Ubuntu), (535, Ubuntu)]
        }
        (Release::Bookworm, false) => &[(535, Debian), (580, Nvidia), (470, Debian)],
        (Release::Bookworm, true) => &[(470, Debian), (535, Debian), (580, Nvidia)],
        (Release::Trixie, _) => &[(550, Debian), (580, Nvidia)],
    }
}

/// A GPU that is not known is newer than this program: only the newest branch may drive it.
fn drives_all(branch: u32, families: &[Option<Architecture>]) -> bool {
    families.iter().all(|family| match family {
        Some(family) => Branch(branch).drives(*family) == Support::Yes,
        None => branch >= NEWEST,
    })
}

/// The module to prefer among those that drive all of them.
fn module(branch: u32, families: &[Option<Architecture>]) -> Flavour {
    let newest = families.iter().copied().max_by_key(|family| family.unwrap_or(Architecture::Blackwell));
    let of = |family: Option<Architecture>| Branch(branch).modules(family.unwrap_or(Architecture::Blackwell));
    let preferred = newest.map(of).unwrap_or_default();
    let fits = |flavour: &Flavour| families.iter().all(|family| of(*family).contains(flavour));
    preferred.into_iter().find(fits).unwrap_or(Flavour::Proprietary)
}

/// The steps from headers to the driver itself.
pub fn steps(draft: &mut Draft<'_>, choice: &Choice) -> Vec<Step> {
    let Choice::New { branch, open, origin } = *choice else { return Vec::new() };
    let names: Vec<String> = draft.facts.gpus.iter().map(GpuFact::called).collect();
    let prebuilt = prebuilt(draft, branch, open, origin);
    if draft.facts.kernel.secure_boot == Some(true) && prebuilt.is_none() {
        draft.note(
            "Secure Boot is on, and the module is built on this machine: before the reboot enrol its key by `mokutil \
             --import /var/lib/dkms/mok.pub`, or switch Secure Boot off; else the module is not loaded",
        );
    }
    let mut steps = Vec::new();
    if prebuilt.is_none() {
        steps.extend(headers(draft));
    }
    steps.extend(nouveau(draft));
    let kind = if open { "open" } else { "proprietary" };
    let wanted = packages(draft, branch, open, origin).into_iter().chain(prebuilt).collect();
    let reason =
        format!("{} needs a driver; branch {branch} with the {kind} kernel module fits", names.join(", "));
    steps.push(
        Step::new("driver", &format!("NVIDIA driver {branch}"), reason, vec![Change::Packages { wanted }])
            .undone_by("the packages are purged; the driver that is loaded stays until a reboot")
            .of_size(420, 1100)
            .then_reboot(),
    );
    steps
}

fn packages(draft: &Draft<'_>, branch: u32, open: bool, origin: Origin) -> Vec<Wanted> {
    let any = |names: Vec<String>| names.into_iter().map(|name| Wanted::new(name, Version::Any)).collect();
    let of_branch = |names: &[&str]| {
        let version = Version::Starts(format!("{branch}."));
        names.iter().map(|name| Wanted::new(*name, version.clone())).collect()
    };
    let flavour = if open { Flavour::Open } else { Flavour::Proprietary };
    match origin {
        Origin::Ubuntu | Origin::UbuntuServer => {
            let names =
                UbuntuPackages::of(Branch(branch), flavour).expect("every branch on offer has packages");
            let names = if origin == Origin::UbuntuServer { names.server() } else { names };
            let parts = names.userspace().into_iter().filter(|name| {
                SEED_PARTS.iter().any(|part| name.starts_with(part)) && draft.is_seed() && branch == SEED
            });
            any(std::iter::once(names.driver()).chain(parts).collect())
        }
        Origin::Debian if branch == 470 => any(TESLA_470.map(str::to_owned).to_vec()),
        Origin::Debian => of_branch(&DEBIAN),
        Origin::Nvidia => of_branch(&["nvidia-open"]),
    }
}

/// Ubuntu's package of modules that are built and signed already, for kernels that have one.
fn prebuilt(draft: &Draft<'_>, branch: u32, open: bool, origin: Origin) -> Option<Wanted> {
    let server = match origin {
        Origin::Ubuntu => "",
        Origin::UbuntuServer => "-server",
        _ => return None,
    };
    let kernel = modules::built(draft, branch, origin == Origin::UbuntuServer)?;
    let open = if open { "-open" } else { "" };
    Some(Wanted::new(format!("linux-modules-nvidia-{branch}{server}{open}-{kernel}"), Version::Any))
}

fn headers(draft: &mut Draft<'_>) -> Option<Step> {
    let kernel = &draft.facts.kernel;
    let Some(release) = kernel.to_come().map(str::to_owned) else {
        draft.note(
            "the kernel is not known: its headers, which the driver's module is built with, must be there",
        );
        return None;
    };
    let mut names = vec![format!("linux-headers-{release}")];
    // The one without a number brings the headers of later kernels.
    let follows = match draft.release.is_ubuntu() {
        true => modules::image(draft),
        false => Some(kernel.flavour().unwrap_or(draft.architecture)),
    };
    names.extend(follows.map(|name| format!("linux-headers-{name}")));
    let reason = format!("the driver's module is built for kernel {release} on this machine");
    let step = Step::new("headers", "kernel headers", reason, vec![Change::packages(names)]);
    Some(step.undone_by("the packages are purged").of_size(30, 120))
}

fn nouveau(draft: &Draft<'_>) -> Option<Step> {
    let reason = match draft.facts.nouveau {
        Nouveau::Off => return None,
        Nouveau::Loaded => "the kernel's own driver holds the GPU",
        Nouveau::Possible => "the kernel's own driver would take the GPU before NVIDIA's",
    };
    let run = Change::Run {
        command: vec!["update-initramfs".to_owned(), "-u".to_owned()],
        undo: Some(vec!["update-initramfs".to_owned(), "-u".to_owned()]),
        seen: Seen::Journal,
        only_with: Some("/usr/sbin/update-initramfs".to_owned()),
        remedy: "look whether /boot is full".to_owned(),
    };
    let text = "# Written by cosmos-setup: NVIDIA's driver needs the GPU for itself.\nblacklist nouveau\noptions nouveau \
                modeset=0\n";
    let changes = vec![Change::file("/etc/modprobe.d/cosmos-nouveau.conf", text), run];
    let step = Step::new("nouveau", "nouveau off", reason, changes);
    Some(step.undone_by("the file is removed and the initial RAM disk made anew"))
}

/// Those parts of the driver that the seed names one by one.
const SEED_PARTS: [&str; 6] = [
    "libnvidia-gl",
    "libnvidia-compute",
    "libnvidia-decode",
    "libnvidia-encode",
    "libnvidia-ifr1",
    "libnvidia-fbc1",
];
const DEBIAN: [&str; 6] = [
    "nvidia-driver",
    "nvidia-vulkan-icd",
    "nvidia-smi",
    "libnvidia-encode1",
    "libnvcuvid1",
    "libnvidia-fbc1",
];
const TESLA_470: [&str; 6] = [
    "nvidia-tesla-470-driver",
    "nvidia-tesla-470-vulkan-icd",
    "nvidia-tesla-470-smi",
    "libnvidia-tesla-470-encode1",
    "libnvidia-tesla-470-nvcuvid1",
    "libnvidia-tesla-470-fbc1",
];
const SEED: u32 = 470;
const NEWEST: u32 = 580;
