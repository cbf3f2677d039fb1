//! The NVIDIA driver, as `/proc`, `/sys` and the library folders show it.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

/// The two halves of the driver and the GPUs that it drives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverFacts {
    /// The version of the kernel module.
    pub kernel_version: Option<String>,
    /// Whether the kernel module is the open one.
    pub open_module: Option<bool>,
    /// The versions of the libraries; more than one is a fault.
    pub user_versions: Vec<String>,
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
}

/// One GPU.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// The address, such as `0000:00:06.0`.
    pub pci: String,
    /// The name.
    pub name: Option<String>,
    /// The UUID, with `GPU-`.
    pub uuid: Option<String>,
    /// The number of its device file.
    pub minor: Option<u32>,
    /// The PCI device.
    pub device_id: Option<u32>,
    /// The PCI class: `0x030000` with connectors, `0x030200` without.
    pub class: Option<u32>,
}

impl DriverFacts {
    /// Reads below a root.
    pub fn read(root: &Path) -> Self {
        let version = text(root, "proc/driver/nvidia/version").unwrap_or_default();
        let line = version.lines().next().unwrap_or_default();
        let module = text(root, "sys/module/nvidia/version").map(|text| text.trim().to_owned());
        Self {
            kernel_version: first_version(line).or(module),
            open_module: (!line.is_empty()).then(|| line.contains("Open Kernel Module")),
            user_versions: user_versions(root),
            modules: names(root, "sys/module", |name| name.starts_with("nvidia")),
            device_files: names(root, "dev", |name| name.starts_with("nvidia")),
            gpus: gpus(root),
            wsl: root.join("dev/dxg").exists(),
            read_only_mounts: read_only_mounts(&text(root, "proc/self/mountinfo").unwrap_or_default()),
        }
    }

    /// The version of the libraries, if all have the same.
    pub fn user_version(&self) -> Option<&str> {
        match &self.user_versions[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// The fields of a version, for comparing.
pub fn fields(version: &str) -> Vec<u32> {
    version.split('.').map_while(|field| field.parse().ok()).collect()
}

/// The first word that is a version of a driver: two or three numbers.
fn first_version(line: &str) -> Option<String> {
    let is_number = |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = |word: &&str| {
        let fields = word.split('.').collect::<Vec<_>>();
        (2..=3).contains(&fields.len()) && fields.into_iter().all(is_number)
    };
    line.split_whitespace().find(is_version).map(str::to_owned)
}

fn user_versions(root: &Path) -> Vec<String> {
    let mut versions = Vec::new();
    for folder in LIBRARIES {
        for library in ["libcuda.so.", "libnvidia-ml.so.", "libGLX_nvidia.so.", "libnvidia-encode.so."] {
            let found = names(root, folder, |name| name.starts_with(library));
            versions.extend(found.iter().filter_map(|name| first_version(&name[library.len()..])));
        }
    }
    versions.sort_by_key(|version| fields(version));
    versions.dedup();
    versions
}

fn gpus(root: &Path) -> Vec<Gpu> {
    let addresses = names(root, "proc/driver/nvidia/gpus", |_| true);
    if addresses.is_empty() {
        return names(root, "sys/bus/pci/devices", |_| true)
            .into_iter()
            .map(|pci| of_sysfs(root, pci))
            .filter(|(vendor, gpu)| {
                *vendor == Some(NVIDIA) && gpu.class.is_some_and(|class| class >> 16 == 3)
            })
            .map(|(_, gpu)| gpu)
            .collect();
    }
    addresses.into_iter().map(|pci| of_proc(root, pci)).collect()
}

fn of_proc(root: &Path, pci: String) -> Gpu {
    let about = text(root, &format!("proc/driver/nvidia/gpus/{pci}/information")).unwrap_or_default();
    let field = |name: &str| {
        let value = about.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    let (_, gpu) = of_sysfs(root, pci);
    let minor = field("Device Minor").and_then(|minor| minor.parse().ok());
    Gpu { name: field("Model"), uuid: field("GPU UUID"), minor, ..gpu }
}

fn of_sysfs(root: &Path, pci: String) -> (Option<u32>, Gpu) {
    let number = |name: &str| {
        let text = text(root, &format!("sys/bus/pci/devices/{pci}/{name}"))?;
        u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
    };
    let (vendor, device_id, class) = (number("vendor"), number("device"), number("class"));
    (vendor, Gpu { pci, device_id, class, ..Gpu::default() })
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

const NVIDIA: u32 = 0x10de;

#[cfg(test)]
mod tests;
