//! Sizes, points and rectangles, in physical pixels.

use std::{fmt, str::FromStr};

/// A width and a height in pixels. X11 keeps both in 16 bits, and so do we.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Size {
    /// A size of `width` columns and `height` rows.
    pub const fn new(width: u16, height: u16) -> Self {
        Self { width, height }
    }

    /// The number of pixels.
    pub const fn area(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// The largest size with even sides that fits in this one: chroma of 4:2:0 covers two by two pixels.
    pub const fn even(self) -> Self {
        Self { width: self.width & !1, height: self.height & !1 }
    }

    /// The rectangle from the origin that covers the whole of it.
    pub const fn rect(self) -> Rect {
        Rect { x: 0, y: 0, width: self.width, height: self.height }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// What was written is not `WIDTHxHEIGHT` with both from 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSize;

impl fmt::Display for BadSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size is written WIDTHxHEIGHT, for example 1920x1080")
    }
}

impl std::error::Error for BadSize {}

impl FromStr for Size {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let (width, height) = text.split_once(['x', 'X']).ok_or(BadSize)?;
        let side = |text: &str| text.parse::<u16>().ok().filter(|side| *side > 0).ok_or(BadSize);
        Ok(Self { width: side(width)?, height: side(height)? })
    }
}

/// A pixel, counted from the top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
}

/// A rectangle of pixels: `x..x + width` by `y..y + height`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left column.
    pub x: u16,
    /// Top row.
    pub y: u16,
    /// Columns; 0 makes it empty.
    pub width: u16,
    /// Rows; 0 makes it empty.
    pub height: u16,
}

impl Rect {
    /// The column after the last one.
    pub const fn right(self) -> u32 {
        self.x as u32 + self.width as u32
    }

    /// The row after the last one.
    pub const fn bottom(self) -> u32 {
        self.y as u32 + self.height as u32
    }

    /// Whether it holds no pixel.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The part of it that lies within `size`.
    pub fn clip(self, size: Size) -> Self {
        let x = self.x.min(size.width);
        let y = self.y.min(size.height);
        let width = self.right().min(size.width.into()).saturating_sub(x.into()) as u16;
        let height = self.bottom().min(size.height.into()).saturating_sub(y.into()) as u16;
        Self { x, y, width, height }
    }

    /// Grown to even coordinates on all four sides, as 4:2:0 needs, within `size`.
    pub fn even(self, size: Size) -> Self {
        let (x, y) = (self.x & !1, self.y & !1);
        let width = (self.right() - u32::from(x)).next_multiple_of(2).min(u32::from(u16::MAX)) as u16;
        let height = (self.bottom() - u32::from(y)).next_multiple_of(2).min(u32::from(u16::MAX)) as u16;
        Self { x, y, width, height }.clip(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (text, expected) in [
            ("1920x1080", Ok(Size::new(1920, 1080))),
            ("1X65535", Ok(Size::new(1, 65535))),
            ("0x100", Err(BadSize)),
            ("65536x1", Err(BadSize)),
            ("-1x5", Err(BadSize)),
            ("1920", Err(BadSize)),
            ("", Err(BadSize)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }

    #[test]
    fn clipping_keeps_what_lies_inside() {
        let size = Size::new(100, 50);
        for (rect, inside) in [
            ((0, 0, 100, 50), (0, 0, 100, 50)),
            ((90, 40, 20, 20), (90, 40, 10, 10)),
            ((200, 10, 5, 5), (100, 10, 0, 5)),
            ((65535, 65535, 65535, 65535), (100, 50, 0, 0)),
        ] {
            assert_eq!(rect_of(rect).clip(size), rect_of(inside));
        }
    }

    #[test]
    fn even_rectangles_cover_what_they_came_from() {
        let size = Size::new(100, 50);
        for (rect, even) in [
            ((1, 1, 1, 1), (0, 0, 2, 2)),
            ((2, 2, 2, 2), (2, 2, 2, 2)),
            ((3, 5, 2, 2), (2, 4, 4, 4)),
            ((99, 49, 1, 1), (98, 48, 2, 2)),
        ] {
            assert_eq!(rect_of(rect).even(size), rect_of(even));
        }
    }

    fn rect_of((x, y, width, height): (u16, u16, u16, u16)) -> Rect {
        Rect { x, y, width, height }
    }
}
