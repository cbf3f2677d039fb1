//! Machines that are not here.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use cosmos_nvidia_driver::{DriverVersion, Gpu, install::Installed};

use crate::{
    gpu::{Facts, Graphics, Plan, Reason, System, Wish, plan},
    lease::{Holder, Lease, LeaseError},
};

/// The file system of a machine.
pub struct Tree(tempfile::TempDir);

impl Tree {
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A container with all that an X server needs.
    pub fn complete(version: &str) -> Self {
        let tree = Self::libraries(version);
        tree.file("sys/module/nvidia_modeset/refcnt", "1\n");
        tree.file("dev/nvidia-modeset", "");
        tree.file("usr/lib/xorg/Xorg", "");
        tree.file("usr/lib/xorg/modules/drivers/nvidia_drv.so", "");
        tree.file(&format!("usr/lib/xorg/modules/extensions/libglxserver_nvidia.so.{version}"), "");
        tree
    }

    /// A container with all that programs need.
    pub fn libraries(version: &str) -> Self {
        let tree = Self::empty();
        tree.module(version);
        tree.file(&format!("usr/lib64/libcuda.so.{version}"), "");
        tree.file("usr/lib64/libGLX_nvidia.so.0", "");
        tree.file("etc/vulkan/icd.d/nvidia_icd.json", "");
        tree.file("etc/vulkan/icd.d/lvp_icd.x86_64.json", "");
        tree.file("usr/share/glvnd/egl_vendor.d/10_nvidia.json", "");
        tree.file("usr/share/glvnd/egl_vendor.d/50_mesa.json", "");
        tree
    }

    pub fn a10g() -> Self {
        Self::complete("535.129.03").with_gpu("0000:00:1e.0", "0x2237", "0x030200", "NVIDIA A10G", 0)
    }

    pub fn t4() -> Self {
        Self::complete("535.183.01").with_gpu("0001:00:00.0", "0x1eb8", "0x030200", "Tesla T4", 0)
    }

    pub fn rtx3060() -> Self {
        Self::geforce("535.183.01")
    }

    pub fn geforce(version: &str) -> Self {
        Self::complete(version).with_gpu("0000:01:00.0", "0x2503", "0x030000", "NVIDIA GeForce RTX 3060", 0)
    }

    pub fn h200() -> Self {
        let tree = Self::libraries("580.159.04");
        tree.file("sys/module/nvidia_uvm/refcnt", "1\n");
        tree.file("usr/lib/xorg/Xorg", "");
        tree.with_gpu("0000:00:06.0", "0x2335", "0x030200", "NVIDIA H200", 0)
    }

    pub fn two() -> Self {
        Self::complete("550.54.14")
            .with_gpu("0000:01:00.0", "0x2503", "0x030000", "NVIDIA GeForce RTX 3060", 0)
            .with_gpu("0000:02:00.0", "0x2684", "0x030000", "NVIDIA GeForce RTX 4090", 1)
    }

    fn with_gpu(self, address: &str, device: &str, class: &str, name: &str, minor: u32) -> Self {
        let at = format!("sys/bus/pci/devices/{address}");
        for (attribute, text) in [("vendor", "0x10de"), ("device", device), ("class", class)] {
            self.file(&format!("{at}/{attribute}"), &format!("{text}\n"));
        }
        symlink("../../../bus/pci/drivers/nvidia", self.path(&format!("{at}/driver"))).unwrap();
        let text = format!(
            "Model: \t\t {name}\nGPU UUID: \t GPU-00000000-0000-0000-0000-{minor:012x}\n\
             Bus Location: \t {address}\nDevice Minor: \t {minor}\n"
        );
        self.file(&format!("proc/driver/nvidia/gpus/{address}/information"), &text);
        self.file(&format!("dev/nvidia{minor}"), "");
        self
    }

    /// A GPU that nobody has used yet: the kernel module does not tell its UUID.
    pub fn never_used(self, address: &str) -> Self {
        let path = format!("proc/driver/nvidia/gpus/{address}/information");
        let text = fs::read_to_string(self.path(&path)).unwrap();
        let hidden =
            text.replace("00000000-0000-0000-0000-000000000000", "????????-????-????-????-????????????");
        assert_ne!(hidden, text);
        self.file(&path, &hidden);
        self
    }

    /// A kernel module of this version.
    pub fn module(&self, version: &str) {
        let line = format!("NVRM version: NVIDIA UNIX x86_64 Kernel Module  {version}  Release Build\n");
        self.file("proc/driver/nvidia/version", &line);
        self.file("sys/module/nvidia/version", &format!("{version}\n"));
    }

    pub fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }

    /// Among the modules of the X server.
    pub fn rename(&self, from: &str, to: &str) {
        let module = |name: &str| self.path(&format!("usr/lib/xorg/modules/{name}"));
        fs::rename(module(from), module(to)).unwrap();
    }

    /// The plan without leases and installations.
    pub fn plan(&self, graphics: &Graphics) -> Plan {
        let facts = Facts::gather(self.0.path(), &[XORG.into()], None);
        plan(&facts, &Wish { graphics, size: cosmos_desktop::Size::new(1280, 720) })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }
}

/// A machine with a tree and a directory of leases.
pub struct Machine<'a> {
    tree: &'a Tree,
    leases: &'a Path,
    xorg: [PathBuf; 1],
}

impl<'a> Machine<'a> {
    pub fn new(tree: &'a Tree, leases: &'a Path) -> Self {
        Self { tree, leases, xorg: [XORG.into()] }
    }
}

impl System for Machine<'_> {
    fn root(&self) -> &Path {
        self.tree.0.path()
    }

    fn xorg(&self) -> &[PathBuf] {
        &self.xorg
    }

    fn userspace(&mut self, _: &DriverVersion) -> Result<Option<Installed>, Reason> {
        Ok(None)
    }

    fn lease(&mut self, gpu: &Gpu) -> Result<Lease, LeaseError> {
        Lease::take(self.leases, gpu.address, &Holder::display(20, gpu))
    }
}

const XORG: &str = "/usr/lib/xorg/Xorg";
