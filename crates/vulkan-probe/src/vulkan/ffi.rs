//! Calls of Vulkan.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};

use ash::{Entry, Instance, ext, khr, vk};

use super::{INTERESTING, QueueFamily, Surfaces, VulkanDevice, VulkanFacts, driver_version};
use crate::{Verdict, child::Teller, uuid};

/// Fills in the loader, the instance and the devices.
///
/// # Errors
///
/// Why there is no instance, or no list of devices.
pub fn devices(facts: &mut VulkanFacts, teller: &mut Teller) -> Result<(), String> {
    teller.doing("opening the Vulkan loader");
    // SAFETY: the loader's constructors run; the process exists to find out what they do.
    let entry = unsafe { Entry::load() }.map_err(|error| format!("no Vulkan loader: {error}"))?;
    let version = instance_version(&entry)?;
    facts.loader = Some(text_of_version(version));
    teller.facts(facts);
    teller.doing("listing instance extensions");
    facts.instance_extensions = instance_extensions(&entry)?;
    facts.layers = layers(&entry)?;
    facts.surfaces = surfaces(&facts.instance_extensions);
    teller.doing("creating an instance");
    let headless = [khr::surface::NAME, ext::headless_surface::NAME];
    let instance = create(&entry, version, if facts.surfaces.headless { &headless } else { &[] })?;
    teller.doing("listing devices");
    // SAFETY: the instance is valid until the process ends.
    let devices = unsafe { instance.enumerate_physical_devices() }.map_err(said)?;
    let surface = facts.surfaces.headless.then(|| Headless::new(&entry, &instance)).and_then(Result::ok);
    for (index, device) in devices.into_iter().enumerate() {
        teller.doing(&format!("asking device {index}"));
        facts.devices.push(describe(&instance, version, device, surface.as_ref())?);
        teller.facts(facts);
    }
    teller.doing("destroying the instance");
    drop(surface);
    // SAFETY: nothing made from the instance is used any more.
    unsafe { instance.destroy_instance(None) };
    Ok(())
}

/// A surface that shows nothing.
struct Headless {
    surfaces: khr::surface::Instance,
    surface: vk::SurfaceKHR,
}

impl Headless {
    fn new(entry: &Entry, instance: &Instance) -> Result<Self, vk::Result> {
        let maker = ext::headless_surface::Instance::new(entry, instance);
        // SAFETY: the extension was enabled when the instance was made.
        let surface =
            unsafe { maker.create_headless_surface(&vk::HeadlessSurfaceCreateInfoEXT::default(), None) }?;
        Ok(Self { surfaces: khr::surface::Instance::new(entry, instance), surface })
    }

    fn supported(&self, device: vk::PhysicalDevice, family: u32) -> Option<bool> {
        // SAFETY: the surface is of the device's instance, and the index is one of its families.
        unsafe { self.surfaces.get_physical_device_surface_support(device, family, self.surface) }.ok()
    }
}

impl Drop for Headless {
    fn drop(&mut self) {
        // SAFETY: the surface was made by `new` and is destroyed here only, before its instance.
        unsafe { self.surfaces.destroy_surface(self.surface, None) };
    }
}

/// The version of the loader's instances.
///
/// # Errors
///
/// The loader's.
pub fn instance_version(entry: &Entry) -> Result<u32, String> {
    // SAFETY: the loader is open.
    let version = unsafe { entry.try_enumerate_instance_version() }.map_err(said)?;
    Ok(version.unwrap_or(vk::API_VERSION_1_0))
}

/// The names of the extensions of instances, sorted.
///
/// # Errors
///
/// The loader's.
pub fn instance_extensions(entry: &Entry) -> Result<Vec<String>, String> {
    // SAFETY: the loader is open.
    let found = unsafe { entry.enumerate_instance_extension_properties(None) }.map_err(said)?;
    Ok(sorted(found.iter().map(|extension| text(&extension.extension_name))))
}

fn layers(entry: &Entry) -> Result<Vec<String>, String> {
    // SAFETY: the loader is open.
    let found = unsafe { entry.enumerate_instance_layer_properties() }.map_err(said)?;
    Ok(sorted(found.iter().map(|layer| text(&layer.layer_name))))
}

/// An instance with extensions that are offered. It is never destroyed, unless the caller does so.
///
/// # Errors
///
/// The loader's, such as `ERROR_INCOMPATIBLE_DRIVER` without a driver.
pub fn create(entry: &Entry, version: u32, extensions: &[&CStr]) -> Result<Instance, String> {
    let application = vk::ApplicationInfo::default().api_version(version.min(vk::API_VERSION_1_3));
    let names = extensions.iter().map(|name| name.as_ptr()).collect::<Vec<_>>();
    let info =
        vk::InstanceCreateInfo::default().application_info(&application).enabled_extension_names(&names);
    // SAFETY: the structures live until the call returns, and the extensions are offered.
    unsafe { entry.create_instance(&info, None) }.map_err(said)
}

fn describe(
    instance: &Instance,
    loader: u32,
    device: vk::PhysicalDevice,
    surface: Option<&Headless>,
) -> Result<VulkanDevice, String> {
    let extensions = device_extensions(instance, device)?;
    let mut described = identify(instance, loader, device, &extensions);
    described.queue_families = queue_families(instance, device, surface);
    let interesting = INTERESTING.iter().map(|name| (*name).to_owned());
    described.extensions = interesting.map(|name| (name.clone(), extensions.contains(&name))).collect();
    described.extension_count = extensions.len();
    Ok(described)
}

/// The names of the extensions of a device, sorted.
///
/// # Errors
///
/// The driver's.
pub fn device_extensions(instance: &Instance, device: vk::PhysicalDevice) -> Result<Vec<String>, String> {
    // SAFETY: the device is of this instance.
    let found = unsafe { instance.enumerate_device_extension_properties(device) }.map_err(said)?;
    Ok(sorted(found.iter().map(|extension| text(&extension.extension_name))))
}

/// What tells a device from others: everything but its queues and its extensions.
pub fn identify(
    instance: &Instance,
    loader: u32,
    device: vk::PhysicalDevice,
    extensions: &[String],
) -> VulkanDevice {
    // SAFETY: the device is of this instance.
    let properties = unsafe { instance.get_physical_device_properties(device) };
    let version = properties.api_version.min(loader);
    let mut identified = base(&properties);
    let ids = version >= vk::API_VERSION_1_1;
    let driver = ids && (version >= vk::API_VERSION_1_2 || offers(extensions, khr::driver_properties::NAME));
    let pci = ids && offers(extensions, ext::pci_bus_info::NAME);
    more(instance, device, [ids, driver, pci], &mut identified);
    identified
}

fn base(properties: &vk::PhysicalDeviceProperties) -> VulkanDevice {
    let name = text(&properties.device_name);
    let kind = properties.device_type;
    let software = kind == vk::PhysicalDeviceType::CPU || Verdict::of_renderer(&name) == Verdict::Software;
    VulkanDevice {
        device_type: format!("{kind:?}"),
        api_version: text_of_version(properties.api_version),
        driver_version: driver_version(properties.vendor_id, properties.driver_version),
        vendor_id: properties.vendor_id,
        device_id: properties.device_id,
        driver_id: None,
        driver_name: None,
        driver_info: None,
        conformance_version: None,
        device_uuid: None,
        driver_uuid: None,
        pci: None,
        verdict: if software { Verdict::Software } else { Verdict::Hardware },
        queue_families: Vec::new(),
        extensions: Default::default(),
        extension_count: 0,
        name,
    }
}

/// The properties that came after Vulkan 1.0, each asked for only where it exists.
fn more(
    instance: &Instance,
    device: vk::PhysicalDevice,
    [ids, driver, pci]: [bool; 3],
    to: &mut VulkanDevice,
) {
    if !ids {
        return;
    }
    let mut id = vk::PhysicalDeviceIDProperties::default();
    let mut about = vk::PhysicalDeviceDriverProperties::default();
    let mut bus = vk::PhysicalDevicePCIBusInfoPropertiesEXT::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut id);
    if driver {
        properties = properties.push_next(&mut about);
    }
    if pci {
        properties = properties.push_next(&mut bus);
    }
    // SAFETY: the device is of this instance, and both know every structure of the chain.
    unsafe { instance.get_physical_device_properties2(device, &mut properties) };
    to.device_uuid = uuid::text(&id.device_uuid);
    to.driver_uuid = uuid::text(&id.driver_uuid);
    if driver {
        let passed = about.conformance_version;
        to.driver_id = Some(format!("{:?}", about.driver_id));
        to.driver_name = Some(text(&about.driver_name));
        to.driver_info = Some(text(&about.driver_info));
        to.conformance_version =
            Some(format!("{}.{}.{}.{}", passed.major, passed.minor, passed.subminor, passed.patch));
    }
    if pci {
        let vk::PhysicalDevicePCIBusInfoPropertiesEXT {
            pci_domain, pci_bus, pci_device, pci_function, ..
        } = bus;
        to.pci = Some(format!("{pci_domain:04x}:{pci_bus:02x}:{pci_device:02x}.{pci_function:x}"));
    }
}

fn queue_families(
    instance: &Instance,
    device: vk::PhysicalDevice,
    surface: Option<&Headless>,
) -> Vec<QueueFamily> {
    // SAFETY: the device is of this instance.
    let families = unsafe { instance.get_physical_device_queue_family_properties(device) };
    let family = |(index, family): (u32, &vk::QueueFamilyProperties)| {
        let has = |flags| family.queue_flags.contains(flags);
        QueueFamily {
            count: family.queue_count,
            flags: family.queue_flags.as_raw(),
            graphics: has(vk::QueueFlags::GRAPHICS),
            compute: has(vk::QueueFlags::COMPUTE),
            transfer: has(vk::QueueFlags::TRANSFER),
            video_decode: has(vk::QueueFlags::VIDEO_DECODE_KHR),
            video_encode: has(vk::QueueFlags::VIDEO_ENCODE_KHR),
            presents_headless: surface.and_then(|surface| surface.supported(device, index)),
        }
    };
    (0..).zip(&families).map(family).collect()
}

/// Whether a name is among those of extensions.
pub fn offers(extensions: &[String], name: &CStr) -> bool {
    extensions.iter().any(|known| known.as_bytes() == name.to_bytes())
}

fn surfaces(extensions: &[String]) -> Surfaces {
    let has = |name: &CStr| offers(extensions, name);
    Surfaces {
        xcb: has(khr::xcb_surface::NAME),
        xlib: has(khr::xlib_surface::NAME),
        wayland: has(khr::wayland_surface::NAME),
        headless: has(ext::headless_surface::NAME) && has(khr::surface::NAME),
        display: has(khr::display::NAME),
    }
}

fn text_of_version(version: u32) -> String {
    let (major, minor) = (vk::api_version_major(version), vk::api_version_minor(version));
    format!("{major}.{minor}.{}", vk::api_version_patch(version))
}

/// A field of a structure: characters up to a zero, or to its end.
fn text(field: &[c_char]) -> String {
    let bytes = field.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect::<Vec<_>>();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names = names.collect::<Vec<_>>();
    names.sort();
    names
}

/// The name of a result, such as `ERROR_INCOMPATIBLE_DRIVER`.
pub fn said(error: vk::Result) -> String {
    format!("{error:?}")
}
