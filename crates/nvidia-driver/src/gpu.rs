//! One GPU, and what its name, ids and chip let us expect of it.

use crate::class::class_of_name;
use crate::{Architecture, Chip, Display, GpuClass, GpuUuid, NvencExpectation, PciAddress};

/// One GPU of the machine. What nobody could say is `None`.
///
/// ```
/// use cosmos_nvidia_driver::{Architecture, Display, Gpu, GpuClass};
/// let mut gpu = Gpu::at("00000000:00:06.0".parse()?);
/// gpu.name = Some("NVIDIA H200".to_owned());
/// gpu.device_id = Some(0x2335);
/// gpu.pci_class = Some(0x03_02_00);
/// assert_eq!(gpu.class(), GpuClass::DataCentre);
/// assert_eq!(gpu.architecture(), Some(Architecture::Hopper));
/// assert_eq!(gpu.display(), Display::None);
/// assert_eq!(gpu.nvenc().unwrap().engines, 0..=0);
/// # Ok::<(), cosmos_nvidia_driver::PciAddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Gpu {
    /// Where it sits. No two GPUs share it.
    pub address: PciAddress,
    /// The product's name, as NVML or `/proc` has it.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<GpuUuid>,
    /// The number in `/dev/nvidiaN`. A container keeps the host's.
    pub minor: Option<u32>,
    /// The index NVML gives it *here*. A container counts anew from 0.
    pub index: Option<u32>,
    /// The PCI device id; the vendor is always 10de.
    pub device_id: Option<u16>,
    /// The vendor and device id of the board.
    pub subsystem: Option<(u16, u16)>,
    /// The 24-bit PCI class: 0x030000 is a VGA controller, 0x030200 one without connectors.
    pub pci_class: Option<u32>,
    /// The CUDA compute capability, major and minor.
    pub compute_capability: Option<(u32, u32)>,
    /// The class that NVML's brand stands for.
    pub brand: Option<GpuClass>,
    /// Whether it is cut into MIG instances.
    pub mig: Option<bool>,
    /// Whether some X server or compositor has a screen on it.
    pub display_active: Option<bool>,
    /// Whether the firmware shows its messages there.
    pub boot_vga: Option<bool>,
    /// The kernel driver that holds it: `nvidia`, `nouveau`, `vfio-pci`.
    pub kernel_driver: Option<String>,
    /// The connectors that the kernel lists, which needs nvidia-drm with `modeset=1`.
    pub connectors: Vec<Connector>,
    /// Whether this process may use it.
    pub access: Access,
}

impl Gpu {
    /// A GPU of which only the place is known.
    pub const fn at(address: PciAddress) -> Self {
        Self {
            address,
            name: None,
            uuid: None,
            minor: None,
            index: None,
            device_id: None,
            subsystem: None,
            pci_class: None,
            compute_capability: None,
            brand: None,
            mig: None,
            display_active: None,
            boot_vga: None,
            kernel_driver: None,
            connectors: Vec::new(),
            access: Access::None,
        }
    }

    /// The chip, by the device id.
    pub fn chip(&self) -> Option<Chip> {
        self.device_id.and_then(Chip::of_device)
    }

    /// The family of its chip: by the compute capability, else by the device id.
    pub fn architecture(&self) -> Option<Architecture> {
        let computed = self.compute_capability;
        let known = computed.and_then(|(major, minor)| Architecture::of_compute_capability(major, minor));
        known.or_else(|| self.chip().map(Chip::architecture))
    }

    /// For whom it was made: by its name, else by its brand, else by whether it has connectors.
    pub fn class(&self) -> GpuClass {
        let named = self.name.as_deref().and_then(class_of_name);
        let without_connectors = self.pci_class == Some(PCI_CLASS_3D);
        let shaped = if without_connectors { GpuClass::DataCentre } else { GpuClass::Consumer };
        named.or(self.brand).unwrap_or(shaped)
    }

    /// Whether it can drive a monitor.
    pub fn display(&self) -> Display {
        let laptop = || self.name.as_deref().is_some_and(is_of_a_laptop);
        match self.pci_class {
            _ if !self.connectors.is_empty() => Display::Connectors,
            Some(PCI_CLASS_3D) if self.class() == GpuClass::Consumer || laptop() => Display::Muxless,
            Some(PCI_CLASS_3D) => Display::None,
            Some(PCI_CLASS_VGA) => Display::Connectors,
            _ => Display::Unknown,
        }
    }

    /// The video encoder that this model is known to have; `None` for models that are not known. The truth is what
    /// opening a session says.
    pub fn nvenc(&self) -> Option<NvencExpectation> {
        NvencExpectation::of(self.chip(), self.compute_capability, self.name.as_deref())
    }

    /// Whether it is a slice of a GPU that a hypervisor hands out, told by names as `GRID T4-1B` and `NVIDIA A40-8Q`.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::Gpu;
    /// let mut gpu = Gpu::at("01:00.0".parse()?);
    /// gpu.name = Some("NVIDIA A40-8Q".to_owned());
    /// assert!(gpu.is_vgpu());
    /// # Ok::<(), cosmos_nvidia_driver::PciAddressError>(())
    /// ```
    pub fn is_vgpu(&self) -> bool {
        let profile = |word: &str| {
            let last = word.rsplit_once('-').and_then(|(_, last)| last.strip_suffix(['A', 'B', 'C', 'Q']));
            last.is_some_and(|size| !size.is_empty() && size.bytes().all(|digit| digit.is_ascii_digit()))
        };
        self.name.as_deref().is_some_and(|name| name.split_whitespace().next_back().is_some_and(profile))
    }
}

/// One connector as `/sys/class/drm` lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Connector {
    /// Its name, as `DP-1` or `HDMI-A-1`. The X driver counts from 0 and calls it `DP-0`.
    pub name: String,
    /// Whether a monitor hangs on it; `None` where the kernel does not know.
    pub connected: Option<bool>,
}

/// Whether this process may use a GPU. `/sys` and `/proc` of a container often list all GPUs of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Access {
    /// It may not: there is no device node, or NVML does not list it.
    None,
    /// Its device node is there; NVML could not be asked.
    DeviceNode,
    /// NVML lists it.
    Nvml,
}

fn is_of_a_laptop(name: &str) -> bool {
    name.split_whitespace().any(|word| word == "Laptop" || word == "Mobile" || word == "Max-Q")
}

/// A display controller with connectors.
pub(crate) const PCI_CLASS_VGA: u32 = 0x03_00_00;
/// A 3D controller, which has none.
pub(crate) const PCI_CLASS_3D: u32 = 0x03_02_00;
