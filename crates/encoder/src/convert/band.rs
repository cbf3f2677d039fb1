//! Some rows of a picture: what one thread converts in one go.

use std::thread;

use cosmos_desktop::Size;
use yuv::{
    BufferStoreMut, YuvBiPlanarImageMut, YuvConversionMode, YuvError, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

use crate::Format;

/// Pixels, and the planes they go to. Each slice begins with the first pixel of the band.
pub(super) struct Band<'a> {
    pub(super) pixels: &'a [u8],
    /// Bytes from one row of pixels to the next.
    pub(super) stride: usize,
    pub(super) luma: &'a mut [u8],
    pub(super) chroma: Chroma<'a>,
    /// Bytes from one row to the next: luma, then chroma.
    pub(super) strides: [usize; 2],
    /// Both even.
    pub(super) size: Size,
}

/// Where chroma goes.
pub(super) enum Chroma<'a> {
    Planes(&'a mut [u8], &'a mut [u8]),
    Pairs(&'a mut [u8]),
    /// Planes of the whole size.
    Full(&'a mut [u8], &'a mut [u8]),
}

impl<'a> Chroma<'a> {
    /// The two planes of a format that has them.
    pub(super) fn planes(format: Format, u: &'a mut [u8], v: &'a mut [u8]) -> Self {
        if format == Format::Y444 { Self::Full(u, v) } else { Self::Planes(u, v) }
    }
}

/// Fewer pixels are converted before another thread has started.
const PIXELS_EACH: usize = 1 << 19;

impl<'a> Band<'a> {
    /// Converts the pixels, on up to so many threads. The library takes pairs of rows with all of both strides, and
    /// silently skips the pair at the end when that is shorter.
    pub(super) fn convert_with(self, threads: u32) -> Result<(), YuvError> {
        let parts = (self.size.area() / PIXELS_EACH).min(threads as usize);
        if parts < 2 {
            return self.convert();
        }
        thread::scope(|scope| {
            let (mut rest, mut others) = (self, Vec::with_capacity(parts - 1));
            for left in (2..=parts).rev() {
                let rows = (usize::from(rest.size.height) / left) as u16 & !1;
                let (band, below) = rest.split(rows);
                others.push(scope.spawn(|| band.convert()));
                rest = below;
            }
            let mine = rest.convert();
            let joined = others.into_iter().map(|other| other.join().expect("a conversion panics nowhere"));
            joined.fold(mine, Result::and)
        })
    }

    pub(super) fn convert(self) -> Result<(), YuvError> {
        let [y_stride, chroma_stride] = self.strides.map(|stride| stride as u32);
        let (width, height) = (self.size.width.into(), self.size.height.into());
        let (y_plane, stride) = (BufferStoreMut::Borrowed(self.luma), self.stride as u32);
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        let mode = YuvConversionMode::Professional;
        let whole = matches!(self.chroma, Chroma::Full(..));
        match self.chroma {
            Chroma::Planes(u, v) | Chroma::Full(u, v) => {
                let (u_plane, v_plane) = (BufferStoreMut::Borrowed(u), BufferStoreMut::Borrowed(v));
                let (u_stride, v_stride) = (chroma_stride, chroma_stride);
                let mut image = YuvPlanarImageMut {
                    y_plane,
                    y_stride,
                    u_plane,
                    u_stride,
                    v_plane,
                    v_stride,
                    width,
                    height,
                };
                let convert = if whole { yuv::bgra_to_yuv444 } else { yuv::bgra_to_yuv420 };
                convert(&mut image, self.pixels, stride, range, matrix, mode)
            }
            Chroma::Pairs(pairs) => {
                let (uv_plane, uv_stride) = (BufferStoreMut::Borrowed(pairs), chroma_stride);
                let mut image = YuvBiPlanarImageMut { y_plane, y_stride, uv_plane, uv_stride, width, height };
                yuv::bgra_to_yuv_nv12(&mut image, self.pixels, stride, range, matrix, mode)
            }
        }
    }

    /// The first rows, an even number of them, and the others.
    fn split(self, rows: u16) -> (Self, Self) {
        let count = usize::from(rows);
        let (upper, pixels) = (self.pixels, &self.pixels[self.stride * count..]);
        let (luma, luma_below) = self.luma.split_at_mut(self.strides[0] * count);
        let at = self.strides[1] * count;
        let (chroma, chroma_below) = match self.chroma {
            Chroma::Planes(u, v) => {
                let (u, u_below) = u.split_at_mut(at / 2);
                let (v, v_below) = v.split_at_mut(at / 2);
                (Chroma::Planes(u, v), Chroma::Planes(u_below, v_below))
            }
            Chroma::Pairs(pairs) => {
                let (pairs, below) = pairs.split_at_mut(at / 2);
                (Chroma::Pairs(pairs), Chroma::Pairs(below))
            }
            Chroma::Full(u, v) => {
                let (u, u_below) = u.split_at_mut(at);
                let (v, v_below) = v.split_at_mut(at);
                (Chroma::Full(u, v), Chroma::Full(u_below, v_below))
            }
        };
        let Size { width, height } = self.size;
        let below = Size::new(width, height - rows);
        (
            Self { pixels: upper, luma, chroma, size: Size::new(width, rows), ..self },
            Self { pixels, luma: luma_below, chroma: chroma_below, size: below, ..self },
        )
    }
}

/// At most this many bytes: the library converts as many rows as it is given room for, whatever the height.
pub(super) fn first(bytes: &mut [u8], len: usize) -> &mut [u8] {
    let len = len.min(bytes.len());
    &mut bytes[..len]
}
