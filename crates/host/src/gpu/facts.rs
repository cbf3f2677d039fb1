//! What is there, as far as the mode depends on it.

use std::path::{Path, PathBuf};

use cosmos_nvidia_driver::{
    Driver, Gpu, Sources, Survey,
    install::{Installed, XDriver},
};

use super::{
    places::{X_MODULES, below, inside},
    reason::Reason,
    rendering::Rendering,
    userspace::Userspace,
};

/// What is there. Nothing of it is asked of a driver: that could hang.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The GPUs that this process may use, by address.
    pub gpus: Vec<Gpu>,
    /// The versions of the driver's halves.
    pub driver: Driver,
    /// Whether this is the Linux of Windows.
    pub is_wsl: bool,
    /// Whether the kernel module of the display engine is loaded.
    pub has_modeset_module: bool,
    /// Whether its device is there.
    pub has_modeset_device: bool,
    /// The Xorg program.
    pub xorg: Option<PathBuf>,
    /// The folders in which Xorg is to look for modules, in its order.
    pub module_paths: Vec<PathBuf>,
    /// NVIDIA's modules in them.
    pub x_driver: XDriver,
    /// What programs draw with.
    pub userspace: Userspace,
    /// What programs were seen to draw with; `None` before there is a display on which to look.
    pub rendering: Option<Result<Rendering, Reason>>,
    /// Why the best mode failed, or cannot be had, though all for it is there.
    pub obstacle: Option<Reason>,
}

impl Facts {
    /// Looks below a root for an Xorg at one of these places, and at a driver that was installed by us.
    pub fn gather(root: &Path, xorg: &[PathBuf], installed: Option<&Installed>) -> Self {
        let libraries = installed.map(Installed::library_dirs).unwrap_or_default();
        let survey = Sources { libraries, ..Sources::from(root) }.survey();
        let gpus = survey.visible();
        let Survey { driver, findings, .. } = survey;
        let module_paths = module_paths(root, installed);
        let mut x_driver = XDriver::find(module_paths.iter().map(|path| locate(root, path, installed)));
        x_driver.driver = x_driver.driver.map(|path| inside(root, &path));
        Self {
            gpus,
            driver,
            is_wsl: findings.contains(&cosmos_nvidia_driver::Finding::Wsl),
            has_modeset_module: below(root, "/sys/module/nvidia_modeset").exists(),
            has_modeset_device: below(root, "/dev/nvidia-modeset").exists(),
            xorg: xorg.iter().find(|path| below(root, path).is_file()).cloned(),
            module_paths,
            x_driver,
            userspace: Userspace::find(root, installed),
            rendering: None,
            obstacle: None,
        }
    }

    /// Whether there is anything of NVIDIA's here.
    pub fn is_without_gpu(&self) -> bool {
        self.gpus.is_empty() && self.driver.kernel().is_none()
    }
}

/// Those that are there: of our own installation, of NVIDIA's packages, of the server.
fn module_paths(root: &Path, installed: Option<&Installed>) -> Vec<PathBuf> {
    let own = installed.and_then(Installed::xorg_module_path);
    let usual = X_MODULES.iter().map(PathBuf::from).filter(|path| below(root, path).is_dir());
    own.into_iter().chain(usual).collect()
}

/// An installation of ours is named by where it is, everything else by where it is below the root.
fn locate(root: &Path, path: &Path, installed: Option<&Installed>) -> PathBuf {
    match installed.is_some_and(|installed| path.starts_with(installed.prefix())) {
        true => path.to_owned(),
        false => below(root, path),
    }
}
