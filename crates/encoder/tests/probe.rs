//! Probing re-executes this very program, so it has a `main` of its own, which can also abort, hang and fail.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    env, process, thread,
    time::{Duration, Instant},
};

use cosmos_encoder::{Capabilities, Demand, EncoderConfig, child};
use gstreamer::{self as gst, prelude::*};

const DEADLINE: Duration = Duration::from_secs(30);
/// Encoders that are not probed together but here, where the third is deadly.
const NVENC: [&str; 4] = ["nvcudah264enc", "nvcudah265enc", "nvh264enc", "nvh265enc"];

fn main() {
    misbehave();
    child::hook();
    what_works_is_found_and_opens();
    what_does_not_work_is_a_finding();
    what_is_only_taken_by_name_is_not_tried_for_the_best();
    an_encoder_that_aborts_takes_the_child_with_it_and_works_as_it_is_set_up_here();
    a_hanging_child_is_killed();
    those_of_nvenc_share_a_child_which_may_die();
    println!("probe: 6 passed");
}

/// What a child does instead of probing, when its encoder is called so.
fn misbehave() {
    let names = env::args().skip(2).collect::<Vec<_>>();
    if [&NVENC[..], &NVENC[3..]].contains(&&*names.iter().map(String::as_str).collect::<Vec<_>>()) {
        die_of_the_third(&names);
    }
    match env::args().nth(2).as_deref() {
        Some("aborts") => process::abort(),
        Some("hangs") => thread::sleep(Duration::from_secs(600)),
        Some("fails") => process::exit(17),
        Some("av1enc-as-it-comes") => encode_av1_as_it_comes(),
        _ => (),
    }
}

fn what_works_is_found_and_opens() {
    let installed = common::installed();
    let found = Capabilities::probe(DEADLINE).unwrap();
    assert_eq!(found.works, installed.works, "every installed software encoder works: {found:?}");
    let of = |capabilities: &Capabilities| {
        let mut names: Vec<_> = capabilities.broken.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(of(&found), of(&installed));
    let Some(best) = found.works.first() else {
        eprintln!("SKIPPED opening the best encoder: none is installed");
        return;
    };
    let demand = Demand { bitrate_kbps: 1000, fps: 30, keyframe: false };
    let config = EncoderConfig::default();
    let encoder = cosmos_encoder::open(&config, &found, cosmos_desktop::Size::new(320, 240), demand).unwrap();
    assert_eq!(encoder.info().element, best.element);
}

fn what_does_not_work_is_a_finding() {
    let found = Capabilities::probe_named(&["aborts", "h265enc", "fails"], DEADLINE);
    assert_eq!(found.works, []);
    let reasons =
        found.broken.iter().map(|(name, reason)| (name.as_str(), reason.as_str())).collect::<Vec<_>>();
    assert_eq!(reasons[0], ("aborts", "died of SIGABRT"));
    assert_eq!(reasons[1].0, "h265enc");
    assert!(reasons[1].1.contains("unknown encoder \"h265enc\""), "{reasons:?}");
    assert_eq!(reasons[2], ("fails", "ended with exit status: 17"));
}

fn what_is_only_taken_by_name_is_not_tried_for_the_best() {
    let tried = |choice: &str| {
        let found = Capabilities::probe_for(&choice.parse().unwrap(), DEADLINE).unwrap();
        found.works.into_iter().map(|working| working.element).collect::<Vec<_>>()
    };
    let installed = Capabilities::installed().unwrap();
    for costly in ["av1enc", "x265enc"] {
        if !installed.works.iter().any(|working| working.element == costly) {
            eprintln!("SKIPPED probing for {costly}: not installed");
            continue;
        }
        assert!(!tried("auto").contains(&costly.to_owned()), "{costly}");
        assert!(tried(costly).contains(&costly.to_owned()), "{costly}");
    }
}

/// The element of AV1 with a constant bitrate and nothing said of quantisers, of which the library asserts something.
fn encode_av1_as_it_comes() {
    gst::init().unwrap();
    let launch = "videotestsrc num-buffers=20 pattern=snow \
                  ! video/x-raw,format=I420,width=640,height=480,framerate=60/1 \
                  ! av1enc usage-profile=realtime cpu-used=10 end-usage=cbr target-bitrate=500 ! fakesink";
    let pipeline = gst::parse::launch(launch).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let _ = pipeline.bus().unwrap().timed_pop_filtered(
        gst::ClockTime::from_seconds(20),
        &[gst::MessageType::Eos, gst::MessageType::Error],
    );
    process::exit(0);
}

fn an_encoder_that_aborts_takes_the_child_with_it_and_works_as_it_is_set_up_here() {
    if gst::ElementFactory::find("av1enc").is_none() || gst::ElementFactory::find("videotestsrc").is_none() {
        eprintln!("SKIPPED aborting av1enc: not installed");
        return;
    }
    let found = Capabilities::probe_named(&["av1enc", "av1enc-as-it-comes"], DEADLINE);
    assert_eq!(found.works.len(), 1, "{found:?}");
    assert_eq!(found.works[0].element, "av1enc");
    // Others have libraries without assertions, or elements with other defaults.
    if gst::version().1 == 22 {
        assert_eq!(found.broken, [("av1enc-as-it-comes".to_owned(), "died of SIGABRT".to_owned())]);
    }
}

fn a_hanging_child_is_killed() {
    let begun = Instant::now();
    let found = Capabilities::probe_named(&["hangs"], Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(found.broken, [("hangs".to_owned(), "gave nothing within 300ms".to_owned())]);
}

fn die_of_the_third(names: &[String]) {
    for name in names {
        match name.as_str() {
            "nvcudah265enc" => println!("cosmos-encoder: absent"),
            "nvh264enc" => process::abort(),
            _ => println!("a driver says hello\ncosmos-encoder: works"),
        }
    }
    process::exit(0);
}

fn those_of_nvenc_share_a_child_which_may_die() {
    let found = Capabilities::probe_named(&NVENC, DEADLINE);
    let works = found.works.iter().map(|working| working.element.as_str()).collect::<Vec<_>>();
    assert_eq!(works, ["nvcudah264enc", "nvh265enc"], "{found:?}");
    assert!(found.broken[0].1.starts_with("not offered"), "{found:?}");
    assert_eq!(found.broken[1], ("nvh264enc".to_owned(), "died of SIGABRT".to_owned()));
}
