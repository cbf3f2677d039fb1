//! What the server says beside pictures (RFC 6143, sections 7.3.2 and 7.6).

use cosmos_desktop::Size;

use super::{PixelFormat, format::MAP};

/// The first message after the handshake: what the screen is like, and its name.
pub fn server_init(size: Size, name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 + name.len());
    bytes.extend_from_slice(&size.width.to_be_bytes());
    bytes.extend_from_slice(&size.height.to_be_bytes());
    bytes.extend_from_slice(&PixelFormat::BGRX.encode());
    bytes.extend_from_slice(&(name.len() as u32).to_be_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

/// The colours of all 256 indices, for viewers who want a map.
pub fn colour_map() -> Vec<u8> {
    let mut bytes = vec![1, 0, 0, 0];
    bytes.extend_from_slice(&256_u16.to_be_bytes());
    for index in 0..256_u32 {
        for (max, shift) in MAP.0.into_iter().zip(MAP.1) {
            let part = index >> shift & u32::from(max);
            let part = part * 65535 / u32::from(max);
            bytes.extend_from_slice(&(part as u16).to_be_bytes());
        }
    }
    bytes
}

/// A sound that asks for attention.
pub fn bell() -> Vec<u8> {
    vec![2]
}

/// Text was copied on the desktop. Signs outside Latin-1 become question marks.
pub fn cut_text(text: &str) -> Vec<u8> {
    let latin: Vec<u8> = text.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap_or(b'?')).collect();
    [&[3, 0, 0, 0][..], &(latin.len() as u32).to_be_bytes(), &latin].concat()
}

/// Updates come only when asked for from here on; also tells that they could come without.
pub fn end_of_continuous_updates() -> Vec<u8> {
    vec![150]
}

/// A mark in the stream; `payload` has at most 64 bytes, and what is beyond is cut off.
pub fn fence(flags: u32, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(64)];
    [&[248, 0, 0, 0][..], &flags.to_be_bytes(), &[payload.len() as u8], payload].concat()
}
