//! JPEG for the parts of a picture that are like photographs.

use cosmos_desktop::Rect;
use jpeg_encoder::{ColorType, Encoder};

use super::Picture;

/// Writes JPEG for an [`Encoder`](super::Encoder), where there is something faster than what is built in.
pub trait JpegWriter: Send {
    /// Writes `rect`, which lies within the picture, behind what `out` holds; `quality` is 1 to 100. `false` where that
    /// cannot be: `out` is as before then.
    fn write(&mut self, picture: Picture<'_>, rect: Rect, quality: u8, out: &mut Vec<u8>) -> bool;
}

/// What each of the ten levels of a viewer means in the terms of JPEG.
const QUALITY: [u8; 10] = [15, 29, 41, 42, 62, 77, 79, 86, 92, 100];

/// From this quality on nothing is taken off for what moves: who asks for it looks closely.
const FINE: u8 = 90;
/// The part of it that is taken off for what moves: a quarter of the bytes, and .7 dB of brightness.
const MOVING: u8 = 7;

/// JPEG's own measure of a viewer's level, of a picture that moves or stands still.
pub(super) fn quality(level: u8, moves: bool) -> u8 {
    let quality = QUALITY[usize::from(level.min(9))];
    if moves && quality < FINE { quality - quality / MOVING } else { quality }
}

/// What is built in.
#[derive(Default)]
pub(super) struct BuiltIn {
    plain: Vec<u8>,
}

impl JpegWriter for BuiltIn {
    fn write(&mut self, picture: Picture<'_>, rect: Rect, quality: u8, out: &mut Vec<u8>) -> bool {
        self.plain.clear();
        picture.rows(rect).for_each(|row| self.plain.extend_from_slice(row));
        let from = out.len();
        let encoder = Encoder::new(&mut *out, quality);
        let written = encoder.encode(&self.plain, rect.width, rect.height, ColorType::Bgra).is_ok();
        if !written {
            out.truncate(from);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_coarser_unless_the_best_is_asked_for() {
        for (level, still, moving) in [(0, 15, 13), (6, 79, 68), (7, 86, 74), (8, 92, 92), (9, 100, 100)] {
            assert_eq!((quality(level, false), quality(level, true)), (still, moving), "{level}");
        }
    }
}
