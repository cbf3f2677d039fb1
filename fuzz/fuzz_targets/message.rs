//! Messages of the page and of the server: whatever is read back as a message has just those bytes.

#![no_main]

use cosmos_protocol::{Assembler, ClientMessage, ServerMessage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = ClientMessage::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
    if let Ok(message) = ServerMessage::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
    let mut assembler = Assembler::default();
    if let Some((total, parts)) = bytes.split_first_chunk() {
        let whole = assembler.begin(u32::from_be_bytes(*total));
        let text = parts.chunks(3).fold(whole, |text, part| assembler.part(part).or(text));
        assert!(text.is_none_or(|text| text.len() <= parts.len()));
    }
});
