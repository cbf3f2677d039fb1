//! Modelines, requests for modes and names of outputs: no text panics, and what is accepted prints as it reads.

#![no_main]

use cosmos_xorg_config::{
    Blanking, Cvt, Gpu, GpuClass, Gtf, GtfCurve, ModeRequest, Modeline, ReducedV3, VideoPort, VideoPorts,
    allowed, ovt,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(mode) = text.parse::<Modeline>() {
        assert_eq!(mode.to_string().parse(), Ok(mode.clone()));
        let gpu = Gpu { class: GpuClass::Consumer, driver: None };
        if let Err(refused) = allowed(&mode.timing(), VideoPort::default(), gpu) {
            assert!(refused.best.is_none_or(|best| best.timing().clock <= refused.limit));
        }
    }
    if let Ok(ports) = text.parse::<VideoPorts>() {
        assert_eq!(ports.to_string().parse(), Ok(ports));
    }
    if let Ok(request) = text.parse::<ModeRequest>() {
        generate(&request);
    }
});

fn generate(request: &ModeRequest) {
    let v3 = ReducedV3 { early_vsync: true, ..ReducedV3::default() };
    let blankings =
        [Blanking::Normal, Blanking::Reduced, Blanking::ReducedV2 { video: true }, Blanking::ReducedV3(v3)];
    let vesa = blankings.map(|blanking| Cvt::Vesa { blanking, margins: true });
    for formula in vesa.into_iter().chain([true, false].map(|reduced| Cvt::XorgCompat { reduced })) {
        if let Ok(mode) = formula.modeline(request) {
            assert_eq!(formula.text(request).expect("it has a modeline").parse(), Ok(mode));
        }
    }
    let curve = GtfCurve::Secondary { c2: request.width() as u8, m: 600, k: request.height() as u8, j2: 40 };
    for answer in
        [Gtf::XorgCompat.timing(request), Gtf::Vesa { curve, margins: true }.timing(request), ovt(request)]
    {
        assert!(answer.is_err() || answer.is_ok_and(|timing| timing.horizontal.is_ordered()));
    }
}
