//! Vulkan: the loader, the drivers it is given, and the devices they have.

mod ffi;
pub(crate) mod present;

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Manifest, Verdict, child::Teller, manifest};

/// What was found of Vulkan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VulkanFacts {
    /// The version of the loader's instances, such as `1.3.239`; `None` without a loader.
    pub loader: Option<String>,
    /// Why there are no devices.
    pub error: Option<String>,
    /// The manifests of drivers.
    pub manifests: Vec<Manifest>,
    /// The extensions of instances, sorted.
    pub instance_extensions: Vec<String>,
    /// The layers, sorted.
    pub layers: Vec<String>,
    /// The surfaces that an instance can make.
    pub surfaces: Surfaces,
    /// The devices, by PCI address, those without one last.
    pub devices: Vec<VulkanDevice>,
}

/// The kinds of surface that the loader and some driver offer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surfaces {
    /// `VK_KHR_xcb_surface`.
    pub xcb: bool,
    /// `VK_KHR_xlib_surface`.
    pub xlib: bool,
    /// `VK_KHR_wayland_surface`.
    pub wayland: bool,
    /// `VK_EXT_headless_surface`.
    pub headless: bool,
    /// `VK_KHR_display`.
    pub display: bool,
}

/// One physical device, with the fields that `vulkaninfo --summary` has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VulkanDevice {
    /// The name that the driver gives it.
    pub name: String,
    /// `DISCRETE_GPU`, `INTEGRATED_GPU`, `VIRTUAL_GPU`, `CPU` or `OTHER`.
    pub device_type: String,
    /// The version of Vulkan that it has, such as `1.3.230`.
    pub api_version: String,
    /// The version of its driver, in the driver's own fields.
    pub driver_version: String,
    /// The PCI vendor, or a Khronos one above `0xffff`.
    pub vendor_id: u32,
    /// The PCI device.
    pub device_id: u32,
    /// The driver, such as `NVIDIA_PROPRIETARY`.
    pub driver_id: Option<String>,
    /// The name of the driver.
    pub driver_name: Option<String>,
    /// More about the driver, in its own words.
    pub driver_info: Option<String>,
    /// The version of the conformance tests that it passed; zeroes for none.
    pub conformance_version: Option<String>,
    /// The UUID of the device: that of NVML, without `GPU-`, on NVIDIA.
    pub device_uuid: Option<String>,
    /// The UUID of the driver.
    pub driver_uuid: Option<String>,
    /// The PCI address, such as `0000:00:06.0`.
    pub pci: Option<String>,
    /// Hardware or software.
    pub verdict: Verdict,
    /// The families of queues, by index.
    pub queue_families: Vec<QueueFamily>,
    /// Whether it has each of the extensions that desktops and encoders want.
    pub extensions: BTreeMap<String, bool>,
    /// How many extensions it has.
    pub extension_count: usize,
}

/// One family of queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueFamily {
    /// How many queues it has.
    pub count: u32,
    /// All flags, as the driver gave them.
    pub flags: u32,
    /// Draws.
    pub graphics: bool,
    /// Runs compute shaders.
    pub compute: bool,
    /// Copies.
    pub transfer: bool,
    /// Decodes video (flag `0x20`).
    pub video_decode: bool,
    /// Encodes video (flag `0x40`).
    pub video_encode: bool,
    /// Whether it can present to a surface without a window system; `None` when that could not be asked.
    pub presents_headless: Option<bool>,
}

impl VulkanFacts {
    /// That of the best device.
    pub fn verdict(&self) -> Verdict {
        self.devices.iter().map(|device| device.verdict).max().unwrap_or_default()
    }
}

impl VulkanDevice {
    /// Whether a queue encodes video.
    pub fn encodes_video(&self) -> bool {
        self.queue_families.iter().any(|family| family.video_encode)
    }
}

/// Gathers in this process, and tells what was found after each step.
pub(crate) fn gather(places: &[PathBuf], teller: &mut Teller) {
    let mut facts = VulkanFacts { manifests: manifest::read_all(places), ..VulkanFacts::default() };
    teller.facts(&facts);
    for at in 0..facts.manifests.len() {
        teller.doing(&format!("opening the library of {}", facts.manifests[at].path.display()));
        facts.manifests[at].try_library();
        teller.facts(&facts);
    }
    if let Err(error) = ffi::devices(&mut facts, teller) {
        facts.error = Some(error);
    }
    facts.devices.sort_by_key(|device| (device.pci.is_none(), device.pci.clone(), device.name.clone()));
    teller.facts(&facts);
}

/// Versions of NVIDIA's drivers have fields of 10, 8, 8 and 6 bits, all others those of Vulkan itself.
fn driver_version(vendor: u32, version: u32) -> String {
    match vendor {
        NVIDIA => format!(
            "{}.{}.{}.{}",
            version >> 22,
            (version >> 14) & 0xff,
            (version >> 6) & 0xff,
            version & 0x3f
        ),
        _ => format!("{}.{}.{}", (version >> 22) & 0x7f, (version >> 12) & 0x3ff, version & 0xfff),
    }
}

const NVIDIA: u32 = 0x10de;

/// The extensions of devices that are reported.
const INTERESTING: [&str; 16] = [
    "VK_EXT_external_memory_dma_buf",
    "VK_EXT_image_drm_format_modifier",
    "VK_EXT_pci_bus_info",
    "VK_EXT_physical_device_drm",
    "VK_KHR_external_memory_fd",
    "VK_KHR_external_semaphore_fd",
    "VK_KHR_ray_tracing_pipeline",
    "VK_KHR_swapchain",
    "VK_KHR_video_decode_av1",
    "VK_KHR_video_decode_h264",
    "VK_KHR_video_decode_h265",
    "VK_KHR_video_encode_av1",
    "VK_KHR_video_encode_h264",
    "VK_KHR_video_encode_h265",
    "VK_KHR_video_encode_queue",
    "VK_KHR_video_queue",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_drivers_have_the_fields_of_their_vendor() {
        let nvidia = (580 << 22) | (159 << 14) | (4 << 6);
        assert_eq!(driver_version(NVIDIA, nvidia), "580.159.4.0");
        assert_eq!(driver_version(0x10005, 1), "0.0.1");
        assert_eq!(driver_version(0x8086, (22 << 22) | (3 << 12) | 6), "22.3.6");
    }
}
