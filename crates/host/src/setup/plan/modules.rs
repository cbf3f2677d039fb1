//! Ubuntu's kernels: the packages that follow them, and the modules that are built and signed for them.

use super::Draft;
use crate::setup::Release;

/// The package of the kernel that runs, as `linux-image-` goes on: `aws`, `generic-hwe-22.04`, `virtual`. Later kernels
/// come by it.
pub fn image<'a>(draft: &Draft<'a>) -> Option<&'a str> {
    let flavour = draft.facts.kernel.flavour()?;
    let follows = |name: &&str| {
        let of =
            |stem: &str| name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        // The image for virtual machines is the general one with fewer modules.
        of(flavour) || (flavour == "generic" && of("virtual"))
    };
    let images = draft.facts.packages.names().filter_map(|name| name.strip_prefix("linux-image-"));
    images.filter(follows).max_by_key(|name| (!is_left_behind(draft.release, name), name.len()))
}

/// The package of modules for it, as `linux-modules-nvidia-BRANCH-` goes on; none where Ubuntu builds none, so that they
/// have to be built on the machine.
pub fn built(draft: &Draft<'_>, branch: u32, server: bool) -> Option<String> {
    let image = image(draft)?;
    let flavour = draft.facts.kernel.flavour()?;
    // For later releases, 470's are there for kernels of long ago only: with them, the one that runs would have none.
    let too_old = branch < 535 && draft.release != Release::Focal;
    let never = server && image.ends_with("-lts-20.04");
    if too_old || never || !BUILT.contains(&flavour) || is_left_behind(draft.release, image) {
        return None;
    }
    Some(image.replacen("virtual", "generic", 1))
}

/// Names of kernels for which there are no modules of today any more: those of the release before, and tracks that ended.
fn is_left_behind(release: Release, image: &str) -> bool {
    let number = match release {
        Release::Focal => "20.04",
        Release::Jammy => "22.04",
        _ => "24.04",
    };
    let of_another = image.split_once("-hwe-").is_some_and(|(_, of)| !of.starts_with(number));
    of_another
        || image.ends_with("-6.11")
        || (release == Release::Noble && image.starts_with("lowlatency-hwe"))
}

const BUILT: [&str; 6] = ["aws", "azure", "gcp", "generic", "lowlatency", "oracle"];
