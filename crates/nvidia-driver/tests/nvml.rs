//! NVML through libraries that were made for the purpose: one that answers, and every way not to.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cosmos_nvidia_driver::{
    Access, Agreement, CudaVersion, Finding, GpuClass, NvmlLibrary, NvmlProblem, Selection, Source, Sources,
    Survey,
};
use support::{LIBRARIES, Machine};

#[test]
fn nvml_describes_what_the_container_may_use() {
    let machine = Machine::new().module("580.159.04");
    let machine = ["3b", "3c", "3d", "3e"].iter().fold(machine, |machine, bus| {
        machine.pci(&format!("0000:{bus}:00.0"), "0x2335\n", "0x030200\n", "nvidia")
    });
    let Some(survey) = survey(&machine, &[]) else { return };
    assert_eq!(survey.driver.agreement().to_string(), "driver 580.159.04");
    assert!(survey.driver.observations.iter().any(|seen| seen.source == Source::Nvml));
    assert_eq!(survey.cuda(), Some(CudaVersion::new(13, 0)));
    assert_eq!(survey.findings, []);
    let access: Vec<Access> = survey.gpus.iter().map(|gpu| gpu.access).collect();
    assert_eq!(access, [Access::None, Access::Nvml, Access::Nvml, Access::None]);
    let visible = survey.visible();
    let [h200, geforce] = &visible[..] else { panic!("{visible:?}") };
    assert_eq!((h200.index, h200.minor, h200.compute_capability), (Some(0), Some(3), Some((9, 0))));
    assert_eq!((h200.name.as_deref(), h200.mig), (Some("NVIDIA H200"), Some(true)));
    assert_eq!((h200.device_id, h200.pci_class), (Some(0x2335), Some(0x03_02_00)));
    assert_eq!((geforce.class(), geforce.brand, geforce.mig), (GpuClass::Consumer, None, None));
    let selection = Selection::of(&"4".parse().unwrap(), &visible).unwrap();
    assert_eq!(selection.for_display().unwrap().unwrap().address, geforce.address);
}

#[test]
fn gpus_that_only_nvml_sees_are_there() {
    let Some(survey) = survey(&Machine::new(), &[]) else { return };
    assert_eq!(survey.gpus.len(), 2);
    assert_eq!(survey.gpus[1].device_id, Some(0x2684));
    assert_eq!(survey.gpus[1].subsystem, Some((0x10de, 0x18bf)));
    assert!(matches!(survey.driver.agreement(), Agreement::UserOnly { .. }));
}

#[test]
fn a_library_of_the_wrong_version_is_a_mismatch() {
    let machine = Machine::new()
        .module("580.159.04")
        .file(&format!("{LIBRARIES}/libnvidia-ml.so.535.183.01"), "")
        .pci("0000:3c:00.0", "0x2335\n", "0x030200\n", "nvidia")
        .proc_gpu("0000:3c:00.0", "NVIDIA H200", 0)
        .file("dev/nvidia0", "");
    let Some(survey) = survey(&machine, &["-DREFUSE=18"]) else { return };
    assert_eq!(survey.findings, [Finding::Nvml(NvmlProblem::WrongVersion)]);
    let said = survey.driver.agreement().to_string();
    assert!(said.starts_with("kernel module 580.159.04, libraries 535.183.01: restart"), "{said}");
    assert_eq!(survey.visible().len(), 1, "the fall-back still names the GPU");
}

#[test]
fn every_other_refusal_has_its_name() {
    let machine = Machine::new().module("580.159.04");
    for (flag, expected) in [
        ("-DREFUSE=9", NvmlProblem::NotLoaded),
        ("-DREFUSE=4", NvmlProblem::NoPermission),
        ("-DREFUSE=999", NvmlProblem::Failed { reason: "an internal driver error occurred".to_owned() }),
    ] {
        let Some(survey) = survey(&machine, &[flag]) else { return };
        assert_eq!(survey.findings, [Finding::Nvml(expected)]);
    }
    let Some(lacking) = survey(&machine, &["-DLACKING"]) else { return };
    assert!(
        matches!(lacking.findings[..], [Finding::Nvml(NvmlProblem::Incomplete { .. })]),
        "{:?}",
        lacking.findings
    );
}

#[test]
fn a_library_that_is_missing_or_none_is_told_apart() {
    let machine = Machine::new().module("580.159.04").file("garbage.so", "not a library");
    let findings = |name: &str| {
        let nvml = NvmlLibrary::File(machine.path().join(name));
        Sources { nvml, ..machine.sources() }.survey().findings
    };
    let missing = findings("missing.so");
    assert!(matches!(missing[..], [Finding::Nvml(NvmlProblem::Missing { .. })]), "{missing:?}");
    let garbage = findings("garbage.so");
    assert!(matches!(garbage[..], [Finding::Nvml(NvmlProblem::Unloadable { .. })]), "{garbage:?}");
    let nvml = NvmlLibrary::File("/nonexistent/libnvidia-ml.so.1".into());
    let bare = Machine::new();
    assert_eq!(Sources { nvml, ..bare.sources() }.survey().findings, [], "without a driver it is no finding");
}

/// A survey with a library compiled with these flags; `None` where there is no compiler.
fn survey(machine: &Machine, flags: &[&str]) -> Option<Survey> {
    let folder = tempfile::tempdir().unwrap();
    let library = compile(folder.path(), flags)?;
    Some(Sources { nvml: NvmlLibrary::File(library), ..machine.sources() }.survey())
}

fn compile(folder: &Path, flags: &[&str]) -> Option<PathBuf> {
    let (source, library) = (folder.join("nvml.c"), folder.join("libnvidia-ml.so.1"));
    fs::write(&source, include_str!("../testdata/nvml.c")).unwrap();
    let mut cc = Command::new("cc");
    let built = cc.args(["-shared", "-fPIC", "-o"]).arg(&library).args(flags).arg(&source).status();
    match built {
        Ok(status) => {
            assert!(status.success(), "the stub must compile");
            Some(library)
        }
        Err(error) => {
            eprintln!("SKIPPED NVML stub: cannot start cc: {error}");
            None
        }
    }
}
