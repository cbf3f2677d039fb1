//! Hextile (RFC 6143, section 7.7.4).

use super::{
    Pixels,
    area::{Area, Patch, patches},
    palette::Palette,
};

const RAW: u8 = 1;
const BACKGROUND: u8 = 2;
const FOREGROUND: u8 = 4;
const SUBRECTS: u8 = 8;
const COLOURED: u8 = 16;
const SIDE: usize = 16;
/// Their number travels in one byte.
const MAX_SUBRECTS: usize = 255;

/// What holds until a tile says otherwise.
#[derive(Default)]
struct Known {
    background: Option<u32>,
    foreground: Option<u32>,
}

/// Writes all tiles.
pub(super) fn write(area: &Area, pixels: &Pixels, out: &mut Vec<u8>) {
    let mut known = Known::default();
    let (mut tile, mut done) = (Area::default(), Vec::new());
    for (x, y) in area.tiles(SIDE) {
        tile.cut(area, x, y, SIDE);
        let from = out.len();
        let written = subrects(&tile, pixels, &mut known, &mut done, out);
        if !written || out.len() - from > 1 + tile.values.len() * pixels.bytes() {
            out.truncate(from);
            out.push(RAW);
            tile.values.iter().for_each(|value| pixels.put(out, *value));
            known = Known::default();
        }
    }
}

/// A tile as a background and rectangles on it, unless these are too many.
fn subrects(
    tile: &Area,
    pixels: &Pixels,
    known: &mut Known,
    done: &mut Vec<bool>,
    out: &mut Vec<u8>,
) -> bool {
    let background = tile.values[0];
    let Some(patches) = patches(tile, background, MAX_SUBRECTS, done) else { return false };
    let two = Palette::of(&tile.values, 2);
    let foreground = two.as_ref().and_then(|two| two.colours().get(1)).copied();
    let at = out.len();
    out.push(0);
    if known.background.replace(background) != Some(background) {
        out[at] |= BACKGROUND;
        pixels.put(out, background);
    }
    if patches.is_empty() {
        return true;
    }
    out[at] |= SUBRECTS;
    match foreground {
        Some(foreground) if known.foreground.replace(foreground) != Some(foreground) => {
            out[at] |= FOREGROUND;
            pixels.put(out, foreground);
        }
        Some(_) => {}
        None => {
            out[at] |= COLOURED;
            known.foreground = None;
        }
    }
    out.push(patches.len() as u8);
    for patch in &patches {
        if foreground.is_none() {
            pixels.put(out, patch.value);
        }
        out.extend_from_slice(&place(patch));
    }
    true
}

fn place(patch: &Patch) -> [u8; 2] {
    let pair = |high: usize, low: usize| (high << 4 | low) as u8;
    [pair(patch.x, patch.y), pair(patch.width - 1, patch.height - 1)]
}
