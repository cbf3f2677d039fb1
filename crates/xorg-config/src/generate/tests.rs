#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::tables::{CtaMode, DmtMode};
use crate::timing::Timing;
use crate::units::{PixelClock, RefreshRate};

fn request(text: &str) -> ModeRequest {
    text.parse().unwrap()
}

#[test]
fn requests_print_as_they_read() {
    for text in ["1920x1080@60", "1366x768@59.94", "1920x1080i@50", "1x1@1", "32767x32767@1000"] {
        assert_eq!(request(text).to_string(), text);
    }
    assert_eq!(request("800x600"), request("800x600@60.0"));
}

#[test]
fn refused_requests_name_the_field() {
    let table = [
        ("0x0", "size \"0x0\""),
        ("0x600", "size \"0x600\""),
        ("32768x600", "size \"32768x600\""),
        ("99999999999x1", "size \"99999999999x1\""),
        ("-1x1", "size \"-1x1\""),
        ("1920", "size \"1920\""),
        ("1920X1080", "size \"1920X1080\""),
        ("", "size \"\""),
        ("640x480@", "refresh rate \"\""),
        ("640x480@0", "refresh rate \"0\""),
        ("640x480@NaN", "refresh rate \"NaN\""),
        ("640x480@1e9", "refresh rate \"1e9\""),
        ("640x480@1000000000", "refresh rate \"1000000000\""),
        ("640x481i@60", "height 481 interlaced"),
    ];
    for (text, part) in table {
        let refused = text.parse::<ModeRequest>().unwrap_err().to_string();
        assert!(refused.contains(part) && refused.contains("expected"), "{text}: {refused}");
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let table = [
        (ReducedV3 { hblank: 72, ..ReducedV3::default() }, "hblank 72"),
        (ReducedV3 { hblank: 208, ..ReducedV3::default() }, "hblank 208"),
        (ReducedV3 { hblank: 84, ..ReducedV3::default() }, "hblank 84"),
        (ReducedV3 { vblank_us: 459, ..ReducedV3::default() }, "vblank_us 459"),
        (ReducedV3 { vblank_us: 706, ..ReducedV3::default() }, "vblank_us 706"),
    ];
    for (options, part) in table {
        let formula = Cvt::Vesa { blanking: Blanking::ReducedV3(options), margins: false };
        let refused = formula.timing(&request("800x600")).unwrap_err().to_string();
        assert!(refused.contains(part) && refused.contains("expected"), "{refused}");
    }
}

#[test]
fn what_a_formula_can_not_do_is_refused() {
    let table = [
        Gtf::XorgCompat.timing(&request("640x480i@60")),
        Gtf::XorgCompat.timing_at_line_rate(&request("640x480"), 31_500),
        Gtf::XorgCompat.timing_at_clock(&request("640x480"), PixelClock::from_khz(25_175)),
        Cvt::XorgCompat { reduced: false }.timing(&request("1x1")),
        Cvt::XorgCompat { reduced: true }.timing(&request("7x100")),
        Cvt::Vesa { blanking: Blanking::Reduced, margins: false }.timing(&request("1x1")),
        Cvt::XorgCompat { reduced: false }.timing(&request("640x32767@1000")),
        Gtf::Vesa { curve: GtfCurve::Secondary { c2: 0, m: 0, k: 0, j2: 0 }, margins: false }
            .timing_at_clock(&request("640x480"), PixelClock::from_hz(0)),
        ovt(&request("640x480i@60")),
        ovt(&request("640x480@61.3")),
        ovt(&request("64x100@24")),
    ];
    for (at, answer) in table.into_iter().enumerate() {
        assert!(matches!(answer, Err(GenerateError::NoTiming { .. })), "{at}: {answer:?}");
    }
}

/// The list's numbers for CVT modes were computed by VESA, not by this crate or by `edid-decode`.
#[test]
fn the_listed_cvt_timings_follow_from_the_formula() {
    for mode in DmtMode::all().iter().filter(|mode| mode.cvt_code.is_some()) {
        let Timing { horizontal, vertical, .. } = mode.timing;
        let hz = mode.timing.refresh_rate().unwrap().hz();
        let nominal = [50.0, 60.0, 75.0, 85.0].into_iter().find(|rate| (rate - hz).abs() < 0.5).unwrap();
        let rate = RefreshRate::from_hz(nominal as u32).unwrap();
        let request = ModeRequest::new(horizontal.active, vertical.active, rate).unwrap();
        let blanking = if mode.reduced_blanking { Blanking::Reduced } else { Blanking::Normal };
        let server = Cvt::XorgCompat { reduced: mode.reduced_blanking };
        let answers =
            [Cvt::Vesa { blanking, margins: false }, server].map(|formula| formula.timing(&request));
        assert!(answers.contains(&Ok(mode.timing)), "{:#x}: {:?} {answers:?}", mode.id, mode.timing);
    }
}

#[test]
fn televisions_know_the_video_variant_of_version_2() {
    let formula = |video| Cvt::Vesa { blanking: Blanking::ReducedV2 { video }, margins: false };
    for (video, id) in [(false, 0x57), (true, 0x58)] {
        let timing = formula(video).timing(&request("4096x2160")).unwrap();
        assert_eq!(DmtMode::of_timing(&timing).map(|mode| mode.id), Some(id));
    }
    assert_eq!(CtaMode::of_timing(&formula(false).timing(&request("1920x1080")).unwrap()), None);
}

fn requests() -> impl Strategy<Value = ModeRequest> {
    let rate = (1_u32..=1000, 0_u32..1000).prop_filter_map("at most 1000 Hz", |(hz, thousandths)| {
        RefreshRate::new(hz * 1000 + thousandths, 1000).ok()
    });
    let size = || prop_oneof![1_u32..=300, 1_u32..=ModeRequest::MAX_SIZE];
    (size(), size(), rate, any::<bool>()).prop_map(|(width, height, rate, interlaced)| {
        let request = ModeRequest::new(width, height, rate).unwrap();
        if interlaced { request.interlaced().unwrap_or(request) } else { request }
    })
}

fn formulas() -> Vec<Cvt> {
    let v3 = ReducedV3 { hblank: 200, vblank_us: 705, early_vsync: true };
    let blankings = [
        Blanking::Normal,
        Blanking::Reduced,
        Blanking::ReducedV2 { video: true },
        Blanking::ReducedV3(v3),
        Blanking::ReducedV3(ReducedV3::default()),
    ];
    let vesa = blankings
        .into_iter()
        .flat_map(|blanking| [true, false].map(|margins| Cvt::Vesa { blanking, margins }));
    vesa.chain([true, false].map(|reduced| Cvt::XorgCompat { reduced })).collect()
}

/// Whatever comes out can be sent, and comes at about the rate that was asked.
fn sound(
    request: &ModeRequest,
    answer: &Result<Timing, GenerateError>,
    same_rate: bool,
) -> Result<(), TestCaseError> {
    let Ok(timing) = answer else { return Ok(()) };
    prop_assert!(timing.horizontal.is_ordered() && timing.vertical.is_ordered(), "{timing:?}");
    prop_assert!(timing.horizontal.sync() > 0 && timing.vertical.sync() > 0, "{timing:?}");
    prop_assert!(
        timing.horizontal.total <= Modeline::MAX_TOTAL && timing.vertical.total <= Modeline::MAX_TOTAL
    );
    prop_assert_eq!(timing.vertical.active, request.height());
    if same_rate && timing.clock > PixelClock::from_khz(25_000) {
        // Near 1000 Hz the answer may lie beyond what a rate can say.
        let pixels = f64::from(timing.horizontal.total) * f64::from(timing.vertical.total);
        let fields = if timing.scan == Scan::Interlaced { 2.0 } else { 1.0 };
        let (asked, got) = (request.refresh().hz(), timing.clock.hz() as f64 * fields / pixels);
        prop_assert!((got / asked - 1.0).abs() < 0.02, "{request}: {got}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn cvt_is_sound(request in requests()) {
        for formula in formulas() {
            // The X server's formula forgets the half line between fields, and rounds the lines of low pictures.
            let same_rate = matches!(formula, Cvt::Vesa { blanking, .. } if blanking != Blanking::Normal);
            sound(&request, &formula.timing(&request), same_rate)?;
            if let Ok(text) = formula.text(&request) {
                prop_assert_eq!(text.parse(), Ok(formula.modeline(&request).unwrap()));
            }
        }
    }

    #[test]
    fn gtf_is_sound(
        request in requests(), margins: bool, c2: u8, m: u16, k: u8, j2: u8, line_hz: u32, hz: u64,
    ) {
        for curve in [GtfCurve::Default, GtfCurve::Secondary { c2, m, k, j2 }] {
            let formula = Gtf::Vesa { curve, margins };
            sound(&request, &formula.timing(&request), false)?;
            sound(&request, &formula.timing_at_line_rate(&request, line_hz), false)?;
            sound(&request, &formula.timing_at_clock(&request, PixelClock::from_hz(hz)), false)?;
        }
        sound(&request, &Gtf::XorgCompat.timing(&request), false)?;
    }

    #[test]
    fn ovt_is_sound(request in requests(), hz in 1_u32..=480) {
        let whole = ModeRequest::new(request.width(), request.height(), RefreshRate::from_hz(hz).unwrap()).unwrap();
        sound(&whole, &ovt(&whole), true)?;
        sound(&request, &ovt(&request), true)?;
    }

    #[test]
    fn no_text_makes_a_request_panic(text in "[0-9x@i./]{0,20}|.*") {
        let _ = text.parse::<ModeRequest>();
    }
}
