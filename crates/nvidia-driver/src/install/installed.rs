//! An installation, and what has to be told to the loader, Vulkan, EGL and the X server about it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::plan::{EGL_PLATFORMS, EGL_VENDORS, LIBRARIES, LIBRARIES_32, VULKAN, X_MODULES};
use super::record::{self, Part, Record};
use crate::{DriverVersion, Processor};

/// The userspace of a driver below a prefix, whole as far as names, sizes and links tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub(super) prefix: PathBuf,
    pub(super) record: Record,
}

/// Why a prefix holds no whole installation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotInstalled {
    /// There is no record of one.
    #[error("{} is not there", path.display())]
    NoRecord {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The record cannot be understood.
    #[error("{} is no record of an installation", path.display())]
    BadRecord {
        /// Which.
        path: PathBuf,
    },
    /// A file is missing or has another size, or a link leads elsewhere.
    #[error("{} is not as it was installed", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
}

impl Installed {
    /// Looks at what is installed below a prefix.
    ///
    /// # Errors
    /// See [`NotInstalled`].
    pub fn open(prefix: impl AsRef<Path>) -> Result<Self, NotInstalled> {
        record::check(prefix.as_ref())
    }

    /// The folder below which everything is.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The version of the driver.
    pub fn version(&self) -> &DriverVersion {
        &self.record.version
    }

    /// The processor that its libraries are for; `None` where they do not tell one of those that have a driver.
    pub fn processor(&self) -> Option<Processor> {
        self.files_below(LIBRARIES).find_map(|path| machine(&path))
    }

    /// The folders of libraries: 64-bit, and 32-bit where they were asked for. Joined by `:`, they are a value for
    /// `LD_LIBRARY_PATH`.
    pub fn library_dirs(&self) -> Vec<PathBuf> {
        let used =
            [LIBRARIES, LIBRARIES_32].into_iter().filter(|folder| self.files_below(folder).next().is_some());
        used.map(|folder| self.prefix.join(folder)).collect()
    }

    /// The text of a file in `/etc/ld.so.conf.d`; `ldconfig` must run after it is written.
    pub fn ld_so_conf(&self) -> String {
        self.library_dirs().iter().map(|folder| format!("{}\n", folder.display())).collect()
    }

    /// What the X server needs to be told by `-modulepath` or `ModulePath`, before its own; none where the driver
    /// has no X modules.
    pub fn xorg_module_path(&self) -> Option<PathBuf> {
        self.files_below(X_MODULES).next().map(|_| self.prefix.join(X_MODULES))
    }

    /// Vulkan's drivers, for `VK_DRIVER_FILES`. They name their libraries without a folder.
    pub fn vulkan_icds(&self) -> Vec<PathBuf> {
        self.files_below(&format!("{VULKAN}/icd.d")).collect()
    }

    /// EGL's vendors, for `__EGL_VENDOR_LIBRARY_FILENAMES`.
    pub fn egl_vendors(&self) -> Vec<PathBuf> {
        self.files_below(EGL_VENDORS).collect()
    }

    /// The folder of EGL's platforms, for `__EGL_EXTERNAL_PLATFORM_CONFIG_DIRS`; none before driver 396.
    pub fn egl_platform_dir(&self) -> Option<PathBuf> {
        self.files_below(EGL_PLATFORMS).next().map(|_| self.prefix.join(EGL_PLATFORMS))
    }

    /// All regular files.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.files_below("")
    }

    fn files_below(&self, folder: &str) -> impl Iterator<Item = PathBuf> {
        let folder = PathBuf::from(folder);
        let files = self.record.parts.iter().filter(|(_, part)| matches!(part, Part::File(_)));
        let below = files.filter(move |(path, _)| Path::new(path.as_str()).starts_with(&folder));
        below.map(|(path, _)| path.below(&self.prefix))
    }
}

/// The processor of a library, from `e_machine` in its header (ELF gABI 4.1, chapter 4). `None` for other files.
fn machine(path: &Path) -> Option<Processor> {
    let mut header = [0; 20];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    let is_library = header.starts_with(b"\x7fELF");
    match [header[18], header[19]] {
        _ if !is_library => None,
        [62, 0] => Some(Processor::X86_64),
        [183, 0] => Some(Processor::Aarch64),
        [40, 0] => Some(Processor::Arm32),
        _ => None,
    }
}
