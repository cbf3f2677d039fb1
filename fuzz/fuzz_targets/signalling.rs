//! What a page says over HTTP before it connects, as JSON: an answer or a refusal, never a panic.

#![no_main]

use std::{sync::Once, time::Instant};

use cosmos_auth::{Rights, Role, ice::IceServers};
use cosmos_streaming::session::{self, Codecs, Output, Reach, Session, Viewer};
use libfuzzer_sys::fuzz_target;
use str0m::{Candidate, change::SdpOffer};

static CRYPTO: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = IceServers::parse(text, 1_800_000_000);
    let found: Vec<Candidate> =
        text.lines().filter_map(|line| Candidate::from_sdp_string(line).ok()).collect();
    CRYPTO.call_once(session::install_crypto);
    let now = Instant::now();
    let us = Reach::new(vec!["10.0.0.1:8080".parse().expect("an address")]);
    let given = serde_json::from_str::<SdpOffer>(text).or_else(|_| serde_json::from_value(offer(text)));
    let Ok(offer) = given else { return };
    let Ok((offered, _)) = session::answer(offer, &us, Codecs::ALL, now) else { return };
    let viewer = Viewer { user: "ada".into(), rights: Rights::of(Role::Viewer), link: None, ends: None };
    let mut session = Session::new(offered, viewer, now);
    session.found(found);
    while matches!(session.poll(now), Output::Send(_)) {}
});

/// The text as a session description.
fn offer(text: &str) -> serde_json::Value {
    serde_json::json!({ "type": "offer", "sdp": text })
}
