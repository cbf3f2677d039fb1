//! Modelines against the programs and the library that others use for them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/edid_decode.rs"]
mod edid_decode;
#[path = "support/ffi.rs"]
mod ffi;
#[path = "support/oracle.rs"]
mod oracle;

use cosmos_xorg_config::{
    Blanking, CtaMode, Cvt, DmtMode, GenerateError, Gtf, GtfCurve, HdmiMode, ModeRequest, Modeline,
    PixelClock, ReducedV3, RefreshRate, Rid, Scan, Timing, ovt,
};
use edid_decode::{Answer, answers, header, parts};
use ffi::Libxcvt;
use oracle::{Random, ask};

/// Calls of a program in every run; the whole number is for [`text_of_many_calls`].
const CALLS: u32 = 300;
const MANY_CALLS: u32 = 2000;

const RATES: [&str; 11] = ["23.976", "24", "30", "50", "59.94", "60", "75", "85", "120", "144", "240"];
const SIZES: [(u32, u32); 14] = [
    (640, 480),
    (800, 600),
    (1024, 768),
    (1280, 720),
    (1280, 1024),
    (1360, 768),
    (1440, 900),
    (1600, 1200),
    (1920, 1080),
    (2048, 1152),
    (2560, 1600),
    (3840, 2160),
    (5120, 2880),
    (7680, 4320),
];

#[test]
fn cvt_is_that_of_the_library() {
    compare_with_library(8 * 13, 37);
}

/// All widths, heights, rates and both blankings.
#[test]
#[ignore = "10^8 modes: `cargo xtask sweep`"]
fn cvt_is_that_of_the_library_everywhere() {
    compare_with_library(8, 1);
}

fn compare_with_library(width_step: usize, height_step: usize) {
    let Some(library) = Libxcvt::open() else {
        eprintln!("SKIPPED libxcvt.so.0 is not installed");
        return;
    };
    let (mut compared, mut refused) = (0_u64, 0_u64);
    for rate in RATES {
        let rate: RefreshRate = rate.parse().unwrap();
        for width in (8..=8192).step_by(width_step) {
            for height in (1..=4320).step_by(height_step) {
                let request = ModeRequest::new(width, height, rate).unwrap();
                for reduced in [false, true] {
                    refused += u64::from(!compare_one(&library, &request, reduced));
                    compared += 1;
                }
            }
        }
    }
    println!("{compared} modes equal, {refused} of them refused because nothing could send them");
    assert!(refused * 50 < compared);
}

/// Whether it is a mode at all: where the library answers with numbers out of order, this crate refuses.
fn compare_one(library: &Libxcvt, request: &ModeRequest, reduced: bool) -> bool {
    let interlaced = request.scan() == Scan::Interlaced;
    let frames = request.refresh().hz() as f32 / if interlaced { 2.0 } else { 1.0 };
    let theirs = library.mode(request.width(), request.height(), frames, reduced, interlaced);
    match (Cvt::XorgCompat { reduced }).timing(request) {
        Ok(ours) => {
            assert_eq!(ours, theirs.timing(), "{request} reduced {reduced}");
            true
        }
        Err(refused) => {
            assert!(!theirs.is_sendable(), "{request} reduced {reduced}: {refused}, but {theirs:?}");
            false
        }
    }
}

#[test]
fn interlaced_cvt_is_that_of_the_library() {
    let Some(library) = Libxcvt::open() else {
        eprintln!("SKIPPED libxcvt.so.0 is not installed");
        return;
    };
    let mut random = Random(3);
    for _ in 0..20_000 {
        let (width, height) = (200 + random.below(8000), 2 * (20 + random.below(2000)));
        let request = ModeRequest::new(width, height, random.one_of(&RATES).parse().unwrap()).unwrap();
        let request = request.interlaced().unwrap();
        assert!(compare_one(&library, &request, random.below(2) == 0), "{request}");
    }
}

#[test]
fn text_is_that_of_cvt_and_gtf() {
    compare_text(CALLS);
}

#[test]
#[ignore = "4,000 processes: `cargo xtask sweep`"]
fn text_of_many_calls() {
    compare_text(MANY_CALLS);
}

fn compare_text(calls: u32) {
    let mut random = Random(1);
    for _ in 0..calls {
        let reduced = random.below(2) == 0;
        let rate = if reduced { format!("{}", 60 * (1 + random.below(4))) } else { any_rate(&mut random) };
        let (width, height) = (200 + random.below(8000), 100 + random.below(4300));
        let request: ModeRequest = format!("{width}x{height}@{rate}").parse().unwrap();
        let mut args = vec![width.to_string(), height.to_string(), rate];
        let Some(gtf) = ask("gtf", &args) else { return };
        match Gtf::text(&request) {
            Ok(ours) => {
                assert_eq!(ours, gtf, "gtf {args:?}");
                assert_eq!(gtf.parse(), Ok(Gtf::XorgCompat.modeline(&request).unwrap()), "gtf {args:?}");
            }
            // Few and wide lines leave it no time for blanking, and it prints numbers out of order.
            Err(refused) => assert!(gtf.parse::<Modeline>().is_err(), "gtf {args:?}: {refused}"),
        }
        args.extend(reduced.then(|| "-r".to_owned()));
        let Some(cvt) = ask("cvt", &args) else { return };
        assert_eq!(Cvt::XorgCompat { reduced }.text(&request).unwrap(), cvt, "cvt {args:?}");
        assert_eq!(cvt.parse(), Ok(Cvt::XorgCompat { reduced }.modeline(&request).unwrap()), "cvt {args:?}");
    }
    println!("{calls} calls of cvt and of gtf equal");
}

/// 24 to 250 Hz, as people write it.
fn any_rate(random: &mut Random) -> String {
    match random.below(3) {
        0 => (*random.one_of(&RATES)).to_owned(),
        1 => (24 + random.below(226)).to_string(),
        _ => format!("{}.{:02}", 24 + random.below(226), random.below(100)),
    }
}

#[test]
fn cvt_of_the_standard_is_that_of_edid_decode() {
    let reduced_v3 =
        |hblank, vblank_us, early_vsync| Blanking::ReducedV3(ReducedV3 { hblank, vblank_us, early_vsync });
    let blankings = [
        (Blanking::Normal, "", vec![]),
        (Blanking::Reduced, ",rb=1", vec!["RB"]),
        (Blanking::ReducedV2 { video: false }, ",rb=2", vec!["RBv2"]),
        (Blanking::ReducedV2 { video: true }, ",rb=2,alt=1", vec!["RBv2,video-optimized"]),
        (reduced_v3(80, 460, false), ",rb=3", vec!["RBv3"]),
        (reduced_v3(160, 460, false), ",rb=3,alt=1", vec!["RBv3,h-blank-160"]),
        (reduced_v3(200, 705, false), ",rb=3,hblank=200,vblank=705", vec!["RBv3"]),
        (reduced_v3(88, 600, true), ",rb=3,hblank=88,vblank=600,early-vsync", vec!["RBv3"]),
    ];
    for (blanking, options, notes) in blankings {
        let notes: Vec<String> = notes.into_iter().map(str::to_owned).collect();
        for margins in [false, true] {
            let overscan = if margins { ",overscan" } else { "" };
            let formula = Cvt::Vesa { blanking, margins };
            compare_formula("CVT", &format!("{options}{overscan}"), &notes, margins, |request| {
                formula.timing(request)
            });
        }
    }
}

/// Every size and rate, progressive and interlaced, in one process per scan.
fn compare_formula(
    kind: &str,
    options: &str,
    notes: &[String],
    margins: bool,
    formula: impl Fn(&ModeRequest) -> Result<Timing, GenerateError>,
) {
    for interlaced in [false, true] {
        let scan = if interlaced { ",interlaced=1" } else { "" };
        let (mut args, mut requests) = (Vec::new(), Vec::new());
        for (width, height) in SIZES.into_iter().chain([(1280, 120), (512, 90), (104, 1000)]) {
            for rate in RATES {
                let request = ModeRequest::new(width, height, rate.parse().unwrap()).unwrap();
                requests.push(if interlaced { request.interlaced().unwrap() } else { request });
                args.push(format!("--{}", kind.to_lowercase()));
                args.push(format!("w={width},h={height},fps={rate}{scan}{options}"));
            }
        }
        let Some(text) = ask("edid-decode", &args) else { return };
        let theirs = answers(&text, kind);
        assert_eq!(theirs.len(), requests.len());
        for (request, theirs) in requests.iter().zip(&theirs) {
            // It counts no border in the rate of an interlaced mode.
            let counts_border = !(margins && interlaced);
            compare_answer(
                &format!("{kind} {request}{options}"),
                &formula(request),
                theirs,
                counts_border,
                |timing| header(kind, timing, None, notes),
            );
        }
    }
}

fn compare_answer(
    what: &str,
    ours: &Result<Timing, GenerateError>,
    theirs: &Answer<'_>,
    with_header: bool,
    header: impl Fn(&Timing) -> String,
) {
    let Ok(ours) = ours else {
        assert!(!theirs.sendable, "{what}: {ours:?}");
        return;
    };
    assert_eq!(parts(ours.horizontal), theirs.horizontal, "{what}");
    assert_eq!(parts(ours.vertical), theirs.vertical, "{what}");
    assert_eq!((ours.hsync, ours.vsync), theirs.polarity, "{what}");
    if with_header {
        assert_eq!(header(ours), theirs.header, "{what}");
    }
}

#[test]
fn gtf_of_the_standard_is_that_of_edid_decode() {
    let (small, steep) = (
        GtfCurve::Secondary { c2: 80, m: 600, k: 128, j2: 40 },
        GtfCurve::Secondary { c2: 61, m: 310, k: 90, j2: 33 },
    );
    let curves = [
        (GtfCurve::Default, "", vec![]),
        (small, ",secondary,C=40,M=600,K=128,J=20", vec!["RB".to_owned()]),
        (steep, ",secondary,C=30.5,M=310,K=90,J=16.5", vec!["RB".to_owned()]),
    ];
    let mut random = Random(2);
    for _ in 0..CALLS {
        let (curve, secondary, notes) = random.one_of(&curves);
        let (interlaced, margins) = (random.below(2) == 1, random.below(2) == 1);
        let (width, height) = *random.one_of(&SIZES);
        let mut request =
            ModeRequest::new(width + random.below(9), height, any_rate(&mut random).parse().unwrap())
                .unwrap();
        if interlaced {
            request = request.interlaced().unwrap();
        }
        let formula = Gtf::Vesa { curve: *curve, margins };
        let (given, ours) = match random.below(3) {
            0 => (format!("fps={}", request.refresh()), formula.timing(&request)),
            1 => {
                let hz = 15_000 + random.below(200_000);
                (format!("horfreq={}", f64::from(hz) / 1000.0), formula.timing_at_line_rate(&request, hz))
            }
            _ => {
                let khz = 20_000 + random.below(900_000);
                (
                    format!("pixclk={}", f64::from(khz) / 1000.0),
                    formula.timing_at_clock(&request, PixelClock::from_khz(khz)),
                )
            }
        };
        let scan = if interlaced { ",interlaced" } else { "" };
        let overscan = if margins { ",overscan" } else { "" };
        let args = format!("w={},h={height},{given}{scan}{overscan}{secondary}", request.width());
        let Some(text) = ask("edid-decode", &["--gtf".to_owned(), args.clone()]) else { return };
        let theirs = answers(&text, "GTF");
        compare_answer(&args, &ours, &theirs[0], !(margins && interlaced), |timing| {
            header("GTF", timing, None, notes)
        });
    }
}

#[test]
fn optimised_timings_are_those_of_edid_decode() {
    let rates = [24, 25, 30, 48, 50, 60, 75, 90, 100, 120, 144, 165, 200, 240, 300, 360, 400, 480];
    let sizes = Rid::all().iter().map(|size| (u32::from(size.width), u32::from(size.height))).chain(SIZES);
    let (mut args, mut requests) = (Vec::new(), Vec::new());
    for (width, height) in sizes {
        for rate in rates {
            requests.push(ModeRequest::new(width, height, RefreshRate::from_hz(rate).unwrap()).unwrap());
            args.extend(["--ovt".to_owned(), format!("w={width},h={height},fps={rate}")]);
        }
    }
    let Some(text) = ask("edid-decode", &args) else { return };
    let theirs = answers(&text, "OVT");
    assert_eq!(theirs.len(), requests.len());
    for (request, theirs) in requests.iter().zip(&theirs) {
        compare_answer(&request.to_string(), &ovt(request), theirs, true, |timing| {
            header("OVT", timing, None, &[])
        });
    }
}

#[test]
fn the_list_of_monitor_timings_is_that_of_edid_decode() {
    let Some(theirs) = ask("edid-decode", &["--list-dmts".into()]) else { return };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!(" {byte:#04x}")).collect::<String>();
    let lines = DmtMode::all().iter().map(|mode| {
        let mut notes = Vec::new();
        // It knows no more of 1280x768 at 120 Hz than its numbers, which are those of reduced blanking.
        notes.extend((mode.reduced_blanking && mode.id != 0x1a).then(|| "RB".to_owned()));
        notes.extend(mode.standard_code.map(|code| format!("STD:{}", hex(&code))));
        notes.extend(mode.cvt_code.map(|code| format!("CVT:{}", hex(&code))));
        let aspect = match (mode.timing.horizontal.active, mode.timing.vertical.active) {
            (848, 480) => Some((16, 9)),
            (1360 | 1366, 768) => Some((85, 48)),
            (width, height) if width * 10 == height * 16 => Some((16, 10)),
            _ => None,
        };
        header(&format!("DMT {:#04x}", mode.id), &mode.timing, aspect, &notes)
    });
    assert_eq!(lines.collect::<Vec<_>>(), theirs.lines().collect::<Vec<_>>());
}

#[test]
fn the_lists_of_video_formats_are_those_of_edid_decode() {
    let Some(theirs) = ask("edid-decode", &["--list-vics".into()]) else { return };
    let line = |kind: String, mode: &CtaMode| header(&kind, &mode.timing, Some(mode.aspect), &[]) + "\n";
    let ours: String = CtaMode::all().iter().map(|mode| line(format!("VIC {:3}", mode.vic), mode)).collect();
    assert_eq!(ours, theirs);
    let Some(theirs) = ask("edid-decode", &["--list-hdmi-vics".into()]) else { return };
    let ours = HdmiMode::all().iter().map(|mode| line(format!("HDMI VIC {}", mode.hdmi_vic), mode.cta));
    assert_eq!(ours.collect::<String>(), theirs);
    let Some(theirs) = ask("edid-decode", &["--list-rids".into()]) else { return };
    let ours = Rid::all().iter().map(|size| {
        let Rid { id, width, height, aspect: (across, down) } = size;
        format!("RID {id:2}: {:>10} {across:3}:{down:<3}\n", format!("{width:5}x{height}"))
    });
    let spaces = |text: &str| {
        text.lines()
            .map(|line| line.split_whitespace().collect())
            .collect::<Vec<Vec<&str>>>()
            .concat()
            .join(" ")
    };
    assert_eq!(spaces(&ours.collect::<String>()), spaces(&theirs));
}

/// Each timing, not only what the list says of it.
#[test]
fn listed_timings_are_those_of_edid_decode() {
    let listed = DmtMode::all().iter().map(|mode| ("--dmt", "DMT", u32::from(mode.id), mode.timing));
    let listed =
        listed.chain(CtaMode::all().iter().map(|mode| ("--vic", "VIC", u32::from(mode.vic), mode.timing)));
    let listed = listed.chain(
        HdmiMode::all()
            .iter()
            .map(|mode| ("--hdmi-vic", "HDMI VIC", u32::from(mode.hdmi_vic), mode.cta.timing)),
    );
    for (option, kind, number, timing) in listed {
        let Some(text) = ask("edid-decode", &[option.to_owned(), number.to_string()]) else { return };
        let theirs = answers(&text, kind);
        let both = text.contains("Both Fields");
        assert_eq!(parts(timing.horizontal), theirs[0].horizontal, "{option} {number}");
        let [front, sync, back] = theirs[0].vertical;
        let vertical = if both { [2 * front, 2 * sync, 2 * back] } else { [front, sync, back] };
        assert_eq!(parts(timing.vertical), vertical, "{option} {number}");
        assert_eq!((timing.hsync, timing.vsync), theirs[0].polarity, "{option} {number}");
    }
}

#[test]
fn modelines_of_edid_decode_are_read() {
    for (width, height) in SIZES {
        let args = ["-X".to_owned(), "--cvt".to_owned(), format!("w={width},h={height},fps=59.94,rb=2")];
        let Some(text) = ask("edid-decode", &args) else { return };
        let line = text.lines().find(|line| line.contains("Modeline")).unwrap();
        let request = format!("{width}x{height}@59.94").parse().unwrap();
        let formula = Cvt::Vesa { blanking: Blanking::ReducedV2 { video: false }, margins: false };
        assert_eq!(line.parse::<Modeline>().unwrap().timing(), formula.timing(&request).unwrap(), "{line}");
    }
}
