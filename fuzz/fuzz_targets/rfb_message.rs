//! What a VNC viewer says once it is in: read alike in one piece and in many, within its bounds, and never a panic.

#![no_main]

use cosmos_protocol::rfb::{ClientMessage, MAX_MESSAGE, Wishes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, u8, Vec<u8>)| {
    let (extended, cut, bytes) = input;
    let whole = read(&bytes, extended);
    let step = usize::from(cut) + 1;
    let mut kept = Vec::new();
    let mut parts = Vec::new();
    for part in bytes.chunks(step) {
        kept.extend_from_slice(part);
        let (mut messages, used) = read(&kept, extended);
        parts.append(&mut messages);
        kept.drain(..used);
        assert!(kept.len() <= MAX_MESSAGE);
    }
    assert!(parts.starts_with(&whole.0) || whole.0.starts_with(&parts));
    for message in whole.0 {
        if let ClientMessage::SetEncodings(numbers) = message {
            let _wishes = Wishes::new(&numbers, |_| true);
        }
    }
});

/// The messages up to the first that is none, and their bytes.
fn read(bytes: &[u8], extended: bool) -> (Vec<ClientMessage>, usize) {
    let (mut messages, mut used) = (Vec::new(), 0);
    while let Ok(Some((message, length))) = ClientMessage::read(&bytes[used..], extended) {
        assert!(length > 0 && used + length <= bytes.len());
        used += length;
        messages.push(message);
    }
    (messages, used)
}
