//! Manifests of several branches, line by line, and sums in pieces.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_nvidia_driver::install::{Item, Options, Plan, SkipReason};
use cosmos_nvidia_driver::run_file::{Cksum, FileType, Manifest, ManifestError, PathProblem};
use proptest::prelude::*;

const HEADER: &str = "NVIDIA Accelerated Graphics Driver for Linux-x86_64\n390.48\n \nnvidia nvidia-uvm\n \n \n./kernel/\n./\n";
const FULL: Options = Options { compat32: true, vendor_neutral: true };

fn parse(lines: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(format!("{HEADER}{lines}\n").as_bytes())
}

/// Where a line is installed: `path`, or `path -> target`; or why it is not.
fn place(line: &str) -> String {
    // Links need something to lead to.
    let targets = "libcuda.so.1 0755 CUDA_LIB NATIVE /\n32/libcuda.so.1 0755 CUDA_LIB COMPAT32 /\n";
    let plan = Plan::new(&parse(&format!("{line}\n{targets}")).unwrap(), FULL).unwrap();
    let skipped = plan.skipped.first().map(|skipped| format!("{:?}", skipped.why));
    let own = |(path, item): &(String, &Item)| match item {
        Item::Link { target } => Some(format!("{path} -> {target}")),
        Item::File { line: 9, .. } => Some(path.clone()),
        Item::File { .. } => None,
    };
    let placed = plan.items.iter().map(|(path, item)| (path.to_string(), item)).find_map(|item| own(&item));
    placed.or(skipped).unwrap()
}

#[test]
fn each_type_has_its_place() {
    let cases = [
        ("libGLX_nvidia.so.390.48 0755 OPENGL_LIB NATIVE GLVND MODULE:opengl", "lib/libGLX_nvidia.so.390.48"),
        ("./32/libGLX_nvidia.so.390.48 0755 OPENGL_LIB COMPAT32", "lib32/libGLX_nvidia.so.390.48"),
        ("libcuda.so 0000 CUDA_SYMLINK NATIVE / libcuda.so.1 MODULE:gpgpu", "lib/libcuda.so -> libcuda.so.1"),
        ("libcuda.so 0000 CUDA_SYMLINK COMPAT32 / libcuda.so.1", "lib32/libcuda.so -> libcuda.so.1"),
        ("libcuda.so 0000 OPENGL_SYMLINK NATIVE libcuda.so.1", "lib/libcuda.so -> libcuda.so.1"),
        ("x.so 0000 GBM_BACKEND_LIB_SYMLINK NATIVE libcuda.so.1", "lib/gbm/x.so -> ../libcuda.so.1"),
        ("libvdpau.so.1 0755 VDPAU_LIB NATIVE vdpau/ MODULE:vdpau", "lib/vdpau/libvdpau.so.1"),
        ("nvidia_drv.so 0755 XMODULE_SHARED_LIB drivers/", "lib/xorg/modules/drivers/nvidia_drv.so"),
        ("libglx.so.1 0755 GLX_MODULE_SHARED_LIB extensions", "lib/xorg/modules/extensions/libglx.so.1"),
        ("nvidia_icd.json 0644 VULKAN_ICD_JSON icd.d/", "share/vulkan/icd.d/nvidia_icd.json"),
        ("nvidia_icd.json.template 0644 VULKAN_ICD_JSON", "share/vulkan/icd.d/nvidia_icd.json"),
        ("nvidia_layers.json 0644 VULKAN_ICD_JSON", "share/vulkan/implicit_layer.d/nvidia_layers.json"),
        ("10_nvidia.json 0644 GLVND_EGL_ICD_JSON MODULE:opengl", "share/glvnd/egl_vendor.d/10_nvidia.json"),
        ("nvidia.icd 0444 CUDA_ICD MODULE:gpgpu", "etc/OpenCL/vendors/nvidia.icd"),
        ("rc 0444 APPLICATION_PROFILE / MODULE:opengl", "share/nvidia/rc"),
        ("nvoptix.bin 0644 OPENGL_DATA /usr/share/nvidia", "share/nvidia/nvoptix.bin"),
        ("o.conf 0444 XORG_OUTPUTCLASS_CONFIG MODULE:xdriver", "share/X11/xorg.conf.d/o.conf"),
        ("nvngx.dll 0644 WINE_LIB NATIVE MODULE:ngx", "lib/nvidia/wine/nvngx.dll"),
        ("nvidia-modprobe 04755 NVIDIA_MODPROBE /usr/bin/", "Host"),
        ("kernel/nv.c 0644 KERNEL_MODULE_SRC INHERIT_PATH_DEPTH:1", "Host"),
        ("firmware/gsp.bin 0644 FIRMWARE INHERIT_PATH_DEPTH:1", "Host"),
        ("README.txt 0444 DOCUMENTATION NVIDIA_GLX-1.0/", "Documentation"),
        ("libGL.so.1 0755 GLX_CLIENT_LIB NATIVE NON_GLVND", "NonGlvnd"),
        ("libnvidia-tls.so 0755 TLS_LIB NATIVE CLASSIC /", "ClassicTls"),
        ("a 0644 TYPE_OF_2030 ../../b NATIVE", "UnknownType(\"TYPE_OF_2030\")"),
        ("nvidia-uninstall 0000 UTILITY_BIN_SYMLINK nvidia-installer", "Dangling"),
        ("a 0000 UTILITY_BIN_SYMLINK a", "Dangling"),
    ];
    for (line, expected) in cases {
        assert_eq!(place(line), expected, "{line}");
    }
}

#[test]
fn the_second_file_for_a_place_is_left_out() {
    let plan =
        Plan::new(&parse("a/x 0755 OPENGL_LIB NATIVE\nb/x 0755 OPENGL_LIB NATIVE").unwrap(), FULL).unwrap();
    assert_eq!((plan.items.len(), &plan.skipped[0].why), (1, &SkipReason::Duplicate));
}

#[test]
fn bad_lines_are_named() {
    let path = |value: &str, problem| ManifestError::Path { line: 9, value: value.to_owned(), problem };
    let mode = |value: &str| ManifestError::Mode { line: 9, value: value.to_owned() };
    let cases = [
        ("alone", ManifestError::Fields { line: 9, text: "alone".to_owned() }),
        ("a 0644", ManifestError::Fields { line: 9, text: "a 0644".to_owned() }),
        ("a 0948 OPENGL_LIB", mode("0948")),
        ("a 77777 OPENGL_LIB", mode("77777")),
        ("a +755 OPENGL_LIB", mode("+755")),
        ("../a 0644 OPENGL_LIB NATIVE", path("../a", PathProblem::Parent)),
        ("/a 0644 OPENGL_LIB NATIVE", path("/a", PathProblem::Absolute)),
        ("a 0644 CUDA_LIB NATIVE ../../etc", path("../../etc", PathProblem::Parent)),
        ("a 0000 OPENGL_SYMLINK NATIVE", ManifestError::NoTarget { line: 9, name: "a".to_owned() }),
    ];
    for (line, expected) in cases {
        assert_eq!(parse(line).unwrap_err(), expected, "{line}");
    }
    assert_eq!(Manifest::parse(b"one\ntwo").unwrap_err(), ManifestError::Short { lines: 2 });
    assert_eq!(Manifest::parse(b"\xff").unwrap_err(), ManifestError::NotText);
    let version = Manifest::parse(b"a\nnone\nc\nd\ne\nf\ng\nh\n").unwrap_err();
    assert!(matches!(version, ManifestError::Version(_)));
    for target in ["/etc/passwd", "../../etc/passwd"] {
        let manifest = parse(&format!("a 0000 OPENGL_SYMLINK NATIVE {target}")).unwrap();
        assert!(matches!(Plan::new(&manifest, FULL), Err(ManifestError::Path { line: 9, .. })), "{target}");
    }
}

#[test]
fn libraries_of_every_part_are_known() {
    let lib =
        ["OPENGL", "CUDA", "OPENCL", "UTILITY", "VDPAU", "NVCUVID", "ENCODEAPI", "NVIFR", "TLS", "GLVND"];
    for name in lib.map(|name| format!("{name}_LIB")) {
        assert!(!matches!(FileType::from_name(&name), FileType::Other(_)), "{name}");
    }
    assert_eq!(FileType::from_name("TYPE_OF_2030"), FileType::Other("TYPE_OF_2030".to_owned()));
}

proptest! {
    #[test]
    fn a_sum_does_not_depend_on_the_pieces(
        bytes in prop::collection::vec(any::<u8>(), 0..300), at in prop::collection::vec(0..300_usize, 0..4),
    ) {
        let (mut whole, mut pieces) = (Cksum::default(), Cksum::default());
        whole.update(&bytes);
        let mut cuts: Vec<usize> = at.into_iter().map(|at| at.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        cuts.windows(2).for_each(|cut| pieces.update(&bytes[cut[0]..cut[1]]));
        prop_assert_eq!(whole.finish(), pieces.finish());
    }
}
