//! Machines that are not here, as trees of files.

use std::{fs, os::unix::fs::symlink, path::Path};

use cosmos_host::setup::{Facts, Plan, Profile, Tree, Wish, plan};
use tempfile::TempDir;

/// What a machine is.
#[derive(Clone, Copy)]
pub struct Machine {
    pub name: &'static str,
    pub release: &'static str,
    pub architecture: &'static str,
    pub kernel: &'static str,
    /// PCI devices, and whether they have connectors.
    pub gpus: &'static [(u16, bool)],
    /// Maker and product.
    pub cloud: (&'static str, &'static str),
    pub state: &'static [State],
    pub profile: Profile,
}

/// What is there already.
#[derive(Clone, Copy)]
pub enum State {
    /// A driver of this version is loaded.
    Loaded(&'static str),
    /// Libraries of a driver that is not loaded.
    Libraries(&'static str),
    /// A package in a version.
    Package(&'static str, &'static str),
    /// A file with a text.
    File(&'static str, &'static str),
    /// The machine has no systemd.
    NoSystemd,
    /// Secure Boot is on.
    SecureBoot,
}

impl Machine {
    /// Its files, below a directory that goes with what is returned.
    pub fn tree(&self) -> TempDir {
        let root = TempDir::new().unwrap();
        let write = |path: &str, text: &[u8]| write(root.path(), path, text);
        let (id, version) = self.release.split_once(' ').unwrap();
        let name =
            format!("PRETTY_NAME=\"{}\"\nID={}\nVERSION_ID=\"{version}\"\n", self.release, id.to_lowercase());
        write("etc/os-release", name.as_bytes());
        write("proc/sys/kernel/osrelease", format!("{}\n", self.kernel).as_bytes());
        write("sys/class/dmi/id/sys_vendor", self.cloud.0.as_bytes());
        write("sys/class/dmi/id/product_name", self.cloud.1.as_bytes());
        if !self.state.iter().any(|state| matches!(state, State::NoSystemd)) {
            write("lib/systemd/systemd", b"");
        }
        if id == "Ubuntu" {
            write("etc/apt/sources.list", UBUNTU_LIST.replace("NAME", codename(version)).as_bytes());
        }
        self.gpus(root.path());
        let mut status =
            paragraph("dpkg", "1.20", self.architecture) + &paragraph("ca-certificates", "1", "all");
        for state in self.state {
            match state {
                State::Loaded(version) => {
                    let line = format!(
                        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {version}  Mon Jan  1 00:00:00 UTC 2024\n"
                    );
                    write("proc/driver/nvidia/version", line.as_bytes());
                }
                State::Libraries(version) => write(&format!("usr/lib64/libcuda.so.{version}"), b""),
                State::Package(name, version) => status += &paragraph(name, version, self.architecture),
                State::File(path, text) => write(path, text.as_bytes()),
                State::SecureBoot => {
                    let path = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
                    write(path, &[6, 0, 0, 0, 1]);
                }
                State::NoSystemd => {}
            }
        }
        write("var/lib/dpkg/status", status.as_bytes());
        root
    }

    /// What is known of it, with room on its disk.
    pub fn facts(&self) -> Facts {
        let root = self.tree();
        Facts { room: Some(200_000_000_000), ..Facts::of(&Tree::at(root.path())) }
    }

    /// The plan for it.
    pub fn plan(&self) -> Plan {
        self.plan_of(&self.facts())
    }

    /// The plan for it, where more is known.
    pub fn plan_of(&self, facts: &Facts) -> Plan {
        let wish = Wish {
            profile: self.profile,
            user: Some("ann".to_owned()),
            program: "/usr/bin/cosmos-setup".to_owned(),
            ..Wish::default()
        };
        plan(facts, &wish)
    }

    fn gpus(&self, root: &Path) {
        for ((device, connectors), bus) in self.gpus.iter().zip(1..) {
            let at = format!("sys/bus/pci/devices/0000:{bus:02x}:00.0");
            write(root, &format!("{at}/vendor"), b"0x10de\n");
            write(root, &format!("{at}/device"), format!("{device:#06x}\n").as_bytes());
            let class = if *connectors { "0x030000\n" } else { "0x030200\n" };
            write(root, &format!("{at}/class"), class.as_bytes());
        }
    }
}

fn codename(version: &str) -> &'static str {
    match version {
        "20.04" => "focal",
        "22.04" => "jammy",
        _ => "noble",
    }
}

/// As images of clouds have it.
const UBUNTU_LIST: &str = "deb http://archive.ubuntu.com/ubuntu NAME main restricted universe multiverse\n";

fn paragraph(name: &str, version: &str, architecture: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\nVersion: {version}\n\n"
    )
}

pub fn write(root: &Path, path: &str, text: &[u8]) {
    let path = root.join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn links_of_a_tree_are_followed_in_it() {
    let root = TempDir::new().unwrap();
    write(root.path(), "usr/lib/os-release", b"ID=debian\nVERSION_ID=\"12\"\n");
    fs::create_dir_all(root.path().join("etc")).unwrap();
    symlink("/usr/lib/os-release", root.path().join("etc/os-release")).unwrap();
    let facts = Facts::of(&Tree::at(root.path()));
    assert!(facts.release().is_some());
    assert_eq!(facts.architecture, None);
}
