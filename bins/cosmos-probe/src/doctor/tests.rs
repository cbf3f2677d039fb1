use cosmos_vulkan_probe::{
    Answer, EglDevice, EglFacts, EglPlatform, Failure, Manifest, NvencCodec, NvencDevice, NvencFacts,
    VulkanFacts, nvenc_meaning,
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
        gpus: vec![Gpu { class: Some(0x03_0000), ..gpu }],
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
    let device =
        NvencDevice { name: "NVIDIA H200".to_owned(), open: Some(status), meaning, ..NvencDevice::default() };
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
    ("headless-variant", Status::Fail, "nvidia-driver-550", |machine| {
        machine.report.egl = answer(EglFacts::default());
    }),
    ("read-only-driver", Status::Warn, "prefix", |machine| {
        driver(machine, |driver| driver.read_only_mounts = vec!["/usr/lib/libnvidia-ml.so.1".to_owned()]);
    }),
    ("datacentre-download", Status::Ok, "/tesla/550.54.14/", |machine| {
        gpu(machine, "NVIDIA A100");
        driver(machine, |driver| driver.gpus[0].class = Some(0x03_0200));
    }),
    ("wsl", Status::Fail, "WSL has no X driver", |machine| driver(machine, |driver| driver.wsl = true)),
    ("mig", Status::Fail, "MIG slices cannot run X", |machine| {
        machine.settings.visible_devices = some("MIG-41b36874-f473-5cb3-9d3f-0f4bb0e5f4bc");
    }),
    ("mig", Status::Fail, "0:1", |machine| machine.settings.visible_devices = some("0:1")),
    ("legacy-gpu", Status::Fail, "branch 580", |machine| {
        gpu(machine, "Tesla V100-SXM2-16GB");
        kernel(machine, "590.48.01");
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
    ("randr", Status::Warn, "VIDEO_PORT=DFP", |machine| machine.settings.video_port = some("NONE")),
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
        let wanted =
            if ["probe-failures", "mig", "randr"].contains(&check.id) { Status::Ok } else { Status::Unknown };
        assert_eq!(check.status, wanted, "{check:?}");
    }
}

#[test]
fn limits_of_sessions_follow_the_driver() {
    for (version, limit) in
        [("440.33", 3), ("530.41.03", 5), ("535.54.03", 5), ("550.54.14", 8), ("591.59", 12)]
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
    for (name, version, status) in [
        ("NVIDIA GeForce GTX 1080", "590.48.01", Status::Fail),
        ("NVIDIA GeForce GTX 1080", "580.159.04", Status::Ok),
        ("NVIDIA GeForce GTX 1660 Ti", "590.48.01", Status::Ok),
        ("NVIDIA GeForce GTX 1650", "590.48.01", Status::Ok),
        ("Tesla K80", "535.54.03", Status::Fail),
        ("Tesla T4", "590.48.01", Status::Ok),
        ("NVIDIA GeForce RTX 4090", "590.48.01", Status::Ok),
        ("Quadro P2000", "590.48.01", Status::Fail),
    ] {
        let mut machine = healthy();
        gpu(&mut machine, name);
        kernel(&mut machine, version);
        assert_eq!(find(&machine, "legacy-gpu").status, status, "{name} with {version}");
    }
}
