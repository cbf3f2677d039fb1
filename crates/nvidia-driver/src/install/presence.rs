//! Whether the NVIDIA X driver is there, by what the X server would load.
//!
//! `nvidia-xconfig` on the path says nothing: newer container toolkits bring it in without the modules.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::DriverVersion;

/// What the X server would find in its module paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct XDriver {
    /// `nvidia_drv.so`.
    pub driver: Option<PathBuf>,
    /// `libglxserver_nvidia.so.<version>`, all there are, in the order of the paths.
    pub glx: Vec<(DriverVersion, PathBuf)>,
}

/// Why the X server could not run on the NVIDIA driver.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XDriverProblem {
    /// The driver module is missing.
    #[error("nvidia_drv.so is in none of the X server's module paths")]
    NoDriver,
    /// The GLX module is missing.
    #[error("libglxserver_nvidia.so.{expected} is in none of the X server's module paths")]
    NoGlx {
        /// The version that the kernel's side has.
        expected: DriverVersion,
    },
    /// The GLX module is of another version than the kernel's side.
    #[error(
        "libglxserver_nvidia.so is of {found}, the kernel's side of {expected}: they only work together when equal"
    )]
    Version {
        /// The version of the module.
        found: DriverVersion,
        /// The version that the kernel's side has.
        expected: DriverVersion,
    },
}

impl XDriver {
    /// Looks into module paths, and into their folders `drivers` and `extensions`.
    ///
    /// ```
    /// use cosmos_nvidia_driver::install::{XDriver, XDriverProblem};
    /// let found = XDriver::find(["/usr/lib/xorg/modules", "/nonexistent"]);
    /// if let Err(problem) = found.fits(&"580.82.07".parse()?) {
    ///     println!("no GPU X server here: {problem}");
    /// }
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub fn find<P: AsRef<Path>>(module_paths: impl IntoIterator<Item = P>) -> Self {
        let mut found = Self::default();
        for path in module_paths {
            for folder in ["", "drivers", "extensions"] {
                found.look_into(&path.as_ref().join(folder));
            }
        }
        found
    }

    /// Whether an X server could run on it beside a kernel module of that version.
    ///
    /// # Errors
    /// What is missing, or does not fit.
    pub fn fits(&self, kernel: &DriverVersion) -> Result<(), XDriverProblem> {
        if self.driver.is_none() {
            return Err(XDriverProblem::NoDriver);
        }
        let expected = kernel.clone();
        match self.glx.iter().find(|(version, _)| version == kernel).or(self.glx.first()) {
            None => Err(XDriverProblem::NoGlx { expected }),
            Some((found, _)) if found != kernel => {
                Err(XDriverProblem::Version { found: found.clone(), expected })
            }
            Some(_) => Ok(()),
        }
    }

    fn look_into(&mut self, folder: &Path) {
        let driver = folder.join("nvidia_drv.so");
        if self.driver.is_none() && driver.is_file() {
            self.driver = Some(driver);
        }
        let mut names: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
        names.sort_by_key(fs::DirEntry::file_name);
        for entry in names {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix("libglxserver_nvidia.so."));
            if let Some(version) = version.and_then(|version| version.parse().ok())
                && entry.path().is_file()
            {
                self.glx.push((version, entry.path()));
            }
        }
    }
}
