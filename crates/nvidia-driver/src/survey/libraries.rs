//! Versions in the names of the driver's libraries: `libcuda.so.580.159.04`.

use std::path::{Path, PathBuf};

use super::Finding;
use super::root::Root;
use crate::{DriverVersion, Observation, Source};

/// One observation for each library of the driver, by version and then by place.
pub(super) fn observations(
    root: &Root<'_>,
    more: &[PathBuf],
    findings: &mut Vec<Finding>,
) -> Vec<Observation> {
    let mut found = Vec::new();
    let more = more.iter().map(|folder| folder.strip_prefix("/").unwrap_or(folder).to_owned());
    for folder in FOLDERS.iter().map(PathBuf::from).chain(more) {
        for name in root.names(&folder, findings) {
            if let Some(version) = version_of(&name) {
                found.push(Observation {
                    source: Source::Library,
                    version,
                    file: Some(Path::new("/").join(&folder).join(name)),
                });
            }
        }
    }
    found
}

fn version_of(name: &str) -> Option<DriverVersion> {
    STEMS.iter().find_map(|stem| name.strip_prefix(stem)?.parse().ok())
}

const STEMS: [&str; 2] = ["libcuda.so.", "libnvidia-ml.so."];

/// Debian and its kin, Red Hat and its kin, and where NVIDIA's and Kubernetes' tools put them. Those of another
/// processor on the same machine are left out: they are not what this one loads.
const FOLDERS: [&str; 9] = [
    if cfg!(target_arch = "aarch64") { "usr/lib/aarch64-linux-gnu" } else { "usr/lib/x86_64-linux-gnu" },
    if cfg!(target_arch = "aarch64") {
        "usr/lib/aarch64-linux-gnu/nvidia/current"
    } else {
        "usr/lib/x86_64-linux-gnu/nvidia/current"
    },
    "usr/lib64",
    "usr/lib64/nvidia",
    "usr/lib/nvidia",
    "usr/local/lib",
    "usr/local/nvidia/lib",
    "usr/local/nvidia/lib64",
    "run/opengl-driver/lib",
];
