//! PNG (RFC 2083), as far as it is needed: eight bits of red, green and blue, or indices.

use flate2::{Compress, Crc, FlushCompress};

use super::{area::Area, compression, deflate, palette::Palette};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const RGB: u8 = 2;
const INDEXED: u8 = 3;
/// No filter, and the difference to the pixel on the left.
const PLAIN: u8 = 0;
const LEFT: u8 = 1;

/// Writes an area of our own pixels.
pub(super) fn write(area: &Area, palette: Option<&Palette>, level: u8, out: &mut Vec<u8>) {
    let bits = palette.map_or(8, |palette| bits(palette.colours().len()));
    let kind = if palette.is_some() { INDEXED } else { RGB };
    out.extend_from_slice(&SIGNATURE);
    let [width, height] = [area.width, area.height].map(|side| (side as u32).to_be_bytes());
    chunk(out, *b"IHDR", &[&width[..], &height, &[bits as u8, kind, 0, 0, 0]].concat());
    if let Some(palette) = palette {
        let colours: Vec<u8> = palette.colours().iter().flat_map(|colour| rgb(*colour)).collect();
        chunk(out, *b"PLTE", &colours);
    }
    let mut rows = Vec::new();
    for row in area.values.chunks(area.width) {
        match palette {
            Some(palette) => {
                rows.push(PLAIN);
                palette.pack(row, area.width, bits, &mut rows);
            }
            None => difference(row, &mut rows),
        }
    }
    let mut packed = Vec::new();
    let mut stream = Compress::new(compression(level), true);
    deflate(&mut stream, &rows, FlushCompress::Finish, &mut packed);
    chunk(out, *b"IDAT", &packed);
    chunk(out, *b"IEND", &[]);
}

fn difference(row: &[u32], rows: &mut Vec<u8>) {
    rows.push(LEFT);
    let mut left = [0; 3];
    for value in row {
        let here = rgb(*value);
        rows.extend((0..3).map(|part| here[part].wrapping_sub(left[part])));
        left = here;
    }
}

fn bits(colours: usize) -> usize {
    match colours {
        ..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        _ => 8,
    }
}

fn rgb(value: u32) -> [u8; 3] {
    let [blue, green, red, _] = value.to_le_bytes();
    [red, green, blue]
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(data);
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(data);
    out.extend_from_slice(&sum.sum().to_be_bytes());
}
