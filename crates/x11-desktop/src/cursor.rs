//! The shape of the pointer.

use std::sync::Arc;

use cosmos_desktop::{CursorImage, Point, Size};
use x11rb::{
    errors::ReplyOrIdError,
    protocol::{
        ErrorKind,
        xfixes::{ConnectionExt as _, GetCursorImageReply},
    },
};

use crate::link::{Link, XResult};

/// The shape the pointer has now; invisible when the server has none. The server shows to nobody what it is where it was
/// set by a program that has ended, as `xsetroot` does: an arrow stands in for it.
pub(crate) fn fetch(link: &Link) -> XResult<CursorImage> {
    match link.conn.xfixes_get_cursor_image()?.reply().map_err(ReplyOrIdError::from) {
        Ok(reply) => Ok(image(&reply)),
        Err(ReplyOrIdError::X11Error(error)) if error.error_kind == ErrorKind::Access => Ok(arrow()),
        Err(ReplyOrIdError::X11Error(_)) => Ok(invisible()),
        Err(lost) => Err(lost),
    }
}

fn image(reply: &GetCursorImageReply) -> CursorImage {
    let size = Size::new(reply.width, reply.height);
    if reply.cursor_image.len() != size.area() {
        return invisible();
    }
    let rgba = reply.cursor_image.iter().flat_map(|argb| unpremultiply(*argb)).collect();
    CursorImage { size, hot: Point { x: reply.xhot, y: reply.yhot }, rgba }
}

fn invisible() -> CursorImage {
    CursorImage { size: Size::new(0, 0), hot: Point::default(), rgba: Arc::new([]) }
}

/// Black with a white edge: `#` and `.`.
const ARROW: [&str; 16] = [
    ".          ",
    "..         ",
    ".#.        ",
    ".##.       ",
    ".###.      ",
    ".####.     ",
    ".#####.    ",
    ".######.   ",
    ".#######.  ",
    ".########. ",
    ".######....",
    ".###.##.   ",
    ".##. .##.  ",
    "...  .##.  ",
    "      .##. ",
    "       ..  ",
];

fn arrow() -> CursorImage {
    let pixels = ARROW.iter().flat_map(|row| row.bytes());
    let rgba = pixels.flat_map(|sign| match sign {
        b'#' => [0, 0, 0, 255],
        b'.' => [255; 4],
        _ => [0; 4],
    });
    let size = Size::new(ARROW[0].len() as u16, ARROW.len() as u16);
    CursorImage { size, hot: Point::default(), rgba: rgba.collect() }
}

/// Red, green, blue and alpha of a pixel whose colours were multiplied by its alpha.
fn unpremultiply(argb: u32) -> [u8; 4] {
    let [alpha, red, green, blue] = argb.to_be_bytes();
    let divide = |colour: u8| match alpha {
        0 => 0,
        _ => ((u32::from(colour) * 255 + u32::from(alpha) / 2) / u32::from(alpha)).min(255) as u8,
    };
    [divide(red), divide(green), divide(blue), alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrow_has_as_many_pixels_as_it_says() {
        let arrow = arrow();
        assert_eq!(arrow.rgba.len(), 4 * arrow.size.area());
        assert!(ARROW.iter().all(|row| row.len() == ARROW[0].len()));
    }

    #[test]
    fn colours_are_divided_by_alpha() {
        for (argb, rgba) in [
            (0x0000_0000, [0, 0, 0, 0]),
            (0x00ff_ffff, [0, 0, 0, 0]),
            (0xff12_3456, [0x12, 0x34, 0x56, 0xff]),
            (0x8080_4000, [0xff, 0x80, 0x00, 0x80]),
            (0x0101_0001, [0xff, 0x00, 0xff, 0x01]),
            (0x10ff_0000, [0xff, 0x00, 0x00, 0x10]),
        ] {
            assert_eq!(unpremultiply(argb), rgba, "{argb:08x}");
        }
    }
}
