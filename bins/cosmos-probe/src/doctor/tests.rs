use std::collections::BTreeMap;

use cosmos_vulkan_probe::{
    Answer, EglDevice, EglFacts, EglPlatform, NvencCodec, NvencDevice, NvencFacts, PresentDevice,
    PresentFacts, PresentFamily, Verdict, VulkanDevice, VulkanFacts, nvenc_meaning,
};

use super::*;
use crate::{
    driver::{DriverFacts, Gpu},
    encoders::{Encoder, EncoderFacts},
    xorg::XorgFacts,
};

mod cases;

use cases::{CASES, STATES};

fn answer<F>(facts: F) -> Option<Answer<F>> {
    Some(Answer { facts: Some(facts), failure: None, log: Vec::new(), elapsed_ms: 1 })
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A workstation on which nothing is wrong.
fn healthy() -> Machine {
    let gpu = Gpu { pci: "0000:01:00.0".to_owned(), name: some("NVIDIA GeForce RTX 4090"), ..Gpu::default() };
    let driver = Some(DriverFacts {
        kernel_version: some("550.54.14"),
        open_module: Some(false),
        user_versions: vec!["550.54.14".to_owned()],
        modules: vec!["nvidia".to_owned(), "nvidia_modeset".to_owned()],
        graphics_library: some("/usr/lib/libGLX_nvidia.so.550.54.14"),
        gpus: vec![Gpu { class: Some(0x03_0000), device_id: Some(0x2684), ..gpu }],
        ..DriverFacts::default()
    });
    let xorg = Some(XorgFacts {
        xorg: some("/usr/lib/xorg/Xorg"),
        nvidia_drv: some("/x/nvidia_drv.so"),
        glx_server: some("/x/libglxserver_nvidia.so.550.54.14"),
        glx_server_version: some("550.54.14"),
        modeset_device: true,
        tty0: true,
        ..XorgFacts::default()
    });
    let mut machine = Machine { driver, xorg, ..Machine::default() };
    let codec = NvencCodec { name: "h264".to_owned(), ..NvencCodec::default() };
    let device = NvencDevice { open: Some(0), codecs: vec![codec], ..NvencDevice::default() };
    machine.report.nvenc = answer(NvencFacts { devices: vec![device], ..NvencFacts::default() });
    let platform = EglPlatform { vendor: some("NVIDIA"), works: true, ..EglPlatform::default() };
    let device = EglDevice { platform, ..EglDevice::default() };
    machine.report.egl = answer(EglFacts { devices: vec![device], ..EglFacts::default() });
    let verdict = Verdict::Hardware;
    let devices = vec![VulkanDevice { verdict, ..VulkanDevice::default() }];
    machine.report.vulkan = answer(VulkanFacts { devices, ..VulkanFacts::default() });
    machine.report.present =
        answer(PresentFacts { devices: vec![window(verdict)], ..PresentFacts::default() });
    machine.encoders = answer(encoders("nvh264enc", true));
    machine.settings.display = some(":0");
    machine.settings.width = Some(1920);
    machine.settings.height = Some(1080);
    machine
}

/// A device that draws in windows.
fn window(verdict: Verdict) -> PresentDevice {
    let families = vec![PresentFamily { window: Some(true), ..PresentFamily::default() }];
    let name = verdict.to_string();
    PresentDevice { name, verdict, families, swapchain: true, ..PresentDevice::default() }
}

/// Both encoders of H.264, of which one works and is taken.
fn encoders(chosen: &str, hardware: bool) -> EncoderFacts {
    let encoder = |element: &str, is_hardware: bool| Encoder {
        element: element.to_owned(),
        codec: some("H.264"),
        hardware: Some(is_hardware),
        works: Some(hardware == is_hardware),
        reason: (hardware != is_hardware).then(|| "not installed".to_owned()),
    };
    EncoderFacts {
        encoders: vec![encoder("nvh264enc", true), encoder("x264enc", false)],
        chosen: some(chosen),
        ..EncoderFacts::default()
    }
}

/// What a container without a GPU has.
fn no_gpu(machine: &mut Machine) {
    driver(machine, |driver| *driver = DriverFacts::default());
    let error = some("libcuda.so.1: cannot open shared object file: No such file or directory");
    machine.report.nvenc = answer(NvencFacts { error, ..NvencFacts::default() });
}

fn driver(machine: &mut Machine, change: impl Fn(&mut DriverFacts)) {
    machine.driver.iter_mut().for_each(change);
}

fn xorg(machine: &mut Machine, change: impl Fn(&mut XorgFacts)) {
    machine.xorg.iter_mut().for_each(change);
}

fn nvenc(machine: &mut Machine, status: u32) {
    let meaning = nvenc_meaning(status).to_owned();
    let device = NvencDevice {
        name: "NVIDIA GeForce RTX 4090".to_owned(),
        open: Some(status),
        meaning,
        ..NvencDevice::default()
    };
    machine.report.nvenc = answer(NvencFacts { devices: vec![device], ..NvencFacts::default() });
}

fn kernel(machine: &mut Machine, version: &str) {
    driver(machine, |driver| {
        driver.kernel_version = some(version);
        driver.user_versions = vec![version.to_owned()];
    });
    xorg(machine, |xorg| xorg.glx_server_version = some(version));
}

fn gpu(machine: &mut Machine, name: &str) {
    driver(machine, |driver| driver.gpus[0].name = some(name));
}

fn find(machine: &Machine, id: &str) -> Check {
    checks(machine).into_iter().find(|check| check.id == id).expect("every id of the table is a check")
}

#[test]
fn a_healthy_machine_has_nothing_wrong() {
    for check in checks(&healthy()) {
        assert_eq!(check.status, Status::Ok, "{check:?}");
        assert_eq!(check.fix, None);
    }
}

#[test]
fn each_fault_is_found_with_its_remedy() {
    for (id, status, words, spoil) in CASES {
        let mut machine = healthy();
        spoil(&mut machine);
        let check = find(&machine, id);
        assert_eq!(check.status, *status, "{id}: {check:?}");
        let said = format!("{} {}", check.evidence, check.fix.unwrap_or_default());
        assert!(said.contains(words), "{id}: {said}");
    }
}

/// A state that no case reaches, or that is reached and not in the table, is a mistake in one of both.
#[test]
fn every_state_of_every_check_has_a_case() {
    let mut reached = BTreeMap::<&str, Vec<Status>>::new();
    for check in checks(&healthy()) {
        reached.entry(check.id).or_default().push(check.status);
    }
    for (id, status, ..) in CASES {
        reached.entry(id).or_default().push(*status);
    }
    assert_eq!(STATES.len(), CHECKS.len());
    for (id, states) in STATES {
        let reached = reached.get(id).expect("the healthy machine reaches every check");
        for status in ALL {
            assert_eq!(reached.contains(&status), states.contains(&status), "{id}: {status:?}");
        }
    }
}

const ALL: [Status; 5] = [Status::Ok, Status::Warn, Status::Fail, Status::Unknown, Status::NotApplicable];

#[test]
fn what_was_not_looked_at_is_unknown() {
    for check in checks(&Machine::default()) {
        let no_display = check.id == "vulkan-windows";
        let wanted = if no_display { Status::NotApplicable } else { Status::Unknown };
        assert_eq!((check.status, check.fix), (wanted, None), "{}: {}", check.id, check.evidence);
    }
}

#[test]
fn limits_of_sessions_follow_the_driver() {
    for (version, limit) in
        [("440.33", 2), ("530.41.03", 5), ("535.54.03", 5), ("550.54.14", 8), ("591.59", 12)]
    {
        let mut machine = healthy();
        kernel(&mut machine, version);
        nvenc(&mut machine, 10);
        let fix = find(&machine, "nvenc-sessions").fix.unwrap_or_default();
        assert!(fix.starts_with(&format!("All {limit} NVENC")), "{version}: {fix}");
    }
}

#[test]
fn gpus_are_told_apart_by_the_branch_that_they_end_with() {
    for (device, version, status) in [
        (0x1b80, "590.48.01", Status::Fail),
        (0x1b80, "580.159.04", Status::Ok),
        (0x2182, "590.48.01", Status::Ok),
        (0x102d, "535.54.03", Status::Fail),
        (0x1eb8, "590.48.01", Status::Ok),
        (0x2b85, "550.54.14", Status::Fail),
        (0x2b85, "570.26", Status::Ok),
    ] {
        let mut machine = healthy();
        driver(&mut machine, |driver| driver.gpus[0].device_id = Some(device));
        kernel(&mut machine, version);
        assert_eq!(find(&machine, "legacy-gpu").status, status, "{device:04x} with {version}");
    }
}

#[test]
fn a_machine_without_a_gpu_is_not_told_of_drivers() {
    let mut machine = healthy();
    no_gpu(&mut machine);
    for (id, states) in STATES.iter().filter(|(id, _)| *id != "vulkan-windows") {
        let check = find(&machine, id);
        let silent = states.contains(&Status::NotApplicable);
        assert_eq!(check.status == Status::NotApplicable, silent, "{id}: {}", check.evidence);
    }
}
