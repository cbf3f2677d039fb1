//! The kernel, and what runs on it at start.

use serde::Serialize;

use crate::setup::{Tree, compare_versions};

/// The kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// Its release, as `6.8.0-1021-aws`.
    pub release: Option<String>,
    /// Whether the firmware loads signed code only, and so the kernel signed modules only.
    pub secure_boot: Option<bool>,
    /// The newest of the same flavour that is installed, where an older one runs: a reboot starts it.
    pub next: Option<String>,
    /// Whether its headers are there, to build modules with.
    pub headers: bool,
}

impl Kernel {
    /// The kernel that runs; in a tree without one, the newest that is installed.
    pub fn of(tree: &Tree) -> Self {
        let running = tree.text("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned());
        let release = running.or_else(|| tree.names("/lib/modules").pop());
        let headers = release
            .as_ref()
            .is_some_and(|release| tree.exists(&format!("/lib/modules/{release}/build/Makefile")));
        let next = release.as_deref().and_then(|running| next(tree, running));
        Self { release, secure_boot: secure_boot(tree), next, headers }
    }

    /// The last part of its release: `aws`, `generic`, `amd64`.
    pub fn flavour(&self) -> Option<&str> {
        flavour(self.release.as_deref()?)
    }

    /// The one that runs after a reboot.
    pub fn to_come(&self) -> Option<&str> {
        self.next.as_deref().or(self.release.as_deref())
    }
}

fn flavour(release: &str) -> Option<&str> {
    let parts = release.split('-').skip_while(|part| part.starts_with(|sign: char| sign.is_ascii_digit()));
    let rest: Vec<&str> = parts.collect();
    let start = release.len() - rest.join("-").len();
    Some(&release[start..]).filter(|flavour| !flavour.is_empty())
}

fn next(tree: &Tree, running: &str) -> Option<String> {
    let files = tree.names("/boot");
    let releases = files.iter().filter_map(|file| file.strip_prefix("vmlinuz-"));
    let newer = releases
        .filter(|release| flavour(release) == flavour(running) && compare_versions(release, running).is_gt());
    newer.max_by(|one, other| compare_versions(one, other)).map(str::to_owned)
}

/// The variable of the firmware has four bytes of attributes before its own one.
fn secure_boot(tree: &Tree) -> Option<bool> {
    if !tree.exists("/sys/firmware/efi") {
        return Some(false);
    }
    let value = tree.read(&format!("/sys/firmware/efi/efivars/SecureBoot-{GLOBAL}")).ok().flatten()?;
    value.get(4).map(|byte| *byte == 1)
}

/// The kernel's own driver for NVIDIA's GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nouveau {
    /// It is loaded.
    Loaded,
    /// Nothing keeps it from being loaded.
    Possible,
    /// It is kept out.
    Off,
}

impl Nouveau {
    /// Looks at what is loaded and what is forbidden.
    pub fn of(tree: &Tree) -> Self {
        let folders = ["/etc/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];
        let files = folders
            .iter()
            .flat_map(|folder| tree.names(folder).into_iter().map(move |name| format!("{folder}/{name}")));
        let forbids = |path: String| {
            let text = tree.text(&path).unwrap_or_default();
            path.ends_with(".conf")
                && text.lines().any(|line| line.split_whitespace().eq(["blacklist", "nouveau"]))
        };
        match () {
            () if tree.exists("/sys/module/nouveau") => Self::Loaded,
            () if files.into_iter().any(forbids) => Self::Off,
            () => Self::Possible,
        }
    }
}

/// What runs services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// systemd.
    Systemd,
    /// Something else, or nothing.
    Other,
}

impl Init {
    /// Whether systemd runs, or would if this tree were booted.
    pub fn of(tree: &Tree) -> Self {
        let there = ["/run/systemd/system", "/lib/systemd/systemd", "/usr/lib/systemd/systemd"];
        if there.iter().any(|path| tree.exists(path)) { Self::Systemd } else { Self::Other }
    }
}

/// What may keep browsers out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Firewall {
    /// ufw, switched on.
    Ufw,
    /// firewalld.
    Firewalld,
    /// None that is known.
    None,
}

impl Firewall {
    /// Looks for those that are switched on.
    pub fn of(tree: &Tree) -> Self {
        let ufw = tree.text("/etc/ufw/ufw.conf").unwrap_or_default();
        let wanted = "/etc/systemd/system/multi-user.target.wants/firewalld.service";
        match () {
            () if ufw.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=yes")) => Self::Ufw,
            () if tree.target(wanted).is_some() => Self::Firewalld,
            () => Self::None,
        }
    }
}

const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn the_flavour_is_what_follows_the_numbers() {
        for (release, flavour) in [
            ("6.8.0-1021-aws", Some("aws")),
            ("5.15.0-119-generic", Some("generic")),
            ("6.1.0-26-cloud-amd64", Some("cloud-amd64")),
            ("6.12.48+deb13-arm64", Some("arm64")),
            ("6.6.1", None),
        ] {
            let kernel = Kernel { release: Some(release.to_owned()), ..Kernel::default() };
            assert_eq!(kernel.flavour(), flavour, "{release}");
        }
        assert_eq!(Kernel::default().flavour(), None);
    }

    #[test]
    fn the_newest_of_the_same_flavour_comes_next() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("proc/sys/kernel/osrelease", "6.1.0-26-amd64\n");
        for name in
            ["vmlinuz", "vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-26-amd64", "vmlinuz-6.9.0-1-cloud-amd64"]
        {
            write(&format!("boot/{name}"), "");
        }
        let seen = || Kernel::of(&Tree::at(root.path()));
        assert_eq!((seen().next.as_deref(), seen().to_come()), (None, Some("6.1.0-26-amd64")));
        write("boot/vmlinuz-6.1.0-41-amd64", "");
        write("boot/vmlinuz-6.1.0-40-amd64", "");
        assert_eq!(seen().to_come(), Some("6.1.0-41-amd64"));
    }
}
