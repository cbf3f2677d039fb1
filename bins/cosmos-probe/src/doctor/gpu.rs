//! Findings about GPUs and their drivers.

use cosmos_nvidia_driver::{Branch, Gpu, Support};
use cosmos_vulkan_probe::{Answer, Failure, NvencDevice};

use super::Finding;
use crate::machine::Machine;

pub fn probe_failures(machine: &Machine) -> Finding {
    fn of<F>(name: &str, answer: &Option<Answer<F>>) -> Option<String> {
        said(name, answer.as_ref()?.failure.as_ref())
    }
    fn said(name: &str, failure: Option<&Failure>) -> Option<String> {
        failure.map(|failure| format!("{name} {failure}"))
    }
    let report = &machine.report;
    let failures = [
        of("Vulkan", &report.vulkan),
        of("GLX", &report.gl),
        of("EGL", &report.egl),
        of("NVENC", &report.nvenc),
        said("NVML", machine.driver_failure.as_ref()),
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
        (None, Some(_)) if machine.is_without_gpu() => {
            Finding::not_applicable("no NVIDIA GPU is visible: the processor encodes")
        }
        (None, Some(error)) => {
            Finding::warn(error, "Add video to NVIDIA_DRIVER_CAPABILITIES, or use x264enc.")
        }
        (None, None) => Finding::unknown("no NVENC session was tried"),
    }
}

pub fn nvenc_sessions(machine: &Machine) -> Finding {
    let devices = nvenc(machine);
    let Some(device) = devices.iter().find(|device| device.open.is_some()) else {
        return match machine.is_without_gpu() {
            true => Finding::not_applicable("no NVIDIA GPU is visible"),
            false => Finding::unknown("no NVENC session was tried"),
        };
    };
    let version = machine.driver.as_ref().and_then(|driver| driver.kernel());
    let limit = |name: &str| {
        let mut gpu = Gpu::at("0000:00:00.0".parse().ok()?);
        gpu.name = Some(name.to_owned());
        gpu.class().nvenc_sessions(version.as_ref()?)
    };
    let known = version.as_ref().map_or("unknown", |version| version.as_str());
    match devices.iter().find(|device| matches!(device.open, Some(10 | 21))) {
        Some(device) => Finding::fail(
            format!("{}: {}", device.name, device.meaning),
            match limit(&device.name) {
                Some(limit) => {
                    format!(
                        "All {limit} NVENC sessions of this machine are in use (limit for driver {known}): end one."
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
    let installed =
        driver.kernel().or_else(|| driver.user_version().and_then(|version| version.parse().ok()));
    let Some(branch) = installed.map(|version| Branch(version.branch())) else {
        return Finding::not_applicable("there is no driver");
    };
    let mut known = Vec::new();
    for gpu in &driver.gpus {
        let Some(family) = gpu.model().and_then(|model| model.architecture()) else { continue };
        known.push(format!("{} ({family})", gpu.called()));
        let evidence = || format!("{} ({family}) with driver branch {}", gpu.called(), branch.0);
        match branch.drives(family) {
            Support::Dropped { last: Branch(last) } => {
                let fix =
                    format!("This GPU needs a driver of branch {last} or older: install branch {last}.");
                return Finding::fail(evidence(), fix);
            }
            Support::TooNew { first: Branch(first) } => {
                return Finding::fail(
                    evidence(),
                    format!("This GPU needs a driver of branch {first} or later."),
                );
            }
            Support::Yes => {}
        }
    }
    match known.is_empty() {
        true => Finding::unknown("the chip of no GPU is known"),
        false => Finding::ok(format!("branch {} drives {}", branch.0, known.join(", "))),
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
    let cut = machine.driver.iter().flat_map(|driver| &driver.gpus).find(|gpu| gpu.mig == Some(true));
    let fix = "MIG slices cannot run X or graphics: give the container a whole GPU.";
    match slice {
        Some(name) => Finding::fail(name.clone(), fix),
        None if asked_for => Finding::fail(format!("NVIDIA_VISIBLE_DEVICES={asked}"), fix),
        None => match cut {
            Some(gpu) => Finding::warn(format!("{} is cut into MIG slices", gpu.called()), fix),
            None if machine.is_without_gpu() => Finding::not_applicable("no NVIDIA GPU is visible"),
            None => Finding::ok("no MIG slice is in use"),
        },
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
