//! The driver's libraries that programs draw with, and how programs are led to them.

use std::path::{Path, PathBuf};

use cosmos_nvidia_driver::install::Installed;

use super::{
    places::{LIBRARIES, SHARES, below, files},
    rendering::Rendering,
};

/// Where programs find NVIDIA's driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Userspace {
    /// Whether `libGLX_nvidia.so.0` is there.
    pub has_glx: bool,
    /// The driver's manifests for Vulkan.
    pub vulkan: Vec<PathBuf>,
    /// The driver's manifests for EGL, and then those of others, which draw where NVIDIA's does not.
    pub egl: Vec<PathBuf>,
    /// Folders of libraries that the loader does not look into by itself.
    pub libraries: Vec<PathBuf>,
}

impl Userspace {
    /// Looks below a root, and at a driver that was installed by us.
    pub fn find(root: &Path, installed: Option<&Installed>) -> Self {
        let mut found = Self::default();
        if let Some(installed) = installed {
            found.libraries = installed.library_dirs();
            found.vulkan = installed.vulkan_icds();
            found.egl = installed.egl_vendors();
            found.has_glx = found.libraries.iter().any(|folder| folder.join(GLX).exists());
        }
        found.has_glx |= LIBRARIES.iter().any(|folder| below(root, folder).join(GLX).exists());
        if found.vulkan.is_empty() {
            found.vulkan = first_of(root, "vulkan/icd.d", |name| name.starts_with("nvidia_icd"));
        }
        if found.egl.is_empty() {
            found.egl = first_of(root, "glvnd/egl_vendor.d", |name| name.contains("nvidia"));
        }
        if !found.egl.is_empty() {
            let others = |name: &str| name.ends_with(".json") && !name.contains("nvidia");
            let others =
                SHARES.iter().flat_map(|share| files(root, &format!("{share}/glvnd/egl_vendor.d"), others));
            found.egl.extend(others);
        }
        found
    }

    /// Whether there is anything to draw with.
    pub fn is_empty(&self) -> bool {
        !self.has_glx && self.vulkan.is_empty() && self.egl.is_empty()
    }

    /// The variables that lead programs to the driver: all that might work, or those that were seen to.
    pub fn variables(&self, seen: Option<&Rendering>) -> Vec<(&'static str, String)> {
        let works = |interface: fn(&Rendering) -> bool| seen.is_none_or(interface);
        let mut variables = Vec::new();
        if self.has_glx && works(|seen| seen.glx.is_on_gpu()) {
            variables.push(("__GLX_VENDOR_LIBRARY_NAME", "nvidia".to_owned()));
        }
        if !self.egl.is_empty() && works(|seen| seen.egl.is_on_gpu()) {
            variables.push(("__EGL_VENDOR_LIBRARY_FILENAMES", joined(&self.egl)));
        }
        if !self.vulkan.is_empty() && works(|seen| seen.vulkan.is_on_gpu()) {
            let manifests = joined(&self.vulkan);
            // The older name is read by loaders before 1.3.207.
            variables.push(("VK_DRIVER_FILES", manifests.clone()));
            variables.push(("VK_ICD_FILENAMES", manifests));
        }
        if !self.libraries.is_empty() && !variables.is_empty() {
            variables.push((LIBRARY_PATH, joined(&self.libraries)));
        }
        variables
    }
}

/// The matching manifests of the first folder that has any: the same driver's stand in no other.
fn first_of(root: &Path, folder: &str, matches: fn(&str) -> bool) -> Vec<PathBuf> {
    let matches = |name: &str| name.ends_with(".json") && matches(name);
    let places = SHARES.iter().map(|share| files(root, &format!("{share}/{folder}"), matches));
    places.into_iter().find(|files| !files.is_empty()).unwrap_or_default()
}

fn joined(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
}

/// The variable of the folders that the loader looks into first.
pub(crate) const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";
const GLX: &str = "libGLX_nvidia.so.0";
