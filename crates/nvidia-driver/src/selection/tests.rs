#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

/// GPUs of a host with these minor numbers, as a container that was let in to them counts them.
fn gpus(minors: &[u32]) -> Vec<Gpu> {
    let gpu = |(index, minor): (usize, &u32)| {
        let mut gpu = Gpu::at(format!("{:02x}:00.0", minor + 1).parse().unwrap());
        gpu.minor = Some(*minor);
        gpu.index = u32::try_from(index).ok();
        gpu.uuid = uuid(*minor).parse().ok();
        gpu
    };
    minors.iter().enumerate().map(gpu).collect()
}

fn uuid(minor: u32) -> String {
    format!("GPU-00000000-0000-0000-0000-{minor:012x}")
}

/// The minor numbers of what is chosen, and how many were guessed; or the error's first words.
fn chosen(text: &str, minors: &[u32]) -> Result<(Vec<u32>, usize), String> {
    let gpus = gpus(minors);
    let selection = Selection::of(&text.parse().unwrap(), &gpus).map_err(|error| error.to_string())?;
    let minors = selection.gpus.iter().filter_map(|gpu| gpu.minor).collect();
    selection.for_display().map_err(|error| error.to_string())?;
    Ok((minors, selection.guesses.len()))
}

const EIGHT: &[u32] = &[0, 1, 2, 3, 4, 5, 6, 7];

#[test]
fn every_form_against_one_two_and_eight_gpus() {
    let two = format!("{},{}", uuid(5), uuid(2));
    let (five, cdi) = (uuid(5), format!("nvidia.com/gpu={}", uuid(5)));
    let rows: &[(&str, &[u32], &[u32], usize)] = &[
        // text, minors that can be seen, chosen, guessed
        ("", &[], &[], 0),
        ("all", &[], &[], 0),
        ("none", &[3], &[3], 0),
        ("void", &[3], &[3], 0),
        ("", &[3], &[3], 0),
        ("all", &[3], &[3], 0),
        ("/var/run/nvidia-container-devices", &[3], &[3], 0),
        ("0", &[0], &[0], 0),
        // The renumbering trap: index 3 of the host is the container's only GPU, whose index here is 0.
        ("3", &[3], &[3], 0),
        // The minor may differ from the index; the length of the list still tells it.
        ("3", &[6], &[6], 0),
        ("3,3", &[6], &[6], 0),
        ("nvidia.com/gpu=3", &[6], &[6], 0),
        ("vendor.example/gpu=a", &[6], &[6], 0),
        (&five, &[5], &[5], 0),
        (&cdi, &[5], &[5], 0),
        ("0000:06:00.0", &[5], &[5], 0),
        ("none", &[2, 5], &[2, 5], 0),
        ("void", &[2, 5], &[2, 5], 0),
        ("all", &[2, 5], &[2, 5], 0),
        ("5,2", &[2, 5], &[2, 5], 0),
        ("5", &[2, 5], &[5], 0),
        ("7", &[2, 5], &[2], 1),
        (&two, &[2, 5], &[5, 2], 0),
        ("00000000:06:00.0,2", &[2, 5], &[5, 2], 0),
        ("all", EIGHT, EIGHT, 0),
        ("void", EIGHT, EIGHT, 0),
        ("7,6,5,4,3,2,1,0", EIGHT, EIGHT, 0),
        ("3", EIGHT, &[3], 0),
        ("6,1", EIGHT, &[6, 1], 0),
        ("6,6,1", EIGHT, &[6, 1], 0),
        ("9", EIGHT, &[0], 1),
        ("9,10", EIGHT, &[0], 2),
        (&two, EIGHT, &[5, 2], 0),
        (&cdi, EIGHT, &[5], 0),
        ("0000:08:00.0", EIGHT, &[7], 0),
    ];
    for (text, minors, expected, guesses) in rows {
        assert_eq!(chosen(text, minors), Ok((expected.to_vec(), *guesses)), "{text} among {minors:?}");
    }
}

#[test]
fn a_gpu_that_is_named_and_not_there_is_an_error() {
    for (text, minors) in [
        (uuid(4), &[3][..]),
        (uuid(9), EIGHT),
        ("0000:0a:00.0".to_owned(), EIGHT),
        ("0".to_owned(), &[]),
        ("0,1".to_owned(), &[]),
        (uuid(0), &[]),
        (format!("MIG-{}/1/0", uuid(9)), EIGHT),
    ] {
        let error = chosen(&text, minors).unwrap_err();
        let count = format!("not among the {} GPUs", minors.len());
        assert!(error.contains(&count), "{error}");
    }
}

#[test]
fn slices_draw_nothing() {
    let own = "MIG-00000000-0000-0000-0000-000000000001".to_owned();
    for text in ["0:1".to_owned(), "nvidia.com/gpu=0:1".to_owned(), own, format!("MIG-{}/1/0", uuid(0))] {
        for minors in [&[0][..], &[0, 1], EIGHT] {
            assert!(chosen(&text, minors).unwrap_err().contains("MIG slice"), "{text}");
        }
    }
    let mut cut = gpus(&[0]);
    cut[0].mig = Some(true);
    let selection = Selection::of(&VisibleDevices::All, &cut).unwrap();
    assert!(matches!(selection.for_display(), Err(SelectionError::Mig { .. })));
    assert_eq!(selection.gpus.len(), 1, "CUDA may use it");
}

proptest! {
    #[test]
    fn a_container_is_given_what_it_was_let_in_to(host in prop::collection::btree_set(0..8_u32, 1..8)) {
        let minors: Vec<u32> = host.iter().copied().collect();
        let list = minors.iter().rev().map(u32::to_string).collect::<Vec<_>>().join(",");
        let uuids = minors.iter().map(|minor| uuid(*minor)).collect::<Vec<_>>().join(",");
        for text in [list.as_str(), uuids.as_str(), "all", "void"] {
            prop_assert_eq!(chosen(text, &minors), Ok((minors.clone(), 0)));
        }
    }
}
