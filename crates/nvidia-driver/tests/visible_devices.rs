//! Every form of `NVIDIA_VISIBLE_DEVICES` on machines with no GPU, with one, with two and with eight.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_nvidia_driver::{Gpu, Selection, SelectionError, VisibleDevices};

/// The minor numbers of the GPUs that each machine sees: nothing; a container that was let in to GPU 3 of its host;
/// one that was let in to 2 and 5; a host of eight.
const MACHINES: [&[u32]; 4] = [&[], &[3], &[2, 5], &[0, 1, 2, 3, 4, 5, 6, 7]];

/// A value, and what it means on each machine: the minor numbers in order; `*` for all that are there; a `?` behind
/// each guess; `not visible`, `ambiguous` or `mig` where there is no answer. `unset` is a variable that is not set.
const MATRIX: &[(&str, [&str; 4])] = &[
    ("unset", ["", "*", "*", "*"]),
    ("", ["", "*", "*", "*"]),
    (" , ", ["", "*", "*", "*"]),
    ("void", ["", "*", "*", "*"]),
    ("none", ["", "*", "*", "*"]),
    ("all", ["", "*", "*", "*"]),
    ("ALL", ["", "*", "*", "*"]),
    ("3,all", ["", "*", "*", "*"]),
    ("nvidia.com/gpu=all", ["", "*", "*", "*"]),
    ("/var/run/nvidia-container-devices", ["", "*", "*", "*"]),
    // Indexes are those of the host: the only GPU of a container is the one of the list, whatever its number here.
    ("0", ["not visible", "3", "2?", "0"]),
    ("3", ["not visible", "3", "2?", "3"]),
    ("5", ["not visible", "3", "5", "5"]),
    ("8", ["not visible", "3", "2?", "0?"]),
    ("0,1", ["not visible", "3??", "2 5", "0 1"]),
    ("5,2", ["not visible", "3??", "2 5", "5 2"]),
    ("3,3", ["not visible", "3", "2??", "3"]),
    (" 5 , 2 ,", ["not visible", "3??", "2 5", "5 2"]),
    ("7,6,5,4,3,2,1,0", ["not visible", "3???????", "2 5??????", "*"]),
    ("nvidia.com/gpu=3", ["not visible", "3", "2?", "3"]),
    ("nvidia.com/gpu=5,nvidia.com/gpu=2", ["not visible", "3??", "2 5", "5 2"]),
    ("nvidia.com/gpu=gpu5", ["not visible", "3", "5", "5"]),
    // A UUID and an address are the same everywhere.
    ("GPU-00000003-0000-0000-0000-000000000000", ["not visible", "3", "not visible", "3"]),
    ("gpu-00000003-0000-0000-0000-000000000000", ["not visible", "3", "not visible", "3"]),
    ("GPU-00000005-0000-0000-0000-000000000000", ["not visible", "not visible", "5", "5"]),
    (
        "GPU-00000005-0000-0000-0000-000000000000,GPU-00000002-0000-0000-0000-000000000000",
        ["not visible", "not visible", "5 2", "5 2"],
    ),
    ("nvidia.com/gpu=GPU-00000005-0000-0000-0000-000000000000", ["not visible", "not visible", "5", "5"]),
    ("GPU-00000003", ["not visible", "3", "not visible", "3"]),
    ("GPU-00000005-0000", ["not visible", "not visible", "5", "5"]),
    ("GPU-0000", ["not visible", "3", "ambiguous", "ambiguous"]),
    ("GPU-1", ["not visible", "not visible", "not visible", "not visible"]),
    ("00000000:04:00.0", ["not visible", "3", "not visible", "3"]),
    ("0000:06:00.0", ["not visible", "not visible", "5", "5"]),
    ("0:6:0.0", ["not visible", "not visible", "5", "5"]),
    ("0000:06:00.0,2", ["not visible", "not visible", "5 2", "5 2"]),
    ("0001:06:00.0", ["not visible", "not visible", "not visible", "not visible"]),
    // Slices are refused where a screen is wanted, whichever GPU they belong to.
    ("0:1", ["not visible", "mig", "mig", "mig"]),
    ("nvidia.com/gpu=0:1", ["not visible", "mig", "mig", "mig"]),
    ("nvidia.com/gpu=mig3:0", ["not visible", "mig", "mig", "mig"]),
    ("MIG-00000000-0000-0000-0000-000000000001", ["mig", "mig", "mig", "mig"]),
    ("MIG-GPU-00000003-0000-0000-0000-000000000000/1/0", ["not visible", "mig", "not visible", "mig"]),
    // Whoever put those devices in knows which they are.
    ("nvidia.com/gpu=board-a", ["", "*", "*", "*"]),
    ("vendor.example/gpu=a", ["", "*", "*", "*"]),
    ("amd.com/gpu=0", ["", "*", "*", "*"]),
    ("vendor.example/nic=a,5", ["not visible", "3?", "2 5", "*"]),
];

/// GPUs as a container counts them: from 0, while the minor number stays.
fn machine(minors: &[u32]) -> Vec<Gpu> {
    let gpu = |(index, minor): (usize, &u32)| {
        let mut gpu = Gpu::at(format!("0000:{:02x}:00.0", minor + 1).parse().unwrap());
        gpu.minor = Some(*minor);
        gpu.index = u32::try_from(index).ok();
        gpu.uuid = format!("GPU-{minor:08x}-0000-0000-0000-000000000000").parse().ok();
        gpu
    };
    minors.iter().enumerate().map(gpu).collect()
}

fn answer(value: &str, gpus: &[Gpu]) -> String {
    let variable = Some(value).filter(|value| *value != "unset");
    let devices = VisibleDevices::of_variable(variable).unwrap();
    let outcome = Selection::of(&devices, gpus).and_then(|selection| {
        selection.for_display()?;
        Ok(selection)
    });
    match outcome {
        Ok(selection) => {
            let minors: Vec<String> =
                selection.gpus.iter().map(|gpu| gpu.minor.unwrap().to_string()).collect();
            minors.join(" ") + &"?".repeat(selection.guesses.len())
        }
        Err(SelectionError::NotVisible { visible, .. }) => {
            assert_eq!(visible, gpus.len());
            "not visible".to_owned()
        }
        Err(SelectionError::Ambiguous { .. }) => "ambiguous".to_owned(),
        Err(SelectionError::Mig { .. }) => "mig".to_owned(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_form_on_every_machine() {
    for (value, answers) in MATRIX {
        for (minors, expected) in MACHINES.into_iter().zip(answers) {
            let all = minors.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
            assert_eq!(
                answer(value, &machine(minors)),
                expected.replace('*', &all),
                "{value:?} among {minors:?}"
            );
        }
    }
}

#[test]
fn what_the_runtime_refuses_is_an_error_that_says_what_is_accepted() {
    for value in [
        "first",
        "-1",
        "1.5",
        "0x1",
        "GPU-",
        "GPU-xyz",
        "MIG-",
        "MIG-0",
        "0,none",
        "none,void",
        "0:1:2:3",
        "nvidia.com/gpu=",
        "nvidia.com=0",
        "/gpu=0",
        "/var/run/other",
        "99999999999",
    ] {
        let error = value.parse::<VisibleDevices>().unwrap_err().to_string();
        assert!(
            error.starts_with("NVIDIA_VISIBLE_DEVICES: ") && error.contains("expected all"),
            "{value}: {error}"
        );
    }
}

#[test]
fn a_gpu_that_is_cut_into_slices_has_no_screen() {
    for minors in &MACHINES[1..] {
        let mut gpus = machine(minors);
        gpus[0].mig = Some(true);
        assert_eq!(answer("all", &gpus), "mig");
    }
}
