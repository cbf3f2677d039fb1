//! From what a screen holds to what encoders take: BGRX to I420, NV12 or Y444, BT.709, limited range.

use cosmos_desktop::{Frame, Rect, Size};

use self::band::{Band, Chroma, first};
use crate::EncodeError;

mod band;

/// How the samples of a picture are ordered. Chroma has half of the columns and rows, unless it is said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Three planes: luma, then either chroma. What encoders on the CPU take.
    I420,
    /// Two planes: luma, then pairs of chroma. What circuits take.
    Nv12,
    /// Three planes, all of the whole size: what is coded at 4:4:4.
    Y444,
}

impl Format {
    /// What GStreamer calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I420 => "I420",
            Self::Nv12 => "NV12",
            Self::Y444 => "Y444",
        }
    }

    /// How often the columns and rows of a picture are halved for each plane of chroma.
    const fn halved(self) -> usize {
        match self {
            Self::I420 | Self::Nv12 => 1,
            Self::Y444 => 0,
        }
    }

    /// Samples of chroma in one run of bytes, of so many columns.
    const fn across(self, columns: usize) -> usize {
        match self {
            Self::I420 => columns / 2,
            Self::Nv12 | Self::Y444 => columns,
        }
    }
}

/// Where the samples of a picture lie in one run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// In which order.
    pub format: Format,
    /// Columns and rows, both even.
    pub size: Size,
    /// Bytes from one row to the next: luma, then chroma.
    pub strides: [usize; 2],
    /// Where Y, U and V begin.
    pub offsets: [usize; 3],
    /// Bytes in all.
    pub len: usize,
}

/// One of three planes.
#[derive(Clone, Copy)]
pub(crate) struct Plane {
    pub(crate) offset: usize,
    pub(crate) stride: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Layout {
    /// The layout that GStreamer gives a picture of this size: rows are padded to four bytes.
    pub fn new(format: Format, size: Size) -> Self {
        let size = size.even();
        let (width, height) = (usize::from(size.width), usize::from(size.height));
        let stride = width.next_multiple_of(4);
        let luma = stride * height;
        match format {
            Format::I420 => {
                let strides = [stride, (width / 2).next_multiple_of(4)];
                let chroma = strides[1] * height / 2;
                Self { format, size, strides, offsets: [0, luma, luma + chroma], len: luma + 2 * chroma }
            }
            Format::Nv12 => {
                let len = luma + luma / 2;
                Self { format, size, strides: [stride; 2], offsets: [0, luma, luma + 1], len }
            }
            Format::Y444 => {
                Self { format, size, strides: [stride; 2], offsets: [0, luma, 2 * luma], len: 3 * luma }
            }
        }
    }

    /// Where one of three planes begins, the bytes from one of its rows to the next, and how many columns and rows it has.
    /// Those of NV12 are no planes: their samples lie in pairs.
    pub(crate) fn plane(&self, plane: usize) -> Plane {
        let is_chroma = usize::from(plane > 0);
        let shift = is_chroma * self.format.halved();
        Plane {
            offset: self.offsets[plane],
            stride: self.strides[is_chroma],
            width: usize::from(self.size.width) >> shift,
            height: usize::from(self.size.height) >> shift,
        }
    }

    /// Converts the damaged rectangles of a frame into `planes`, each grown to what is converted in one
    /// go: an even number of rows, runs of 64 columns. The rest of `planes` stays.
    ///
    /// # Errors
    /// [`EncodeError::Frame`] when the frame holds fewer bytes than its size needs.
    ///
    /// # Panics
    /// When `planes` is shorter than [`len`](Self::len).
    pub fn convert(&self, frame: &Frame<'_>, damage: &[Rect], planes: &mut [u8]) -> Result<(), EncodeError> {
        self.convert_with(1, frame, damage, planes)
    }

    /// As [`convert`](Self::convert), large rectangles on up to so many threads.
    pub(crate) fn convert_with(
        &self,
        threads: u32,
        frame: &Frame<'_>,
        damage: &[Rect],
        planes: &mut [u8],
    ) -> Result<(), EncodeError> {
        check(frame)?;
        for rect in damage {
            let rect = widened(rect.even(self.size), self.size);
            if !rect.is_empty() {
                self.convert_rect(threads, frame, rect, planes)?;
                self.convert_last_rows(frame, rect, planes)?;
            }
        }
        Ok(())
    }

    fn convert_rect(
        &self,
        threads: u32,
        frame: &Frame<'_>,
        rect: Rect,
        planes: &mut [u8],
    ) -> Result<(), EncodeError> {
        let (x, y) = (usize::from(rect.x), usize::from(rect.y));
        let height = usize::from(rect.height);
        let (luma, chroma) = planes.split_at_mut(self.offsets[1]);
        let luma = first(&mut luma[y * self.strides[0] + x..], self.strides[0] * height);
        let (at, rows) = (self.chroma(x, y), self.strides[1] * (height >> self.format.halved()));
        let chroma = match self.format {
            Format::Nv12 => Chroma::Pairs(first(&mut chroma[at..], rows)),
            Format::I420 | Format::Y444 => {
                let (u, v) = chroma.split_at_mut(self.offsets[2] - self.offsets[1]);
                Chroma::planes(self.format, first(&mut u[at..], rows), first(&mut v[at..], rows))
            }
        };
        let pixels = &frame.bgrx[y * frame.stride + 4 * x..];
        let size = Size::new(rect.width, rect.height);
        let band = Band { pixels, stride: frame.stride, luma, chroma, strides: self.strides, size };
        band.convert_with(threads).map_err(|_| bad(frame))
    }

    /// Bytes from the beginning of chroma to that of a pixel.
    fn chroma(&self, x: usize, y: usize) -> usize {
        (y >> self.format.halved()) * self.strides[1] + self.format.across(x)
    }

    /// Converts the last two rows of a rectangle, which [`Band::convert`] leaves out where they do not fill their strides:
    /// tile by tile, through tiles without any space between rows.
    fn convert_last_rows(&self, frame: &Frame<'_>, rect: Rect, planes: &mut [u8]) -> Result<(), EncodeError> {
        let y = rect.bottom() as usize - 2;
        for x in (usize::from(rect.x)..rect.right() as usize).step_by(TILE) {
            let width = TILE.min(rect.right() as usize - x);
            let mut pixels = [0; 8 * TILE];
            for (row, to) in pixels[..8 * width].chunks_exact_mut(4 * width).enumerate() {
                let at = (y + row) * frame.stride + 4 * x;
                to.copy_from_slice(&frame.bgrx[at..at + 4 * width]);
            }
            let mut tile = [0; 6 * TILE];
            let (luma, chroma) = tile.split_at_mut(2 * width);
            let (across, rows) = (self.format.across(width), 2 >> self.format.halved());
            let chroma = match self.format {
                Format::Nv12 => Chroma::Pairs(&mut chroma[..across]),
                Format::I420 | Format::Y444 => {
                    let (u, v) = chroma[..2 * rows * across].split_at_mut(rows * across);
                    Chroma::planes(self.format, u, v)
                }
            };
            let strides = [width, across];
            let (size, pixels) = (Size::new(width as u16, 2), &pixels[..8 * width]);
            let band = Band { pixels, stride: 4 * width, luma, chroma, strides, size };
            band.convert().map_err(|_| bad(frame))?;
            self.place(&tile, width, x, y, planes);
        }
        Ok(())
    }

    /// Copies a tile of two rows, so many columns wide, to where it belongs.
    fn place(&self, tile: &[u8], width: usize, x: usize, y: usize, planes: &mut [u8]) {
        let (luma, chroma) = (y * self.strides[0] + x, self.chroma(x, y));
        let mut copy = |to: usize, from: usize, len: usize| {
            planes[to..to + len].copy_from_slice(&tile[from..from + len]);
        };
        copy(luma, 0, width);
        copy(luma + self.strides[0], width, width);
        match self.format {
            Format::Nv12 => copy(self.offsets[1] + chroma, 2 * width, width),
            Format::I420 => {
                copy(self.offsets[1] + chroma, 2 * width, width / 2);
                copy(self.offsets[2] + chroma, 2 * width + width / 2, width / 2);
            }
            Format::Y444 => {
                for row in 0..2 {
                    let to = chroma + row * self.strides[1];
                    copy(self.offsets[1] + to, (2 + row) * width, width);
                    copy(self.offsets[2] + to, (4 + row) * width, width);
                }
            }
        }
    }
}

/// Columns of a tile of [`Layout::convert_last_rows`].
const TILE: usize = 256;

/// Columns that are converted in one go. What remains at the end of a row is rounded differently, so a part of a
/// picture comes out as the whole of it does only where its runs of columns are the same.
const RUN: u16 = 64;

/// Grown to whole runs of columns, or to the edge of the picture.
fn widened(rect: Rect, size: Size) -> Rect {
    let x = rect.x - rect.x % RUN;
    let width =
        (rect.right() - u32::from(x)).next_multiple_of(RUN.into()).min(u32::from(size.width - x)) as u16;
    Rect { x, width, ..rect }
}

fn check(frame: &Frame<'_>) -> Result<(), EncodeError> {
    let row = 4 * usize::from(frame.size.width);
    let rows = usize::from(frame.size.height);
    let whole = rows > 0 && frame.stride >= row && frame.bgrx.len() >= frame.stride * (rows - 1) + row;
    if whole { Ok(()) } else { Err(bad(frame)) }
}

pub(crate) fn bad(frame: &Frame<'_>) -> EncodeError {
    EncodeError::Frame { size: frame.size, stride: frame.stride, len: frame.bgrx.len() }
}

#[cfg(test)]
mod tests;
