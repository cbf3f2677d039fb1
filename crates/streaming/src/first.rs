//! What a TCP connection speaks, told by its first byte, and the frames of WebRTC over TCP (RFC 4571).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// HTTP without TLS: a method begins it.
    Http,
    /// TLS: a handshake begins it.
    Tls,
    /// WebRTC: a length of two bytes begins it, and no first message of ICE is as long as 4096 bytes.
    WebRtc,
    /// Nothing that is spoken here.
    Unknown,
}

/// What a connection that begins with this byte speaks.
pub fn spoken(first: u8) -> Spoken {
    match first {
        b'A'..=b'Z' => Spoken::Http,
        0..=15 => Spoken::WebRtc,
        0x16 => Spoken::Tls,
        _ => Spoken::Unknown,
    }
}

/// No datagram of WebRTC is longer, in bytes.
pub const MAX_DATAGRAM: usize = 4096;
/// The magic cookie of STUN (RFC 8489, section 5).
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Whether a datagram is of STUN, as the first one of WebRTC is.
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.get(4..8) == Some(&STUN_COOKIE)
}

/// Reads the next frame into `frame`, whatever that held before.
///
/// # Errors
/// What the connection says, and a frame that is longer than [`MAX_DATAGRAM`].
pub async fn read_frame(reader: &mut (impl AsyncRead + Unpin), frame: &mut Vec<u8>) -> io::Result<()> {
    let length = usize::from(reader.read_u16().await?);
    if length > MAX_DATAGRAM {
        return Err(io::Error::other(format!("a frame of {length} bytes is none of WebRTC")));
    }
    frame.resize(length, 0);
    reader.read_exact(frame).await.map(drop)
}

/// Puts a frame at the end of `batch`. No datagram that is sent is longer than its length can tell.
pub(crate) fn append(batch: &mut Vec<u8>, datagram: &[u8]) {
    batch.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
    batch.extend_from_slice(datagram);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_first_byte_has_one_meaning() {
        for (range, expected) in [
            (0..=15, Spoken::WebRtc),
            (16..=21, Spoken::Unknown),
            (22..=22, Spoken::Tls),
            (23..=64, Spoken::Unknown),
            (65..=90, Spoken::Http),
            (91..=255, Spoken::Unknown),
        ] {
            assert!({ range }.all(|byte| spoken(byte) == expected), "{expected:?}");
        }
    }

    #[test]
    fn frames_are_read_as_they_are_written() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut written = Vec::new();
        let frames = [&b""[..], b"x", &[7; MAX_DATAGRAM]];
        frames.iter().for_each(|frame| append(&mut written, frame));
        let mut reader = &written[..];
        let mut read = vec![1, 2, 3];
        for frame in frames {
            runtime.block_on(read_frame(&mut reader, &mut read)).unwrap();
            assert_eq!(read, frame);
        }
        for bad in [&[][..], &[0], &[0, 2, 7], &[0x10, 1]] {
            assert!(runtime.block_on(read_frame(&mut { bad }, &mut read)).is_err(), "{bad:?}");
        }
        assert!(is_stun(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]) && !is_stun(&[0; 7]) && !is_stun(&[0; 20]));
    }
}
