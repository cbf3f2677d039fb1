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
    assert_eq!(DriverFacts::read(tree(&[]).path()), DriverFacts::default());
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
    let facts = DriverFacts::read(root.path());
    assert_eq!(facts.kernel_version.as_deref(), Some("580.159.04"));
    assert_eq!(facts.open_module, Some(true));
    assert_eq!(facts.user_versions, ["570.86.15", "580.159.04"]);
    assert_eq!(facts.user_version(), None, "two versions are none");
    assert_eq!(facts.modules, ["nvidia", "nvidia_uvm"]);
    assert_eq!(facts.device_files, ["nvidiactl"]);
    assert_eq!(facts.read_only_mounts.len(), 1);
    let gpu = &facts.gpus[0];
    assert_eq!((gpu.name.as_deref(), gpu.minor), (Some("NVIDIA H200"), Some(0)));
    assert_eq!((gpu.device_id, gpu.class), (Some(0x2335), Some(0x03_0200)));
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
    let facts = DriverFacts::read(tree(&files).path());
    assert_eq!(
        facts.gpus.iter().map(|gpu| gpu.pci.as_str()).collect::<Vec<_>>(),
        ["0000:01:00.0"],
        "no sound card"
    );
}

#[test]
fn versions_are_found_in_both_formats() {
    for (line, version) in [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021",
            Some("470.82.01"),
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.65  Release Build", Some("580.65")),
        ("NVRM version: for x86_64", None),
        ("", None),
    ] {
        assert_eq!(first_version(line).as_deref(), version, "{line}");
    }
    assert!(fields("470.82.01") < fields("470.103.01"));
}
