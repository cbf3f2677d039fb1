#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

#[test]
fn boards_that_are_rented_out_are_known() {
    for (id, code, compute) in [
        (0x102d, "GK210", (3, 7)),
        (0x13f2, "GM204", (5, 2)),
        (0x15f8, "GP100", (6, 0)),
        (0x1b38, "GP102", (6, 1)),
        (0x1db4, "GV100", (7, 0)),
        (0x1eb8, "TU104", (7, 5)),
        (0x20b0, "GA100", (8, 0)),
        (0x2237, "GA102", (8, 6)),
        (0x2335, "GH100", (9, 0)),
        (0x26b5, "AD102", (8, 9)),
        (0x27b8, "AD104", (8, 9)),
        (0x2901, "GB100", (10, 0)),
    ] {
        let chip = Chip::of_device(id).unwrap();
        assert_eq!((chip.code(), chip.compute_capability()), (code, compute), "{id:04x}");
    }
    assert_eq!(Chip::of_device(0x0020), None);
    assert_eq!(Chip::of_device(0xffff), None);
}

/// The names of the PCI ID Repository begin with the chip.
#[test]
fn the_table_agrees_with_the_pci_id_repository() {
    let Ok(text) = std::fs::read("/usr/share/misc/pci.ids") else {
        eprintln!(
            "SKIPPED the_table_agrees_with_the_pci_id_repository: the package pci.ids is not installed"
        );
        return;
    };
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().skip_while(|line| !line.starts_with("10de ")).skip(1);
    let devices = lines.take_while(|line| line.starts_with(['\t', '#'])).filter_map(device);
    let mut seen = 0;
    for (id, name) in devices.filter(|(id, _)| *id >= 0x06c0) {
        let Some(chip) = Chip::of_device(id) else { continue };
        let known = CHIPS.iter().any(|(_, _, code, _)| name.starts_with(code));
        // Laptop and cut-down chips come under the id range of another chip of the same family.
        let other = CHIPS.iter().find(|(_, _, code, _)| name.starts_with(code));
        let family =
            other.and_then(|(.., compute)| Architecture::of_compute_capability(compute.0, compute.1));
        assert!(!known || family == Some(chip.architecture()), "{id:04x} {name}: {chip:?}");
        seen += usize::from(known);
    }
    assert!(seen > 700, "{seen} devices compared");
}

fn device(line: &str) -> Option<(u16, &str)> {
    let (id, name) = line.strip_prefix('\t').filter(|line| !line.starts_with('\t'))?.split_once("  ")?;
    Some((u16::from_str_radix(id, 16).ok()?, name))
}

#[test]
fn every_compute_capability_has_its_architecture() {
    use Architecture::*;
    for (compute, architecture) in [
        ((3, 0), Some(Kepler)),
        ((5, 2), Some(Maxwell)),
        ((6, 1), Some(Pascal)),
        ((7, 0), Some(Volta)),
        ((7, 2), Some(Volta)),
        ((7, 5), Some(Turing)),
        ((8, 0), Some(Ampere)),
        ((8, 6), Some(Ampere)),
        ((8, 9), Some(Ada)),
        ((9, 0), Some(Hopper)),
        ((10, 0), Some(Blackwell)),
        ((12, 0), Some(Blackwell)),
        ((4, 0), None),
        ((13, 0), None),
    ] {
        assert_eq!(Architecture::of_compute_capability(compute.0, compute.1), architecture, "{compute:?}");
    }
}
