//! JPEG for the parts of a picture that are like photographs.

use cosmos_desktop::Rect;
use jpeg_encoder::{ColorType, Encoder};

use super::Picture;

/// What each of the ten levels of a viewer means in the terms of JPEG.
const QUALITY: [u8; 10] = [15, 29, 41, 42, 62, 77, 79, 86, 92, 100];

/// Writes a part of the picture as JPEG; `false` where that cannot be, and nothing is written then.
pub(super) fn write(
    picture: Picture<'_>,
    rect: Rect,
    quality: u8,
    plain: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> bool {
    plain.clear();
    picture.rows(rect).for_each(|row| plain.extend_from_slice(row));
    let from = out.len();
    let encoder = Encoder::new(&mut *out, QUALITY[usize::from(quality.min(9))]);
    let written = encoder.encode(plain, rect.width, rect.height, ColorType::Bgra).is_ok();
    if !written {
        out.truncate(from);
    }
    written
}
