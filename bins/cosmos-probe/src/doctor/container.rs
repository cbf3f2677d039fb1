//! Findings about the two halves of the driver, and how a container gets the second.

use cosmos_nvidia_driver::{
    Branch, DriverVersion, Flavour, GpuClass, Processor, RunFileName, UbuntuPackages,
};

use super::Finding;
use crate::{
    driver::DriverFacts,
    machine::{Machine, facts},
};

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
        (Some(user), _) if user == kernel && driver.library_refused => Finding::fail(
            format!("kernel module {kernel}, but the libnvidia-ml that is loaded is of another version"),
            "Restart the container; else reboot the host; with CDI, generate the specification again.",
        ),
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
    let (vulkan, egl) = (facts(&machine.report.vulkan), facts(&machine.report.egl));
    let gl = facts(&machine.report.gl);
    if vulkan.is_none() && egl.is_none() && gl.is_none() {
        return Finding::unknown("neither Vulkan nor EGL nor GLX was asked");
    }
    let manifests =
        vulkan.iter().flat_map(|facts| &facts.manifests).chain(egl.iter().flat_map(|facts| &facts.manifests));
    let broken = manifests.filter_map(|manifest| {
        let missing = manifest.missing.as_deref().or(manifest.library.as_deref()).unwrap_or_default();
        let error = manifest.error.as_ref()?;
        Some((format!("{}: {error}", manifest.path.display()), remedy(missing)))
    });
    let errors = [
        ("Vulkan", vulkan.and_then(|facts| facts.error.as_ref())),
        ("EGL", egl.and_then(|facts| facts.error.as_ref())),
        ("GLX", gl.and_then(|facts| facts.error.as_ref())),
    ];
    let errors = errors.into_iter().filter_map(|(area, error)| Some((area, error?)));
    let absent = errors.map(|(area, error)| (format!("{area}: {error}"), remedy(error)));
    match broken.chain(absent).next() {
        Some((evidence, fix)) => Finding::fail(evidence, fix),
        None => Finding::ok("all libraries of Vulkan, EGL and GLX open"),
    }
}

pub fn headless_variant(machine: &Machine) -> Finding {
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let Some(version) = driver.kernel() else { return Finding::not_applicable("there is no driver") };
    let package = UbuntuPackages::of(Branch(version.branch()), flavour(driver));
    let package = package.map_or_else(|_| "nvidia-driver".to_owned(), |packages| packages.driver());
    if let Some(found) = &driver.headless_package {
        let fix =
            format!("This is the variant of the driver without graphics: install {package} in its place.");
        return Finding::fail(format!("the package {found} is installed"), fix);
    }
    let in_container = machine.settings.capabilities.as_deref();
    let draws = egl_vendors(machine).any(|vendor| vendor == "NVIDIA");
    match (&driver.graphics_library, in_container) {
        _ if draws => Finding::ok("EGL has an NVIDIA device"),
        (Some(library), _) => Finding::ok(format!("{library} is here")),
        (None, Some(has)) if !has.split(',').any(|one| ["all", "graphics"].contains(&one.trim())) => {
            Finding::fail(
                format!("no libGLX_nvidia.so, and NVIDIA_DRIVER_CAPABILITIES={has}"),
                "Add graphics to NVIDIA_DRIVER_CAPABILITIES.",
            )
        }
        (None, _) => Finding::fail(
            format!("driver {version}, but no libGLX_nvidia.so"),
            format!("The driver of the host is the headless variant: install {package} there."),
        ),
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
    let Some(driver) = &machine.driver else { return Finding::unknown("the driver was not looked at") };
    let (Some(version), Some(processor)) = (driver.kernel(), Processor::here()) else {
        return Finding::not_applicable("there is no driver");
    };
    if driver.wsl {
        return Finding::not_applicable("the driver of WSL is that of Windows");
    }
    let models = || driver.gpus.iter().filter_map(|gpu| Some((gpu, gpu.model()?)));
    if let Some((gpu, _)) = models().find(|(_, model)| model.is_vgpu()) {
        let fix =
            "Drivers for slices of a GPU are not public: take the .run file from who runs the hypervisor.";
        return Finding::fail(format!("{} with driver {version}", gpu.called()), fix);
    }
    let only_tesla = ONLY_TESLA.contains(&version.as_str());
    let datacentre = models().any(|(_, model)| model.class() == GpuClass::DataCentre);
    let (general, tesla) = addresses(&version, processor);
    let has_modules = machine.xorg.as_ref().is_some_and(|xorg| xorg.nvidia_drv.is_some());
    match () {
        () if only_tesla && !has_modules => Finding::warn(
            format!("{version} is a data-centre build: {general} answers 404"),
            format!("Take the .run file from {tesla}"),
        ),
        () if only_tesla => {
            Finding::ok(format!("{version} is a data-centre build, and its X modules are here"))
        }
        () if datacentre => Finding::ok(format!("the .run file of {version} is {general}, or else {tesla}")),
        () => Finding::ok(format!("the .run file of {version} is {general}")),
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

/// The first address for everybody, and the first for data-centre builds.
fn addresses(version: &DriverVersion, processor: Processor) -> (String, String) {
    let urls = RunFileName::new(version.clone(), processor).urls(&[]);
    let tesla = urls.iter().find(|url| url.contains("/tesla/")).cloned();
    (urls.first().cloned().unwrap_or_default(), tesla.unwrap_or_default())
}

fn flavour(driver: &DriverFacts) -> Flavour {
    if driver.open_module == Some(true) { Flavour::Open } else { Flavour::Proprietary }
}

fn egl_vendors(machine: &Machine) -> impl Iterator<Item = &str> {
    let devices = facts(&machine.report.egl).into_iter().flat_map(|facts| &facts.devices);
    devices.filter_map(|device| device.platform.vendor.as_deref())
}

/// Versions that are known to lie under `/tesla` only; there are more.
const ONLY_TESLA: [&str; 6] =
    ["418.87.01", "450.51.05", "470.82.01", "535.104.12", "535.183.06", "570.133.20"];

/// What to install for a library, by a part of its name. Drivers come from elsewhere.
fn remedy(missing: &str) -> String {
    let packages = [
        ("libXext.so", "libxext6"),
        ("libX11.so", "libx11-6"),
        ("libX11-xcb.so", "libx11-xcb1"),
        ("libxcb-glx.so", "libxcb-glx0"),
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
        None if missing.contains("INCOMPATIBLE_DRIVER") => "No driver of Vulkan works: \
            NVIDIA_DRIVER_CAPABILITIES must include graphics, or apt-get install mesa-vulkan-drivers for the processor."
            .to_owned(),
        None if missing.contains("X display") => {
            "Start an X server there, or name another display with --display.".to_owned()
        }
        None if missing.contains(".so") => format!("Install what has {missing}."),
        None => "Install its driver again: libgl1-mesa-dri on the processor, NVIDIA's on the GPU.".to_owned(),
    }
}
