//! Which CUDA toolkit fits the driver.

use cosmos_nvidia_driver::{CudaVersion, DriverVersion};

use super::{Choice, Draft, Step, driver::Origin};
use crate::setup::{Change, Release};

/// Whether the toolkit is a package of Debian.
pub fn is_of_debian(draft: &Draft<'_>, choice: &Choice) -> bool {
    is_wanted(draft, choice) && !draft.release.is_ubuntu() && !is_new_of_nvidia(choice)
}

/// Whether the toolkit is a package of NVIDIA.
pub fn is_of_nvidia(draft: &Draft<'_>, choice: &Choice) -> bool {
    is_wanted(draft, choice) && !is_of_debian(draft, choice) && release_of(draft, choice).is_some()
}

/// The step that installs it.
pub fn step(draft: &mut Draft<'_>, choice: &Choice) -> Option<Step> {
    if !is_wanted(draft, choice) {
        return None;
    }
    let (name, version) = if is_of_debian(draft, choice) {
        let version = if draft.release == Release::Bookworm { "11.8" } else { "12.4" };
        ("nvidia-cuda-toolkit".to_owned(), version.to_owned())
    } else {
        let Some(release) = release_of(draft, choice) else {
            draft.note(format!(
                "no CUDA toolkit that NVIDIA has for {} fits the driver: none is installed",
                draft.release.codename()
            ));
            return None;
        };
        (format!("cuda-toolkit-{}-{}", release.major(), release.minor()), release.to_string())
    };
    if draft.is_seed() && version != "11.4" {
        draft.note(format!("the profile seed has CUDA 11.4; what fits this machine is {version}"));
    }
    let reason = format!("programs for CUDA are built with it; {version} fits the driver");
    let step = Step::new("cuda", &format!("CUDA toolkit {version}"), reason, vec![Change::packages([name])]);
    Some(step.undone_by("the packages are purged").of_size(3300, 6800))
}

fn is_wanted(draft: &Draft<'_>, choice: &Choice) -> bool {
    *choice != Choice::None && !draft.is_minimal()
}

const fn is_new_of_nvidia(choice: &Choice) -> bool {
    matches!(choice, Choice::New { origin: Origin::Nvidia, .. })
}

/// The newest release for the driver that NVIDIA's repository has; where the driver is older than all of them, the
/// oldest one if its programs start there nevertheless.
fn release_of(draft: &Draft<'_>, choice: &Choice) -> Option<CudaVersion> {
    let driver = driver(choice)?;
    let (first, last) = offered(draft.release);
    if draft.is_seed() && first <= SEED && SEED.minimum_driver().is_some_and(|least| least <= driver) {
        return Some(SEED);
    }
    match CudaVersion::of_driver(&driver) {
        Some(newest) if newest >= first => Some(newest.min(last)),
        _ => Some(first).filter(|first| first.compatible_driver().is_some_and(|least| least <= driver)),
    }
}

/// The driver, or the first release of the branch that is installed: any later one runs all that it runs.
fn driver(choice: &Choice) -> Option<DriverVersion> {
    let text = match choice {
        Choice::None => return None,
        Choice::Kept { version, .. } => version.as_str(),
        Choice::New { branch: 470, .. } => "470.42.01",
        Choice::New { branch: 535, .. } => "535.54.03",
        Choice::New { branch: 550, .. } => "550.54.14",
        Choice::New { branch: 570, .. } => "570.26",
        Choice::New { .. } => "580.65.06",
    };
    text.parse().ok()
}

/// The first and the last release that NVIDIA's repositories are known to have for a release.
const fn offered(release: Release) -> (CudaVersion, CudaVersion) {
    match release {
        Release::Focal => (CudaVersion::new(11, 0), CudaVersion::new(12, 9)),
        Release::Jammy => (CudaVersion::new(11, 7), CudaVersion::new(13, 0)),
        Release::Noble => (CudaVersion::new(12, 5), CudaVersion::new(13, 0)),
        Release::Bookworm => (CudaVersion::new(12, 3), CudaVersion::new(13, 0)),
        Release::Trixie => (CudaVersion::new(13, 0), CudaVersion::new(13, 0)),
    }
}

const SEED: CudaVersion = CudaVersion::new(11, 4);
