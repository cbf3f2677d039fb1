//! Docker, and who may use it.

use super::{Draft, Step};
use crate::setup::{Change, Release, Version, Wanted};

/// The step that installs it; none where the distribution's own is there, whose containers go on.
pub fn step(draft: &mut Draft<'_>) -> Option<Step> {
    if let Some(docker) = draft.facts.docker.as_ref().filter(|docker| docker.package != "docker-ce") {
        draft.note(format!(
            "Docker is there as the distribution's package {} {}, which is kept",
            docker.package, docker.version
        ));
        return None;
    }
    let version = version(draft);
    let pinned = |name: &str| Wanted::new(name, version.clone());
    let mut wanted = vec![pinned("docker-ce"), pinned("docker-ce-cli")];
    wanted.extend(
        ["containerd.io", "docker-buildx-plugin", "docker-compose-plugin"]
            .map(|name| Wanted::new(name, Version::Any)),
    );
    let (title, reason) = match &version {
        Version::Starts(start) => {
            let number = start.trim_start_matches("5:").trim_end_matches(['~', '-']);
            (format!("Docker {number}"), format!("desktops run in containers; Docker {number} is asked for"))
        }
        _ => ("Docker".to_owned(), "desktops run in containers".to_owned()),
    };
    let step = Step::new("docker", &title, reason, vec![Change::Packages { wanted }]);
    Some(
        step.undone_by("the packages are purged; images and containers in /var/lib/docker stay")
            .of_size(120, 450),
    )
}

/// The step that lets a user start containers without being root.
pub fn group(draft: &mut Draft<'_>) -> Option<Step> {
    let user = draft.wish.user.clone()?;
    draft.note(format!("whoever is in the group docker is as good as root: {user} will be"));
    let reason = format!("{user} starts desktops without sudo, from the next login on");
    let changes = vec![Change::Member { user, group: "docker".to_owned() }];
    Some(Step::new("group", "group docker", reason, changes).undone_by("the user leaves the group"))
}

/// Docker's versions have an epoch, and the release in their tail.
fn version(draft: &mut Draft<'_>) -> Version {
    match (&draft.wish.docker, draft.is_seed()) {
        (Some(version), _) => Version::Starts(start(version)),
        (None, true) if draft.release == Release::Focal => Version::Starts(start(SEED)),
        (None, true) => {
            draft.note(format!(
                "Docker {SEED} was never published for {}: it gets the newest",
                draft.release.codename()
            ));
            Version::Any
        }
        (None, false) => Version::Any,
    }
}

/// `5:20.10.11~3-0~ubuntu-focal`, and from 23 on `5:28.3.2-1~ubuntu.24.04~noble`.
fn start(version: &str) -> String {
    let major = version.split('.').next().and_then(|number| number.parse::<u32>().ok());
    format!("5:{version}{}", if major.is_some_and(|major| major < 23) { '~' } else { '-' })
}

const SEED: &str = "20.10.11";
