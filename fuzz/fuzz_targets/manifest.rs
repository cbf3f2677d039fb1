//! `.manifest`: any text is parsed or refused, and nothing is planned outside the prefix.

#![no_main]

use cosmos_nvidia_driver::install::{Item, Options, Plan};
use cosmos_nvidia_driver::run_file::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, bool, &[u8])| {
    let (compat32, vendor_neutral, text) = input;
    let mut whole = b"driver\n470.82.01\n\n\n\n\n\n\n".to_vec();
    whole.extend_from_slice(text);
    for text in [text, &whole] {
        let Ok(manifest) = Manifest::parse(text) else { continue };
        let Ok(plan) = Plan::new(&manifest, Options { compat32, vendor_neutral }) else { continue };
        assert!(plan.items.len() + plan.skipped.len() >= manifest.entries.len().min(1));
        for (path, item) in &plan.items {
            assert!(!path.as_str().starts_with('/') && path.as_str().split('/').all(|name| name != ".."));
            match item {
                Item::Link { target } => assert!(plan.items.contains_key(&path.leads_to(target).unwrap())),
                Item::File { mode, .. } => assert_eq!(mode & !0o755, 0),
            }
        }
    }
});
