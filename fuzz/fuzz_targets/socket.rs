//! What a page says over a WebSocket, and when: never a panic, and never more on its way than there is room for.

#![no_main]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_auth::{Rights, Role};
use cosmos_desktop::Size;
use cosmos_encoder::{Codec, EncodedFrame};
use cosmos_streaming::session::{Codecs, Output, Packed, Session, SessionEvent, Viewer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<(u8, u16, Vec<u8>)>| {
    let mut now = Instant::now();
    let viewer = Viewer { user: "ada".into(), rights: Rights::of(Role::Owner), link: None, ends: None };
    let mut session = Session::over_socket(viewer, Codecs::ALL, true, now);
    for (what, pause, bytes) in steps {
        now += Duration::from_millis(pause.into());
        match what % 4 {
            0 => session.video(&Packed::new(&frame(what & 4 == 0, pause.into(), now)), now),
            1 => session.tick(now),
            2 => session.said([&[0x17][..], &bytes].concat(), now),
            _ => session.said(bytes, now),
        }
        loop {
            match session.poll(now) {
                Output::Wait(_) => break,
                Output::Event(SessionEvent::Closed(_)) => return,
                _ => {}
            }
        }
    }
});

fn frame(keyframe: bool, bytes: usize, captured: Instant) -> EncodedFrame {
    EncodedFrame {
        codec: Codec::H264,
        keyframe,
        size: Size::new(64, 64),
        data: Arc::from(vec![0; bytes]),
        captured,
        convert: Duration::ZERO,
        encode: Duration::ZERO,
    }
}
