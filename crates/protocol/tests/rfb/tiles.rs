//! Tiles, and those of the run-length encodings.

use cosmos_desktop::Rect;

use super::decoder::{Bytes, Decoder, value};

/// The tiles of a rectangle, from left to right and then down.
pub fn of(rect: Rect, side: u16) -> impl Iterator<Item = Rect> {
    (0..rect.height).step_by(side.into()).flat_map(move |y| {
        (0..rect.width).step_by(side.into()).map(move |x| Rect {
            x: rect.x + x,
            y: rect.y + y,
            width: (rect.width - x).min(side),
            height: (rect.height - y).min(side),
        })
    })
}

/// Shows the tiles of TRLE and ZRLE.
pub fn show<const SIDE: u16>(decoder: &mut Decoder, rect: Rect, bytes: &mut Bytes<'_>) {
    for tile in of(rect, SIDE) {
        let mut values = tile_values(decoder, tile, bytes).into_iter();
        decoder.fill(tile, || values.next().unwrap());
        assert_eq!(values.next(), None, "a run ends with its tile");
    }
}

fn tile_values(decoder: &Decoder, tile: Rect, bytes: &mut Bytes<'_>) -> Vec<u32> {
    let (width, height) = (usize::from(tile.width), usize::from(tile.height));
    let all = width * height;
    match bytes.u8() {
        0 => (0..all).map(|_| pixel(decoder, bytes)).collect(),
        1 => vec![pixel(decoder, bytes); all],
        count @ 2..=16 => {
            let palette: Vec<u32> = (0..count).map(|_| pixel(decoder, bytes)).collect();
            let bits = match count {
                2 => 1,
                3..=4 => 2,
                _ => 4,
            };
            let rows: Vec<&[u8]> = (0..height).map(|_| bytes.take((width * bits).div_ceil(8))).collect();
            let index = |row: &[u8], x: usize| {
                usize::from(row[x * bits / 8]) >> (8 - bits - x * bits % 8) & ((1 << bits) - 1)
            };
            rows.iter().flat_map(|row| (0..width).map(|x| palette[index(row, x)])).collect()
        }
        128 => {
            let mut values = Vec::new();
            while values.len() < all {
                let value = pixel(decoder, bytes);
                let length = run(bytes);
                values.resize(values.len() + length, value);
            }
            values
        }
        kind @ 130.. => {
            let palette: Vec<u32> = (0..kind - 128).map(|_| pixel(decoder, bytes)).collect();
            let mut values = Vec::new();
            while values.len() < all {
                let index = bytes.u8();
                let length = if index & 128 == 0 { 1 } else { run(bytes) };
                values.resize(values.len() + length, palette[usize::from(index & 127)]);
            }
            values
        }
        kind => panic!("there is no tile of kind {kind}"),
    }
}

fn run(bytes: &mut Bytes<'_>) -> usize {
    let mut length = 1;
    loop {
        let byte = bytes.u8();
        length += usize::from(byte);
        if byte < 255 {
            return length;
        }
    }
}

/// Three of four bytes say everything about many formats.
fn pixel(decoder: &Decoder, bytes: &mut Bytes<'_>) -> u32 {
    let format = decoder.format;
    let used = (0..3).fold(0, |used, part| used | u32::from(format.max[part]) << format.shift[part]);
    let three = format.bits == 32 && format.depth <= 24;
    if three && used >> 24 == 0 {
        value(bytes.take(3), format.big_endian)
    } else if three && used & 0xff == 0 {
        value(bytes.take(3), format.big_endian) << 8
    } else {
        decoder.pixel(bytes)
    }
}
