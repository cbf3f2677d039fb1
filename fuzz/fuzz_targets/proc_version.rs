//! What the kernel module, nvidia-smi and modinfo write of themselves: no text panics, and what is read of a version
//! reads again.

#![no_main]

use cosmos_nvidia_driver::{
    CudaVersion, DriverVersion, Modinfo, NvidiaSmi, ProcGpu, ProcVersion, UbuntuPackages,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let module = text.parse::<ProcVersion>().ok().map(|module| (module.version, module.flavour));
    if let Some((version, flavour)) = &module {
        assert!(text.lines().next().is_some_and(|line| line.contains(version.as_str())));
        let _ = UbuntuPackages::of(version.branch_rules(), *flavour);
    }
    let gpu = ProcGpu::parse(text);
    assert!(gpu.address.is_none_or(|address| address.to_string().parse() == Ok(address)));
    assert!(gpu.uuid.is_none_or(|uuid| uuid.to_string().parse() == Ok(uuid)));
    let versions =
        [module.map(|(version, _)| version), NvidiaSmi::parse(text).driver, Modinfo::parse(text).version];
    for version in versions.into_iter().flatten().chain(DriverVersion::find_in(text)) {
        assert_eq!(version.to_string().parse(), Ok(version.clone()));
        let release = CudaVersion::of_driver(&version);
        assert!(release.and_then(CudaVersion::minimum_driver).is_none_or(|least| least <= version));
    }
});
