//! What an X server finds here.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::driver::{LIBRARIES, names, text};

/// The servers, the NVIDIA X driver, and the devices that both need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XorgFacts {
    /// The X server for hardware.
    pub xorg: Option<String>,
    /// The X server in memory.
    pub xvfb: Option<String>,
    /// NVIDIA's X driver, `nvidia_drv.so`.
    pub nvidia_drv: Option<String>,
    /// NVIDIA's GLX for X servers, `libglxserver_nvidia.so`.
    pub glx_server: Option<String>,
    /// The version in the name of the latter.
    pub glx_server_version: Option<String>,
    /// `/dev/nvidia-modeset`.
    pub modeset_device: bool,
    /// The files in `/dev/dri`.
    pub dri: Vec<String>,
    /// The connectors of NVIDIA GPUs that a monitor hangs on, such as `card0-DP-1`.
    pub monitors: Vec<String>,
    /// `/dev/tty0`.
    pub tty0: bool,
    /// `/dev/tty7`.
    pub tty7: bool,
    /// `allowed_users` of Xwrapper.config; `None` without the file or the line.
    pub wrapper_users: Option<String>,
    /// Processes that hold `/dev/nvidia-modeset` open.
    pub modeset_holders: Vec<u32>,
    /// Their names.
    pub holder_names: Vec<String>,
    /// The line of an Xorg log, with its file, in which the kernel refused the screens.
    pub refusal: Option<String>,
}

impl XorgFacts {
    /// Reads below a root.
    pub fn read(root: &Path) -> Self {
        let first = |paths: &[&str]| {
            paths.iter().find(|path| root.join(path).exists()).map(|path| format!("/{path}"))
        };
        let glx_server = in_modules(root, "extensions", "libglxserver_nvidia.so");
        let version =
            |path: &String| path.split_once("libglxserver_nvidia.so.").map(|(_, version)| version.to_owned());
        let modeset_holders = modeset_holders(root);
        let name = |pid: &u32| text(root, &format!("proc/{pid}/comm"));
        Self {
            refusal: refusal(root),
            holder_names: modeset_holders
                .iter()
                .map(|pid| name(pid).map_or_else(|| "?".to_owned(), |name| name.trim().to_owned()))
                .collect(),
            xorg: first(&["usr/lib/xorg/Xorg", "usr/libexec/Xorg", "usr/bin/Xorg"]),
            xvfb: first(&["usr/bin/Xvfb", "usr/local/bin/Xvfb"]),
            nvidia_drv: in_modules(root, "drivers", "nvidia_drv.so"),
            glx_server_version: glx_server.as_ref().and_then(version).filter(|version| version.contains('.')),
            glx_server,
            modeset_device: root.join("dev/nvidia-modeset").exists(),
            dri: names(root, "dev/dri", |_| true),
            monitors: names(root, "sys/class/drm", |name| is_connected(root, name)),
            tty0: root.join("dev/tty0").exists(),
            tty7: root.join("dev/tty7").exists(),
            wrapper_users: text(root, "etc/X11/Xwrapper.config").and_then(|text| allowed_users(&text)),
            modeset_holders,
        }
    }
}

/// The longest name in a folder of X modules that begins so: the one with the version.
fn in_modules(root: &Path, folder: &str, name: &str) -> Option<String> {
    let places = LIBRARIES.iter().flat_map(|library| {
        ["xorg/modules", "nvidia/xorg", "xorg/modules/updates"]
            .map(|modules| [format!("{library}/{modules}/{folder}"), format!("{library}/{modules}")])
    });
    let found = places.flatten().filter_map(|place| {
        let longest =
            names(root, &place, |found| found.starts_with(name)).into_iter().max_by_key(String::len)?;
        Some(format!("/{place}/{longest}"))
    });
    found.max_by_key(String::len)
}

fn is_connected(root: &Path, connector: &str) -> bool {
    let read = |file: &str| text(root, &format!("sys/class/drm/{connector}/{file}"));
    let is = |file: &str, value: &str| read(file).is_some_and(|text| text.trim() == value);
    is("status", "connected") && is("device/device/vendor", "0x10de")
}

fn allowed_users(config: &str) -> Option<String> {
    let line = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "allowed_users").then(|| value.trim().to_owned())
    };
    config.lines().filter_map(line).next_back()
}

fn refusal(root: &Path) -> Option<String> {
    let logs = names(root, "var/log", |name| name.starts_with("Xorg.") && name.ends_with(".log"));
    logs.into_iter().find_map(|log| {
        let path = format!("var/log/{log}");
        let text = String::from_utf8_lossy(&fs::read(root.join(&path)).ok()?).into_owned();
        let line = text.lines().find(|line| line.contains("Failed to acquire modesetting permission"))?;
        Some(format!("/{path}: {}", line.trim()))
    })
}

fn modeset_holders(root: &Path) -> Vec<u32> {
    let holds = |pid: &String| {
        let files = fs::read_dir(root.join("proc").join(pid).join("fd")).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|target| target.ends_with("nvidia-modeset"))
    };
    let processes = names(root, "proc", |name| name.bytes().all(|byte| byte.is_ascii_digit()));
    processes.iter().filter(|pid| holds(pid)).filter_map(|pid| pid.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn modules_devices_and_holders_are_found() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(XorgFacts::read(root.path()), XorgFacts::default());
        put("usr/lib/xorg/Xorg", "");
        put("usr/lib/x86_64-linux-gnu/nvidia/xorg/nvidia_drv.so", "");
        put("usr/lib64/xorg/modules/extensions/libglxserver_nvidia.so", "");
        put("usr/lib64/xorg/modules/extensions/libglxserver_nvidia.so.580.159.04", "");
        put("dev/nvidia-modeset", "");
        put("dev/dri/card0", "");
        put("etc/X11/Xwrapper.config", "# allowed_users=anybody\nallowed_users = console\n");
        for (connector, status, vendor) in [
            ("DP-1", "connected", "0x10de"),
            ("DP-2", "disconnected", "0x10de"),
            ("DP-3", "connected", "0x8086"),
        ] {
            put(&format!("sys/class/drm/card0-{connector}/status"), &format!("{status}\n"));
            put(&format!("sys/class/drm/card0-{connector}/device/device/vendor"), &format!("{vendor}\n"));
        }
        put("proc/42/comm", "Xorg\n");
        put("var/log/Xorg.0.log", "(EE) NVIDIA(GPU-0): Failed to acquire modesetting permission.\n");
        fs::create_dir_all(root.path().join("proc/42/fd")).unwrap();
        symlink("/dev/nvidia-modeset", root.path().join("proc/42/fd/3")).unwrap();
        let facts = XorgFacts::read(root.path());
        assert_eq!(facts.xorg.as_deref(), Some("/usr/lib/xorg/Xorg"));
        assert!(facts.nvidia_drv.is_some());
        assert_eq!(facts.glx_server_version.as_deref(), Some("580.159.04"));
        assert_eq!((facts.modeset_device, facts.dri.len(), facts.tty0), (true, 1, false));
        assert_eq!(facts.monitors, ["card0-DP-1"]);
        assert_eq!(facts.wrapper_users.as_deref(), Some("console"), "a comment is none");
        assert_eq!((facts.modeset_holders, facts.holder_names), (vec![42], vec!["Xorg".to_owned()]));
        assert!(facts.refusal.is_some_and(|line| line.starts_with("/var/log/Xorg.0.log: ")));
    }
}
