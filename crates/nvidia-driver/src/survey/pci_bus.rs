//! GPUs as the kernel shows them in `/sys` and `/proc`, whatever driver holds them.

use std::path::Path;

use super::Finding;
use super::root::Root;
use crate::{Connector, Gpu, PciAddress, ProcGpu};

/// All display controllers of vendor 10de, and what NVIDIA's driver says of its own.
pub(super) fn gpus(root: &Root<'_>, findings: &mut Vec<Finding>) -> Vec<Gpu> {
    let mut gpus: Vec<Gpu> =
        addresses(root, SYS_DEVICES, findings).filter_map(|address| from_sys(root, address)).collect();
    for address in addresses(root, PROC_GPUS, findings) {
        let path = format!("{PROC_GPUS}/{address}/information");
        let Some(text) = root.text(&path, findings) else { continue };
        let told = ProcGpu::parse(&text);
        let known = gpus.iter().position(|gpu| gpu.address == address);
        let at = known.unwrap_or_else(|| {
            gpus.push(Gpu::at(address));
            gpus.len() - 1
        });
        add(&mut gpus[at], told);
    }
    gpus
}

fn add(gpu: &mut Gpu, told: ProcGpu) {
    gpu.name = told.model;
    gpu.uuid = told.uuid;
    gpu.minor = told.minor;
    gpu.kernel_driver.get_or_insert_with(|| "nvidia".to_owned());
}

fn addresses(
    root: &Root<'_>,
    path: &str,
    findings: &mut Vec<Finding>,
) -> impl Iterator<Item = PciAddress> + use<> {
    root.names(Path::new(path), findings).into_iter().filter_map(|name| name.parse().ok())
}

/// `None` for what is no display controller of NVIDIA's.
fn from_sys(root: &Root<'_>, address: PciAddress) -> Option<Gpu> {
    let attribute = |name: &str| root.attribute(&format!("{SYS_DEVICES}/{address}/{name}"));
    let number = |name: &str| attribute(name).and_then(|text| hexadecimal(&text));
    let id = |name: &str| number(name).and_then(|number| u16::try_from(number).ok());
    let class = number("class").filter(|class| class >> 16 == DISPLAY_CONTROLLER)?;
    if id("vendor") != Some(NVIDIA) {
        return None;
    }
    Some(Gpu {
        pci_class: Some(class),
        device_id: id("device"),
        subsystem: id("subsystem_vendor").zip(id("subsystem_device")),
        boot_vga: attribute("boot_vga").map(|text| text == "1"),
        kernel_driver: root.link_name(&format!("{SYS_DEVICES}/{address}/driver")),
        connectors: connectors(root, address),
        ..Gpu::at(address)
    })
}

/// `drm/card0/card0-DP-1`, for every card of the device.
fn connectors(root: &Root<'_>, address: PciAddress) -> Vec<Connector> {
    let drm = format!("{SYS_DEVICES}/{address}/drm");
    let names = |path: &str| root.names(Path::new(path), &mut Vec::new());
    let mut found = Vec::new();
    for card in names(&drm).into_iter().filter(|name| name.starts_with("card")) {
        for entry in names(&format!("{drm}/{card}")) {
            let Some(name) = entry.strip_prefix(&format!("{card}-")) else { continue };
            let status = root.attribute(&format!("{drm}/{card}/{entry}/status"));
            found.push(Connector { name: name.to_owned(), connected: status.as_deref().and_then(connected) });
        }
    }
    found
}

fn connected(status: &str) -> Option<bool> {
    match status {
        "connected" => Some(true),
        "disconnected" => Some(false),
        _ => None,
    }
}

fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

const SYS_DEVICES: &str = "sys/bus/pci/devices";
const PROC_GPUS: &str = "proc/driver/nvidia/gpus";
const NVIDIA: u16 = 0x10de;
const DISPLAY_CONTROLLER: u32 = 0x03;
