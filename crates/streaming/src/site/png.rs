//! A picture as a PNG (RFC 2083): eight bits of red, green and blue, every row as it is.

use std::io::{self, Write};

use cosmos_desktop::Size;
use flate2::{Compression, Crc, write::ZlibEncoder};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Eight bits deep, true colour, and the only ways of packing and filtering; not interlaced.
const FORMAT: [u8; 5] = [8, 2, 0, 0, 0];
/// Each row begins with how it is filtered: not at all.
const UNFILTERED: u8 = 0;

/// Packs a picture of four bytes a pixel: blue, green, red and one that means nothing.
///
/// # Errors
/// None that memory does not give.
pub(super) fn pack(size: Size, bgrx: &[u8]) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(13);
    head.extend(u32::from(size.width).to_be_bytes());
    head.extend(u32::from(size.height).to_be_bytes());
    head.extend(FORMAT);
    let mut bytes = SIGNATURE.to_vec();
    chunk(&mut bytes, b"IHDR", &head);
    chunk(&mut bytes, b"IDAT", &rows(size, bgrx)?);
    chunk(&mut bytes, b"IEND", &[]);
    Ok(bytes)
}

fn rows(size: Size, bgrx: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut line = Vec::with_capacity(1 + 3 * usize::from(size.width));
    for row in bgrx.chunks(4 * usize::from(size.width).max(1)) {
        line.clear();
        line.push(UNFILTERED);
        line.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]));
        packed.write_all(&line)?;
    }
    packed.finish()
}

fn chunk(bytes: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let mut sum = Crc::new();
    sum.update(kind);
    sum.update(content);
    bytes.extend((content.len() as u32).to_be_bytes());
    bytes.extend(kind);
    bytes.extend(content);
    bytes.extend(sum.sum().to_be_bytes());
}
