//! Surveys of machines made of files: every source, every view of a GPU, and what contradicts itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use cosmos_nvidia_driver::{
    Access, Agreement, Architecture, Connector, CudaVersion, Display, Finding, Flavour, GpuClass, Selection,
    Source, Sources, VisibleDevices,
};
use support::{LIBRARIES, Machine};

#[test]
fn all_seven_sources_are_read_in_the_order_of_trust() {
    let machine = Machine::new().module("580.159.04").file(&format!("{LIBRARIES}/libcuda.so.580.159.04"), "");
    let sources = Sources {
        nvidia_smi: Some("DRIVER version : 580.159.04\nCUDA Version : 13.0\n".to_owned()),
        modinfo: Some("version: 580.178.01\nlicense: NVIDIA\n".to_owned()),
        stated: Some(" 570.26 ".to_owned()),
        ..machine.sources()
    };
    let survey = sources.survey();
    let seen: Vec<Source> = survey.driver.observations.iter().map(|seen| seen.source).collect();
    use Source::{Library, Modinfo, NvidiaSmi, ProcVersion, Stated, SysModule};
    assert_eq!(seen, [ProcVersion, SysModule, NvidiaSmi, Library, Modinfo, Stated]);
    assert_eq!(survey.driver.agreement().to_string(), "driver 580.159.04");
    assert_eq!(survey.driver.pending().unwrap().as_str(), "580.178.01");
    assert_eq!(survey.driver.flavour, Some(Flavour::Proprietary));
    assert_eq!(survey.cuda(), Some(CudaVersion::new(13, 0)));
    assert_eq!(survey.findings, []);
}

#[test]
fn the_libraries_tell_their_version_by_name() {
    for folder in [LIBRARIES, "usr/lib64", "usr/local/nvidia/lib64", "opt/driver"] {
        let machine = Machine::new()
            .module("580.159.04")
            .file(&format!("{folder}/libnvidia-ml.so.535.183.01"), "")
            .link(&format!("{folder}/libnvidia-ml.so.1"), "libnvidia-ml.so.535.183.01")
            .file(&format!("{folder}/libcudart.so.12.4.127"), "");
        let survey = Sources { libraries: vec!["/opt/driver".into()], ..machine.sources() }.survey();
        let said = survey.driver.agreement().to_string();
        assert!(said.starts_with("kernel module 580.159.04, libraries 535.183.01"), "{folder}: {said}");
        let file = survey.driver.observations.iter().find_map(|seen| seen.file.clone()).unwrap();
        assert!(file.starts_with("/") && file.ends_with("libnvidia-ml.so.535.183.01"), "{file:?}");
    }
}

#[test]
fn the_h200_of_the_fixture_is_described() {
    let machine = Machine::new()
        .file("proc/driver/nvidia/version", include_str!("../testdata/h200/version"))
        .file(
            "proc/driver/nvidia/gpus/0000:00:06.0/information",
            include_str!("../testdata/h200/information"),
        )
        .pci("0000:00:06.0", "0x2335\n", "0x030200\n", "nvidia")
        .file("dev/nvidia0", "");
    let survey = Sources {
        nvidia_smi: Some(include_str!("../testdata/h200/nvidia-smi-q.txt").to_owned()),
        ..machine.sources()
    }
    .survey();
    assert_eq!(survey.driver.flavour, Some(Flavour::Open));
    assert_eq!(survey.driver.agreement().to_string(), "driver 580.159.04");
    let [gpu] = &survey.gpus[..] else { panic!("{:?}", survey.gpus) };
    assert_eq!(gpu.name.as_deref(), Some("NVIDIA H200"));
    assert_eq!(gpu.uuid.unwrap().to_string(), "GPU-01234567-89ab-cdef-0123-456789abcdef");
    assert_eq!((gpu.minor, gpu.subsystem), (Some(0), Some((0x10de, 0x18bf))));
    assert_eq!((gpu.class(), gpu.display()), (GpuClass::DataCentre, Display::None));
    assert_eq!(gpu.architecture(), Some(Architecture::Hopper));
    assert!(!gpu.nvenc().unwrap().any());
    assert_eq!((gpu.boot_vga, gpu.access), (None, Access::DeviceNode));
    assert_eq!(gpu.kernel_driver.as_deref(), Some("nvidia"));
    assert_eq!(survey.findings, []);
}

#[test]
fn a_container_sees_all_gpus_and_may_use_those_with_a_node() {
    let mut machine = Machine::new().module("535.183.01").file("dev/nvidia3", "");
    for minor in 0..4 {
        let address = format!("0000:{:02x}:00.0", 0x3b + minor);
        machine = machine.pci(&address, "0x2237\n", "0x030200\n", "nvidia").proc_gpu(
            &address,
            "NVIDIA A10G",
            minor,
        );
    }
    let survey = machine.sources().survey();
    assert_eq!(survey.gpus.len(), 4);
    let visible = survey.visible();
    assert_eq!(visible.iter().map(|gpu| gpu.minor).collect::<Vec<_>>(), [Some(3)]);
    for value in ["3", "void", "all", "GPU-00000000-0000-0000-0000-000000000003"] {
        let selection = Selection::of(&value.parse().unwrap(), &visible).unwrap();
        let gpu = selection.for_display().unwrap().unwrap();
        assert_eq!(gpu.address.xorg(), "PCI:62@0:0:0", "{value}");
    }
    assert!(Selection::of(&"GPU-00000000-0000-0000-0000-000000000001".parse().unwrap(), &visible).is_err());
}

#[test]
fn a_machine_without_a_gpu_is_normal() {
    let machine = Machine::new()
        .file("sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n")
        .file("sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n")
        .file("sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de\n")
        .file("sys/bus/pci/devices/0000:01:00.1/class", "0x040300\n")
        .file("sys/bus/pci/devices/nonsense/vendor", "0x10de\n");
    let survey = machine.sources().survey();
    assert_eq!(survey.driver.agreement(), Agreement::Absent);
    assert_eq!((survey.gpus.len(), survey.findings.len()), (0, 0));
    let visible = survey.visible();
    assert_eq!(Selection::of(&VisibleDevices::Void, &visible).unwrap().for_display(), Ok(None));
}

#[test]
fn a_gpu_of_another_driver_is_seen_and_not_usable() {
    let machine = Machine::new().pci("0000:01:00.0", "0x1c8d\n", "0x030000\n", "nouveau");
    let machine = machine.file("sys/bus/pci/devices/0000:01:00.0/boot_vga", "1\n");
    let survey = machine.sources().survey();
    let [gpu] = &survey.gpus[..] else { panic!("{:?}", survey.gpus) };
    assert_eq!(gpu.kernel_driver.as_deref(), Some("nouveau"));
    assert_eq!((gpu.boot_vga, gpu.access, gpu.display()), (Some(true), Access::None, Display::Connectors));
    assert_eq!(gpu.architecture(), Some(Architecture::Pascal));
    assert!(survey.visible().is_empty());
}

#[test]
fn connectors_are_listed_with_their_monitors() {
    let at = "sys/bus/pci/devices/0000:01:00.0/drm/card1";
    let machine = Machine::new()
        .pci("0000:01:00.0", "0x2684\n", "0x030000\n", "nvidia")
        .file(&format!("{at}/card1-DP-1/status"), "disconnected\n")
        .file(&format!("{at}/card1-HDMI-A-1/status"), "connected\n")
        .file(&format!("{at}/card1-DP-2/status"), "unknown\n")
        .file(&format!("{at}/dev"), "226:1\n");
    let survey = machine.sources().survey();
    let expected = [("DP-1", Some(false)), ("DP-2", None), ("HDMI-A-1", Some(true))];
    let expected = expected.map(|(name, connected)| Connector { name: name.to_owned(), connected });
    assert_eq!(survey.gpus[0].connectors, expected);
}

#[test]
fn what_is_there_and_wrong_is_a_finding() {
    let machine = Machine::new()
        .file("proc/driver/nvidia/version", "GCC version:  gcc version 15.3.0 (GCC)\n")
        .file("sys/module/nvidia/version/x", "a folder in the place of a file")
        .file("dev/dxg", "");
    let sources = Sources {
        nvidia_smi: Some("No devices were found\n".to_owned()),
        stated: Some("latest".to_owned()),
        ..machine.sources()
    };
    let findings = sources.survey().findings;
    let texts: Vec<String> = findings.iter().map(Finding::to_string).collect();
    for part in ["NVRM version", "cannot read", "nvidia-smi: No devices were found", "\"latest\"", "WSL"] {
        assert!(texts.iter().any(|text| text.contains(part)), "{part}: {texts:?}");
    }
    assert_eq!(texts.len(), 5, "{texts:?}");
}

#[test]
#[cfg(feature = "serde")]
fn a_report_has_texts_where_people_expect_them() {
    let machine = Machine::new().module("470.82.01").pci("0000:01:00.0", "0x2237\n", "0x030200\n", "nvidia");
    let json = serde_json::to_value(machine.sources().survey()).unwrap();
    assert_eq!(json["driver"]["observations"][0]["version"], "470.82.01");
    assert_eq!(json["driver"]["observations"][0]["source"], "proc_version");
    assert_eq!(json["gpus"][0]["address"], "0000:01:00.0");
    assert!(json["gpus"][0]["uuid"].is_null());
}
