//! Installing the userspace of a driver from its `.run` file, without its installer and without root.
//!
//! A [`Store`] is a folder with one installation for each `.run` file and choice of [`Options`], named after the
//! version and the checksum. An installation is unpacked beside the others, verified, put in order and then renamed
//! into its place in one step: it is there as a whole or not at all.
//!
//! # What an interrupted installation leaves
//!
//! The files that it had unpacked stay, and the next run for the same `.run` file goes on with them: it compares each
//! with the archive and writes what is missing or differs. The archive is read from its start all the same: its payload
//! is one compressed stream, and its checksums cover the whole. A run for another `.run` file removes what was left, and
//! so does one that fails.
//!
//! ```
//! use std::fs::File;
//! use cosmos_nvidia_driver::install::{Options, Store};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let file = File::open("testdata/NVIDIA-Linux-x86_64-470.82.01.run")?;
//! let driver = Store::new(folder).install(file, Options::default(), &mut |_| {})?;
//! std::fs::write(folder.join("nvidia.conf"), driver.ld_so_conf())?; // for /etc/ld.so.conf.d
//! assert!(driver.library_dirs()[0].join("libcuda.so.1").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod installed;
mod place;
mod plan;
mod presence;
mod progress;
mod record;
mod resumed;
mod unpack;

pub use error::InstallError;
pub use installed::{Installed, NotInstalled};
pub use plan::{Item, Plan, SkipReason, Skipped};
pub use presence::{XDriver, XDriverProblem};
pub use progress::Progress;

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use crate::run_file::{Header, Limits, Manifest, RelativePath, RunFile};
use crate::{DriverVersion, Processor};
use place::Place;
use progress::{Metered, Watched};
use unpack::Unpacked;

/// Which parts of a driver are installed beside its own libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The libraries for 32-bit programs.
    pub compat32: bool,
    /// The driver's copies of libglvnd and of the OpenCL loader. Without them, the distribution's are used.
    pub vendor_neutral: bool,
}

/// A folder of installations.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    limits: Limits,
    patience: Duration,
}

impl Store {
    /// The store in that folder, which is created when something is installed.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), limits: Limits::default(), patience: Duration::from_mins(10) }
    }

    /// With other limits on what an archive unpacks to.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With another time to wait for a process that is installing into the same store; 10 minutes otherwise.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Where the installation of a `.run` file with that header is or will be.
    ///
    /// # Errors
    /// [`InstallError::NoVersion`].
    pub fn prefix(&self, header: &Header, options: Options) -> Result<PathBuf, InstallError> {
        let identity =
            header.identity().ok_or_else(|| InstallError::NoVersion { label: header.label.clone() })?;
        let compat32 = if options.compat32 { "-compat32" } else { "" };
        let neutral = if options.vendor_neutral { "-glvnd" } else { "" };
        Ok(self.root.join(format!("{identity}{compat32}{neutral}")))
    }

    /// The whole installations of a version for the processor of this program, whatever their options.
    pub fn find(&self, version: &DriverVersion) -> Vec<Installed> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let whole = paths.into_iter().filter_map(|path| Installed::open(path).ok());
        let is_for_here = |installed: &Installed| {
            installed.processor().is_none_or(|processor| Some(processor) == Processor::here())
        };
        whole.filter(|installed| installed.version() == version).filter(is_for_here).collect()
    }

    /// Installs the userspace of a `.run` file. One that is installed and whole is returned after reading nothing but
    /// its header; one that was damaged since is replaced.
    ///
    /// # Errors
    /// A file that is no driver, is damaged or hostile; a store that cannot be written or is busy for too long. The
    /// store is as before then.
    pub fn install(
        &self,
        run_file: impl Read,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Installed, InstallError> {
        self.install_while(&|| true, run_file, options, progress)
    }

    /// Installs as [`install`](Self::install) does, and gives up once it may not go on. That is asked many times a
    /// second, also while another process is waited for.
    ///
    /// # Errors
    /// As there, and [`InstallError::Cancelled`], which leaves what was unpacked for the next run.
    pub fn install_while(
        &self,
        may_go_on: &dyn Fn() -> bool,
        run_file: impl Read,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Installed, InstallError> {
        let run_file = Watched { inner: Metered::new(run_file, progress), may_go_on };
        let outcome = self.install_watched(may_go_on, run_file, options);
        outcome.map_err(|error| if may_go_on() { error } else { InstallError::Cancelled })
    }

    fn install_watched(
        &self,
        may_go_on: &dyn Fn() -> bool,
        run_file: impl Read,
        options: Options,
    ) -> Result<Installed, InstallError> {
        let run_file = RunFile::open(run_file)?;
        let prefix = self.prefix(run_file.header(), options)?;
        let identity = run_file.header().identity().unwrap_or_default();
        let _lock = self.lock(may_go_on)?;
        let staging = self.root.join(STAGING);
        if let Ok(installed) = Installed::open(&prefix) {
            return remove(&staging).map(|()| installed);
        }
        remove_all_but(&staging, &identity)?;
        let outcome = self.install_by(&staging, &identity, &prefix, run_file, options);
        if outcome.is_err() && !may_go_on() {
            return outcome;
        }
        let removed = remove(&staging);
        let installed = outcome?;
        removed.map(|()| installed)
    }

    fn install_by(
        &self,
        staging: &Path,
        archive: &str,
        prefix: &Path,
        run_file: RunFile<impl Read>,
        options: Options,
    ) -> Result<Installed, InstallError> {
        let mut unpacked = Unpacked::new(staging.join(archive));
        let header = run_file.unpack(self.limits, |member| unpacked.take(member))?;
        let manifest = manifest(&unpacked)?;
        if let Some(stated) = header.version.filter(|stated| *stated != manifest.version) {
            return Err(InstallError::Version { stated, found: manifest.version });
        }
        let plan = Plan::new(&manifest, options)?;
        let tree = staging.join("tree");
        Place { unpacked: &unpacked, tree: &tree }.all(&plan, &manifest.version)?;
        if prefix.symlink_metadata().is_ok() {
            rename(prefix, &staging.join("damaged"))?;
        }
        rename(&tree, prefix)?;
        Installed::open(prefix).map_err(InstallError::NotInstalled)
    }

    /// Waits until no other process installs into this store, no longer than its patience and than it may.
    fn lock(&self, may_go_on: &dyn Fn() -> bool) -> Result<File, InstallError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| InstallError::Write { path, source }
        };
        fs::create_dir_all(&self.root).map_err(failed(&self.root))?;
        let path = self.root.join(".lock");
        let lock = open_lock(&path).map_err(failed(&path))?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(source)) => return Err(failed(&path)(source)),
                Err(TryLockError::WouldBlock) if started.elapsed() >= self.patience => {
                    return Err(InstallError::Busy { path });
                }
                Err(TryLockError::WouldBlock) if !may_go_on() => return Err(InstallError::Cancelled),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

/// Nothing is written to it, so it may be any file but one that a link leads to.
fn open_lock(path: &Path) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    Ok(rustix::fs::open(path, flags, mode)?.into())
}

fn manifest(unpacked: &Unpacked) -> Result<Manifest, InstallError> {
    let name = RelativePath::new(".manifest").expect("a plain name");
    let text = unpacked.text(&name)?.ok_or(InstallError::NoManifest)?;
    Ok(Manifest::parse(&text)?)
}

fn rename(from: &Path, to: &Path) -> Result<(), InstallError> {
    fs::rename(from, to).map_err(|source| InstallError::Write { path: to.to_owned(), source })
}

/// Removes all that is in a folder but one folder in it; a missing one is well, and what is no folder is removed.
fn remove_all_but(folder: &Path, kept: &str) -> Result<(), InstallError> {
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|data| data.is_dir());
    if !is_folder(folder) {
        return remove(folder);
    }
    let failed = |source| InstallError::Write { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name() != kept || !is_folder(&entry.path()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), InstallError> {
    resumed::remove(path).map_err(|source| InstallError::Write { path: path.to_owned(), source })
}

const STAGING: &str = ".staging";
