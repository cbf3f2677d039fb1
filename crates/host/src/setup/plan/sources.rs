//! Where packages come from: lists of apt in its newer format, each with a key of its own.

use super::{Choice, Draft, Step, cuda, driver::Origin};
use crate::setup::{Change, Content, Release, Source};

/// A repository that is not the distribution's.
struct Repository {
    /// The name of its files.
    name: &'static str,
    uri: String,
    suite: &'static str,
    components: &'static str,
    key: String,
    fingerprint: &'static str,
}

/// The step that makes all of them known, and fetches their lists.
pub fn step(draft: &mut Draft<'_>, choice: &Choice) -> Option<Step> {
    let mut changes = Vec::new();
    let mut names = Vec::new();
    let mut hosts = Vec::new();
    if !draft.facts.packages.has("ca-certificates") {
        changes.push(Change::packages(["ca-certificates"]));
    }
    changes.extend(components(draft, &needed(draft, choice), &mut names));
    for repository in repositories(draft, choice) {
        hosts.push(host(&repository.uri).to_owned());
        if let Some(there) = adopted(draft, &repository) {
            draft.note(there);
        } else {
            changes.extend(repository.files(draft));
            names.push(repository.list());
        }
    }
    if let Some(text) = preferences(draft, choice) {
        changes.push(Change::file("/etc/apt/preferences.d/cosmos-nvidia", text));
    }
    if changes.is_empty() {
        return None;
    }
    changes.push(Change::Lists { names });
    let reason = match hosts.is_empty() {
        true => "what is needed is not among the components that apt takes packages from".to_owned(),
        false => format!("packages come from {}, each signed by its owner's key", hosts.join(", ")),
    };
    let step = Step::new("sources", "package sources", reason, changes).of_size(40, 220);
    Some(step.undone_by("lists and keys are removed; what is installed from there stays"))
}

fn repositories(draft: &Draft<'_>, choice: &Choice) -> Vec<Repository> {
    let release = draft.release;
    let docker = draft.facts.docker.as_ref().is_none_or(|docker| docker.package == "docker-ce");
    let mut all = Vec::new();
    if docker {
        let uri = format!("https://download.docker.com/linux/{}", release.of_docker());
        let key = format!("{uri}/gpg");
        let (suite, components) = (release.codename(), "stable");
        all.push(Repository { name: "docker", uri, suite, components, key, fingerprint: DOCKER });
    }
    if *choice != Choice::None {
        all.push(Repository {
            name: "nvidia-container-toolkit",
            uri: format!("https://nvidia.github.io/libnvidia-container/stable/deb/{}", draft.architecture),
            suite: "/",
            components: "",
            key: "https://nvidia.github.io/libnvidia-container/gpgkey".to_owned(),
            fingerprint: TOOLKIT,
        });
    }
    if needs_cuda(draft, choice) {
        let processor = if draft.architecture == "arm64" { "sbsa" } else { "x86_64" };
        let uri = format!(
            "https://developer.download.nvidia.com/compute/cuda/repos/{}/{processor}",
            release.of_nvidia()
        );
        let (file, fingerprint) = match release {
            Release::Trixie => ("8793F200.pub", CUDA_NEWER),
            _ => ("3bf863cc.pub", CUDA),
        };
        let key = format!("{uri}/{file}");
        all.push(Repository { name: "cuda", uri, suite: "/", components: "", key, fingerprint });
    }
    all
}

/// Whether packages of NVIDIA's own repository are needed.
fn needs_cuda(draft: &Draft<'_>, choice: &Choice) -> bool {
    matches!(choice, Choice::New { origin: Origin::Nvidia, .. }) || cuda::is_of_nvidia(draft, choice)
}

impl Repository {
    fn files(&self, draft: &Draft<'_>) -> [Change; 2] {
        let keyring = format!("/etc/apt/keyrings/cosmos-{}.asc", self.name);
        let components = if self.components.is_empty() {
            String::new()
        } else {
            format!("Components: {}\n", self.components)
        };
        let uri = if self.suite == "/" { format!("{}/", self.uri) } else { self.uri.clone() };
        let text = format!(
            "# Written by cosmos-setup.\nTypes: deb\nURIs: {uri}\nSuites: {}\n{components}Architectures: {}\nSigned-By: \
             {keyring}\n",
            self.suite, draft.architecture
        );
        let own = std::iter::once(self.fingerprint.to_owned());
        let fingerprints = own.chain(draft.wish.accepted_keys.iter().cloned()).collect();
        let content = Content::Key { url: self.key.clone(), fingerprints };
        [
            Change::File { path: keyring, mode: 0o644, owner: 0, content },
            Change::file(&format!("/etc/apt/sources.list.d/cosmos-{}.sources", self.name), text),
        ]
    }

    /// The name of the list that apt makes of it.
    fn list(&self) -> String {
        list(&self.uri, self.suite)
    }
}

/// The start of the names of a repository's lists, which apt makes of its address: slashes become underscores, and what
/// was one, or would trouble a shell, is quoted.
fn list(uri: &str, suite: &str) -> String {
    let place = uri.split_once("://").map_or(uri, |(_, place)| place);
    let mut name = String::new();
    for sign in place.chars() {
        match sign {
            '/' => name.push('_'),
            sign if QUOTED.contains(sign) => name += &format!("%{:02x}", u32::from(sign)),
            sign => name.push(sign),
        }
    }
    if suite == "/" { format!("{name}_") } else { format!("{name}_dists_{suite}_") }
}

/// Two lists of one repository with different keys are an error to apt: one that somebody else wrote is left to them.
fn adopted(draft: &Draft<'_>, repository: &Repository) -> Option<String> {
    let own = format!("cosmos-{}.sources", repository.name);
    let same = |uri: &str| uri.replace("$(ARCH)", draft.architecture) == repository.uri;
    let mut others =
        draft.facts.sources.iter().filter(|source| same(&source.uri) && !source.file.ends_with(&own));
    others
        .next()
        .map(|source| format!("{} is known by {}, which is left as it is", repository.uri, source.file))
}

/// The components of the distribution in which the driver is, and the programs that look at it.
fn needed(draft: &Draft<'_>, choice: &Choice) -> Vec<&'static str> {
    if draft.release.is_ubuntu() {
        // Where its driver is there already, by an earlier run for one, updates of it come from there.
        let packaged = match choice {
            Choice::None => false,
            Choice::New { .. } => true,
            Choice::Kept { .. } => draft.facts.driver.package.is_some(),
        };
        let restricted = packaged.then_some("restricted");
        return restricted.into_iter().chain((!draft.is_minimal()).then_some("universe")).collect();
    }
    let own = matches!(choice, Choice::New { origin: Origin::Debian | Origin::Nvidia, .. });
    match own || cuda::is_of_debian(draft, choice) {
        true => vec!["contrib", "non-free", "non-free-firmware"],
        false => Vec::new(),
    }
}

/// A list of those that are not among the sources.
fn components(draft: &Draft<'_>, needed: &[&str], names: &mut Vec<String>) -> Option<Change> {
    let release = draft.release.codename();
    let of_release: Vec<&Source> = draft
        .facts
        .sources
        .iter()
        .filter(|source| source.suite == release && !source.file.ends_with(MORE))
        .collect();
    let there = |wanted: &&&str| {
        of_release.iter().flat_map(|source| &source.components).any(|component| component == **wanted)
    };
    let missing: Vec<&str> = needed.iter().filter(|wanted| !there(wanted)).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let (archive, keyring) = archive(draft);
    // A mirror that the machine has is taken for the rest as well.
    let main = of_release.iter().find(|source| source.components.iter().any(|component| component == "main"));
    let uri = main.filter(|_| draft.release.is_ubuntu()).map_or(archive, |source| &source.uri);
    let key = main.and_then(|source| source.signed_by.as_deref()).unwrap_or(keyring);
    names.push(list(uri, release));
    let paragraph = |uri: &str, suites: &str| {
        format!(
            "Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: {}\nSigned-By: {key}\n",
            missing.join(" ")
        )
    };
    let text = match draft.release.is_ubuntu() {
        true => paragraph(uri, &format!("{release} {release}-updates {release}-security")),
        false => format!(
            "{}\n{}",
            paragraph(uri, &format!("{release} {release}-updates")),
            paragraph("http://deb.debian.org/debian-security", &format!("{release}-security")),
        ),
    };
    let text = format!("# Written by cosmos-setup: what it installs is here.\n{text}");
    Some(Change::file(&format!("/etc/apt/sources.list.d/{MORE}"), text))
}

/// The archive of the distribution, and the file of keys that sign it.
fn archive(draft: &Draft<'_>) -> (&'static str, &'static str) {
    match (draft.release.is_ubuntu(), draft.architecture) {
        (true, "arm64") => ("http://ports.ubuntu.com/ubuntu-ports", UBUNTU_KEYS),
        (true, _) => ("http://archive.ubuntu.com/ubuntu", UBUNTU_KEYS),
        (false, _) => ("http://deb.debian.org/debian", DEBIAN_KEYS),
    }
}

/// NVIDIA's repository holds drivers of every branch, which must not take the place of the distribution's.
fn preferences(draft: &Draft<'_>, choice: &Choice) -> Option<String> {
    if !needs_cuda(draft, choice) {
        return None;
    }
    let mut text = "# Written by cosmos-setup: of NVIDIA's repository only what nobody else has.\nPackage: *\nPin: origin \
                    developer.download.nvidia.com\nPin-Priority: 100\n"
        .to_owned();
    if let Choice::New { origin: Origin::Nvidia, branch, .. } = choice {
        text += &format!(
            "\n# The driver of branch {branch} is only there.\nPackage: nvidia-* libnvidia-* libcuda* libnvcuvid* \
             cuda-drivers* xserver-xorg-video-nvidia* firmware-nvidia-*\nPin: version {branch}.*\nPin-Priority: 1000\n"
        );
    }
    Some(text)
}

fn host(uri: &str) -> &str {
    uri.split('/').nth(2).unwrap_or_default()
}

/// The servers that a plan for a release needs, to see whether they can be reached.
pub fn hosts(release: Release) -> Vec<&'static str> {
    let own: &[&str] = if release.is_ubuntu() { &["archive.ubuntu.com"] } else { &["deb.debian.org"] };
    [own, &["download.docker.com", "nvidia.github.io", "developer.download.nvidia.com"]].concat()
}

const QUOTED: &str = "\\|{}[]<>\"^~_=!@#$%&*";
const MORE: &str = "cosmos-more.sources";
const DEBIAN_KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const UBUNTU_KEYS: &str = "/usr/share/keyrings/ubuntu-archive-keyring.gpg";

/// As Docker and NVIDIA have published them.
const DOCKER: &str = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";
const TOOLKIT: &str = "C95B321B61E88C1809C4F759DDCAE044F796ECB0";
const CUDA: &str = "EB693B3035CD5710E231E123A4B469963BF863CC";
const CUDA_NEWER: &str = "02182E60104FCDC26EAE1B8597A5D4CB8793F200";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_as_apt_names_them() {
        for (uri, suite, name) in [
            (
                "https://download.docker.com/linux/debian",
                "bookworm",
                "download.docker.com_linux_debian_dists_bookworm_",
            ),
            ("https://h/cuda/repos/ubuntu2204/x86_64", "/", "h_cuda_repos_ubuntu2204_x86%5f64_"),
            ("http://a~b/ubuntu", "noble", "a%7eb_ubuntu_dists_noble_"),
        ] {
            assert_eq!(list(uri, suite), name);
        }
    }
}
