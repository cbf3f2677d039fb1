//! Whether other containers of the machine can see a directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Whether nobody outside of this container sees what is in a directory. Without a container there is no outside.
/// `root` is the folder that stands for `/` where the container and its mounts are looked for.
pub fn is_private(root: &Path, directory: &Path) -> bool {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let mounts = fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
    let mounts: Vec<Mount<'_>> = mounts.lines().filter_map(Mount::parse).collect();
    is_container(root, &mounts)
        && mount_of(&mounts, &directory).is_none_or(|mount| mount.point == Path::new("/") || mount.is_fresh())
}

/// A line of `/proc/self/mountinfo`, see `proc_pid_mountinfo(5)`.
#[derive(Debug)]
struct Mount<'a> {
    /// What is mounted, below the root of its file system.
    part: &'a str,
    /// Where.
    point: PathBuf,
    kind: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (fields, source) = line.split_once(" - ")?;
        let mut fields = fields.split(' ').skip(3);
        let (part, point) = (fields.next()?, fields.next()?);
        Some(Self { part, point: unescaped(point).into(), kind: source.split(' ').next()? })
    }

    /// Whether it was made for one container. What is brought in from a file system in memory is a part of it.
    fn is_fresh(&self) -> bool {
        matches!(self.kind, "tmpfs" | "ramfs") && self.part == "/"
            || self.part.contains("/kubernetes.io~empty-dir/")
    }
}

fn is_container(root: &Path, mounts: &[Mount<'_>]) -> bool {
    MARKS.iter().any(|mark| root.join(mark).exists())
        || mount_of(mounts, Path::new("/")).is_some_and(|mount| mount.kind.contains("overlay"))
}

/// The mount that a path lies in: the last one of those at the nearest place.
fn mount_of<'a>(mounts: &'a [Mount<'a>], path: &Path) -> Option<&'a Mount<'a>> {
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    above.max_by_key(|mount| mount.point.components().count())
}

/// A blank, a tabulator, a line break and a backslash stand as octal numbers.
fn unescaped(text: &str) -> String {
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    codes.iter().fold(text.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

/// What runtimes leave in a container: Docker, Podman, systemd and those that follow it, Kubernetes.
const MARKS: [&str; 4] =
    [".dockerenv", "run/.containerenv", "run/systemd/container", "var/run/secrets/kubernetes.io"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const OVERLAY: &str = "1 0 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/x\n";
    const DISK: &str = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";

    fn check(mounts: &str, mark: Option<&str>) -> bool {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        fs::write(root.path().join("proc/self/mountinfo"), mounts).unwrap();
        if let Some(mark) = mark {
            fs::create_dir_all(root.path().join(mark)).unwrap();
        }
        is_private(root.path(), Path::new("/leases/of gpus"))
    }

    #[test]
    fn a_directory_that_the_container_made_itself_is_private() {
        for (mount, private) in [
            ("", true),
            ("2 1 0:60 /gpus /leases/of\\040gpus rw - tmpfs tmpfs rw\n", false),
            ("2 1 8:1 /srv/leases /leases/of\\040gpus rw shared:2 - ext4 /dev/sda1 rw\n", false),
            ("2 1 8:1 /srv /leases rw - ext4 /dev/sda1 rw\n", false),
            ("2 1 8:1 /srv /lea rw - ext4 /dev/sda1 rw\n", true),
            ("2 1 0:60 / /leases rw - tmpfs tmpfs rw\n", true),
            ("2 1 0:60 / /leases/of\\040gpus rw - tmpfs tmpfs rw\n", true),
            ("2 1 8:1 /pods/1/volumes/kubernetes.io~empty-dir/x /leases rw - ext4 /dev/sda1 rw\n", true),
        ] {
            assert_eq!(check(&format!("{OVERLAY}{mount}"), None), private, "{mount}");
        }
    }

    #[test]
    fn a_machine_without_containers_shares_with_itself() {
        assert!(!check(DISK, None) && !check("", None));
        for mark in MARKS {
            assert!(check(DISK, Some(mark)), "{mark}");
        }
    }
}
