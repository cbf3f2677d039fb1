//! EDIDs that are written pass `edid-decode`; real ones are read as it reads them; nothing is lost or panics.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, thread};

use cosmos_xorg_config::edid::{
    AudioFormat, DataBlock, Date, Descriptor, DisplayIdBlock, Edid, EdidError, EdidSpec, EdidSpecError,
    Extension, LinkProfile, ScreenSize, Serial, TimingSource, VideoCode, VideoInput, bytes_from_hex,
};
use cosmos_xorg_config::{
    Axis, Blanking, CtaMode, Cvt, DmtMode, Gtf, GtfCurve, ModeRequest, PixelClock, Polarity, ReducedV3, Scan,
    Timing, ovt,
};
use proptest::prelude::*;

const FULL_HD: Timing = Timing {
    clock: PixelClock::from_khz(138_500),
    horizontal: Axis { active: 1920, sync_start: 1968, sync_end: 2000, total: 2080 },
    vertical: Axis { active: 1080, sync_start: 1083, sync_end: 1088, total: 1111 },
    hsync: Polarity::Positive,
    vsync: Polarity::Negative,
    scan: Scan::Progressive,
};

const SIZES: [&str; 20] = [
    "640x480",
    "800x600",
    "1024x768",
    "1280x720",
    "1280x1024",
    "1366x768",
    "1440x900",
    "1600x900",
    "1680x1050",
    "1920x1080",
    "1920x1200",
    "2560x1080",
    "2560x1440",
    "2560x1600",
    "3440x1440",
    "3840x2160",
    "4096x2160",
    "5120x1440",
    "5120x2880",
    "7680x4320",
];
const RATES: [&str; 12] =
    ["23.976", "24", "30", "50", "59.94", "60", "75", "100", "120", "144", "165", "240"];

/// Timings in real EDIDs that have no lines, or a negative back porch. They are read as no timings here.
const IMPOSSIBLE: [(u32, u32, bool, u64); 2] = [(32, 0, false, 82_680), (1920, 1080, false, 326_660)];

/// Timings of all formulas, as far as they have one for this request in whole kilohertz.
fn families(request: &ModeRequest) -> Vec<Timing> {
    let vesa = |blanking| Cvt::Vesa { blanking, margins: false }.timing(request);
    let all = [
        Cvt::XorgCompat { reduced: true }.timing(request),
        Cvt::XorgCompat { reduced: false }.timing(request),
        vesa(Blanking::ReducedV2 { video: false }),
        vesa(Blanking::ReducedV3(ReducedV3::default())),
        Gtf::Vesa { curve: GtfCurve::Default, margins: false }.timing(request),
        ovt(request),
    ];
    all.into_iter().flatten().filter(|timing| timing.clock.hz().is_multiple_of(1000)).collect()
}

/// What `edid-decode` prints for these bytes; `None` where it is not installed.
fn edid_decode(arguments: &[&str], bytes: &[u8]) -> Option<String> {
    let command =
        Command::new("edid-decode").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = command.ok()?;
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let writer = thread::spawn(move || stdin.write_all(&bytes));
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    writer.join().unwrap().unwrap();
    child.wait().unwrap();
    Some(String::from_utf8_lossy(&output).into_owned())
}

/// The judgement, where it is not a pass without a warning.
fn complaint(edid: &Edid) -> Option<String> {
    let output = edid_decode(&["--check"], edid.as_bytes())?;
    let clean = output.contains("EDID conformity: PASS") && !output.contains("Warnings:");
    (!clean).then(|| output.split("----------------").last().unwrap_or_default().to_owned())
}

fn has_edid_decode() -> bool {
    let there = edid_decode(&["--version"], &[]).is_some();
    if !there {
        eprintln!("SKIPPED edid-decode is not installed");
    }
    there
}

fn real() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/edid/real");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = files.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    named.filter(|(name, _)| name != "LICENSE").map(|(name, path)| (name, fs::read(path).unwrap())).collect()
}

/// Whether a standard has the same clock, pixels and lines with other sync pulses. Whoever asks for such a timing gets
/// it, but `edid-decode` warns of it.
fn is_odd_standard(timing: &Timing) -> bool {
    let like = |known: &Timing| {
        let numbers = |timing: &Timing| {
            let (h, v) = (timing.horizontal, timing.vertical);
            (timing.clock, h.active, h.total, v.active, v.total, timing.scan)
        };
        numbers(known) == numbers(timing) && known != timing
    };
    let of_dmt = DmtMode::all().iter().map(|mode| &mode.timing);
    of_dmt.chain(CtaMode::all().iter().map(|mode| &mode.timing)).any(like)
}

#[test]
fn every_generated_edid_passes_without_a_warning() {
    if !has_edid_decode() {
        return;
    }
    let (mut passed, mut refused, mut complaints) = (0, 0, Vec::new());
    for (size, rate) in SIZES.iter().flat_map(|size| RATES.map(|rate| (size, rate))) {
        let request: ModeRequest = format!("{size}@{rate}").parse().unwrap();
        let timings = families(&request).into_iter().filter(|timing| !is_odd_standard(timing));
        for (timing, at) in timings.zip(0..) {
            for profile in [LinkProfile::DisplayPort, LinkProfile::Hdmi] {
                let Ok(spec) = EdidSpec::new(profile, timing) else {
                    refused += 1;
                    continue;
                };
                let spec = spec.audio(at % 2 == 0).common_timings().unwrap();
                match complaint(&spec.to_edid()) {
                    None => passed += 1,
                    Some(why) => complaints.push(format!("{size}@{rate} {profile:?} {timing:?}\n{why}")),
                }
            }
        }
    }
    println!("{passed} pass, {refused} refused, {} do not pass", complaints.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(passed >= 400, "{passed}");
}

#[test]
fn many_timings_of_all_kinds_pass_too() {
    if !has_edid_decode() {
        return;
    }
    let requests = SIZES.iter().flat_map(|size| ["60", "144", "240"].map(|rate| format!("{size}@{rate}")));
    let reduced =
        requests.flat_map(|request| Cvt::XorgCompat { reduced: true }.timing(&request.parse().unwrap()));
    let reduced: Vec<Timing> = reduced.filter(|timing| !is_odd_standard(timing)).collect();
    for profile in [LinkProfile::DisplayPort, LinkProfile::Hdmi] {
        for count in [1, 5, 20, 40] {
            let vics = CtaMode::all().iter().map(|mode| mode.timing).take(count);
            let spec = EdidSpec::new(profile, FULL_HD).unwrap().serial(Serial::Text("A 17".into())).unwrap();
            let timings = vics.chain(reduced.iter().copied().take(count));
            let spec = timings.fold(spec, |spec, timing| spec.clone().timing(timing).unwrap_or(spec));
            let edid = spec.to_edid();
            assert_eq!(complaint(&edid), None, "{profile:?} {count}");
            assert_eq!(EdidSpec::try_from(&edid), Ok(spec), "{profile:?} {count}");
        }
    }
}

/// Size, interlace and kilohertz of every timing that stands in a text of `edid-decode`, but for those that follow
/// from formulas which are not read here.
fn timings_of(output: &str) -> BTreeSet<(u32, u32, bool, u64)> {
    let body = output.split("----------------").skip(1).flat_map(str::lines);
    let listed = body.filter_map(|line| {
        let (kind, numbers) = line.trim().split_once(':')?;
        let known = ["DTD", "VIC", "DMT", "IBM", "Apple", "GTF"].iter().any(|known| kind.starts_with(known));
        let known = (known && !line.contains("EDID 1.3 source")) || line.contains("EDID 1.4 source");
        let words: Vec<&str> = numbers.split_whitespace().collect();
        let (width, height) = words.first().filter(|_| known)?.split_once('x')?;
        let at = words.iter().position(|word| word.starts_with("MHz"))?;
        let mhz: f64 = words[at - 1].parse().ok()?;
        let lines = height.trim_end_matches('i').parse().ok()?;
        Some((width.parse().ok()?, lines, height.ends_with('i'), (mhz * 1000.0).round() as u64))
    });
    listed.collect()
}

/// What is read here and what `edid-decode` prints of the same bytes: name, manufacturer, TMDS clock, timings.
fn both_readings(bytes: &[u8]) -> Option<[String; 2]> {
    let output = edid_decode(&["--skip-sha"], bytes)?;
    let quoted = |heading: &str| {
        let line = output.lines().find_map(|line| line.trim().strip_prefix(heading))?;
        Some(line.trim().trim_matches('\'').trim_end().to_owned())
    };
    let tmds =
        ["Maximum TMDS Character Rate:", "Maximum TMDS clock:"].iter().find_map(|heading| quoted(heading));
    let tmds = tmds.filter(|clock| clock != "0 MHz");
    let theirs = (
        quoted("Display Product Name:"),
        quoted("Manufacturer:"),
        tmds,
        &timings_of(&output) - &BTreeSet::from(IMPOSSIBLE),
    );
    let (edid, _) = Edid::parse_lenient(bytes).unwrap();
    let timings = edid.timings().into_iter().map(|listed| {
        let Timing { clock, horizontal, vertical, scan, .. } = listed.timing;
        (horizontal.active, vertical.active, scan == Scan::Interlaced, clock.khz())
    });
    let tmds = edid.maximum_tmds_clock().map(|clock| format!("{} MHz", clock.khz() / 1000));
    let ours =
        (edid.name(), Some(edid.base().manufacturer.to_string()), tmds, timings.collect::<BTreeSet<_>>());
    Some([format!("{ours:?}"), format!("{theirs:?}")])
}

#[test]
fn real_edids_are_read_as_edid_decode_reads_them() {
    if !has_edid_decode() {
        return;
    }
    let readings = real().into_iter().map(|(name, bytes)| (name, both_readings(&bytes).unwrap()));
    let different = readings.filter(|(_, [ours, theirs])| ours != theirs);
    let different: Vec<_> =
        different.map(|(name, [ours, theirs])| format!("{name}\n{ours}\n{theirs}")).collect();
    assert!(different.is_empty(), "{}\n{}", different.len(), different.join("\n"));
}

#[test]
fn every_real_edid_is_kept_to_the_byte() {
    let files = real();
    assert_eq!(files.len(), 125);
    for (name, bytes) in files {
        let (edid, problems) = Edid::parse_lenient(&bytes).unwrap();
        assert_eq!(edid.as_bytes(), bytes, "{name}");
        assert_eq!(Edid::parse(&bytes).is_ok(), problems.is_empty(), "{name}");
        let typed =
            edid.extensions().iter().all(|block| !matches!(block, Extension::Other { tag: 2 | 0x70, .. }));
        assert!(typed, "{name}");
        let hex: String = bytes
            .chunks(16)
            .map(|line| line.iter().map(|byte| format!("{byte:02x} ")).collect::<String>() + "\n")
            .collect();
        for text in [
            format!("edid-decode (hex):\n\n{hex}\n----\n"),
            format!("DP-1\n\tEDID:\n\t\t{}\n\tnon-desktop: 0", hex.replace(' ', "").replace('\n', "\n\t\t")),
        ] {
            assert_eq!(bytes_from_hex(&text), Ok(bytes.clone()), "{name}");
        }
    }
}

fn real_one(name: &str) -> Edid {
    let (_, bytes) = real().into_iter().find(|(known, _)| known == name).unwrap();
    Edid::parse(&bytes).unwrap()
}

#[test]
fn what_a_television_says_is_typed() {
    let edid = real_one("samsung-q800t-hdmi2.1");
    let base = edid.base();
    assert_eq!((edid.version(), edid.serial().as_deref()), ((1, 3), Some("16780800")));
    assert_eq!((base.date, base.gamma), (Date::Made { week: Some(1), year: 2020 }, Some(220)));
    assert_eq!(base.input, VideoInput::Digital { depth: None, interface: None });
    assert_eq!(base.size, ScreenSize::Centimetres(165, 93));
    assert_eq!(base.chromaticity, [(686, 322), (278, 660), (156, 55), (288, 291)]);
    let Descriptor::RangeLimits(limits) = &base.descriptors[2] else { panic!("{:?}", base.descriptors) };
    assert_eq!((limits.vertical_hz, limits.horizontal_khz, limits.clock_mhz), ((24, 120), (15, 255), 1190));
    assert_eq!((edid.physical_size_mm(), edid.audio()), (Some((1872, 1053)), true));
    assert!(edid.timings().iter().any(|listed| listed.source == TimingSource::Vic(199)));
    let [Extension::Cta(cta)] = &edid.extensions()[..] else { panic!("{:?}", edid.extensions()) };
    assert!(cta.underscan && cta.basic_audio && cta.ycbcr444 && cta.ycbcr422 && cta.native == 0);
    let [DataBlock::Video(codes), DataBlock::Audio(formats), DataBlock::Speakers(speakers), rest @ ..] =
        &cta.data_blocks[..]
    else {
        panic!("{:?}", cta.data_blocks)
    };
    assert_eq!((codes.len(), codes[0], speakers[0]), (29, VideoCode { vic: 97, native: false }, 1));
    assert_eq!(formats[1], AudioFormat { format: 2, channels: 6, rates: 7, detail: 80 });
    let forum = rest.iter().find_map(|block| match block {
        DataBlock::HdmiForum(forum) => Some((forum.version, forum.max_tmds_mhz, forum.flags, forum.max_frl)),
        _ => None,
    });
    assert_eq!(forum, Some((1, Some(600), 0x80, 5)));
    let hdmi = rest.iter().find_map(|block| match block {
        DataBlock::Hdmi(hdmi) => Some((hdmi.physical_address, hdmi.max_tmds_mhz)),
        _ => None,
    });
    assert_eq!(hdmi, Some((0x4000, Some(300))));
}

#[test]
fn what_half_of_a_tiled_display_says_is_typed() {
    let edid = real_one("dell-up2715k-dp1-tile1");
    let extensions = edid.extensions();
    let [_, Extension::DisplayId(section)] = &extensions[..] else { panic!("{extensions:?}") };
    let [DisplayIdBlock::Other { tag: 0x12, .. }, DisplayIdBlock::Timings(timings), codes] =
        &section.data_blocks[..]
    else {
        panic!("{section:?}")
    };
    assert_eq!((section.version, section.purpose, timings.len()), (0x12, 0, 3));
    assert_eq!(timings.iter().map(|stated| stated.preferred).collect::<Vec<_>>(), [true, false, false]);
    let dmt = vec![0x04, 0x09, 0x10, 0x1c, 0x23, 0x33, 0x3a, 0x45];
    assert_eq!(*codes, DisplayIdBlock::Codes { of: 0, codes: dmt });
    assert_eq!(edid.preferred_timing().map(|timing| timing.clock.khz()), Some(533_250));
}

#[test]
fn what_is_wrong_is_named_with_its_block_and_what_was_expected() {
    let (uhd, hz) = ("3840x2160@120", LinkProfile::DisplayPort);
    let timing = Cvt::XorgCompat { reduced: true }.timing(&uhd.parse().unwrap()).unwrap();
    let right = EdidSpec::new(hz, timing).unwrap().to_edid().as_bytes().to_vec();
    assert_eq!(right.len(), 384);
    let changed = |at: usize, to: u8| {
        let mut bytes = right.clone();
        bytes[at] = to;
        Edid::parse(&bytes).unwrap_err().to_string()
    };
    let message = |bytes: &[u8]| Edid::parse(bytes).unwrap_err().to_string();
    assert!(changed(0, 1).starts_with("block 0 begins with [01, ff,"));
    assert_eq!(changed(18, 2), "block 0 says version 2: expected 1");
    let sum = right[255];
    assert_eq!(
        changed(255, sum ^ 1),
        format!("block 1 ends with checksum {:#04x}: expected {sum:#04x}", sum ^ 1)
    );
    let section = 256 + 5 + usize::from(right[258]);
    assert!(changed(section, right[section] ^ 1).starts_with("block 2 ends with checksum"));
    assert_eq!(message(&right[..127]), "127 bytes: an EDID has 128 at least");
    assert_eq!(message(&right[..256]), "2 whole blocks: expected 3, the base block and its extensions");
    assert_eq!(message(&[&right[..], &[0; 7]].concat()), "391 bytes: expected 384, 3 blocks of 128");
}

#[test]
fn what_no_edid_can_hold_is_refused_by_field() {
    let spec = || EdidSpec::new(LinkProfile::Hdmi, FULL_HD).unwrap();
    let given = |given: &str| given.to_owned();
    assert_eq!(spec().manufacturer("cs1"), Err(EdidSpecError::Manufacturer { given: given("cs1") }));
    for name in ["", "fourteen chars", "tab\t", "end ", "größe"] {
        assert_eq!(spec().name(name), Err(EdidSpecError::Name { given: given(name) }), "{name}");
    }
    let serial = |text: &str| spec().serial(Serial::Text(text.into()));
    assert_eq!(serial("a\nb"), Err(EdidSpecError::Serial { given: given("a\nb") }));
    assert_eq!(spec().size_mm(600, 0), Err(EdidSpecError::Size { width: 600, height: 0 }));
    assert!(spec().size_mm(0, 0).is_ok());
    assert_eq!(spec().made(Some(54), 2024), Err(EdidSpecError::Date { week: 54, year: 2024 }));
    assert_eq!(spec().made(None, 1989), Err(EdidSpecError::Date { week: 0, year: 1989 }));
    let field = |change: fn(&mut Timing)| {
        let mut timing = FULL_HD;
        change(&mut timing);
        match EdidSpec::new(LinkProfile::Hdmi, timing) {
            Err(EdidSpecError::Timing { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field(|timing| timing.clock = PixelClock::from_hz(1)), "pixel clock in Hz");
    assert_eq!(field(|timing| timing.clock = PixelClock::from_hz(u64::MAX)), "pixel clock in Hz");
    assert_eq!(field(|timing| timing.horizontal.active = 0), "active pixels");
    assert_eq!(field(|timing| timing.horizontal.total = 1999), "pixels of a line");
    assert_eq!(field(|timing| timing.vertical.sync_start = 1080), "front porch of a frame");
    assert_eq!(field(|timing| timing.vertical.total = u32::MAX), "lines of a frame");
    assert_eq!(field(|timing| timing.scan = Scan::Double), "lines sent twice");
    assert_eq!(field(|timing| timing.clock = PixelClock::from_khz(2_000_000)), "horizontal frequency in Hz");
    let crowd = CtaMode::all().iter().try_fold(spec(), |spec, mode| spec.timing(mode.timing));
    assert_eq!(crowd, Err(EdidSpecError::TooManyTimings { given: 65 }));
}

fn any_timing() -> impl Strategy<Value = Timing> {
    let known: Vec<Timing> = CtaMode::all()
        .iter()
        .map(|mode| mode.timing)
        .chain(DmtMode::all().iter().map(|mode| mode.timing))
        .collect();
    let by_formula =
        (64..8192_u32, 64..4400_u32, 24..250_u32).prop_filter_map("no timing", |(width, height, rate)| {
            let request: ModeRequest = format!("{width}x{height}@{rate}").parse().ok()?;
            families(&request).into_iter().next()
        });
    prop_oneof![proptest::sample::select(known), by_formula]
}

fn any_spec() -> impl Strategy<Value = EdidSpec> {
    let profile = prop_oneof![Just(LinkProfile::DisplayPort), Just(LinkProfile::Hdmi)];
    let serial = prop_oneof![
        Just(Serial::None),
        any::<u32>().prop_map(Serial::Number),
        "[ -~]{0,12}[!-~]".prop_map(Serial::Text)
    ];
    let product = (
        "[A-Z]{3}",
        any::<u16>(),
        serial,
        "[ -~]{0,12}[!-~]",
        2000..2246_u16,
        proptest::option::of(1..54_u8),
    );
    let timings = (any_timing(), proptest::collection::vec(any_timing(), 0..40));
    let size = prop_oneof![Just((0, 0)), (10..2551_u16, 10..2551_u16)];
    (profile, product, timings, size, any::<bool>()).prop_filter_map(
        "refused",
        |(profile, product, timings, size, audio)| {
            let spec = EdidSpec::new(profile, timings.0)
                .ok()?
                .product(product.1)
                .audio(audio)
                .size_mm(size.0, size.1)
                .ok()?;
            let spec = spec.manufacturer(&product.0).ok()?.serial(product.2).ok()?.name(&product.3).ok()?;
            let spec = spec.made(product.5, product.4).ok()?;
            Some(timings.1.into_iter().fold(spec, |spec, timing| spec.clone().timing(timing).unwrap_or(spec)))
        },
    )
}

proptest! {
    #[test]
    fn a_description_is_read_back_from_its_edid(spec in any_spec()) {
        let edid = spec.to_edid();
        prop_assert_eq!(Edid::parse(edid.as_bytes()), Ok(edid.clone()));
        prop_assert_eq!(EdidSpec::try_from(&edid), Ok(spec.clone()));
        prop_assert_eq!(EdidSpec::try_from(&edid).map(|again| again.to_edid()), Ok(edid));
    }

    #[test]
    fn damaged_edids_are_kept_and_never_panic(
        file in proptest::sample::select(real()),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..40),
        length in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = file.1;
        damage.iter().for_each(|(at, to)| *at.get_mut(&mut bytes) = *to);
        bytes.truncate(length.index(bytes.len() * 4).max(100));
        match Edid::parse_lenient(&bytes) {
            Err(error) => prop_assert_eq!(error, EdidError::Short { found: bytes.len() }),
            Ok((edid, problems)) => {
                prop_assert_eq!(edid.as_bytes(), &bytes);
                prop_assert_eq!(Edid::parse(&bytes).is_ok(), problems.is_empty());
                let _ = (edid.base(), edid.extensions(), edid.timings(), edid.serial(), edid.audio());
                if let Ok(spec) = EdidSpec::try_from(&edid) {
                    prop_assert_eq!(EdidSpec::try_from(&spec.to_edid()), Ok(spec));
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[0-9a-fx:, \n\tEDID(hex)]{0,400}") {
        let _ = Edid::from_hex(&text);
    }
}
