#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tree;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::{
    desktop::graphics::server_of,
    lease::{Holder, Lease},
    xserver::XStart,
};
use tree::{Machine, Tree};

const PROBE_HARDWARE: &str = r#"{"schema":"cosmos.probe/1",
    "gl":{"facts":{"renderer":"NVIDIA/PCIe/SSE2"},"failure":null,"verdict":"hardware"},
    "egl":{"facts":{"devices":[],"platforms":[{"name":"x11","renderer":"llvmpipe","verdict":"software"}]},
        "failure":null,"verdict":"software"},
    "vulkan":{"facts":{"devices":[{"name":"NVIDIA","verdict":"hardware"}]},"failure":null,"verdict":"hardware"}}"#;

/// Everything that follows from the machine: the plan, the command of the server and its file.
fn outcome(machine: &mut Machine, wish: &Wish<'_>) -> (String, String) {
    let arrangement = arrange(machine, wish);
    let plan = &arrangement.plan;
    let gpu = plan.gpu.as_ref().map_or("none", |gpu| gpu.name.as_deref().unwrap_or("?"));
    let mut text = format!("mode: {}\ngpu: {gpu}\n", plan.mode);
    let screen = arrangement.screen();
    let notes = screen.iter().flat_map(|screen| &screen.notes).chain(&plan.notes);
    text.extend(plan.reasons().lines().map(|line| format!("{line}\n")));
    text.extend(notes.map(|note| format!("note: {note}\n")));
    text.extend(arrangement.variables().iter().map(|(name, value)| format!("{name}={value}\n")));
    let mut config = crate::test_config();
    config.size = wish.size;
    if plan.mode == Mode::GpuXServer {
        let server = server_of(&arrangement, &config).unwrap();
        let start = XStart {
            config: &config,
            display: 20,
            authority: Path::new("/run/user/1000/cosmos/Xauthority"),
            xorg_conf: Path::new("/run/user/1000/cosmos/xorg.conf"),
            xorg_log: Path::new("/var/log/cosmos/xorg.log"),
            listen_abstract: false,
        };
        let words: Vec<String> =
            server.arguments(&start).iter().map(|word| word.display().to_string()).collect();
        text += &format!("{} {}\n", server.program().display(), words.join(" "));
    }
    (text, screen.map(|screen| screen.config).unwrap_or_default())
}

/// A directory of leases that is trusted, whatever the mask of whoever runs the tests.
fn leases() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap()
}

fn check(name: &str, tree: &Tree, graphics: &Graphics, size: &str) {
    let leases = leases();
    let wish = Wish { graphics, size: size.parse().unwrap() };
    let (plan, config) = outcome(&mut Machine::new(tree, leases.path()), &wish);
    golden(&format!("{name}.plan"), &plan);
    golden(&format!("{name}.conf"), &config);
}

/// Compares with a file of `testdata`; `UPDATE_EXPECT=1` writes it.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/gpu").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        match text.is_empty() {
            true => drop(fs::remove_file(&path)),
            false => fs::write(&path, text).unwrap(),
        }
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
}

#[test]
fn an_a10g_of_a_cloud_gets_its_x_server() {
    check("a10g", &Tree::a10g(), &Graphics::default(), "1920x1080");
}

#[test]
fn a_t4_in_another_pci_domain_keeps_the_domain() {
    check("t4", &Tree::t4(), &Graphics::default(), "2560x1600");
}

#[test]
fn a_geforce_before_550_goes_to_a_displayport_for_a_large_screen() {
    let graphics = Graphics { refresh: "120".parse().ok(), ..Graphics::default() };
    check("rtx3060", &Tree::rtx3060(), &graphics, "3840x2160");
}

#[test]
fn an_output_that_was_named_is_kept_and_its_best_mode_is_taken() {
    let graphics = Graphics { ports: "DFP-0".parse().ok(), ..Graphics::default() };
    check("rtx3060-dfp", &Tree::rtx3060(), &graphics, "3840x2160");
}

#[test]
fn an_h200_is_refused_by_four_reasons_and_draws_for_a_software_server() {
    let tree = Tree::h200();
    check("h200", &tree, &Graphics::default(), "1920x1080");
    let leases = leases();
    let graphics = Graphics::default();
    let wish = Wish { graphics: &graphics, size: "1920x1080".parse().unwrap() };
    let mut arrangement = arrange(&mut Machine::new(&tree, leases.path()), &wish);
    let reasons = &arrangement.plan.refused[0].reasons;
    assert_eq!(
        reasons.iter().map(Reason::id).collect::<Vec<_>>(),
        ["no-x-driver", "no-modeset-device", "no-modeset-module", "no-glx-server"]
    );
    arrangement.see(Ok(Rendering::of_probe(PROBE_HARDWARE.as_bytes()).unwrap()));
    assert_eq!(arrangement.plan.mode, Mode::GpuRendering);
    let names: Vec<&str> = arrangement.variables().iter().map(|(name, _)| *name).collect();
    let seen = ["__GLX_VENDOR_LIBRARY_NAME", "VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
    assert_eq!(names, seen, "EGL was not seen to draw on the GPU");
}

/// Whatever is missing of a whole machine, exactly its reasons stand against the X server.
#[test]
fn the_reasons_are_just_those_of_what_is_missing() {
    let parts: [(&str, &str); 5] = [
        ("usr/lib/xorg/Xorg", "no-xorg"),
        ("usr/lib/xorg/modules/drivers/nvidia_drv.so", "no-x-driver"),
        ("dev/nvidia-modeset", "no-modeset-device"),
        ("sys/module/nvidia_modeset", "no-modeset-module"),
        ("usr/lib/xorg/modules/extensions/libglxserver_nvidia.so.535.129.03", "no-glx-server"),
    ];
    for subset in 0..1_u32 << parts.len() {
        let tree = Tree::a10g();
        let missing: Vec<_> =
            (0..parts.len()).filter(|at| subset >> at & 1 == 1).map(|at| parts[at]).collect();
        missing.iter().for_each(|(path, _)| tree.remove(path));
        let plan = tree.plan(&Graphics::default());
        let told: Vec<&str> =
            plan.refused.iter().flat_map(|refusal| &refusal.reasons).map(Reason::id).collect();
        assert_eq!(told, missing.iter().map(|(_, id)| *id).collect::<Vec<_>>());
        assert_eq!(plan.mode == Mode::GpuXServer, missing.is_empty());
    }
}

#[test]
fn without_a_gpu_a_module_or_libraries_the_processor_draws() {
    let ids = |tree: &Tree| {
        let plan = tree.plan(&Graphics::default());
        assert_eq!((plan.mode, plan.refused.len()), (Mode::Software, 2));
        plan.refused[1].reasons.iter().map(Reason::id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&Tree::empty()), ["no-gpu"]);
    let hidden = Tree::a10g();
    hidden.remove("dev/nvidia0");
    assert_eq!(ids(&hidden), ["no-gpu"], "a GPU of the host that was not let in");
    let unloaded = Tree::a10g();
    unloaded.remove("proc/driver/nvidia/version");
    unloaded.remove("sys/module/nvidia");
    assert_eq!(ids(&unloaded), ["no-kernel-module"]);
    let bare = Tree::h200();
    for path in ["usr/lib64/libGLX_nvidia.so.0", "etc/vulkan", "usr/share/glvnd"] {
        bare.remove(path);
    }
    assert_eq!(ids(&bare), ["no-libraries"]);
    let wsl = Tree::a10g();
    wsl.file("dev/dxg", "");
    assert_eq!(wsl.plan(&Graphics::default()).refused[0].reasons, [Reason::Wsl]);
}

#[test]
fn halves_of_a_driver_that_do_not_fit_and_known_faults_are_told() {
    let stale = Tree::a10g();
    stale.rename(
        "extensions/libglxserver_nvidia.so.535.129.03",
        "extensions/libglxserver_nvidia.so.470.82.01",
    );
    let reason = stale.plan(&Graphics::default()).refused[0].reasons[0].to_string();
    assert_eq!(reason, "libglxserver_nvidia.so is of version 470.82.01, the kernel module of 535.129.03");

    let updated = Tree::a10g();
    updated.module("550.54.14");
    let plan = updated.plan(&Graphics::default());
    assert_eq!(plan.mode, Mode::Software, "the libraries do not fit for programs either");
    assert!(plan.reasons().contains("kernel module 550.54.14, libraries 535.129.03"), "{}", plan.reasons());

    for (version, fixed) in
        [("535.86.05", Some("535.129.03")), ("545.23.06", Some("545.29.02")), ("535.54.03", None)]
    {
        let plan = Tree::geforce(version).plan(&Graphics::default());
        let told = plan.refused.first().map(|refusal| refusal.reasons[0].to_string());
        assert_eq!(
            told.is_some_and(|text| text.contains(fixed.unwrap_or("?"))),
            fixed.is_some(),
            "{version}"
        );
    }
}

#[test]
fn the_gpu_that_was_asked_for_is_taken_or_refused_by_its_name() {
    let tree = Tree::two();
    for (asked, address) in [
        ("GPU-00000000-0000-0000-0000-000000000001", "0000:02:00.0"),
        ("0000:02:00.0", "0000:02:00.0"),
        ("1", "0000:02:00.0"),
        ("all", "0000:01:00.0"),
        ("void", "0000:01:00.0"),
    ] {
        let graphics = Graphics { gpu: asked.parse().unwrap(), ..Graphics::default() };
        let plan = tree.plan(&graphics);
        assert_eq!(plan.gpu.map(|gpu| gpu.address.to_string()).as_deref(), Some(address), "{asked}");
    }
    let gpu = "0000:03:00.0".parse().unwrap();
    let graphics = Graphics { gpu, named_by: "--gpu".to_owned(), ..Graphics::default() };
    let plan = tree.plan(&graphics);
    assert_eq!((plan.mode, plan.gpu.clone()), (Mode::Software, None));
    let told = "--gpu: 0000:03:00.0 is not among the 2 GPUs visible here";
    assert!(plan.reasons().contains(told), "{}", plan.reasons());
    let graphics = Graphics { gpu: "MIG-00000000-0000-0000-0000-000000000001".parse().unwrap(), ..graphics };
    assert!(tree.plan(&graphics).reasons().contains("MIG slice"));
}

#[test]
fn a_gpu_that_somebody_drives_is_drawn_on_and_its_holder_is_named() {
    let (tree, leases) = (Tree::a10g(), leases());
    let graphics = Graphics { wanted: Wanted::Required, ..Graphics::default() };
    let wish = Wish { graphics: &graphics, size: "1280x720".parse().unwrap() };
    let first = arrange(&mut Machine::new(&tree, leases.path()), &wish);
    assert!(first.lease.is_some() && first.plan.mode == Mode::GpuXServer);
    let second = arrange(&mut Machine::new(&tree, leases.path()), &wish);
    assert_eq!((second.plan.mode, second.lease.is_none()), (Mode::GpuRendering, true));
    let told = "GPU 0000:00:1e.0 is driven by another X server: \
                display :20 (GPU-00000000-0000-0000-0000-000000000000, NVIDIA A10G) in ";
    assert!(second.plan.reasons().contains(told), "{}", second.plan.reasons());
    assert!(!second.is_refused(), "programs still draw on the GPU");
    drop(first);
    let mut third = arrange(&mut Machine::new(&tree, leases.path()), &wish);
    assert_eq!(third.plan.mode, Mode::GpuXServer);
    third.obstruct(Reason::ServerFailed("it crashed".to_owned()));
    assert_eq!(third.plan.mode, Mode::GpuRendering);
    let gpu = third.plan.gpu.as_ref().unwrap();
    Lease::take(leases.path(), gpu.address, &Holder::display(21, gpu))
        .expect("a failed server gives its lease back");
}

/// One container looks before anybody used the GPU, the other one after.
#[test]
fn a_gpu_is_leased_once_whether_its_uuid_is_known_or_not() {
    let leases = leases();
    let (fresh, used) = (Tree::a10g().never_used("0000:00:1e.0"), Tree::a10g());
    let graphics = Graphics::default();
    let wish = Wish { graphics: &graphics, size: "1280x720".parse().unwrap() };
    let modes = |first: &Tree, second: &Tree| {
        let first = arrange(&mut Machine::new(first, leases.path()), &wish);
        let second = arrange(&mut Machine::new(second, leases.path()), &wish);
        [first.plan.mode, second.plan.mode]
    };
    for (first, second) in [(&fresh, &used), (&used, &fresh)] {
        assert_eq!(modes(first, second), [Mode::GpuXServer, Mode::GpuRendering]);
    }
}

#[test]
fn a_directory_of_leases_that_cannot_be_used_is_a_reason() {
    let tree = Tree::a10g();
    let graphics = Graphics::default();
    let wish = Wish { graphics: &graphics, size: "1280x720".parse().unwrap() };
    let arrangement = arrange(&mut Machine::new(&tree, Path::new("/nonexistent")), &wish);
    assert_eq!(arrangement.plan.mode, Mode::GpuRendering);
    assert!(arrangement.plan.reasons().contains("/nonexistent is not there: make it with mode 1777"));
}

#[test]
fn a_required_gpu_that_draws_nothing_leaves_no_desktop_and_every_reason() {
    let (tree, leases) = (Tree::h200(), leases());
    let graphics = Graphics { wanted: Wanted::Required, ..Graphics::default() };
    let wish = Wish { graphics: &graphics, size: "1280x720".parse().unwrap() };
    let mut arrangement = arrange(&mut Machine::new(&tree, leases.path()), &wish);
    assert!(!arrangement.is_refused());
    arrangement.see(Err(Reason::NoProbe));
    assert!(arrangement.is_refused() && arrangement.variables().is_empty());
    let software = PROBE_HARDWARE.replace("hardware", "software").replace("NVIDIA/PCIe/SSE2", "llvmpipe");
    arrangement.see(Ok(Rendering::of_probe(software.as_bytes()).unwrap()));
    assert!(arrangement.is_refused());
    let reasons = arrangement.plan.reasons();
    for part in
        ["no X server on the GPU: ", "no GPU rendering in a software X server: GLX does not draw", "llvmpipe"]
    {
        assert!(reasons.contains(part), "{part}: {reasons}");
    }
    let wish = Wish { graphics: &Graphics { wanted: Wanted::Software, ..graphics.clone() }, ..wish };
    let plan = plan(&arrangement.facts, &wish);
    assert_eq!((plan.mode, plan.is_refused(Wanted::Software)), (Mode::Software, false));
}

#[test]
fn the_report_is_complete_json_whatever_the_mode() {
    let leases = leases();
    for (tree, mode) in
        [(Tree::a10g(), "gpu-x-server"), (Tree::h200(), "gpu-rendering"), (Tree::empty(), "software")]
    {
        let graphics = Graphics::default();
        let wish = Wish { graphics: &graphics, size: "1280x720".parse().unwrap() };
        let mut arrangement = arrange(&mut Machine::new(&tree, leases.path()), &wish);
        arrangement.see(Ok(Rendering::of_probe(PROBE_HARDWARE.as_bytes()).unwrap()));
        arrangement.warnings.push("nobody sees the lease".to_owned());
        let path = leases.path().join("graphics.json");
        arrangement.report().write(&path).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!((json["schema"].as_str(), json["mode"].as_str()), (Some("cosmos.graphics/1"), Some(mode)));
        assert_eq!(json["warnings"][0], "nobody sees the lease");
        for key in ["gpu", "rendering", "refused"] {
            assert!(json.get(key).is_some(), "{key} is missing");
        }
    }
}
