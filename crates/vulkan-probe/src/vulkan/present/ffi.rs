//! Calls of Vulkan that need an X display.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};

use ash::{Entry, Instance, khr, vk};

use super::{
    PresentDevice, PresentFacts, PresentFamily,
    x11::{Xcb, Xlib},
};
use crate::{
    child::Teller,
    vulkan::ffi::{create, device_extensions, identify, instance_extensions, instance_version, offers, said},
};

/// Asks every device, through each of the two client libraries that is there.
///
/// # Errors
///
/// Why no device was asked.
pub fn devices(facts: &mut PresentFacts, teller: &mut Teller) -> Result<(), String> {
    let (xcb, xlib) = connect(facts, teller)?;
    teller.doing("opening the Vulkan loader");
    // SAFETY: the loader's constructors run; the process exists to find out what they do.
    let entry = unsafe { Entry::load() }.map_err(|error| format!("no Vulkan loader: {error}"))?;
    let version = instance_version(&entry)?;
    let offered = instance_extensions(&entry)?;
    let xcb = xcb.filter(|_| has(&offered, khr::xcb_surface::NAME, &mut facts.xcb_error));
    let xlib = xlib.filter(|_| has(&offered, khr::xlib_surface::NAME, &mut facts.xlib_error));
    teller.doing("creating an instance for the X display");
    let instance = create(&entry, version, &wanted(xcb.is_some(), xlib.is_some()))?;
    let windows = Windows::new(&entry, &instance, xcb, xlib)?;
    teller.facts(facts);
    teller.doing("listing devices");
    // SAFETY: the instance is valid until the process ends.
    let devices = unsafe { instance.enumerate_physical_devices() }.map_err(said)?;
    for (index, device) in devices.into_iter().enumerate() {
        teller.doing(&format!("asking device {index} of windows"));
        let extensions = device_extensions(&instance, device)?;
        let known = identify(&instance, version, device, &extensions);
        let modes = windows.modes(device).transpose();
        facts.devices.push(PresentDevice {
            name: known.name,
            device_uuid: known.device_uuid,
            pci: known.pci,
            verdict: known.verdict,
            swapchain: offers(&extensions, khr::swapchain::NAME),
            families: windows.families(&instance, device),
            present_modes_error: modes.as_ref().err().cloned(),
            present_modes: modes.unwrap_or_default(),
        });
        teller.facts(facts);
    }
    teller.doing("destroying the instance for the X display");
    drop(windows);
    // SAFETY: nothing made from the instance is used any more.
    unsafe { instance.destroy_instance(None) };
    Ok(())
}

/// The display through both libraries; one of them is enough.
fn connect(facts: &mut PresentFacts, teller: &mut Teller) -> Result<(Option<Xcb>, Option<Xlib>), String> {
    fn noted<T>(opened: Result<T, String>, error: &mut Option<String>) -> Option<T> {
        opened.map_err(|reason| *error = Some(reason)).ok()
    }
    teller.doing("opening the X display with libxcb.so.1");
    let xcb = noted(Xcb::open(), &mut facts.xcb_error);
    teller.doing("opening the X display with libX11.so.6");
    let xlib = noted(Xlib::open(), &mut facts.xlib_error);
    facts.display = xlib.as_ref().and_then(|xlib| xlib.name.clone());
    match (&xcb, &xlib) {
        (None, None) => Err(facts.xcb_error.clone().unwrap_or_default()),
        _ => Ok((xcb, xlib)),
    }
}

fn has(offered: &[String], name: &CStr, error: &mut Option<String>) -> bool {
    let has = offers(offered, name) && offers(offered, khr::surface::NAME);
    if !has {
        *error = Some(format!("no driver offers {}", name.to_string_lossy()));
    }
    has
}

fn wanted(xcb: bool, xlib: bool) -> Vec<&'static CStr> {
    let mut names = Vec::new();
    names.extend((xcb || xlib).then_some(khr::surface::NAME));
    names.extend(xcb.then_some(khr::xcb_surface::NAME));
    names.extend(xlib.then_some(khr::xlib_surface::NAME));
    names
}

/// What is asked of each device.
struct Windows {
    xcb: Option<(khr::xcb_surface::Instance, Xcb)>,
    xlib: Option<(khr::xlib_surface::Instance, Xlib)>,
    window: Option<(khr::surface::Instance, vk::SurfaceKHR)>,
}

impl Windows {
    fn new(entry: &Entry, instance: &Instance, xcb: Option<Xcb>, xlib: Option<Xlib>) -> Result<Self, String> {
        let xcb = xcb.map(|xcb| (khr::xcb_surface::Instance::new(entry, instance), xcb));
        let xlib = xlib.map(|xlib| (khr::xlib_surface::Instance::new(entry, instance), xlib));
        let mut window = None;
        if let Some((maker, xcb)) = &xcb {
            let info = vk::XcbSurfaceCreateInfoKHR::default().connection(xcb.connection).window(xcb.window);
            // SAFETY: the extension was enabled when the instance was made, and connection and window stay open.
            let surface = unsafe { maker.create_xcb_surface(&info, None) }.map_err(said)?;
            window = Some((khr::surface::Instance::new(entry, instance), surface));
        }
        Ok(Self { xcb, xlib, window })
    }

    fn families(&self, instance: &Instance, device: vk::PhysicalDevice) -> Vec<PresentFamily> {
        // SAFETY: the device is of this instance.
        let count = unsafe { instance.get_physical_device_queue_family_properties(device) }.len();
        (0..).take(count).map(|index| self.family(device, index)).collect()
    }

    fn family(&self, device: vk::PhysicalDevice, index: u32) -> PresentFamily {
        let xcb = self.xcb.as_ref().map(|(extension, xcb)| {
            // SAFETY: the connection is open, and nobody else uses it.
            let connection: &mut c_void = unsafe { &mut *xcb.connection };
            // SAFETY: the device is of the instance, the index one of its families, the visual one of the display.
            unsafe {
                extension.get_physical_device_xcb_presentation_support(device, index, connection, xcb.visual)
            }
        });
        let xlib = self.xlib.as_ref().and_then(|(extension, xlib)| {
            let visual = vk::VisualID::try_from(xlib.visual).ok()?;
            // SAFETY: as above.
            Some(unsafe {
                extension.get_physical_device_xlib_presentation_support(device, index, xlib.display, visual)
            })
        });
        let window = self.window.as_ref().and_then(|(surfaces, window)| {
            // SAFETY: the surface is of the device's instance, and the index is one of its families.
            unsafe { surfaces.get_physical_device_surface_support(device, index, *window) }.ok()
        });
        PresentFamily { xcb, xlib, window }
    }

    fn modes(&self, device: vk::PhysicalDevice) -> Option<Result<Vec<String>, String>> {
        let (surfaces, window) = self.window.as_ref()?;
        // SAFETY: the surface is of the device's instance.
        let modes = unsafe { surfaces.get_physical_device_surface_present_modes(device, *window) };
        Some(modes.map_err(said).map(|modes| {
            let mut modes = modes.iter().map(|mode| format!("{mode:?}")).collect::<Vec<_>>();
            modes.sort();
            modes
        }))
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        if let Some((surfaces, window)) = &self.window {
            // SAFETY: the surface was made by `new` and is destroyed here only, before its instance.
            unsafe { surfaces.destroy_surface(*window, None) };
        }
    }
}
