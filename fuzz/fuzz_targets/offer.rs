//! Session descriptions and datagrams: an answer or a refusal, never a panic.

#![no_main]

use std::{sync::Once, time::Instant};

use cosmos_auth::{Rights, Role};
use cosmos_streaming::session::{self, Codecs, Datagram, Output, Reach, Session, Viewer};
use libfuzzer_sys::fuzz_target;

static CRYPTO: Once = Once::new();

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=msid-semantic: WMS\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:\
22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n\
a=rtpmap:96 VP8/90000\r\n";

fuzz_target!(|input: (String, Vec<Vec<u8>>)| {
    let (extra, datagrams) = input;
    CRYPTO.call_once(session::install_crypto);
    let now = Instant::now();
    let us = "10.0.0.1:8080".parse().expect("an address");
    let json = serde_json::json!({ "type": "offer", "sdp": format!("{OFFER}{extra}") });
    let Ok(offer) = serde_json::from_value(json) else { return };
    let Ok((offered, _)) = session::answer(offer, &Reach::new(vec![us]), Codecs::ALL, now) else { return };
    let viewer = Viewer { user: "ada".into(), rights: Rights::of(Role::Owner), link: None, ends: None };
    let mut session = Session::new(offered, viewer, now);
    for bytes in &datagrams {
        let from = "10.0.0.2:5000".parse().expect("an address");
        session.receive(&Datagram { tcp: false, from, to: us, bytes }, now);
        while matches!(session.poll(now), Output::Send(_)) {}
    }
});
