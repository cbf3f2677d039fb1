//! File systems of machines that are not here.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use cosmos_nvidia_driver::Sources;
use tempfile::TempDir;

/// A root to be filled.
pub struct Machine(TempDir);

impl Machine {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn link(self, path: &str, target: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    /// A kernel module of this version, as both places show it.
    pub fn module(self, version: &str) -> Self {
        let line = format!(
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {version}  Wed Oct 27 21:21:55 UTC 2021"
        );
        self.file("proc/driver/nvidia/version", &line)
            .file("sys/module/nvidia/version", &format!("{version}\n"))
    }

    /// A display controller in `/sys`.
    pub fn pci(self, address: &str, device: &str, class: &str, driver: &str) -> Self {
        let at = format!("sys/bus/pci/devices/{address}");
        self.file(&format!("{at}/vendor"), "0x10de\n")
            .file(&format!("{at}/device"), device)
            .file(&format!("{at}/class"), class)
            .file(&format!("{at}/subsystem_vendor"), "0x10de\n")
            .file(&format!("{at}/subsystem_device"), "0x18bf\n")
            .link(&format!("{at}/driver"), &format!("../../../bus/pci/drivers/{driver}"))
    }

    /// What `/proc` says of a GPU.
    pub fn proc_gpu(self, address: &str, name: &str, minor: u32) -> Self {
        let uuid = format!("GPU-00000000-0000-0000-0000-{minor:012x}");
        let text = format!(
            "Model: \t\t {name}\nGPU UUID: \t {uuid}\nBus Location: \t {address}\nDevice Minor: \t {minor}\n"
        );
        self.file(&format!("proc/driver/nvidia/gpus/{address}/information"), &text)
    }

    /// Sources that see this machine and nothing else.
    pub fn sources(&self) -> Sources {
        Sources::from(self.path())
    }
}

/// Where this processor's libraries lie on Debian.
pub const LIBRARIES: &str =
    if cfg!(target_arch = "aarch64") { "usr/lib/aarch64-linux-gnu" } else { "usr/lib/x86_64-linux-gnu" };
