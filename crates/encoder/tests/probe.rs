//! Probing re-executes this very program, so it has a `main` of its own, which can also abort, hang and fail.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    env, process, thread,
    time::{Duration, Instant},
};

use cosmos_encoder::{Capabilities, Choice, Demand, EncoderConfig, child};

const DEADLINE: Duration = Duration::from_secs(30);

fn main() {
    misbehave();
    child::hook();
    what_works_is_found_and_opens();
    what_does_not_work_is_a_finding();
    a_hanging_child_is_killed();
    println!("probe: 3 passed");
}

/// What a child does instead of probing, when its encoder is called so.
fn misbehave() {
    match env::args().nth(2).as_deref() {
        Some("aborts") => process::abort(),
        Some("hangs") => thread::sleep(Duration::from_secs(600)),
        Some("fails") => process::exit(17),
        _ => (),
    }
}

fn what_works_is_found_and_opens() {
    let installed = Capabilities::installed().unwrap();
    let found = Capabilities::probe(DEADLINE).unwrap();
    assert_eq!(found, installed, "every installed software encoder works");
    let Some(best) = found.works.first() else {
        eprintln!("SKIPPED opening the best encoder: none is installed");
        return;
    };
    let demand = Demand { bitrate_kbps: 1000, fps: 30, keyframe: false };
    let config = EncoderConfig { choice: Choice::Auto, threads: None };
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

fn a_hanging_child_is_killed() {
    let begun = Instant::now();
    let found = Capabilities::probe_named(&["hangs"], Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(found.broken, [("hangs".to_owned(), "gave nothing within 300ms".to_owned())]);
}
