//! What each check makes of each fault.

use cosmos_vulkan_probe::{Failure, GlFacts, Manifest, Report};

use super::*;
use crate::screen::{Output, ScreenFacts};

/// The check, what becomes of it, words of its evidence or remedy, and what spoils a healthy machine for it.
pub type Case = (&'static str, Status, &'static str, fn(&mut Machine));

pub const CASES: &[Case] = &[
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
    ("libraries", Status::Fail, "apt-get install libxcb-glx0", |machine| {
        let error = "GLX has no RGB visual: libxcb-glx.so.0: cannot open shared object file: No such file or directory";
        machine.report.gl = answer(GlFacts { error: some(error), ..GlFacts::default() });
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
    ("probe-failures", Status::Fail, "Vulkan in windows hung", |machine| {
        let failure = Failure::Hung { after_ms: 7, doing: "x".to_owned() };
        machine.report.present.iter_mut().for_each(|answer| answer.failure = Some(failure.clone()));
    }),
    ("probe-failures", Status::Fail, "Encoding hung", |machine| {
        let failure = Failure::Hung { after_ms: 7, doing: "x".to_owned() };
        machine.encoders.iter_mut().for_each(|answer| answer.failure = Some(failure.clone()));
    }),
    ("probe-failures", Status::Ok, "no driver", without_gstreamer),
    ("probe-failures", Status::Unknown, "nothing", |machine| *machine = Machine::default()),
    ("driver-versions", Status::Fail, "Install the NVIDIA driver on the host", |machine| {
        driver(machine, |driver| driver.kernel_version = None);
    }),
    ("driver-versions", Status::Fail, "no libraries", |machine| {
        driver(machine, |driver| driver.user_versions.clear());
    }),
    ("driver-versions", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("libraries", Status::Fail, "apt-get install libvulkan1", |machine| {
        let error = some("no Vulkan loader: libvulkan.so.1: cannot open shared object file");
        machine.report.vulkan = answer(VulkanFacts { error, ..VulkanFacts::default() });
    }),
    ("libraries", Status::Fail, "mesa-vulkan-drivers", |machine| {
        let error = some("ERROR_INCOMPATIBLE_DRIVER");
        machine.report.vulkan = answer(VulkanFacts { error, ..VulkanFacts::default() });
    }),
    ("libraries", Status::Fail, "apt-get install libegl1", |machine| {
        let error = some("libEGL.so.1: cannot open shared object file: No such file or directory");
        machine.report.egl = answer(EglFacts { error, ..EglFacts::default() });
    }),
    ("libraries", Status::Fail, "Start an X server", |machine| {
        let error = some("the X display cannot be opened");
        machine.report.gl = answer(GlFacts { error, ..GlFacts::default() });
    }),
    ("libraries", Status::Fail, "libgl1-mesa-dri", |machine| {
        machine.report.gl = answer(GlFacts { error: some("GLX makes no context"), ..GlFacts::default() });
    }),
    ("libraries", Status::Unknown, "neither", |machine| machine.report = Report::default()),
    ("headless-variant", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("headless-variant", Status::NotApplicable, "no driver", no_gpu),
    ("read-only-driver", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("datacentre-download", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("datacentre-download", Status::NotApplicable, "no driver", no_gpu),
    ("datacentre-download", Status::NotApplicable, "Windows", |machine| {
        driver(machine, |driver| driver.wsl = true);
    }),
    ("wsl", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("mig", Status::Fail, "MIG 1g", |machine| {
        let name = "NVIDIA A100 MIG 1g.5gb".to_owned();
        let devices = vec![VulkanDevice { name, ..VulkanDevice::default() }];
        machine.report.vulkan = answer(VulkanFacts { devices, ..VulkanFacts::default() });
    }),
    ("mig", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("mig", Status::NotApplicable, "no NVIDIA GPU", no_gpu),
    ("legacy-gpu", Status::Fail, "or later", |machine| {
        kernel(machine, "470.82.01");
    }),
    ("legacy-gpu", Status::NotApplicable, "no driver", no_gpu),
    ("nvenc-engine", Status::Warn, "Add video", |machine| {
        let error = some("libnvidia-encode.so.1: cannot open shared object file");
        machine.report.nvenc = answer(NvencFacts { error, ..NvencFacts::default() });
    }),
    ("nvenc-engine", Status::Unknown, "no NVENC session", |machine| machine.report.nvenc = None),
    ("nvenc-engine", Status::NotApplicable, "the processor encodes", no_gpu),
    ("nvenc-sessions", Status::Unknown, "no NVENC session", |machine| machine.report.nvenc = None),
    ("nvenc-sessions", Status::NotApplicable, "no NVIDIA GPU", no_gpu),
    ("encoders", Status::Ok, "x264enc (H.264) works", |machine| {
        nvenc(machine, 2);
        machine.encoders = answer(encoders("x264enc", false));
    }),
    ("encoders", Status::Warn, "nvh264enc: not installed", |machine| {
        machine.encoders = answer(encoders("x264enc", false));
    }),
    ("encoders", Status::Warn, "apt-get install libgstreamer1.0-0", without_gstreamer),
    ("encoders", Status::Fail, "gstreamer1.0-plugins-ugly", |machine| {
        let error = some("no video encoder works here");
        machine.encoders = answer(EncoderFacts { error, ..EncoderFacts::default() });
    }),
    ("encoders", Status::Unknown, "cosmos-probe-encoders", |machine| machine.encoders = None),
    ("encoders", Status::Unknown, "denied", |machine| {
        let reason = "permission denied".to_owned();
        machine.encoders = failed(Failure::NotStarted { reason }, "");
    }),
    ("x-driver-files", Status::Unknown, "not looked at", |machine| machine.xorg = None),
    ("x-driver-files", Status::NotApplicable, "no NVIDIA driver", no_gpu),
    ("headless-geforce", Status::Ok, "one at card0-DP-1", |machine| {
        kernel(machine, "535.113.01");
        xorg(machine, |xorg| xorg.monitors = vec!["card0-DP-1".to_owned()]);
    }),
    ("headless-geforce", Status::Ok, "535.113.01", |machine| {
        kernel(machine, "535.113.01");
        gpu(machine, "NVIDIA RTX A4000");
    }),
    ("headless-geforce", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("headless-geforce", Status::NotApplicable, "no driver", no_gpu),
    ("other-x-server", Status::Unknown, "not looked at", |machine| machine.xorg = None),
    ("other-x-server", Status::NotApplicable, "no NVIDIA GPU", no_gpu),
    ("consoles", Status::Ok, "vt7 -sharevts", |machine| {
        xorg(machine, |xorg| (xorg.tty0, xorg.tty7) = (false, true));
    }),
    ("consoles", Status::Unknown, "not looked at", |machine| machine.xorg = None),
    ("consoles", Status::NotApplicable, "no console", no_gpu),
    ("x-wrapper", Status::Ok, "anybody", |machine| {
        xorg(machine, |xorg| xorg.wrapper_users = some("anybody"));
    }),
    ("x-wrapper", Status::Unknown, "not looked at", |machine| machine.xorg = None),
    ("x-wrapper", Status::NotApplicable, "no console", no_gpu),
    ("vulkan-windows", Status::Ok, "software draws", |machine| {
        let devices = vec![VulkanDevice { verdict: Verdict::Software, ..VulkanDevice::default() }];
        machine.report.vulkan = answer(VulkanFacts { devices, ..VulkanFacts::default() });
        let devices = vec![window(Verdict::Software)];
        machine.report.present = answer(PresentFacts { devices, ..PresentFacts::default() });
    }),
    ("vulkan-windows", Status::Warn, "hardware does not draw in windows of :0", |machine| {
        let gpu = PresentDevice { families: Vec::new(), ..window(Verdict::Hardware) };
        let devices = vec![gpu, window(Verdict::Software)];
        machine.report.present = answer(PresentFacts { devices, ..PresentFacts::default() });
    }),
    ("vulkan-windows", Status::Warn, "hardware does not draw in windows of :0: ERROR_UNKNOWN", |machine| {
        let present_modes_error = some("ERROR_UNKNOWN");
        let devices = vec![PresentDevice { present_modes_error, ..window(Verdict::Hardware) }];
        machine.report.present = answer(PresentFacts { devices, ..PresentFacts::default() });
    }),
    ("vulkan-windows", Status::Warn, "no device draws", |machine| {
        let devices = vec![PresentDevice { swapchain: false, ..window(Verdict::Software) }];
        machine.report.present = answer(PresentFacts { devices, ..PresentFacts::default() });
    }),
    ("vulkan-windows", Status::Warn, "an X server on :0", |machine| {
        let error = some("the X display cannot be opened");
        machine.report.present = answer(PresentFacts { error, ..PresentFacts::default() });
    }),
    ("vulkan-windows", Status::Unknown, "not asked", |machine| machine.report.present = None),
    ("vulkan-windows", Status::NotApplicable, "no X display", |machine| machine.settings.display = None),
    ("vulkan-windows", Status::NotApplicable, "no device", |machine| {
        machine.report.vulkan = answer(VulkanFacts::default());
    }),
    ("randr", Status::Ok, "has DP-0 1920x1080", |machine| screen(machine, Some("1.6"), &[true, false])),
    ("randr", Status::Warn, "has no output", |machine| screen(machine, Some("1.6"), &[])),
    ("randr", Status::Warn, "no output of :0 is connected", |machine| screen(machine, Some("1.6"), &[false])),
    ("randr", Status::Warn, "has no RandR", |machine| screen(machine, None, &[])),
    ("randr", Status::Warn, "VIDEO_PORT=NONE with driver", |machine| {
        machine.settings.video_port = some("NONE");
        kernel(machine, "535.183.01");
        screen(machine, Some("1.6"), &[true]);
    }),
    ("randr", Status::Ok, "has DP-0", |machine| {
        machine.settings.video_port = some("NONE");
        kernel(machine, "535.183.01");
        machine.report.gl = answer(GlFacts { nv_glx: Some(true), ..GlFacts::default() });
        screen(machine, Some("1.6"), &[true]);
    }),
    ("randr", Status::Ok, "has DP-0", |machine| {
        no_gpu(machine);
        screen(machine, Some("1.6"), &[true]);
    }),
    ("probe-failures", Status::Fail, "The X server hung", |machine| {
        let failure = Failure::Hung { after_ms: 7, doing: "x".to_owned() };
        machine.screen = Some(Answer { facts: None, failure: Some(failure), log: Vec::new(), elapsed_ms: 7 });
    }),
    ("randr", Status::Unknown, "not looked at", |machine| machine.driver = None),
    ("randr", Status::NotApplicable, "no driver", no_gpu),
    ("pixel-clock", Status::Ok, "MHz", |machine| kernel(machine, "470.82.01")),
    ("pixel-clock", Status::Ok, "2560x1600", |machine| {
        kernel(machine, "470.82.01");
        (machine.settings.width, machine.settings.height) = (Some(2560), Some(1600));
        driver(machine, |driver| driver.gpus[0].class = Some(0x03_0200));
    }),
    ("pixel-clock", Status::Unknown, "no size", |machine| machine.settings.height = None),
    ("pixel-clock", Status::NotApplicable, "no driver", no_gpu),
    ("rounded-settings", Status::Unknown, "no size", |machine| machine.settings.width = None),
];

/// An X server with outputs, each connected or not.
fn screen(machine: &mut Machine, randr: Option<&str>, outputs: &[bool]) {
    let output = |(number, connected): (usize, &bool)| Output {
        name: format!("DP-{number}"),
        connected: *connected,
        mode: connected.then(|| "1920x1080".to_owned()),
        modes: 1,
    };
    let outputs = outputs.iter().enumerate().map(output).collect();
    let randr = randr.map(str::to_owned);
    machine.screen = answer(ScreenFacts { randr, outputs, ..ScreenFacts::default() });
}

/// The program that tries encoders does not come as far as its `main`.
fn without_gstreamer(machine: &mut Machine) {
    let failure = Failure::Exited { code: 127, doing: "starting".to_owned() };
    machine.encoders = failed(failure, "error while loading shared libraries: libgstreamer-1.0.so.0");
}

fn failed(failure: Failure, log: &str) -> Option<Answer<EncoderFacts>> {
    Some(Answer { facts: None, failure: Some(failure), log: vec![log.to_owned()], elapsed_ms: 1 })
}

const NO_GPU: Status = Status::NotApplicable;

/// What can become of each check.
pub const STATES: &[(&str, &[Status])] = &[
    ("probe-failures", &[Status::Ok, Status::Fail, Status::Unknown]),
    ("driver-versions", &[Status::Ok, Status::Warn, Status::Fail, Status::Unknown]),
    ("libraries", &[Status::Ok, Status::Fail, Status::Unknown]),
    ("headless-variant", &[Status::Ok, Status::Fail, Status::Unknown, NO_GPU]),
    ("read-only-driver", &[Status::Ok, Status::Warn, Status::Unknown]),
    ("datacentre-download", &[Status::Ok, Status::Warn, Status::Fail, Status::Unknown, NO_GPU]),
    ("wsl", &[Status::Ok, Status::Fail, Status::Unknown]),
    ("mig", &[Status::Ok, Status::Warn, Status::Fail, Status::Unknown, NO_GPU]),
    ("legacy-gpu", &[Status::Ok, Status::Fail, Status::Unknown, NO_GPU]),
    ("nvenc-engine", &[Status::Ok, Status::Warn, Status::Unknown, NO_GPU]),
    ("nvenc-sessions", &[Status::Ok, Status::Fail, Status::Unknown, NO_GPU]),
    ("encoders", &[Status::Ok, Status::Warn, Status::Fail, Status::Unknown]),
    ("x-driver-files", &[Status::Ok, Status::Warn, Status::Fail, Status::Unknown, NO_GPU]),
    ("headless-geforce", &[Status::Ok, Status::Fail, Status::Unknown, NO_GPU]),
    ("other-x-server", &[Status::Ok, Status::Warn, Status::Fail, Status::Unknown, NO_GPU]),
    ("consoles", &[Status::Ok, Status::Warn, Status::Unknown, NO_GPU]),
    ("x-wrapper", &[Status::Ok, Status::Warn, Status::Unknown, NO_GPU]),
    ("vulkan-windows", &[Status::Ok, Status::Warn, Status::Unknown, Status::NotApplicable]),
    ("randr", &[Status::Ok, Status::Warn, Status::Unknown, NO_GPU]),
    ("pixel-clock", &[Status::Ok, Status::Fail, Status::Unknown, NO_GPU]),
    ("rounded-settings", &[Status::Ok, Status::Warn, Status::Unknown]),
];
