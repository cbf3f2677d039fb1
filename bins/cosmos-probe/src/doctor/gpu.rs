//! Findings about GPUs and their drivers.

use cosmos_vulkan_probe::{Answer, NvencDevice};

use super::Finding;
use crate::{driver::fields, machine::Machine};

pub fn probe_failures(machine: &Machine) -> Finding {
    fn of<F>(name: &str, answer: &Option<Answer<F>>) -> Option<String> {
        answer.as_ref()?.failure.as_ref().map(|failure| format!("{name} {failure}"))
    }
    let report = &machine.report;
    let failures = [
        of("Vulkan", &report.vulkan),
        of("GLX", &report.gl),
        of("EGL", &report.egl),
        of("NVENC", &report.nvenc),
    ];
    let failures = failures.into_iter().flatten().collect::<Vec<_>>();
    match failures.is_empty() {
        true => Finding::ok("no driver hung or crashed"),
        false => Finding::fail(
            failures.join("; "),
            "Reinstall that driver, or remove its manifest; look for Xid in the kernel log.",
        ),
    }
}

pub fn nvenc_engine(machine: &Machine) -> Finding {
    let devices = nvenc(machine);
    let facts = machine.report.nvenc.as_ref().and_then(|answer| answer.facts.as_ref());
    let error = facts.and_then(|facts| facts.error.clone());
    if let Some(device) = devices.iter().find(|device| matches!(device.open, Some(1 | 2))) {
        let evidence =
            format!("{}: no NVENC engine (status {})", device.name, device.open.unwrap_or_default());
        return Finding::warn(evidence, "This GPU cannot encode video: use x264enc.");
    }
    match (devices.iter().find(|device| !device.codecs.is_empty()), error) {
        (Some(device), _) => Finding::ok(format!("{}: a session was opened", device.name)),
        (None, Some(error)) => {
            Finding::warn(error, "Add video to NVIDIA_DRIVER_CAPABILITIES, or use x264enc.")
        }
        (None, None) => Finding::unknown("no NVENC session was tried"),
    }
}

pub fn nvenc_sessions(machine: &Machine) -> Finding {
    let devices = nvenc(machine);
    let Some(device) = devices.iter().find(|device| device.open.is_some()) else {
        return Finding::unknown("no NVENC session was tried");
    };
    let version =
        machine.driver.as_ref().and_then(|driver| driver.kernel_version.as_deref()).unwrap_or("unknown");
    match devices.iter().find(|device| matches!(device.open, Some(10 | 21))) {
        Some(device) => Finding::fail(
            format!("{}: {}", device.name, device.meaning),
            match session_limit(version) {
                Some(limit) => {
                    format!(
                        "All {limit} NVENC sessions of this machine are in use (limit for driver {version}): end one."
                    )
                }
                None => "All NVENC sessions of this machine are in use: end one.".to_owned(),
            },
        ),
        None => Finding::ok(format!("{}: {}", device.name, device.meaning)),
    }
}

pub fn legacy_gpu(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let installed = driver.kernel_version.as_deref().or(driver.user_versions.last().map(String::as_str));
    let Some(branch) = installed.and_then(|version| fields(version).first().copied()) else {
        return Finding::unknown("there is no driver");
    };
    let named = driver.gpus.iter().filter_map(|gpu| gpu.name.as_deref());
    match named.filter_map(|name| Some((name, last_branch(name)?))).find(|(_, last)| branch > *last) {
        Some((name, last)) => Finding::fail(
            format!("{name} with driver branch {branch}"),
            format!("This GPU needs a driver of branch {last} or older; install branch {last}."),
        ),
        None => {
            Finding::ok(format!("driver branch {branch} is not known to have dropped a GPU of this machine"))
        }
    }
}

pub fn mig(machine: &Machine) -> Finding {
    let asked = machine.settings.visible_devices.as_deref().unwrap_or_default();
    let vulkan = machine.report.vulkan.as_ref().and_then(|answer| answer.facts.as_ref());
    let of_vulkan = vulkan.into_iter().flat_map(|facts| &facts.devices).map(|device| &device.name);
    let slice =
        of_vulkan.chain(nvenc(machine).iter().map(|device| &device.name)).find(|name| name.contains(" MIG "));
    let asked_for =
        asked.split(',').any(|entry| entry.trim().starts_with("MIG-") || is_slice_index(entry.trim()));
    let fix = "MIG slices cannot run X or graphics: give the container a whole GPU.";
    match slice {
        Some(name) => Finding::fail(name.clone(), fix),
        None if asked_for => Finding::fail(format!("NVIDIA_VISIBLE_DEVICES={asked}"), fix),
        None => Finding::ok("no MIG slice is in use"),
    }
}

fn nvenc(machine: &Machine) -> &[NvencDevice] {
    let facts = machine.report.nvenc.as_ref().and_then(|answer| answer.facts.as_ref());
    facts.map(|facts| &facts.devices[..]).unwrap_or_default()
}

/// `0:1`: the second slice of the first GPU. A PCI address has more than one colon, or a dot.
fn is_slice_index(entry: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    entry.split_once(':').is_some_and(|(gpu, slice)| is_number(gpu) && is_number(slice))
}

/// The sessions that a GeForce may have at once, on the whole machine.
fn session_limit(version: &str) -> Option<u32> {
    let version = fields(version);
    let since: [(&[u32], u32); 5] = [(&[591, 59], 12), (&[550], 8), (&[530, 41], 5), (&[440], 3), (&[1], 2)];
    since.iter().find(|(first, _)| version[..] >= **first).map(|(_, limit)| *limit)
}

/// The last branch for a GPU, by a part of its name: Maxwell, Pascal and Volta end with 580, Kepler with 470.
fn last_branch(name: &str) -> Option<u32> {
    let of_580 = [
        "GTX 9",
        "GTX 10",
        "GTX 750",
        "TITAN V",
        "TITAN X",
        "Tesla M",
        "Tesla P",
        "Tesla V100",
        "V100-",
        "P100-",
        "Quadro M",
        "Quadro P",
        "Quadro GV100",
    ];
    let of_470 = ["GTX 6", "GTX 76", "GTX 77", "GTX 78", "Tesla K", "Quadro K", "GRID K"];
    let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    match () {
        () if is(&of_470) && !name.contains("GTX 1660") && !name.contains("GTX 1650") => Some(470),
        () if is(&of_580) => Some(580),
        () => None,
    }
}
