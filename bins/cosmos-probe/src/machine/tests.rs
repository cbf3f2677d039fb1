//! The answers of a real H200, taken in one run, compared field by field with those of the field's programs there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_nvidia_driver::Source;

use super::*;
use crate::doctor::Status;

const PROBE: &str = include_str!("../../testdata/h200-probe.json");
const NVIDIA_SMI: &str = include_str!("../../testdata/h200-nvidia-smi.txt");
const VULKANINFO: &str = include_str!("../../testdata/h200-vulkaninfo.txt");
const GLXINFO: &str = include_str!("../../testdata/h200-glxinfo.txt");
const EGLINFO: &str = include_str!("../../testdata/h200-eglinfo.txt");

fn h200() -> Machine {
    let mut document = document();
    let driver_failure = serde_json::from_value(document["driver"]["failure"].clone()).unwrap();
    let mut take = |area: &str| document[area].take();
    let names = ["vulkan", "gl", "egl", "nvenc", "present"];
    let report = names.map(|area| (area.to_owned(), take(area)));
    Machine {
        report: serde_json::from_value(Value::Object(report.into_iter().collect())).unwrap(),
        driver: serde_json::from_value(take("driver")).unwrap(),
        driver_failure,
        encoders: serde_json::from_value(take("encoders")).unwrap(),
        screen: serde_json::from_value(take("screen")).unwrap(),
        xorg: serde_json::from_value(take("xorg")).unwrap(),
        settings: serde_json::from_value(take("settings")).unwrap(),
    }
}

fn document() -> Value {
    serde_json::from_str(PROBE).unwrap()
}

/// The value behind the first `NAME = VALUE` or `NAME: VALUE`.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let line = |line: &'a str| line.trim().strip_prefix(name)?.trim_start().strip_prefix(['=', ':']);
    text.lines().find_map(line).unwrap().trim()
}

#[test]
fn the_driver_is_that_of_nvidia_smi() {
    let driver = h200().driver.unwrap();
    let gpu = &driver.gpus[0];
    assert_eq!(driver.kernel_version.as_deref(), Some(field(NVIDIA_SMI, "Driver Version")));
    assert_eq!(driver.user_version(), Some(field(NVIDIA_SMI, "Driver Version")));
    assert_eq!(driver.open_module, Some(true));
    assert_eq!(gpu.name.as_deref(), Some(field(NVIDIA_SMI, "Product Name")));
    assert_eq!(gpu.uuid.as_deref(), Some(field(NVIDIA_SMI, "GPU UUID")));
    assert_eq!(format!("0000{}", gpu.pci), field(NVIDIA_SMI, "Bus Id"));
    assert_eq!(gpu.minor.map(|minor| minor.to_string()).as_deref(), Some(field(NVIDIA_SMI, "Minor Number")));
    assert_eq!(
        format!("{:#06X}10DE", gpu.device_id.unwrap()).replace("0X", "0x"),
        field(NVIDIA_SMI, "Device Id")
    );
    assert_eq!(gpu.class, Some(0x03_0200));
}

#[test]
fn nvml_is_heard_and_agrees_with_the_kernel() {
    let machine = h200();
    let driver = machine.driver.as_ref().unwrap();
    assert_eq!((&machine.driver_failure, driver.library_refused), (&None, false));
    let of = |source: &str| driver.observations.iter().find(|seen| seen.source == source);
    for source in [Source::ProcVersion, Source::SysModule, Source::Nvml, Source::NvidiaSmi, Source::Library] {
        let seen = of(&source.to_string()).map(|seen| seen.version.as_str());
        assert_eq!(seen, Some(field(NVIDIA_SMI, "Driver Version")), "{source}");
    }
    assert_eq!(driver.cuda.as_deref(), Some(field(NVIDIA_SMI, "CUDA Version")));
    let gpu = &driver.gpus[0];
    assert_eq!((gpu.index, gpu.usable, gpu.mig), (Some(0), Some(true), Some(false)));
    assert_eq!(gpu.architecture.as_deref(), Some(field(NVIDIA_SMI, "Product Architecture")));
    assert_eq!((gpu.compute_capability, gpu.chip.as_deref()), (Some((9, 0)), Some("GH100")));
    assert_eq!(gpu.display_active, Some(field(NVIDIA_SMI, "Display Active") == "Enabled"));
}

#[test]
fn vulkan_in_windows_is_asked_of_the_same_gpu() {
    let machine = h200();
    let facts = facts(&machine.report.present).unwrap();
    let device = &facts.devices[0];
    assert_eq!(facts.display, machine.settings.display);
    assert_eq!(device.device_uuid.as_deref(), Some(field(VULKANINFO, "deviceUUID")));
    assert!(
        device.families.iter().all(|family| family.xcb.is_some() && family.window.is_some()),
        "{device:?}"
    );
    // vulkaninfo, too, is told that queues present to windows of this X server, and fails at the next question.
    assert_eq!(device.present_modes_error.as_deref(), Some("ERROR_UNKNOWN"));
    assert_eq!(facts.verdict(), Verdict::Nothing);
}

#[test]
fn vulkan_is_that_of_vulkaninfo() {
    let machine = h200();
    let facts = machine.report.vulkan.as_ref().unwrap().facts.as_ref().unwrap();
    let device = &facts.devices[0];
    assert_eq!(facts.devices.len(), 1);
    assert_eq!(machine.vulkan(), Verdict::Hardware);
    assert_eq!(device.api_version, field(VULKANINFO, "apiVersion"));
    assert_eq!(format!("{:#06x}", device.vendor_id), field(VULKANINFO, "vendorID"));
    assert_eq!(format!("{:#06x}", device.device_id), field(VULKANINFO, "deviceID"));
    assert_eq!(format!("PHYSICAL_DEVICE_TYPE_{}", device.device_type), field(VULKANINFO, "deviceType"));
    assert_eq!(device.name, field(VULKANINFO, "deviceName"));
    let driver = format!("DRIVER_ID_{}", device.driver_id.as_ref().unwrap());
    assert_eq!(driver, field(VULKANINFO, "driverID"));
    for (ours, name) in [
        (&device.driver_name, "driverName"),
        (&device.driver_info, "driverInfo"),
        (&device.conformance_version, "conformanceVersion"),
        (&device.device_uuid, "deviceUUID"),
        (&device.driver_uuid, "driverUUID"),
    ] {
        assert_eq!(ours.as_deref(), Some(field(VULKANINFO, name)));
    }
    assert_eq!(device.driver_version, field(VULKANINFO, "driverVersion"));
    assert!(device.queue_families.iter().any(|family| family.graphics && family.compute && family.transfer));
    assert!(!device.encodes_video());
}

#[test]
fn glx_in_an_x_server_in_memory_is_that_of_glxinfo() {
    let machine = h200();
    let facts = machine.report.gl.as_ref().unwrap().facts.as_ref().unwrap();
    assert_eq!(facts.display.as_deref(), Some(":0"));
    assert_eq!(facts.vendor.as_deref(), Some(field(GLXINFO, "OpenGL vendor string")));
    assert_eq!(facts.renderer.as_deref(), Some(field(GLXINFO, "OpenGL renderer string")));
    assert_eq!(facts.version.as_deref(), Some(field(GLXINFO, "OpenGL version string")));
    assert_eq!((facts.direct, field(GLXINFO, "direct rendering")), (Some(true), "Yes"));
    assert_eq!(machine.gl(), Verdict::Hardware);
    assert_eq!(facts.nv_glx, Some(false), "the X server is not NVIDIA's");
}

#[test]
fn egl_is_that_of_eglinfo() {
    let machine = h200();
    let facts = machine.report.egl.as_ref().unwrap().facts.as_ref().unwrap();
    let (client, surfaceless) = EGLINFO.split_once("X11 platform:").unwrap();
    // Newer versions of eglinfo put commas between them.
    let words = client.split(|letter: char| letter == ',' || letter.is_whitespace());
    let mut extensions = words.filter(|word| word.starts_with("EGL_")).collect::<Vec<_>>();
    extensions.sort_unstable();
    assert_eq!(facts.client_extensions, extensions);
    let platform = facts.platforms.iter().find(|platform| platform.name == "surfaceless").unwrap();
    assert_eq!(platform.vendor.as_deref(), Some(field(surfaceless, "EGL vendor string")));
    assert_eq!(platform.version.as_deref(), Some(field(surfaceless, "EGL version string")));
    assert_eq!(platform.apis.as_deref().map(str::trim), Some(field(surfaceless, "EGL client APIs")));
    assert_eq!(facts.devices[0].platform.verdict, Verdict::Hardware);
}

#[test]
fn nvenc_is_refused_with_status_2_and_the_doctor_says_so() {
    let machine = h200();
    let facts = machine.report.nvenc.as_ref().unwrap().facts.as_ref().unwrap();
    assert_eq!((facts.cuda.as_deref(), facts.max_api.as_deref()), (Some("13.0"), Some("13.0")));
    assert_eq!(field(NVIDIA_SMI, "CUDA Version"), "13.0");
    assert_eq!(facts.devices[0].open, Some(2));
    assert!(facts.devices[0].meaning.contains("no NVENC engine"));
    let checks = doctor::checks(&machine);
    let check = |id: &str| checks.iter().find(|check| check.id == id).unwrap();
    assert_eq!(check("nvenc-engine").status, Status::Warn);
    assert_eq!(check("driver-versions").status, Status::Ok);
    let reasons = &check("x-driver-files").evidence;
    for reason in
        ["nvidia_drv.so", "libglxserver_nvidia.so", "/dev/nvidia-modeset", "nvidia_modeset is not loaded"]
    {
        assert!(reasons.contains(reason), "{reasons}");
    }
}

#[test]
fn the_interfaces_are_joined_to_one_gpu() {
    let gpus = h200().joined();
    assert_eq!(gpus.len(), 1);
    for interface in ["vulkan", "egl", "nvenc"] {
        assert_eq!(gpus[0][interface], 0, "{interface}: {}", gpus[0]);
    }
    assert_eq!((&gpus[0]["nvml"], &gpus[0]["gl"]), (&json!(0), &json!(true)), "{}", gpus[0]);
}
