//! Vulkan in windows of an X display: which queues of which device can present there.

mod ffi;
mod x11;

use serde::{Deserialize, Serialize};

use crate::{Verdict, child::Teller};

/// What was found of Vulkan on one X display.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresentFacts {
    /// The name of the display that was asked.
    pub display: Option<String>,
    /// Why no device was asked.
    pub error: Option<String>,
    /// Why `VK_KHR_xcb_surface` was not tried.
    pub xcb_error: Option<String>,
    /// Why `VK_KHR_xlib_surface` was not tried.
    pub xlib_error: Option<String>,
    /// The devices, by PCI address, those without one last.
    pub devices: Vec<PresentDevice>,
}

/// One device, and its families of queues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresentDevice {
    /// The name that the driver gives it.
    pub name: String,
    /// The UUID of the device.
    pub device_uuid: Option<String>,
    /// The PCI address, such as `0000:00:06.0`.
    pub pci: Option<String>,
    /// Hardware or software.
    pub verdict: Verdict,
    /// Whether it has `VK_KHR_swapchain`, without which nothing is presented.
    pub swapchain: bool,
    /// The families of queues, by index.
    pub families: Vec<PresentFamily>,
    /// How pictures may follow each other in a window, such as `FIFO`, sorted; `None` when there is no window, or
    /// no answer.
    pub present_modes: Option<Vec<String>>,
    /// Why there is no answer for the window. NVIDIA's driver calls every family fit for a window of an X server
    /// without DRI3, and fails here.
    pub present_modes_error: Option<String>,
}

/// What one family of queues can present to. `None` when that could not be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresentFamily {
    /// Windows of the display, according to `vkGetPhysicalDeviceXcbPresentationSupportKHR`.
    pub xcb: Option<bool>,
    /// Windows of the display, according to `vkGetPhysicalDeviceXlibPresentationSupportKHR`.
    pub xlib: Option<bool>,
    /// A window that was made for the question, according to `vkGetPhysicalDeviceSurfaceSupportKHR`.
    pub window: Option<bool>,
}

impl PresentFacts {
    /// That of the best device which can present.
    pub fn verdict(&self) -> Verdict {
        let able = self.devices.iter().filter(|device| device.presents());
        able.map(|device| device.verdict).max().unwrap_or_default()
    }
}

impl PresentDevice {
    /// Whether some family presents to a window, in some mode. The answer for a real window counts more than the
    /// ones in general.
    pub fn presents(&self) -> bool {
        let presents = |family: &PresentFamily| family.window.or(family.xcb).or(family.xlib) == Some(true);
        self.swapchain && self.present_modes_error.is_none() && self.families.iter().any(presents)
    }
}

/// Gathers in this process, and tells what was found after each step.
pub(crate) fn gather(teller: &mut Teller) {
    let mut facts = PresentFacts::default();
    if let Err(error) = ffi::devices(&mut facts, teller) {
        facts.error = Some(error);
    }
    facts.devices.sort_by_key(|device| (device.pci.is_none(), device.pci.clone(), device.name.clone()));
    teller.facts(&facts);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_window_counts_more_than_words() {
        let family = |window, xcb, xlib| PresentFamily { window, xcb, xlib };
        for (families, presents) in [
            (vec![], false),
            (vec![family(Some(true), None, None)], true),
            (vec![family(Some(false), Some(true), Some(true))], false),
            (vec![family(None, None, Some(true))], true),
            (vec![family(None, Some(false), Some(true))], false),
            (vec![PresentFamily::default(), family(None, Some(true), None)], true),
        ] {
            let device = PresentDevice { families, swapchain: true, ..PresentDevice::default() };
            assert_eq!(device.presents(), presents, "{device:?}");
            let error = Some("ERROR_UNKNOWN".to_owned());
            let failing = PresentDevice { present_modes_error: error, ..device.clone() };
            assert!(!failing.presents(), "there must be a mode");
            assert!(!PresentDevice { swapchain: false, ..device }.presents(), "there must be a swapchain");
        }
    }

    #[test]
    fn a_gpu_that_cannot_present_does_not_count() {
        let able = PresentFamily { window: Some(true), ..PresentFamily::default() };
        let device = |verdict, families| PresentDevice {
            verdict,
            families,
            swapchain: true,
            ..PresentDevice::default()
        };
        let devices = vec![device(Verdict::Hardware, vec![]), device(Verdict::Software, vec![able])];
        assert_eq!(PresentFacts { devices, ..PresentFacts::default() }.verdict(), Verdict::Software);
    }
}
