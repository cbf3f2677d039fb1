//! Whole runs in roots of Debian and Ubuntu, against a real apt and repositories of small packages with the real names under the
//! real addresses, in a network namespace with nothing else in it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cosmos_host::setup::{Ending, Facts, Progress, Real, Setup, SetupError, Tree, Wish, plan};
use tempfile::TempDir;

/// What the cases of a release share; `Err` says why there is none.
struct World {
    folder: TempDir,
}

impl World {
    fn of(suite: &str) -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("only root may make roots".to_owned());
        }
        for program in [
            "debootstrap",
            "dpkg-scanpackages",
            "apt-ftparchive",
            "gpg",
            "openssl",
            "ip",
            "unshare",
            "python3",
        ] {
            if Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_err()
            {
                return Err(format!("{program} is not installed"));
            }
        }
        let namespaces =
            Command::new("unshare").args(["--mount", "--net", "--pid", "--fork", "true"]).status();
        if !namespaces.is_ok_and(|status| status.success()) {
            return Err("namespaces cannot be made here".to_owned());
        }
        let folder = TempDir::new().unwrap();
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots");
        let world = folder.path().join("world");
        let mut command = Command::new("bash");
        let status = command.arg(file("world.sh")).arg(&world).arg(suite).arg(cache).status().unwrap();
        match status.code() {
            Some(0) => Ok(Self { folder }),
            Some(77) => Err("debootstrap cannot fetch the distribution".to_owned()),
            _ => panic!("world.sh: {status}"),
        }
    }

    fn run(&self, case: &str) {
        // The disk of one case is to be filled.
        let size = if case == "full" { "160m" } else { "2g" };
        let mut command = Command::new("unshare");
        // With a namespace of its processes, none of them outlives it.
        command
            .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "bash"])
            .arg(file("case.sh"))
            .arg(self.folder.path().join("world"));
        command.arg(env!("CARGO_BIN_EXE_cosmos-setup")).arg(env::current_exe().unwrap()).arg(case);
        let output = command.env("SIZE", size).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{case}: {}\n{said}\n{complaints}", output.status);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let home = self.folder.path().join("world/gnupg");
        let _ = Command::new("gpgconf").arg("--homedir").arg(home).args(["--kill", "all"]).status();
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roots").join(name)
}

/// The cases, of which each has a machine of its own.
fn run(suite: &str, cases: &[&str]) {
    match World::of(suite) {
        Ok(world) => cases.iter().for_each(|case| world.run(case)),
        Err(why) => eprintln!("SKIPPED {why}"),
    }
}

const ALL: [&str; 5] = ["whole", "killed", "faults", "full", "pending"];

#[test]
fn debian_12_is_set_up_and_put_back() {
    run("bookworm", &ALL);
}

#[test]
#[ignore = "takes minutes"]
fn debian_13_is_set_up_and_put_back() {
    run("trixie", &ALL);
}

#[test]
#[ignore = "takes minutes"]
fn ubuntu_20_04_is_set_up_and_put_back() {
    run("focal", &ALL);
}

#[test]
#[ignore = "takes minutes"]
fn ubuntu_22_04_is_set_up_and_put_back() {
    run("jammy", &ALL);
}

#[test]
#[ignore = "takes minutes"]
fn ubuntu_24_04_is_set_up_and_put_back() {
    run("noble", &ALL);
}

#[test]
#[ignore = "takes minutes"]
fn every_profile_is_set_up_and_put_back() {
    for suite in ["bookworm", "trixie", "jammy", "noble"] {
        run(suite, &["profiles"]);
    }
}

/// The role of `deploy/ansible`, where Ansible with its community collections is installed.
#[test]
#[ignore = "takes minutes, and Ansible"]
fn the_role_of_ansible_sets_a_root_up_once() {
    let listed = Command::new("ansible-doc").args(["-t", "connection", "community.general.chroot"]).output();
    match listed {
        Ok(listed) if listed.status.success() => run("bookworm", &["ansible"]),
        _ => eprintln!("SKIPPED ansible with community.general is not installed"),
    }
}

/// What `killed.sh` starts again and again: it ends itself right after a change, before the change is noted.
#[test]
#[ignore = "started by another test"]
fn dies_after_a_change() {
    let Some(root) = env::var_os("COSMOS_ROOT").map(PathBuf::from) else { return };
    let key = env::var("COSMOS_KEY").unwrap();
    let wish = Wish {
        user: Some("ann".to_owned()),
        accepted_keys: vec![key],
        program: "/usr/bin/cosmos-setup".to_owned(),
        ..Wish::default()
    };
    let mut programs = Real::at(&root);
    let mut setup = Setup { tree: Tree::at(&root), programs: &mut programs };
    let plan = plan(&Facts::of(&setup.tree), &wish);
    let mut made = 0;
    let ending: Result<Ending, SetupError> = setup.apply(&wish, plan, None, &mut |progress| {
        if let Progress::Made(change) = progress {
            made += 1;
            // The first is the one that was made by the run before, and not noted.
            println!("{change}");
            if made == 2 {
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
                    .unwrap();
            }
        }
    });
    if ending.unwrap() == Ending::RebootNeeded {
        println!("REBOOT");
    }
}
