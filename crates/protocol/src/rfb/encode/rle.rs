//! The tiles of TRLE and ZRLE (RFC 6143, sections 7.7.5 and 7.7.6).

use super::{Pixels, area::Area, palette::Palette};

/// The most colours of a palette with runs.
const MAX_COLOURS: usize = 127;
/// The most colours of a palette whose indices are packed.
const MAX_PACKED: usize = 16;
const PLAIN_RUNS: u8 = 128;

/// How a tile is written.
enum Form {
    Raw,
    Solid,
    Packed { bits: usize },
    PlainRuns,
    PaletteRuns,
}

/// Writes all tiles of this side.
pub(super) fn write<const SIDE: usize>(area: &Area, pixels: &Pixels, out: &mut Vec<u8>) {
    let mut tile = Area::default();
    for (x, y) in area.tiles(SIDE) {
        tile.cut(area, x, y, SIDE);
        let palette = Palette::of(&tile.values, MAX_COLOURS);
        write_tile(&tile, palette.as_ref(), pixels, out);
    }
}

fn write_tile(tile: &Area, palette: Option<&Palette>, pixels: &Pixels, out: &mut Vec<u8>) {
    let colours = palette.map_or(&[][..], Palette::colours);
    let count = colours.len() as u8;
    let mut begin = |kind: u8, colours: &[u32]| {
        out.push(kind);
        colours.iter().for_each(|colour| pixels.put_compact(out, *colour));
    };
    match (form(tile, palette, pixels), palette) {
        (Form::Solid, _) => begin(1, colours),
        (Form::Packed { bits }, Some(palette)) => {
            begin(count, colours);
            palette.pack(&tile.values, tile.width, bits, out);
        }
        (Form::PaletteRuns, Some(palette)) => {
            begin(128 + count, colours);
            tile.runs().for_each(|(value, length)| palette_run(palette.index(value), length, out));
        }
        (Form::PlainRuns, _) => {
            out.push(PLAIN_RUNS);
            for (value, length) in tile.runs() {
                pixels.put_compact(out, value);
                run_length(length, out);
            }
        }
        _ => {
            out.push(0);
            tile.values.iter().for_each(|value| pixels.put_compact(out, *value));
        }
    }
}

/// The form that takes the fewest bytes.
fn form(tile: &Area, palette: Option<&Palette>, pixels: &Pixels) -> Form {
    let each = pixels.compact_bytes();
    let colours = palette.map_or(0, |palette| palette.colours().len());
    if colours == 1 {
        return Form::Solid;
    }
    let mut plain = 0;
    let mut by_index = colours * each;
    for (_, length) in tile.runs() {
        plain += each + length_bytes(length);
        by_index += if length == 1 { 1 } else { 1 + length_bytes(length) };
    }
    let mut best = (tile.values.len() * each, Form::Raw);
    let mut offer = |bytes: usize, form: Form| {
        if bytes < best.0 {
            best = (bytes, form);
        }
    };
    offer(plain, Form::PlainRuns);
    if colours > 0 {
        offer(by_index, Form::PaletteRuns);
    }
    if (2..=MAX_PACKED).contains(&colours) {
        let bits = packed_bits(colours);
        offer(colours * each + tile.height * (tile.width * bits).div_ceil(8), Form::Packed { bits });
    }
    best.1
}

fn packed_bits(colours: usize) -> usize {
    match colours {
        ..=2 => 1,
        3..=4 => 2,
        _ => 4,
    }
}

fn palette_run(index: u8, length: usize, out: &mut Vec<u8>) {
    if length == 1 {
        out.push(index);
    } else {
        out.push(index | 128);
        run_length(length, out);
    }
}

fn length_bytes(length: usize) -> usize {
    (length - 1) / 255 + 1
}

fn run_length(length: usize, out: &mut Vec<u8>) {
    let rest = length - 1;
    out.resize(out.len() + rest / 255, 255);
    out.push((rest % 255) as u8);
}
