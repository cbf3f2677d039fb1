//! Names of the distributions' packages.

use thiserror::Error;

use crate::{Branch, Flavour};

/// Which of Ubuntu's packages of a branch are meant.
///
/// ```
/// use cosmos_nvidia_driver::{Branch, Flavour, UbuntuPackages};
/// let desktop = UbuntuPackages::of(Branch(570), Flavour::Open)?;
/// assert_eq!(desktop.driver(), "nvidia-driver-570-open");
/// assert_eq!(desktop.server().gl(), "libnvidia-gl-570-server");
/// # Ok::<(), cosmos_nvidia_driver::PackageError>(())
/// ```
///
/// Whether a release of Ubuntu has them is for apt to say. Point releases of the `-server` packages differ from those
/// without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UbuntuPackages {
    branch: Branch,
    open: bool,
    server: bool,
}

impl UbuntuPackages {
    /// The packages for desktops, with this kernel module.
    ///
    /// # Errors
    /// [`PackageError`] where the branch has no such module, or is so old that its packages had other names.
    pub fn of(branch: Branch, flavour: Flavour) -> Result<Self, PackageError> {
        let open = flavour == Flavour::Open;
        let least = if open { FIRST_OPEN } else { FIRST };
        match branch >= least {
            true => Ok(Self { branch, open, server: false }),
            false => Err(PackageError { branch: branch.0, least: least.0 }),
        }
    }

    /// The packages for servers, which stay with a branch for longer.
    #[must_use]
    pub const fn server(self) -> Self {
        Self { server: true, ..self }
    }

    /// All of it: kernel module, X driver, libraries.
    pub fn driver(&self) -> String {
        self.with_module("nvidia-driver")
    }

    /// Kernel module and CUDA, without OpenGL, Vulkan and X: a machine with only this cannot show a desktop.
    pub fn headless(&self) -> String {
        self.with_module("nvidia-headless")
    }

    /// OpenGL, EGL and Vulkan.
    pub fn gl(&self) -> String {
        self.library("libnvidia-gl")
    }

    /// `nvidia-smi` and its kin.
    pub fn utils(&self) -> String {
        self.library("nvidia-utils")
    }

    /// The X driver.
    pub fn xorg(&self) -> String {
        self.library("xserver-xorg-video-nvidia")
    }

    /// Everything a GPU desktop in a container needs besides the kernel module, which is the host's.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::{Branch, Flavour, UbuntuPackages};
    /// let libraries = UbuntuPackages::of(Branch(470), Flavour::Proprietary)?.userspace();
    /// assert!(libraries.contains(&"libnvidia-ifr1-470".to_owned()));
    /// # Ok::<(), cosmos_nvidia_driver::PackageError>(())
    /// ```
    pub fn userspace(&self) -> Vec<String> {
        let frames = (self.branch <= LAST_FRAME_READBACK).then_some("libnvidia-ifr1");
        USERSPACE.into_iter().chain(frames).map(|stem| self.library(stem)).collect()
    }

    fn with_module(self, stem: &str) -> String {
        let open = if self.open { "-open" } else { "" };
        format!("{}{open}", self.library(stem))
    }

    fn library(self, stem: &str) -> String {
        let server = if self.server { "-server" } else { "" };
        format!("{stem}-{}{server}", self.branch.0)
    }
}

/// The packages of Debian that may bring a branch, in `non-free` (and `contrib`), in the order in which to ask apt for
/// them.
///
/// A release of Debian has one branch as `nvidia-driver`, so that only its version tells whether it is the one that is
/// meant, and names of their own for those that it keeps beside it: 535 is `nvidia-driver` in Debian 12, and
/// `nvidia-tesla-535-driver` in Debian 13.
///
/// ```
/// use cosmos_nvidia_driver::{Branch, debian_driver_packages};
/// assert_eq!(debian_driver_packages(Branch(535)), ["nvidia-tesla-535-driver", "nvidia-driver"]);
/// assert_eq!(debian_driver_packages(Branch(390)), ["nvidia-legacy-390xx-driver"]);
/// assert_eq!(debian_driver_packages(Branch(580)), ["nvidia-driver"]);
/// ```
pub fn debian_driver_packages(branch: Branch) -> Vec<String> {
    let plain = || "nvidia-driver".to_owned();
    match branch.0 {
        number @ (304 | 340 | 390) => vec![format!("nvidia-legacy-{number}xx-driver")],
        number @ (440 | 450) => vec![format!("nvidia-tesla-{number}-driver")],
        number @ (418 | 460 | 470 | 535 | 550) => vec![format!("nvidia-tesla-{number}-driver"), plain()],
        _ => vec![plain()],
    }
}

/// A branch for which Ubuntu has no package of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("driver branch {branch}: Ubuntu has such packages from branch {least} on")]
pub struct PackageError {
    /// The branch.
    pub branch: u32,
    /// The first that has them.
    pub least: u32,
}

/// Older ones were called `nvidia-390` in the releases of their time.
const FIRST: Branch = Branch(390);
const FIRST_OPEN: Branch = Branch(515);
const LAST_FRAME_READBACK: Branch = Branch(470);

const USERSPACE: [&str; 10] = [
    "libnvidia-cfg1",
    "libnvidia-common",
    "libnvidia-compute",
    "libnvidia-decode",
    "libnvidia-encode",
    "libnvidia-extra",
    "libnvidia-fbc1",
    "libnvidia-gl",
    "nvidia-utils",
    "xserver-xorg-video-nvidia",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn each_variant_has_its_names() {
        use Flavour::{Open, Proprietary};
        for (branch, flavour, server, driver, headless, gl) in [
            (470, Proprietary, false, "nvidia-driver-470", "nvidia-headless-470", "libnvidia-gl-470"),
            (
                535,
                Proprietary,
                true,
                "nvidia-driver-535-server",
                "nvidia-headless-535-server",
                "libnvidia-gl-535-server",
            ),
            (580, Open, false, "nvidia-driver-580-open", "nvidia-headless-580-open", "libnvidia-gl-580"),
            (
                580,
                Open,
                true,
                "nvidia-driver-580-server-open",
                "nvidia-headless-580-server-open",
                "libnvidia-gl-580-server",
            ),
        ] {
            let packages = UbuntuPackages::of(Branch(branch), flavour).unwrap();
            let packages = if server { packages.server() } else { packages };
            assert_eq!([packages.driver(), packages.headless(), packages.gl()], [driver, headless, gl]);
        }
    }

    #[test]
    fn every_boundary_of_a_branch() {
        assert!(UbuntuPackages::of(Branch(389), Flavour::Proprietary).is_err());
        assert!(UbuntuPackages::of(Branch(390), Flavour::Proprietary).is_ok());
        assert_eq!(
            UbuntuPackages::of(Branch(514), Flavour::Open),
            Err(PackageError { branch: 514, least: 515 })
        );
        assert!(UbuntuPackages::of(Branch(515), Flavour::Open).is_ok());
        let readback = |branch| {
            let names = UbuntuPackages::of(Branch(branch), Flavour::Proprietary).unwrap().userspace();
            names.iter().any(|name| name.contains("ifr1"))
        };
        assert!(readback(470) && !readback(495));
    }

    #[test]
    fn debian_keeps_some_branches_beside_the_one_of_a_release() {
        for (branch, packages) in [
            (340, &["nvidia-legacy-340xx-driver"][..]),
            (390, &["nvidia-legacy-390xx-driver"]),
            (418, &["nvidia-tesla-418-driver", "nvidia-driver"]),
            (450, &["nvidia-tesla-450-driver"]),
            (470, &["nvidia-tesla-470-driver", "nvidia-driver"]),
            (525, &["nvidia-driver"]),
            (550, &["nvidia-tesla-550-driver", "nvidia-driver"]),
            (580, &["nvidia-driver"]),
        ] {
            assert_eq!(debian_driver_packages(Branch(branch)), packages, "{branch}");
        }
    }
}
