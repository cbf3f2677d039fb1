//! Findings about the two halves of the driver, and how a container gets the second.

use super::Finding;
use crate::{driver::fields, machine::Machine};

pub fn driver_versions(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let Some(kernel) = &driver.kernel_version else {
        return match driver.gpus.is_empty() {
            true => Finding::warn(
                "no NVIDIA GPU is visible",
                "Start the container with --gpus, or go on in software.",
            ),
            false => Finding::fail("a GPU without a kernel module", "Install the NVIDIA driver on the host."),
        };
    };
    match (driver.user_version(), &driver.user_versions[..]) {
        (Some(user), _) if user == kernel => Finding::ok(format!("kernel module and libraries are {kernel}")),
        (_, []) => Finding::fail(
            format!("kernel module {kernel}, no libraries"),
            "Start the container with the NVIDIA toolkit, or install the libraries of that version.",
        ),
        (_, users) => Finding::fail(
            format!("kernel module {kernel}, libraries {}", users.join(" and ")),
            "Restart the container; else reboot the host; with CDI, generate the specification again.",
        ),
    }
}

pub fn libraries(machine: &Machine) -> Finding {
    let vulkan = machine.report.vulkan.as_ref().and_then(|answer| answer.facts.as_ref());
    let egl = machine.report.egl.as_ref().and_then(|answer| answer.facts.as_ref());
    let gl = machine.report.gl.as_ref().and_then(|answer| answer.facts.as_ref());
    if vulkan.is_none() && egl.is_none() && gl.is_none() {
        return Finding::unknown("neither Vulkan nor EGL nor GLX was asked");
    }
    let manifests =
        vulkan.iter().flat_map(|facts| &facts.manifests).chain(egl.iter().flat_map(|facts| &facts.manifests));
    let broken = manifests.filter_map(|manifest| {
        let missing = manifest.missing.as_deref().or(manifest.library.as_deref()).unwrap_or_default();
        manifest.error.as_ref().map(|error| (error.clone(), missing.to_owned()))
    });
    let errors = [
        vulkan.and_then(|facts| facts.error.clone()),
        egl.and_then(|facts| facts.error.clone()),
        gl.and_then(|facts| facts.error.clone()),
    ];
    let absent = errors.into_iter().flatten().map(|error| (error.clone(), error));
    match broken.chain(absent).next() {
        Some((evidence, missing)) => Finding::fail(evidence, remedy(&missing)),
        None => Finding::ok("all libraries of Vulkan, EGL and GLX open"),
    }
}

pub fn headless_variant(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let egl = machine.report.egl.as_ref().and_then(|answer| answer.facts.as_ref());
    let gone = |facts: &&cosmos_vulkan_probe::EglFacts| {
        !facts.devices.iter().any(|device| device.platform.vendor.as_deref() == Some("NVIDIA"))
    };
    let branch = driver.kernel_version.as_ref().and_then(|version| fields(version).first().copied());
    match (branch, egl.filter(gone)) {
        (Some(branch), Some(_)) => Finding::fail(
            format!("driver branch {branch}, but EGL has no NVIDIA device"),
            format!(
                "The host has the headless variant, or the container lacks graphics in NVIDIA_DRIVER_CAPABILITIES: install nvidia-driver-{branch} there."
            ),
        ),
        (Some(_), None) if egl.is_some() => Finding::ok("EGL has an NVIDIA device"),
        _ => Finding::unknown("no driver, or EGL was not asked"),
    }
}

pub fn read_only_driver(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    match &driver.read_only_mounts[..] {
        [] => Finding::ok("no file of the driver is mounted read-only"),
        [first, others @ ..] => Finding::warn(
            format!("{first} and {} more are mounted by the container toolkit", others.len()),
            "Do not install a driver over them: unpack what is missing into a prefix of its own.",
        ),
    }
}

pub fn datacentre_download(machine: &Machine) -> Finding {
    let driver = machine.driver.as_ref();
    let datacentre = driver.is_some_and(|driver| {
        driver.gpus.iter().any(|gpu| gpu.class == Some(0x03_0200) && !is_laptop(gpu.name.as_deref()))
    });
    match driver.and_then(|driver| driver.kernel_version.as_ref()) {
        Some(version) if datacentre => Finding::ok(format!(
            "{version} may be a data-centre build: where XFree86 answers 404, /tesla/{version}/ has the .run file"
        )),
        Some(version) => Finding::ok(format!("{version} is to be had under XFree86")),
        None => Finding::unknown("there is no driver"),
    }
}

pub fn wsl(machine: &Machine) -> Finding {
    match machine.driver.as_ref().map(|driver| driver.wsl) {
        Some(true) => Finding::fail(
            "/dev/dxg is here",
            "WSL has no X driver: use GPU rendering in a software X server.",
        ),
        Some(false) => Finding::ok("this is not WSL"),
        None => Finding::unknown("the driver was not looked at"),
    }
}

fn is_laptop(name: Option<&str>) -> bool {
    name.is_some_and(|name| ["GeForce", "MX", "Laptop"].iter().any(|part| name.contains(part)))
}

/// What to install for a library, by a part of its name. Drivers come from elsewhere.
fn remedy(missing: &str) -> String {
    let packages = [
        ("libXext.so", "libxext6"),
        ("libX11.so", "libx11-6"),
        ("libX11-xcb.so", "libx11-xcb1"),
        ("libxcb", "libxcb1"),
        ("libEGL.so", "libegl1"),
        ("libEGL_mesa", "libegl-mesa0"),
        ("libGLdispatch.so", "libglvnd0"),
        ("libGL.so", "libgl1"),
        ("libGLX.so", "libglx0"),
        ("libvulkan.so", "libvulkan1"),
        ("Vulkan loader", "libvulkan1"),
        ("libwayland-client", "libwayland-client0"),
        ("libLLVM", "the libllvm that mesa-vulkan-drivers names"),
    ];
    match packages.iter().find(|(part, _)| missing.contains(part)) {
        Some((_, package)) => format!("apt-get install {package}"),
        None if missing.contains("nvidia") => {
            format!("{missing} comes with the driver: NVIDIA_DRIVER_CAPABILITIES must include graphics.")
        }
        None => format!("Install what has {missing}."),
    }
}
