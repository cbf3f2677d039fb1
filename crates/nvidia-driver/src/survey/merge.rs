//! One GPU, seen twice.

use super::root::Root;
use crate::{Access, Gpu};

/// The GPUs that NVML lists and those that the kernel shows, joined by address. `listed` says that NVML's list is
/// whole, so that what is not in it may not be used.
pub(super) fn gpus(from_nvml: Vec<Gpu>, from_kernel: Vec<Gpu>, listed: bool, root: &Root<'_>) -> Vec<Gpu> {
    let mut gpus = from_kernel;
    for gpu in &mut gpus {
        gpu.access = if listed { Access::None } else { node_access(gpu, root) };
    }
    for listed in from_nvml {
        match gpus.iter().position(|gpu| gpu.address == listed.address) {
            Some(at) => join(&mut gpus[at], listed),
            None => gpus.push(listed),
        }
    }
    gpus.sort_by_key(|gpu| gpu.address);
    gpus
}

/// NVML's word goes first where both have one, except for what only the kernel can know.
fn join(gpu: &mut Gpu, nvml: Gpu) {
    *gpu = Gpu {
        address: nvml.address,
        name: nvml.name.or(gpu.name.take()),
        uuid: nvml.uuid.or(gpu.uuid),
        minor: nvml.minor.or(gpu.minor),
        index: nvml.index,
        device_id: gpu.device_id.or(nvml.device_id),
        subsystem: gpu.subsystem.or(nvml.subsystem),
        pci_class: gpu.pci_class,
        compute_capability: nvml.compute_capability,
        brand: nvml.brand,
        mig: nvml.mig,
        display_active: nvml.display_active,
        boot_vga: gpu.boot_vga,
        kernel_driver: gpu.kernel_driver.take(),
        connectors: std::mem::take(&mut gpu.connectors),
        access: nvml.access,
    };
}

fn node_access(gpu: &Gpu, root: &Root<'_>) -> Access {
    let node = gpu.minor.is_some_and(|minor| root.exists(&format!("dev/nvidia{minor}")));
    if node { Access::DeviceNode } else { Access::None }
}
