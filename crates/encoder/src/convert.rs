//! From what a screen holds to what encoders take: BGRX to I420, BT.709, limited range.

use cosmos_desktop::{Frame, Rect, Size};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

use crate::EncodeError;

/// Where the planes of an I420 picture lie in one run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I420 {
    /// Columns and rows, both even.
    pub size: Size,
    /// Bytes from one row to the next: luma, then either chroma plane.
    pub strides: [usize; 2],
    /// Where the planes begin: Y, U, V.
    pub offsets: [usize; 3],
    /// Bytes in all.
    pub len: usize,
}

impl I420 {
    /// The layout that GStreamer gives a picture of this size: rows are padded to four bytes.
    pub fn new(size: Size) -> Self {
        let size = size.even();
        let (width, height) = (usize::from(size.width), usize::from(size.height));
        let strides = [width.next_multiple_of(4), (width / 2).next_multiple_of(4)];
        let luma = strides[0] * height;
        let chroma = strides[1] * height / 2;
        Self { size, strides, offsets: [0, luma, luma + chroma], len: luma + 2 * chroma }
    }

    /// Converts the damaged rectangles of a frame into `planes`, each grown to even coordinates. The rest of
    /// `planes` stays.
    ///
    /// # Errors
    /// [`EncodeError::Frame`] when the frame holds fewer bytes than its size needs.
    ///
    /// # Panics
    /// When `planes` is shorter than [`len`](Self::len).
    pub fn convert(&self, frame: &Frame<'_>, damage: &[Rect], planes: &mut [u8]) -> Result<(), EncodeError> {
        check(frame)?;
        for rect in damage {
            let rect = rect.even(self.size);
            if !rect.is_empty() {
                self.convert_rect(frame, rect, planes)?;
            }
        }
        Ok(())
    }

    fn convert_rect(&self, frame: &Frame<'_>, rect: Rect, planes: &mut [u8]) -> Result<(), EncodeError> {
        let (x, y) = (usize::from(rect.x), usize::from(rect.y));
        let luma = y * self.strides[0] + x;
        let chroma = y / 2 * self.strides[1] + x / 2;
        let (y_plane, rest) = planes.split_at_mut(self.offsets[1]);
        let (u_plane, v_plane) = rest.split_at_mut(self.offsets[2] - self.offsets[1]);
        let mut image = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut y_plane[luma..]),
            y_stride: self.strides[0] as u32,
            u_plane: BufferStoreMut::Borrowed(&mut u_plane[chroma..]),
            u_stride: self.strides[1] as u32,
            v_plane: BufferStoreMut::Borrowed(&mut v_plane[chroma..]),
            v_stride: self.strides[1] as u32,
            width: rect.width.into(),
            height: rect.height.into(),
        };
        let pixels = &frame.bgrx[y * frame.stride + 4 * x..];
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        yuv::bgra_to_yuv420(
            &mut image,
            pixels,
            frame.stride as u32,
            range,
            matrix,
            YuvConversionMode::Balanced,
        )
        .map_err(|_| bad(frame))
    }
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
