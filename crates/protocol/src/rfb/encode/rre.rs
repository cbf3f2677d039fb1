//! RRE (RFC 6143, section 7.7.3).

use super::{
    Pixels,
    area::{Area, patches},
};

/// Writes a background and rectangles on it; `false` where raw pixels take less room, with something written.
pub(super) fn write(area: &Area, pixels: &Pixels, out: &mut Vec<u8>) -> bool {
    let Some(background) = area.values.first() else { return false };
    let each = pixels.bytes() + 8;
    let most = (area.values.len() * pixels.bytes()).saturating_sub(4 + pixels.bytes()) / each;
    let Some(patches) = patches(area, *background, most, &mut Vec::new()) else { return false };
    out.extend_from_slice(&(patches.len() as u32).to_be_bytes());
    pixels.put(out, *background);
    for patch in &patches {
        pixels.put(out, patch.value);
        for field in [patch.x, patch.y, patch.width, patch.height] {
            out.extend_from_slice(&(field as u16).to_be_bytes());
        }
    }
    true
}
