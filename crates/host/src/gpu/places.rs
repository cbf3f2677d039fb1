//! Where a driver's files lie, and paths below a root.

use std::path::{Path, PathBuf};

/// A path of the machine, below the folder that stands for its root.
pub(super) fn below(root: &Path, path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// What the machine itself calls a path below its root.
pub(super) fn inside(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).map_or_else(|_| path.to_owned(), |path| Path::new("/").join(path))
}

/// The files of a folder whose names begin so, in the order of their names, by what the machine calls them.
pub(super) fn files(root: &Path, folder: &str, matches: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = below(root, folder).read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| matches(name)).collect();
    names.sort();
    names.into_iter().map(|name| Path::new(folder).join(name)).collect()
}

/// The folders of X modules: those of NVIDIA's packages first, the server's own last, as the server takes the first
/// module of a name.
pub(super) const X_MODULES: [&str; 8] = [
    if cfg!(target_arch = "aarch64") {
        "/usr/lib/aarch64-linux-gnu/nvidia/xorg"
    } else {
        "/usr/lib/x86_64-linux-gnu/nvidia/xorg"
    },
    "/usr/lib/nvidia/xorg",
    "/usr/lib64/nvidia/xorg",
    "/usr/local/nvidia/lib64/xorg/modules",
    "/usr/lib/nvidia/current/xorg",
    "/usr/lib/xorg/modules/updates",
    "/usr/lib64/xorg/modules",
    "/usr/lib/xorg/modules",
];

/// The folders of shared data below which the manifests of Vulkan and EGL lie, the loaders' own order.
pub(super) const SHARES: [&str; 5] =
    ["/etc", "/usr/local/share", "/usr/share", "/usr/local/nvidia/share", "/run/opengl-driver/share"];

/// The folders of libraries.
pub(super) const LIBRARIES: [&str; 7] = [
    if cfg!(target_arch = "aarch64") { "/usr/lib/aarch64-linux-gnu" } else { "/usr/lib/x86_64-linux-gnu" },
    "/usr/lib64",
    "/usr/lib64/nvidia",
    "/usr/lib/nvidia",
    "/usr/local/nvidia/lib",
    "/usr/local/nvidia/lib64",
    "/run/opengl-driver/lib",
];
