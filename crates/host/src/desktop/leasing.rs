//! Where the lease of a GPU is taken, and what is told where others cannot see it.

use std::path::{Path, PathBuf};

use cosmos_nvidia_driver::Gpu;

use crate::{
    config::{Config, is_writable},
    gpu::with_sources,
    lease::{Holder, Lease, LeaseError, is_private},
};

/// The places for leases.
pub struct Leasing<'a> {
    /// The folder that stands for `/` where the container and its mounts are looked for.
    root: &'a Path,
    /// The directory that was asked for.
    wanted: Option<&'a Path>,
    /// The one that containers share otherwise.
    shared: PathBuf,
    /// Where a directory of our own is made if need be.
    base: &'a Path,
}

impl<'a> Leasing<'a> {
    pub fn of(config: &'a Config) -> Self {
        let graphics = &config.graphics;
        let (root, wanted) = (graphics.root.as_path(), graphics.leases.as_deref());
        Self { root, wanted, shared: SHARED.into(), base: &config.runtime_base }
    }

    /// A lease in the directory that was asked for or that containers share. Where the latter cannot be used, it is
    /// one that only desktops with the same directory for runtime directories see.
    pub fn take(&self, gpu: &Gpu, holder: &Holder, warn: &mut Vec<String>) -> Result<Lease, LeaseError> {
        if let Some(directory) = self.wanted {
            return self.take_visibly(directory, gpu, holder, warn);
        }
        let shared = Lease::make_directory(&self.shared)
            .map_err(|source| LeaseError::Io { path: self.shared.clone(), source })
            .and_then(|()| self.take_visibly(&self.shared, gpu, holder, warn));
        match shared {
            Ok(_) | Err(LeaseError::Held { .. }) => shared,
            Err(error) => {
                warn.push(format!("{}: {}", with_sources(&error), hidden(&self.shared)));
                self.take_alone(gpu, holder)
            }
        }
    }

    fn take_visibly(
        &self,
        directory: &Path,
        gpu: &Gpu,
        holder: &Holder,
        warn: &mut Vec<String>,
    ) -> Result<Lease, LeaseError> {
        let lease = Lease::take(directory, gpu.address, holder)?;
        if is_private(self.root, directory) {
            warn.push(format!("{} is this container's own: {}", directory.display(), hidden(directory)));
        }
        Ok(lease)
    }

    fn take_alone(&self, gpu: &Gpu, holder: &Holder) -> Result<Lease, LeaseError> {
        let alone = [self.base, Path::new("/tmp")].into_iter().find(|directory| is_writable(directory));
        let directory = alone.unwrap_or(self.base).join("cosmos-gpu");
        Lease::make_directory(&directory)
            .map_err(|source| LeaseError::Io { path: directory.clone(), source })
            .and_then(|()| Lease::take(&directory, gpu.address, holder))
    }
}

fn hidden(directory: &Path) -> String {
    let at = directory.display();
    format!("other containers do not see that this GPU is taken; mount a directory of the host at {at}")
}

/// Where X servers of all containers of a machine mark their GPUs.
const SHARED: &str = "/run/lock/cosmos-gpu";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs;

    use super::*;

    /// Takes the lease of one GPU, and what was told.
    fn take(leasing: &Leasing<'_>) -> (Result<Lease, LeaseError>, Vec<String>) {
        let gpu = Gpu::at("0000:01:00.0".parse().unwrap());
        let mut warnings = Vec::new();
        let lease = leasing.take(&gpu, &Holder::display(20, &gpu), &mut warnings);
        (lease, warnings)
    }

    #[test]
    fn without_a_shared_directory_a_lease_holds_among_desktops_of_one_base() {
        let (root, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let within = |name: &str| {
            let shared = root.path().join(name);
            take(&Leasing { root: root.path(), wanted: None, shared, base: base.path() })
        };
        let (fine, none) = within("leases");
        assert!(fine.is_ok() && none.is_empty(), "{none:?}");
        assert!(matches!(within("leases"), (Err(LeaseError::Held { .. }), none) if none.is_empty()));
        let (alone, told) = within("no/such");
        assert!(alone.as_ref().unwrap().path().starts_with(base.path()));
        assert!(told.len() == 1 && told[0].contains("other containers do not see"), "{told:?}");
        assert!(matches!(within("no/such"), (Err(LeaseError::Held { .. }), _)));
    }

    #[test]
    fn a_directory_that_only_this_container_sees_is_told_of() {
        let (root, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let shared = base.path().join("leases");
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        fs::write(root.path().join(".dockerenv"), "").unwrap();
        let look = |wanted, mount: &str| {
            let mounts = format!("1 0 0:50 / / rw - overlay overlay rw\n{mount}");
            fs::write(root.path().join("proc/self/mountinfo"), mounts).unwrap();
            let (lease, told) =
                take(&Leasing { root: root.path(), wanted, shared: shared.clone(), base: base.path() });
            assert!(lease.is_ok());
            told
        };
        let mounted = format!("2 1 8:1 /srv/leases {} rw - ext4 /dev/sda1 rw\n", shared.display());
        for wanted in [None, Some(shared.as_path())] {
            let told = look(wanted, "");
            assert!(told.len() == 1 && told[0].contains("is this container's own"), "{told:?}");
            assert_eq!(look(wanted, &mounted), [""; 0]);
        }
    }
}
