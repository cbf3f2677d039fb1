//! The real loaders and drivers of this machine, compared with the programs of the field. This program is its own
//! child.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cosmos_vulkan_probe::{Area, Config, Verdict, VulkanDevice, child, probe};

fn main() {
    child::main();
    no_drivers();
    lavapipe();
    llvmpipe();
    windows();
    no_windows();
    surfaceless();
    println!("real drivers: ok");
}

/// A loader without drivers is an answer, not a failure.
fn no_drivers() {
    let mut config = config(None);
    config.vulkan_manifests = vec!["/none".into()];
    config.environment =
        ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].map(|name| (name.into(), "/none.json".into())).to_vec();
    let answer = probe(&config, &[Area::Vulkan]).vulkan.unwrap();
    assert!(answer.is_complete(), "{answer:?}");
    let facts = answer.facts.unwrap();
    assert!(facts.devices.is_empty() && facts.error.is_some());
    assert_eq!(facts.verdict(), Verdict::Nothing);
}

fn lavapipe() {
    let Some(manifest) = lavapipe_manifest() else {
        return eprintln!("SKIPPED lavapipe: mesa-vulkan-drivers is not installed");
    };
    let mut config = config(None);
    config.vulkan_manifests = vec![manifest.clone()];
    let path = manifest.to_string_lossy().into_owned();
    config.environment =
        ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].map(|name| (name.into(), path.clone())).to_vec();
    let answer = probe(&config, &[Area::Vulkan]).vulkan.unwrap();
    assert!(answer.is_complete(), "{answer:?}");
    let facts = answer.facts.unwrap();
    assert_eq!(facts.verdict(), Verdict::Software);
    assert_eq!(facts.manifests[0].opens, Some(true));
    let device = &facts.devices[0];
    assert_eq!(device.device_type, "CPU");
    assert!(
        device.queue_families.iter().any(|family| family.graphics && family.compute && !family.video_encode)
    );
    compare_with_vulkaninfo(device, &path);
}

/// Each field of `vulkaninfo --summary`.
fn compare_with_vulkaninfo(device: &VulkanDevice, manifest: &str) {
    let output = Command::new("vulkaninfo")
        .arg("--summary")
        .env_remove("DISPLAY")
        .env("VK_ICD_FILENAMES", manifest)
        .env("VK_DRIVER_FILES", manifest)
        .output();
    let Ok(output) = output else { return eprintln!("SKIPPED vulkaninfo: it is not installed") };
    let text = String::from_utf8(output.stdout).unwrap();
    let fields =
        text.lines().skip_while(|line| !line.starts_with("GPU0")).filter_map(|line| line.split_once(" = "));
    let fields = fields.map(|(name, value)| (name.trim(), value.trim())).collect::<BTreeMap<_, _>>();
    let first = |name: &str| fields[name].split(' ').next().unwrap();
    assert_eq!(first("apiVersion"), device.api_version);
    assert_eq!(first("driverVersion"), device.driver_version);
    assert_eq!(fields["vendorID"], format!("{:#06x}", device.vendor_id));
    assert_eq!(fields["deviceID"], format!("{:#06x}", device.device_id));
    assert_eq!(fields["deviceType"], format!("PHYSICAL_DEVICE_TYPE_{}", device.device_type));
    assert_eq!(fields["deviceName"], device.name);
    assert_eq!(fields["driverID"].trim_start_matches("DRIVER_ID_"), device.driver_id.as_deref().unwrap());
    assert_eq!(fields["driverName"], device.driver_name.as_deref().unwrap());
    assert_eq!(fields["driverInfo"], device.driver_info.as_deref().unwrap());
    assert_eq!(fields["conformanceVersion"], device.conformance_version.as_deref().unwrap());
    assert_eq!(fields["deviceUUID"], device.device_uuid.as_deref().unwrap());
    assert_eq!(fields["driverUUID"], device.driver_uuid.as_deref().unwrap());
}

fn llvmpipe() {
    let Some(server) = Server::start() else { return eprintln!("SKIPPED llvmpipe: Xvfb is not installed") };
    let answer = probe(&config(Some(&server.display)), &[Area::Gl]).gl.unwrap();
    let facts = answer.facts.unwrap();
    if facts.error.as_ref().is_some_and(|error| error.contains("cannot open shared object")) {
        return eprintln!("SKIPPED llvmpipe: libGL or libX11 is not installed");
    }
    assert_eq!(answer.failure, None);
    assert_eq!(facts.display.as_deref(), Some(&*server.display));
    assert_eq!(facts.nv_glx, Some(false));
    let glxinfo = Command::new("glxinfo").arg("-B").env("DISPLAY", &server.display).output();
    let Ok(glxinfo) = glxinfo else { return eprintln!("SKIPPED glxinfo: it is not installed") };
    let text = String::from_utf8_lossy(&glxinfo.stdout).into_owned();
    let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
    assert_eq!(facts.renderer.as_deref(), field("OpenGL renderer string"));
    assert_eq!(facts.vendor.as_deref(), field("OpenGL vendor string"));
    assert_eq!(facts.direct.map(|direct| if direct { "Yes" } else { "No" }), field("direct rendering"));
    assert_eq!(facts.verdict(), Verdict::of_renderer(field("OpenGL renderer string").unwrap()));
    let all = Command::new("glxinfo").env("DISPLAY", &server.display).output().unwrap();
    let has_uuid = String::from_utf8_lossy(&all.stdout).contains("GL_EXT_memory_object,");
    assert_eq!(facts.device_uuid.is_some(), has_uuid, "{facts:?}");
}

/// Every queue of lavapipe draws into windows of a real X server, whichever way it is asked.
fn windows() {
    let (Some(manifest), Some(server)) = (lavapipe_manifest(), Server::start()) else {
        return eprintln!("SKIPPED windows: mesa-vulkan-drivers or Xvfb is not installed");
    };
    let mut config = config(Some(&server.display));
    let path = manifest.to_string_lossy().into_owned();
    config.environment =
        ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].map(|name| (name.into(), path.clone())).to_vec();
    let report = probe(&config, &[Area::Vulkan, Area::Present, Area::Gl]);
    let present = report.present.unwrap();
    assert_eq!(present.failure, None, "{present:?}");
    let facts = present.facts.unwrap();
    if let (Some(error), _) | (_, Some(error)) = (&facts.xcb_error, &facts.xlib_error) {
        return eprintln!("SKIPPED windows: {error}");
    }
    assert_eq!((&facts.error, facts.display.as_deref()), (&None, Some(&*server.display)));
    let device = &facts.devices[0];
    let without = &report.vulkan.unwrap().facts.unwrap().devices[0];
    assert_eq!((&device.name, &device.device_uuid), (&without.name, &without.device_uuid));
    let drawing = report.gl.and_then(|answer| answer.facts?.device_uuid);
    assert!(drawing.is_none() || drawing == device.device_uuid, "GLX draws on it too: {drawing:?}");
    assert_eq!(device.families.len(), without.queue_families.len());
    for family in &device.families {
        assert_eq!((family.xcb, family.xlib, family.window), (Some(true), Some(true), Some(true)));
    }
    assert!(device.present_modes.as_ref().unwrap().contains(&"FIFO".to_owned()), "every device has it");
    assert!(device.presents() && facts.verdict() == Verdict::Software);
}

/// A display that is not there is an answer, not a failure.
fn no_windows() {
    let present = probe(&config(Some(":4242")), &[Area::Present]).present.unwrap();
    assert_eq!(present.failure, None, "{present:?}");
    let facts = present.facts.unwrap();
    assert!(facts.error.is_some() && facts.devices.is_empty(), "{facts:?}");
    assert_eq!(facts.verdict(), Verdict::Nothing);
}

fn surfaceless() {
    let answer = probe(&config(None), &[Area::Egl]).egl.unwrap();
    assert_eq!(answer.failure, None);
    let facts = answer.facts.unwrap();
    if let Some(error) = &facts.error {
        return eprintln!("SKIPPED EGL: {error}");
    }
    let platform = |name: &str| facts.platforms.iter().find(|platform| platform.name == name).unwrap();
    assert!(platform("surfaceless").works, "{facts:?}");
    assert!(platform("surfaceless").renderer.is_some(), "{facts:?}");
    assert!(!platform("x11").works && platform("x11").error.is_some(), "there is no display");
}

fn config(display: Option<&str>) -> Config {
    let mut config = Config::new(std::env::current_exe().unwrap());
    config.timeout = Duration::from_secs(30);
    config.display = display.map(str::to_owned);
    config
}

fn lavapipe_manifest() -> Option<PathBuf> {
    let files = fs::read_dir("/usr/share/vulkan/icd.d").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.into_iter().find(|path| path.to_string_lossy().contains("lvp_icd"))
}

/// An X server that chooses its own number, and ends with this value.
struct Server {
    child: Child,
    display: String,
}

impl Server {
    fn start() -> Option<Self> {
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut output = child.stdout.take()?;
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut number = Vec::new();
            let mut byte = [0];
            while matches!(std::io::Read::read(&mut output, &mut byte), Ok(1)) && byte[0] != b'\n' {
                number.push(byte[0]);
            }
            let _ = sender.send(String::from_utf8_lossy(&number).into_owned());
        });
        let started = Instant::now();
        let number = receiver.recv_timeout(Duration::from_secs(60)).unwrap_or_default();
        assert!(!number.is_empty(), "Xvfb gave no display within {:?}", started.elapsed());
        Some(Self { child, display: format!(":{number}") })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
