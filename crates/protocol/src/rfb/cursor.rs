//! The pointer's shape in three forms.

use cosmos_desktop::CursorImage;

use super::Pixels;

/// More of alpha than this is taken for all of it, where a form knows nothing in between.
const VISIBLE: u8 = 127;

fn pixels_of(image: &CursorImage) -> impl Iterator<Item = &[u8; 4]> {
    image.rgba.as_chunks::<4>().0.iter().take(image.size.area())
}

/// Red, green, blue and alpha, multiplied by it.
pub(super) fn alpha(image: &CursorImage, out: &mut Vec<u8>) {
    out.extend_from_slice(&0_u32.to_be_bytes());
    for [red, green, blue, alpha] in pixels_of(image) {
        let times = |part: u8| ((u32::from(part) * u32::from(*alpha) + 127) / 255) as u8;
        out.extend_from_slice(&[times(*red), times(*green), times(*blue), *alpha]);
    }
}

/// The viewer's pixels, and which of them are there.
pub(super) fn masked(image: &CursorImage, pixels: &Pixels, out: &mut Vec<u8>) {
    for [red, green, blue, _] in pixels_of(image) {
        pixels.put(out, pixels.value([*red, *green, *blue]));
    }
    mask(image, |[.., alpha]| *alpha > VISIBLE, out);
}

/// Black on white, or the other way round.
pub(super) fn two_colours(image: &CursorImage, out: &mut Vec<u8>) {
    if image.size.area() == 0 {
        return;
    }
    out.extend_from_slice(&[255, 255, 255, 0, 0, 0]);
    let is_light = |[red, green, blue, _]: &[u8; 4]| {
        2 * u32::from(*red) + 5 * u32::from(*green) + u32::from(*blue) > 8 * 127
    };
    mask(image, |pixel| is_light(pixel), out);
    mask(image, |[.., alpha]| *alpha > VISIBLE, out);
}

/// One bit a pixel, the first in the highest; every row begins a new byte.
fn mask(image: &CursorImage, set: impl Fn(&[u8; 4]) -> bool, out: &mut Vec<u8>) {
    let pixels: Vec<bool> = pixels_of(image).map(set).collect();
    for row in pixels.chunks(usize::from(image.size.width).max(1)) {
        out.extend(row.chunks(8).map(|bits| {
            bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))
        }));
    }
}
