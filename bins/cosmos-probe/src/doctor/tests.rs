use cosmos_vulkan_probe::{
    Answer, EglDevice, EglFacts, EglPlatform, Failure, GlFacts, Manifest, NvencCodec, NvencDevice,
    NvencFacts, VulkanFacts, nvenc_meaning,
};

use super::*;
use crate::{
    driver::{DriverFacts, Gpu},
    xorg::XorgFacts,
};

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
    machine.report.vulkan = answer(VulkanFacts::default());
    machine.settings.width = Some(1920);
    machine.settings.height = Some(1080);
    machine
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

type Case = (&'static str, Status, &'static str, fn(&mut Machine));

/// What spoils a healthy machine, the one finding that this must raise, and words of its evidence or remedy.
const CASES: &[Case] = &[
    ("probe-failures", Status::Fail, "SIGSEGV", |machine| {
        let failure = Failure::Died { signal: 11, name: "SIGSEGV".to_owned(), doing: "x".to_owned() };
        machine.report.vulkan.iter_mut().for_each(|answer| answer.failure = Some(failure.clone()));
    }),
    ("driver-versions", Status::Fail, "Restart the container", |machine| {
        driver(machine, |driver| driver.user_versions = vec!["535.54.03".to_owned()]);
    }),
    ("driver-versions", Status::Fail, "550.54.14 and 560.28.03", |machine| {
        driver(machine, |driver| driver.user_versions.push("560.28.03".to_owned()));
    }),
    ("driver-versions", Status::Warn, "--gpus", |machine| {
        driver(machine, |driver| {
            driver.kernel_version = None;
            driver.gpus.clear();
        });
    }),
    ("libraries", Status::Fail, "apt-get install libxext6", |machine| {
        let manifest = Manifest {
            path: "/etc/vulkan/icd.d/nvidia_icd.json".into(),
            library: some("libGLX_nvidia.so.0"),
            api_version: None,
            opens: Some(false),
            missing: some("libXext.so.6"),
            error: some("libXext.so.6: cannot open shared object file: No such file or directory"),
        };
        machine.report.vulkan = answer(VulkanFacts { manifests: vec![manifest], ..VulkanFacts::default() });
    }),
    ("libraries", Status::Fail, "must include graphics", |machine| {
        let manifest = Manifest {
            path: "/etc/vulkan/icd.d/nvidia_icd.json".into(),
            library: some("libGLX_nvidia.so.0"),
            api_version: None,
            opens: Some(false),
            missing: None,
            error: some("libGLX_nvidia.so.0: cannot open shared object file: No such file or directory"),
        };
        machine.report.vulkan = answer(VulkanFacts { manifests: vec![manifest], ..VulkanFacts::default() });
    }),
    ("headless-variant", Status::Fail, "install nvidia-driver-550 there", |machine| {
        machine.report.egl = answer(EglFacts::default());
        driver(machine, |driver| driver.graphics_library = None);
    }),
    ("headless-variant", Status::Fail, "install nvidia-driver-550-open", |machine| {
        driver(machine, |driver| {
            driver.headless_package = some("nvidia-headless-550-open");
            driver.open_module = Some(true);
        });
    }),
    ("headless-variant", Status::Fail, "Add graphics", |machine| {
        machine.report.egl = answer(EglFacts::default());
        machine.settings.capabilities = some("utility,compute");
        driver(machine, |driver| driver.graphics_library = None);
    }),
    ("headless-variant", Status::Ok, "libGLX_nvidia.so.550.54.14", |machine| {
        machine.report.egl = answer(EglFacts::default());
    }),
    ("read-only-driver", Status::Warn, "prefix", |machine| {
        driver(machine, |driver| driver.read_only_mounts = vec!["/usr/lib/libnvidia-ml.so.1".to_owned()]);
    }),
    ("datacentre-download", Status::Ok, "/tesla/550.54.14/", |machine| {
        gpu(machine, "NVIDIA A100");
        driver(machine, |driver| driver.gpus[0].class = Some(0x03_0200));
    }),
    ("datacentre-download", Status::Ok, "/550.54.14/NVIDIA-Linux-", |_| ()),
    ("datacentre-download", Status::Warn, "/tesla/570.133.20/NVIDIA-Linux-", |machine| {
        kernel(machine, "570.133.20");
        xorg(machine, |xorg| xorg.nvidia_drv = None);
    }),
    ("datacentre-download", Status::Ok, "X modules are here", |machine| kernel(machine, "570.133.20")),
    ("datacentre-download", Status::Fail, "not public", |machine| gpu(machine, "GRID T4-1B")),
    ("wsl", Status::Fail, "WSL has no X driver", |machine| driver(machine, |driver| driver.wsl = true)),
    ("mig", Status::Fail, "MIG slices cannot run X", |machine| {
        machine.settings.visible_devices = some("MIG-41b36874-f473-5cb3-9d3f-0f4bb0e5f4bc");
    }),
    ("mig", Status::Fail, "0:1", |machine| machine.settings.visible_devices = some("0:1")),
    ("mig", Status::Warn, "is cut into", |machine| driver(machine, |driver| driver.gpus[0].mig = Some(true))),
    ("legacy-gpu", Status::Fail, "branch 580", |machine| {
        driver(machine, |driver| driver.gpus[0].device_id = Some(0x1db4));
        kernel(machine, "590.48.01");
    }),
    ("legacy-gpu", Status::Unknown, "chip", |machine| {
        driver(machine, |driver| driver.gpus[0].device_id = None);
    }),
    ("probe-failures", Status::Fail, "NVML died of SIGABRT", |machine| {
        let name = "SIGABRT".to_owned();
        machine.driver_failure = Some(Failure::Died { signal: 6, name, doing: "asking".to_owned() });
    }),
    ("driver-versions", Status::Fail, "libnvidia-ml that is loaded", |machine| {
        driver(machine, |driver| driver.library_refused = true);
    }),
    ("other-x-server", Status::Fail, "Failed to acquire", |machine| {
        let line = "/var/log/Xorg.0.log: Failed to acquire modesetting permission";
        xorg(machine, |xorg| xorg.refusal = some(line));
    }),
    ("other-x-server", Status::Warn, "0000:01:00.0 has a screen", |machine| {
        driver(machine, |driver| driver.gpus[0].display_active = Some(true));
    }),
    ("other-x-server", Status::Ok, "of this display", |machine| {
        xorg(machine, |xorg| xorg.modeset_holders = vec![42]);
        machine.report.gl = answer(GlFacts { nv_glx: Some(true), ..GlFacts::default() });
    }),
    ("randr", Status::Ok, "all the same", |machine| {
        driver(machine, |driver| driver.gpus[0].class = Some(0x03_0200));
    }),
    ("randr", Status::Warn, "processor's GPU", |machine| {
        driver(machine, |driver| driver.gpus[0].class = Some(0x03_0200));
        kernel(machine, "535.183.01");
    }),
    ("nvenc-engine", Status::Warn, "no NVENC engine", |machine| nvenc(machine, 2)),
    ("nvenc-sessions", Status::Fail, "All 8 NVENC sessions", |machine| nvenc(machine, 10)),
    ("x-driver-files", Status::Warn, "nvidia_drv.so", |machine| xorg(machine, |xorg| xorg.nvidia_drv = None)),
    ("x-driver-files", Status::Fail, "X modules 535.54.03", |machine| {
        xorg(machine, |xorg| xorg.glx_server_version = some("535.54.03"));
    }),
    ("headless-geforce", Status::Fail, "535.129.03", |machine| kernel(machine, "535.113.01")),
    ("headless-geforce", Status::Fail, "545.29.02", |machine| kernel(machine, "545.23.06")),
    ("other-x-server", Status::Warn, "process 42", |machine| {
        xorg(machine, |xorg| xorg.modeset_holders = vec![42]);
    }),
    ("consoles", Status::Warn, "-sharevts", |machine| xorg(machine, |xorg| xorg.tty0 = false)),
    ("x-wrapper", Status::Warn, "allowed_users=anybody", |machine| {
        xorg(machine, |xorg| xorg.wrapper_users = some("console"));
    }),
    ("randr", Status::Warn, "VIDEO_PORT=DFP", |machine| {
        machine.settings.video_port = some("NONE");
        kernel(machine, "535.183.01");
    }),
    ("pixel-clock", Status::Fail, "DP-0", |machine| {
        kernel(machine, "470.82.01");
        machine.settings.width = Some(2560);
        machine.settings.height = Some(1600);
    }),
    ("rounded-settings", Status::Warn, "1366", |machine| machine.settings.width = Some(1366)),
    ("rounded-settings", Status::Warn, "75 Hz", |machine| machine.settings.refresh = Some(75.0)),
    ("rounded-settings", Status::Warn, "PCI domain", |machine| {
        driver(machine, |driver| driver.gpus[0].pci = "0001:00:00.0".to_owned());
    }),
];

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

#[test]
fn every_check_has_a_case() {
    for (id, _) in CHECKS {
        assert!(CASES.iter().any(|(case, ..)| *case == id), "{id}");
    }
}

#[test]
fn what_was_not_looked_at_is_unknown() {
    for check in checks(&Machine::default()) {
        let wanted = if ["probe-failures", "mig"].contains(&check.id) { Status::Ok } else { Status::Unknown };
        assert_eq!(check.status, wanted, "{check:?}");
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
    let error = some("libcuda.so.1: cannot open shared object file: No such file or directory");
    let (driver, xorg) = (Some(DriverFacts::default()), Some(XorgFacts::default()));
    let mut machine = Machine { driver, xorg, ..Machine::default() };
    machine.report.nvenc = answer(NvencFacts { error, ..NvencFacts::default() });
    for id in [
        "headless-variant",
        "datacentre-download",
        "mig",
        "legacy-gpu",
        "nvenc-engine",
        "nvenc-sessions",
        "x-driver-files",
        "headless-geforce",
        "other-x-server",
        "randr",
    ] {
        let check = find(&machine, id);
        assert_eq!((check.status, check.fix), (Status::NotApplicable, None), "{id}: {}", check.evidence);
    }
}
