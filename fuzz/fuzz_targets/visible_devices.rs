//! NVIDIA_VISIBLE_DEVICES: no text panics, what is read prints as it reads, and what is chosen is there, once.

#![no_main]

use cosmos_nvidia_driver::{Gpu, PciAddress, Selection, VisibleDevices};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (mask, text) = input;
    let Ok(devices) = text.parse::<VisibleDevices>() else { return };
    assert_eq!(devices.to_string().parse(), Ok(devices.clone()));
    let gpus: Vec<Gpu> = (0..8).filter(|minor| mask >> minor & 1 == 1).filter_map(gpu).collect();
    if let Ok(selection) = Selection::of(&devices, &gpus) {
        assert!(selection.gpus.len() <= gpus.len());
        for (at, gpu) in selection.gpus.iter().enumerate() {
            assert!(!selection.gpus[..at].contains(gpu));
        }
        assert!(!gpus.is_empty() || selection.gpus.is_empty());
        let _ = selection.for_display();
    }
});

fn gpu(minor: u8) -> Option<Gpu> {
    let mut gpu = Gpu::at(PciAddress::new(0, minor, 0, 0).ok()?);
    gpu.minor = Some(minor.into());
    gpu.uuid = Some(cosmos_nvidia_driver::GpuUuid::from_bytes([minor; 16]));
    Some(gpu)
}
