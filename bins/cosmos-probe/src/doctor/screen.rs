//! Findings about X servers and screens.

use cosmos_nvidia_driver::Display;
use cosmos_vulkan_probe::{PresentDevice, Verdict};

use super::{Finding, Status};
use crate::{
    driver::fields,
    machine::{Machine, facts},
    mode::why_no_x_driver,
};

pub fn x_driver_files(machine: &Machine) -> Finding {
    let (Some(driver), Some(xorg)) = (&machine.driver, &machine.xorg) else {
        return Finding::unknown("driver and X server were not looked at");
    };
    let Some(kernel) = &driver.kernel_version else {
        return Finding::not_applicable("there is no NVIDIA driver");
    };
    let reasons = why_no_x_driver(machine);
    match &xorg.glx_server_version {
        _ if !reasons.is_empty() => Finding::warn(
            reasons.join("; "),
            format!(
                "For an X server on the GPU: a container toolkit newer than 1.20.0 with the display capability, or the X modules from the .run file of {kernel}; else GPU rendering in a software X server."
            ),
        ),
        Some(version) if version != kernel => Finding::fail(
            format!("X modules {version}, kernel module {kernel}"),
            format!("Install the X modules of {kernel}."),
        ),
        _ => Finding::ok(format!("the X modules for {kernel} are here")),
    }
}

pub fn headless_geforce(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let Some(version) = &driver.kernel_version else {
        return Finding::not_applicable("there is no driver");
    };
    let number = fields(version);
    let faulty = (number >= vec![535, 86, 5] && number < vec![535, 129, 3])
        || (number >= vec![545] && number < vec![545, 29, 2]);
    let geforce =
        driver.gpus.iter().find(|gpu| gpu.name.as_ref().is_some_and(|name| name.contains("GeForce")));
    let monitors = machine.xorg.as_ref().map(|xorg| xorg.monitors.join(", ")).unwrap_or_default();
    match (faulty, geforce) {
        (true, Some(_)) if !monitors.is_empty() => {
            Finding::ok(format!("driver {version} needs a monitor, and there is one at {monitors}"))
        }
        (true, Some(gpu)) => Finding::fail(
            format!("{} with driver {version}", gpu.name.as_deref().unwrap_or_default()),
            "This driver cannot start a screen without a monitor on GeForce; use 535.129.03, 545.29.02 or later.",
        ),
        _ => Finding::ok(format!("driver {version} starts screens without a monitor")),
    }
}

pub fn other_x_server(machine: &Machine) -> Finding {
    let (Some(driver), Some(xorg)) = (&machine.driver, &machine.xorg) else {
        return Finding::unknown("driver and X server were not looked at");
    };
    let gl = facts(&machine.report.gl);
    let fix = "Another X server drives this GPU: give the desktop a different GPU, or stop it.";
    let active = driver.gpus.iter().find(|gpu| gpu.display_active == Some(true));
    match (&xorg.refusal, active, &xorg.modeset_holders[..]) {
        _ if machine.is_without_gpu() => Finding::not_applicable("no NVIDIA GPU is visible"),
        _ if gl.is_some_and(|facts| facts.nv_glx == Some(true)) => {
            Finding::ok("the X server of this display is the one that drives the GPU")
        }
        (Some(line), ..) => Finding::fail(line.clone(), fix),
        (None, Some(gpu), _) => {
            Finding::warn(format!("{} at {} has a screen that is in use", gpu.called(), gpu.pci), fix)
        }
        (None, None, []) => Finding::ok("no other process drives the screens of the GPU"),
        (None, None, pids) => {
            let pids = pids.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let named = xorg.holder_names.join(", ");
            Finding::warn(format!("process {pids} ({named}) holds /dev/nvidia-modeset"), fix)
        }
    }
}

pub fn consoles(machine: &Machine) -> Finding {
    match machine.xorg.as_ref().map(|xorg| (xorg.tty0, xorg.tty7)) {
        _ if machine.is_without_gpu() => Finding::not_applicable(IN_MEMORY),
        None => Finding::unknown("the X server was not looked at"),
        Some((true, _)) => Finding::ok("/dev/tty0 is here"),
        Some((false, true)) => Finding::ok("/dev/tty7 is here; run Xorg with vt7 -sharevts"),
        Some((false, false)) => Finding::warn(
            "neither /dev/tty0 nor /dev/tty7",
            "Run Xorg with vt7 -sharevts, and link /dev/tty7 to /dev/ptmx.",
        ),
    }
}

pub fn x_wrapper(machine: &Machine) -> Finding {
    match machine.xorg.as_ref().map(|xorg| xorg.wrapper_users.as_deref()) {
        _ if machine.is_without_gpu() => Finding::not_applicable(IN_MEMORY),
        None => Finding::unknown("the X server was not looked at"),
        Some(None) => Finding::ok("no wrapper limits who may start Xorg"),
        Some(Some("anybody")) => Finding::ok("anybody may start Xorg"),
        Some(Some(users)) => Finding::warn(
            format!("Xwrapper.config allows {users} only"),
            "Run /usr/lib/xorg/Xorg itself, or set allowed_users=anybody.",
        ),
    }
}

pub fn vulkan_windows(machine: &Machine) -> Finding {
    let Some(display) = &machine.settings.display else {
        return Finding::not_applicable("there is no X display");
    };
    let Some(facts) = facts(&machine.report.present) else {
        return Finding::unknown("Vulkan was not asked about windows");
    };
    let fix =
        "Programs that draw in windows with Vulkan need an X server that this GPU drives, or one with DRI3.";
    let able = facts.devices.iter().filter(|device| device.presents());
    let able = able.map(|device| device.name.clone()).collect::<Vec<_>>().join(", ");
    let is_gpu = |device: &&PresentDevice| device.verdict == Verdict::Hardware;
    match (&facts.error, facts.devices.iter().find(is_gpu)) {
        _ if machine.vulkan() == Verdict::Nothing => Finding::not_applicable("Vulkan has no device"),
        (Some(error), _) => {
            Finding::warn(error, format!("Is there an X server on {display}? Name it with --display."))
        }
        (None, Some(gpu)) if facts.verdict() != Verdict::Hardware => {
            let why = gpu.present_modes_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            Finding::warn(format!("{} does not draw in windows of {display}{why}", gpu.name), fix)
        }
        (None, _) if able.is_empty() => {
            Finding::warn(format!("no device draws in windows of {display}"), fix)
        }
        _ => Finding::ok(format!("{able} draws in windows of {display}")),
    }
}

/// The list of a display counts more than what is known of its driver, unless the display is not the GPU's.
pub fn randr(machine: &Machine) -> Finding {
    let expected = randr_of_driver(machine);
    let gpu_draws = facts(&machine.report.gl).and_then(|facts| facts.nv_glx) == Some(true);
    match randr_of_display(machine) {
        Some(found) if found.status != Status::Ok || gpu_draws || expected.status != Status::Warn => found,
        _ => expected,
    }
}

fn randr_of_display(machine: &Machine) -> Option<Finding> {
    let screen = facts(&machine.screen).filter(|screen| screen.error.is_none())?;
    let display = machine.settings.display.as_deref()?;
    let on = screen.outputs.iter().filter(|output| output.connected);
    let on = on.map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(match (&screen.randr, &screen.outputs[..]) {
        (None, _) => Finding::warn(
            format!("the X server of {display} has no RandR"),
            "Programs that use RandR fail: start this X server with that extension.",
        ),
        (Some(_), []) => Finding::warn(format!("RandR of {display} has no output"), WITHOUT_OUTPUT),
        _ if on.is_empty() => Finding::warn(format!("no output of {display} is connected"), WITHOUT_OUTPUT),
        _ => Finding::ok(format!("RandR of {display} has {on}")),
    })
}

fn randr_of_driver(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let Some(version) = driver.kernel() else { return Finding::not_applicable("there is no driver") };
    let models = || driver.gpus.iter().filter_map(|gpu| Some((gpu, gpu.model()?.display())));
    let bare = models().find(|(_, display)| matches!(display, Display::None | Display::Muxless));
    let none = machine.settings.video_port.as_deref().filter(|port| port.eq_ignore_ascii_case("none"));
    let evidence = match (none, bare) {
        (Some(port), _) => format!("VIDEO_PORT={port} with driver {version}"),
        (None, Some((gpu, Display::Muxless))) => {
            format!("{} has no connectors, which hang on the processor's GPU; driver {version}", gpu.called())
        }
        (None, Some((gpu, _))) => format!("{} has no connectors; driver {version}", gpu.called()),
        (None, None) => return Finding::ok("the GPU has connectors, and VIDEO_PORT names one"),
    };
    match version.branch() < FIRST_WITH_RANDR {
        true => Finding::warn(evidence, WITHOUT_OUTPUT),
        false => Finding::ok(format!("{evidence}, which has RandR all the same")),
    }
}

pub fn pixel_clock(machine: &Machine) -> Finding {
    let Some((width, height, refresh)) = size(machine) else {
        return Finding::unknown("no size was asked for");
    };
    let driver = machine.driver.as_ref();
    let version = driver.and_then(|driver| driver.kernel_version.as_deref());
    let Some(branch) = version.and_then(|version| fields(version).first().copied()) else {
        return Finding::not_applicable("there is no driver");
    };
    let port = machine.settings.video_port.as_deref().unwrap_or("DFP").to_ascii_uppercase();
    let datacentre = driver.is_some_and(|driver| driver.gpus.iter().any(|gpu| gpu.class == Some(0x03_0200)));
    let limit = if datacentre { 330.0 } else { 165.0 };
    let clock = reduced_blanking_mhz(width, height, refresh);
    match port.starts_with("DFP") && branch < 550 && clock > limit {
        true => Finding::fail(
            format!(
                "{width}x{height}@{refresh} needs {clock:.1} MHz; DFP allows {limit:.0} with driver {branch}"
            ),
            "Set VIDEO_PORT=DP-0, or use driver 550 or later.",
        ),
        false => Finding::ok(format!("{width}x{height}@{refresh} needs {clock:.1} MHz")),
    }
}

pub fn rounded_settings(machine: &Machine) -> Finding {
    let Some((width, height, refresh)) = size(machine) else {
        return Finding::unknown("no size was asked for");
    };
    let mut changes = Vec::new();
    if !width.is_multiple_of(8) {
        changes.push(format!("width {width} is no multiple of 8: a mode of that width is rounded"));
    }
    if refresh % 60.0 != 0.0 {
        changes.push(format!("{refresh} Hz is no multiple of 60: cvt refuses it with reduced blanking"));
    }
    let domain = |gpu: &&crate::driver::Gpu| !gpu.pci.starts_with("0000:");
    if let Some(gpu) = machine.driver.iter().flat_map(|driver| &driver.gpus).find(domain) {
        changes.push(format!("{} is in another PCI domain than 0: BusID needs it", gpu.pci));
    }
    match changes.is_empty() {
        true => Finding::ok(format!("{width}x{height}@{refresh} is taken as it is")),
        false => Finding::warn(
            changes.join("; "),
            format!(
                "`cosmos-launch xorg-config --explain` says what becomes of {height} lines of {width} pixels."
            ),
        ),
    }
}

fn size(machine: &Machine) -> Option<(u32, u32, f64)> {
    let settings = &machine.settings;
    let refresh = settings.refresh.unwrap_or(60.0);
    let sane = |size: u32| (1..=65_535).contains(&size);
    let (width, height) =
        settings.width.zip(settings.height).filter(|(width, height)| sane(*width) && sane(*height))?;
    (refresh.is_finite() && refresh > 0.0 && refresh <= 1000.0).then_some((width, height, refresh))
}

/// The pixel clock of CVT 1.1 with reduced blanking, to within a line: 160 pixels and at least 460 us of blanking.
fn reduced_blanking_mhz(width: u32, height: u32, refresh: f64) -> f64 {
    let line = (1_000_000.0 / refresh - 460.0).max(1.0) / f64::from(height);
    let lines = f64::from(height) + (460.0 / line).floor() + 1.0;
    refresh * lines * (f64::from(width) + 160.0) / 1_000_000.0
}

const WITHOUT_OUTPUT: &str = "Without a display engine there is no RandR, and programs that use it fail; set VIDEO_PORT=DFP, or use driver 550 or later.";
const IN_MEMORY: &str = "no NVIDIA GPU is visible: an X server in memory needs no console";
/// The branch that gave screens without a display engine RandR.
const FIRST_WITH_RANDR: u32 = 550;
