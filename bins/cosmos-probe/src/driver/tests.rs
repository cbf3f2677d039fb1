#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[test]
fn a_machine_without_a_driver_is_a_normal_case() {
    assert_eq!(DriverFacts::read(tree(&[]).path(), NvmlLibrary::Off), DriverFacts::default());
}

#[test]
fn an_h200_is_read_from_proc_and_sys() {
    let root = tree(&[
        (
            "proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\nGCC version:  gcc version 15.3.0 (GCC)\n",
        ),
        (
            "proc/driver/nvidia/gpus/0000:00:06.0/information",
            "Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-01234567-89ab-cdef-0123-456789abcdef\nDevice Minor: \t 0\n",
        ),
        ("sys/bus/pci/devices/0000:00:06.0/vendor", "0x10de\n"),
        ("sys/bus/pci/devices/0000:00:06.0/device", "0x2335\n"),
        ("sys/bus/pci/devices/0000:00:06.0/class", "0x030200\n"),
        ("sys/module/nvidia/version", "580.159.04\n"),
        ("sys/module/nvidia_uvm/version", ""),
        ("usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04", ""),
        ("usr/lib/x86_64-linux-gnu/libcuda.so.1", ""),
        ("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.86.15", ""),
        ("dev/nvidiactl", ""),
        (
            "proc/self/mountinfo",
            "1 2 0:3 / /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1 ro,nosuid - ext4 x x\n",
        ),
    ]);
    let facts = DriverFacts::read(root.path(), NvmlLibrary::Off);
    assert_eq!(facts.kernel_version.as_deref(), Some("580.159.04"));
    assert_eq!(facts.open_module, Some(true));
    assert_eq!(facts.user_version(), Some("580.159.04"));
    assert_eq!(facts.strays, ["/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.86.15"]);
    assert_eq!(facts.graphics_library, None);
    assert_eq!(facts.modules, ["nvidia", "nvidia_uvm"]);
    assert_eq!(facts.device_files, ["nvidiactl"]);
    assert_eq!(facts.read_only_mounts.len(), 1);
    let gpu = &facts.gpus[0];
    assert_eq!((gpu.name.as_deref(), gpu.minor), (Some("NVIDIA H200"), Some(0)));
    assert_eq!((gpu.device_id, gpu.class), (Some(0x2335), Some(0x03_0200)));
    assert_eq!((gpu.chip.as_deref(), gpu.architecture.as_deref()), (Some("GH100"), Some("Hopper")));
}

#[test]
fn a_gpu_without_a_driver_is_seen_on_the_bus() {
    let device = |address: &str, vendor: &'static str, class: &'static str| {
        [
            (format!("sys/bus/pci/devices/{address}/vendor"), vendor),
            (format!("sys/bus/pci/devices/{address}/class"), class),
        ]
    };
    let files =
        [device("0000:01:00.0", "0x10de", "0x030000"), device("0000:01:00.1", "0x10de", "0x040300")].concat();
    let files = files.iter().map(|(path, text)| (path.as_str(), *text)).collect::<Vec<_>>();
    let facts = DriverFacts::read(tree(&files).path(), NvmlLibrary::Off);
    assert_eq!(
        facts.gpus.iter().map(|gpu| gpu.pci.as_str()).collect::<Vec<_>>(),
        ["0000:01:00.0"],
        "no sound card"
    );
}

#[test]
fn the_two_programs_add_their_words() {
    let root = tree(&[("sys/module/nvidia/version", "570.26\n")]);
    let mut facts = DriverFacts::read(root.path(), NvmlLibrary::Off);
    assert_eq!(facts.add_smi(Ok("DRIVER version : 570.26\nCUDA Version : 12.8\n".to_owned())), None);
    facts.add_module("version: 580.159.04\nlicense: Dual MIT/GPL\n");
    facts.add(Source::Stated, "535.54.03".parse().ok());
    facts.settle();
    let sources = facts.observations.iter().map(|seen| seen.source.as_str()).collect::<Vec<_>>();
    assert_eq!(sources, ["/sys/module/nvidia/version", "nvidia-smi", "modinfo", "NVIDIA_DRIVER_VERSION"]);
    assert_eq!((facts.user_version(), facts.pending.as_deref()), (Some("570.26"), Some("580.159.04")));
    assert_eq!(facts.open_module, Some(true));
    let complaint = facts.add_smi(Ok("Failed to initialize NVML: Unknown Error\n".to_owned()));
    assert!(complaint.is_some_and(|text| text.starts_with("nvidia-smi: Failed")));
    let hung = Failure::Hung { after_ms: 1, doing: "running nvidia-smi".to_owned() };
    assert!(facts.add_smi(Err(hung)).is_some_and(|text| text.contains("hung")));
}

#[test]
fn versions_are_compared_by_number() {
    assert!(fields("470.82.01") < fields("470.103.01"));
}

#[test]
fn the_variant_without_graphics_is_known_by_its_package() {
    let root = tree(&[
        ("var/lib/dpkg/info/nvidia-headless-570-server:amd64.list", ""),
        ("usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.0", ""),
        ("usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.570.26", ""),
    ]);
    let facts = DriverFacts::read(root.path(), NvmlLibrary::Off);
    assert_eq!(facts.headless_package.as_deref(), Some("nvidia-headless-570-server"));
    assert!(facts.graphics_library.is_some_and(|path| path.ends_with("570.26")));
}
