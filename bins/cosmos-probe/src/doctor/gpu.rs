//! Findings about GPUs and their drivers.

use cosmos_nvidia_driver::{Branch, Support};
use cosmos_vulkan_probe::{Answer, Failure};

use super::{Finding, video::nvenc};
use crate::machine::{Machine, facts};

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
        of("Vulkan in windows", &report.present),
        of("The X server", &machine.screen),
        said("NVML", machine.driver_failure.as_ref()),
        of("Encoding", &machine.encoders).filter(|_| machine.without_encoders().is_none()),
    ];
    let failures = failures.into_iter().flatten().collect::<Vec<_>>();
    match failures.is_empty() {
        true if *machine == Machine { settings: machine.settings.clone(), ..Machine::default() } => {
            Finding::unknown("nothing was asked")
        }
        true => Finding::ok("no driver hung or crashed"),
        false => Finding::fail(
            failures.join("; "),
            "Reinstall that driver, or remove its manifest; look for Xid in the kernel log.",
        ),
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
    let vulkan = facts(&machine.report.vulkan).into_iter().flat_map(|facts| &facts.devices);
    let of_vulkan = vulkan.map(|device| &device.name);
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
            None if machine.driver.is_none() => Finding::unknown("the driver was not looked at"),
            None if machine.is_without_gpu() => Finding::not_applicable("no NVIDIA GPU is visible"),
            None => Finding::ok("no MIG slice is in use"),
        },
    }
}

/// `0:1`: the second slice of the first GPU. A PCI address has more than one colon, or a dot.
fn is_slice_index(entry: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    entry.split_once(':').is_some_and(|(gpu, slice)| is_number(gpu) && is_number(slice))
}
