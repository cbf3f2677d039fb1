//! Branches of the driver: which GPUs they drive, which kernel modules they have, and the limits among their releases.

use crate::{Architecture, DriverVersion, Flavour};

/// A line of releases: the first number of their versions.
///
/// ```
/// use cosmos_nvidia_driver::{Architecture, Branch, DriverVersion, Support};
/// let branch = "590.48.01".parse::<DriverVersion>()?.branch_rules();
/// assert_eq!(branch.drives(Architecture::Pascal), Support::Dropped { last: Branch(580) });
/// assert_eq!(branch.drives(Architecture::Turing), Support::Yes);
/// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Branch(
    /// The number, as 580.
    pub u32,
);

impl Branch {
    /// Whether this branch drives GPUs of an architecture.
    pub fn drives(self, architecture: Architecture) -> Support {
        let first = Self::first_of(architecture);
        match Self::last_of(architecture) {
            Some(last) if self > last => Support::Dropped { last },
            _ if self < first => Support::TooNew { first },
            _ => Support::Yes,
        }
    }

    /// The last branch that drives GPUs of an architecture; `None` for those that all new branches drive.
    ///
    /// Source: the table of legacy GPUs in NVIDIA's installer 590.48.01.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::{Architecture, Branch};
    /// assert_eq!(Branch::last_of(Architecture::Kepler), Some(Branch(470)));
    /// assert_eq!(Branch::last_of(Architecture::Turing), None);
    /// ```
    pub const fn last_of(architecture: Architecture) -> Option<Self> {
        match architecture {
            Architecture::Tesla => Some(Self(340)),
            Architecture::Fermi => Some(Self(390)),
            Architecture::Kepler => Some(Self(470)),
            Architecture::Maxwell | Architecture::Pascal | Architecture::Volta => Some(Self(580)),
            _ => None,
        }
    }

    /// The branch that came with the first CUDA release for an architecture. For Maxwell and older it is a lower
    /// bound.
    ///
    /// Source: the release notes of CUDA 8.0, 9.0, 10.0, 11.0, 11.8 and 12.8. Some boards need a later release of
    /// their architecture's first branch, or a later branch.
    pub const fn first_of(architecture: Architecture) -> Self {
        Self(match architecture {
            Architecture::Tesla | Architecture::Fermi => 173,
            Architecture::Kepler => 295,
            Architecture::Maxwell => 331,
            Architecture::Pascal => 367,
            Architecture::Volta => 384,
            Architecture::Turing => 410,
            Architecture::Ampere => 450,
            Architecture::Ada | Architecture::Hopper => 520,
            Architecture::Blackwell => 570,
        })
    }

    /// The kernel modules of this branch that drive GPUs of an architecture; none where the branch does not drive
    /// it. The first is the one to install.
    ///
    /// The open module is there from 515 on, for Turing and later; Blackwell has no other. NVIDIA's installer prefers
    /// it from 560 on.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::{Architecture, Branch, Flavour};
    /// assert_eq!(Branch(580).modules(Architecture::Pascal), [Flavour::Proprietary]);
    /// assert_eq!(Branch(580).modules(Architecture::Blackwell), [Flavour::Open]);
    /// assert_eq!(Branch(580).modules(Architecture::Ada), [Flavour::Open, Flavour::Proprietary]);
    /// ```
    pub fn modules(self, architecture: Architecture) -> Vec<Flavour> {
        let open = architecture >= Architecture::Turing && self >= FIRST_OPEN;
        match () {
            () if self.drives(architecture) != Support::Yes => Vec::new(),
            () if architecture >= Architecture::Blackwell => vec![Flavour::Open],
            () if open && self >= FIRST_PREFERRED_OPEN => vec![Flavour::Open, Flavour::Proprietary],
            () if open => vec![Flavour::Proprietary, Flavour::Open],
            () => vec![Flavour::Proprietary],
        }
    }
}

/// Whether a branch drives a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Support {
    /// It does.
    Yes,
    /// No longer.
    Dropped {
        /// The last branch that did.
        last: Branch,
    },
    /// Not yet.
    TooNew {
        /// The first branch that does.
        first: Branch,
    },
}

impl DriverVersion {
    /// The rules of its branch.
    pub const fn branch_rules(&self) -> Branch {
        Branch(self.branch())
    }

    /// Whether it is 450.80.02 or later: the first driver that runs programs of every CUDA 11, and the oldest for
    /// which this project's desktops are meant.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::DriverVersion;
    /// assert!(!"450.51.05".parse::<DriverVersion>()?.is_supported());
    /// assert!("450.80.02".parse::<DriverVersion>()?.is_supported());
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub fn is_supported(&self) -> bool {
        (self.branch(), self.minor(), self.patch().unwrap_or_default()) >= FLOOR
    }

    /// Whether an X screen without a monitor fails on consumer GPUs: 535.86.05 and later before 535.129.03, and 545
    /// before 545.29.02.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::DriverVersion;
    /// assert!("535.86.05".parse::<DriverVersion>()?.breaks_headless_consumer_screens());
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub fn breaks_headless_consumer_screens(&self) -> bool {
        let version = (self.branch(), self.minor(), self.patch().unwrap_or_default());
        ((535, 86, 5)..(535, 129, 3)).contains(&version) || ((545, 0, 0)..(545, 29, 2)).contains(&version)
    }
}

const FLOOR: (u32, u32, u32) = (450, 80, 2);
const FIRST_OPEN: Branch = Branch(515);
const FIRST_PREFERRED_OPEN: Branch = Branch(560);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const ALL: [Architecture; 11] = [
        Architecture::Tesla,
        Architecture::Fermi,
        Architecture::Kepler,
        Architecture::Maxwell,
        Architecture::Pascal,
        Architecture::Volta,
        Architecture::Turing,
        Architecture::Ampere,
        Architecture::Ada,
        Architecture::Hopper,
        Architecture::Blackwell,
    ];

    fn version(text: &str) -> DriverVersion {
        text.parse().unwrap()
    }

    #[test]
    fn every_branch_boundary() {
        use Architecture::*;
        for (architecture, first, last) in [
            (Tesla, 173, Some(340)),
            (Fermi, 173, Some(390)),
            (Kepler, 295, Some(470)),
            (Maxwell, 331, Some(580)),
            (Pascal, 367, Some(580)),
            (Volta, 384, Some(580)),
            (Turing, 410, None),
            (Ampere, 450, None),
            (Ada, 520, None),
            (Hopper, 520, None),
            (Blackwell, 570, None),
        ] {
            assert_eq!(Branch(first).drives(architecture), Support::Yes, "{architecture}");
            let first = Branch(first);
            assert_eq!(Branch(first.0 - 1).drives(architecture), Support::TooNew { first }, "{architecture}");
            assert_eq!(Branch(last.unwrap_or(610)).drives(architecture), Support::Yes, "{architecture}");
            if let Some(last) = last.map(Branch) {
                assert_eq!(
                    Branch(last.0 + 1).drives(architecture),
                    Support::Dropped { last },
                    "{architecture}"
                );
            }
        }
    }

    #[test]
    fn four_branches_are_the_last_for_somebody() {
        use Architecture::*;
        for branch in 100..700 {
            let ending: &[Architecture] = match branch {
                340 => &[Tesla],
                390 => &[Fermi],
                470 => &[Kepler],
                580 => &[Maxwell, Pascal, Volta],
                _ => &[],
            };
            let last = |architecture: &Architecture| Branch::last_of(*architecture) == Some(Branch(branch));
            assert_eq!(ALL.into_iter().filter(last).collect::<Vec<_>>(), ending, "{branch}");
        }
    }

    #[test]
    fn an_architecture_comes_once_and_goes_once() {
        for architecture in ALL {
            let stage = |branch| match Branch(branch).drives(architecture) {
                Support::TooNew { .. } => 0,
                Support::Yes => 1,
                Support::Dropped { .. } => 2,
            };
            assert!((0..1000).map(stage).is_sorted(), "{architecture}");
            assert!(
                (0..1000)
                    .all(|branch| Branch(branch).modules(architecture).is_empty() == (stage(branch) != 1))
            );
        }
    }

    #[test]
    fn every_boundary_of_the_modules() {
        use Flavour::{Open, Proprietary};
        for (branch, architecture, modules) in [
            (409, Architecture::Turing, &[][..]),
            (410, Architecture::Turing, &[Proprietary]),
            (514, Architecture::Turing, &[Proprietary]),
            (515, Architecture::Turing, &[Proprietary, Open]),
            (559, Architecture::Ampere, &[Proprietary, Open]),
            (560, Architecture::Ampere, &[Open, Proprietary]),
            (620, Architecture::Turing, &[Open, Proprietary]),
            (515, Architecture::Volta, &[Proprietary]),
            (580, Architecture::Volta, &[Proprietary]),
            (581, Architecture::Volta, &[]),
            (470, Architecture::Kepler, &[Proprietary]),
            (471, Architecture::Kepler, &[]),
            (520, Architecture::Hopper, &[Proprietary, Open]),
            (569, Architecture::Blackwell, &[]),
            (570, Architecture::Blackwell, &[Open]),
        ] {
            assert_eq!(Branch(branch).modules(architecture), modules, "{branch} {architecture}");
        }
    }

    #[test]
    fn the_floor_and_the_bad_releases() {
        for (text, supported) in [
            ("390.157", false),
            ("449.99.99", false),
            ("450.51.06", false),
            ("450.80", false),
            ("450.80.01", false),
            ("450.80.02", true),
            ("450.102.04", true),
            ("580.159.04", true),
        ] {
            assert_eq!(version(text).is_supported(), supported, "{text}");
        }
        for (text, breaks) in [
            ("535.54.03", false),
            ("535.86.04", false),
            ("535.86.05", true),
            ("535.113.01", true),
            ("535.129.02", true),
            ("535.129.03", false),
            ("544.99", false),
            ("545.23.06", true),
            ("545.29.01", true),
            ("545.29.02", false),
            ("550.54.14", false),
        ] {
            assert_eq!(version(text).breaks_headless_consumer_screens(), breaks, "{text}");
        }
    }
}
