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

    /// Converts the damaged rectangles of a frame into `planes`, each grown to what is converted in one
    /// go: an even number of rows, runs of 64 columns. The rest of `planes` stays.
    ///
    /// # Errors
    /// [`EncodeError::Frame`] when the frame holds fewer bytes than its size needs.
    ///
    /// # Panics
    /// When `planes` is shorter than [`len`](Self::len).
    pub fn convert(&self, frame: &Frame<'_>, damage: &[Rect], planes: &mut [u8]) -> Result<(), EncodeError> {
        check(frame)?;
        for rect in damage {
            let rect = widened(rect.even(self.size), self.size);
            if !rect.is_empty() {
                self.convert_rect(frame, rect, planes)?;
                self.convert_last_rows(frame, rect, planes)?;
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
        let height = usize::from(rect.height);
        let planes = [
            first(&mut y_plane[luma..], self.strides[0] * height),
            first(&mut u_plane[chroma..], self.strides[1] * height / 2),
            first(&mut v_plane[chroma..], self.strides[1] * height / 2),
        ];
        let pixels = &frame.bgrx[y * frame.stride + 4 * x..];
        let size = Size::new(rect.width, rect.height);
        rows(pixels, frame.stride, planes, self.strides, size).map_err(|_| bad(frame))
    }

    /// Converts the last two rows of a rectangle, which [`rows`] leaves out where they do not fill their strides:
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
            let mut tile = [0; 3 * TILE];
            let (luma, chroma) = tile.split_at_mut(2 * width);
            let (u, v) = chroma[..width].split_at_mut(width / 2);
            let size = Size::new(width as u16, 2);
            rows(&pixels[..8 * width], 4 * width, [luma, u, v], [width, width / 2], size)
                .map_err(|_| bad(frame))?;
            self.place(&tile, x, y, width, planes);
        }
        Ok(())
    }

    /// Copies a tile of two rows to where it belongs.
    fn place(&self, tile: &[u8], x: usize, y: usize, width: usize, planes: &mut [u8]) {
        let luma = y * self.strides[0] + x;
        let chroma = y / 2 * self.strides[1] + x / 2;
        for (to, from, len) in [
            (luma, 0, width),
            (luma + self.strides[0], width, width),
            (self.offsets[1] + chroma, 2 * width, width / 2),
            (self.offsets[2] + chroma, 2 * width + width / 2, width / 2),
        ] {
            planes[to..to + len].copy_from_slice(&tile[from..from + len]);
        }
    }
}

/// At most this many bytes: the library converts as many rows as it is given room for, whatever the height.
fn first(bytes: &mut [u8], len: usize) -> &mut [u8] {
    let len = len.min(bytes.len());
    &mut bytes[..len]
}

/// Converts rows of pixels into rows of planes. The library takes pairs of rows with all of both strides, and
/// silently skips the pair at the end when that is shorter.
fn rows(
    pixels: &[u8],
    stride: usize,
    [y, u, v]: [&mut [u8]; 3],
    strides: [usize; 2],
    size: Size,
) -> Result<(), yuv::YuvError> {
    let mut image = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: strides[0] as u32,
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: strides[1] as u32,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: strides[1] as u32,
        width: size.width.into(),
        height: size.height.into(),
    };
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
    yuv::bgra_to_yuv420(&mut image, pixels, stride as u32, range, matrix, YuvConversionMode::Professional)
}

/// Columns of a tile of [`I420::convert_last_rows`].
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
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_become_bt709_limited() {
        for (bgr, yuv) in [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 255], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([255, 0, 0], [32, 240, 118]),
        ] {
            let pixels = [bgr[0], bgr[1], bgr[2], 7].repeat(16);
            let (layout, planes) = convert(Size::new(4, 4), &pixels, &[Size::new(4, 4).rect()]);
            for (offset, expected) in layout.offsets.into_iter().zip(yuv) {
                assert!(planes[offset].abs_diff(expected) <= 1, "{bgr:?}: {} {expected}", planes[offset]);
            }
        }
    }

    #[test]
    fn every_pixel_is_converted() {
        for size in [Size::new(82, 20), Size::new(2, 2), Size::new(300, 6), Size::new(256, 4)] {
            let bgrx = noise(size, 3);
            let (layout, planes) = convert(size, &bgrx, &[size.rect()]);
            for (index, pixel) in bgrx.chunks_exact(4).enumerate() {
                let (x, y) = (index % usize::from(size.width), index / usize::from(size.width));
                let [blue, green, red] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
                let luma = 16.0 + (0.2126 * red + 0.7152 * green + 0.0722 * blue) * 219.0 / 255.0;
                let got = f64::from(planes[y * layout.strides[0] + x]);
                assert!((got - luma).abs() <= 0.55, "{size} {x},{y}: {got} {luma}");
            }
        }
    }

    #[test]
    fn what_did_not_change_costs_nothing() {
        let size = Size::new(256, 40);
        let bgrx = noise(size, 3);
        let layout = I420::new(size);
        let mut planes = vec![7; layout.len];
        layout
            .convert(&frame(size, &bgrx), &[Rect { x: 70, y: 11, width: 9, height: 3 }], &mut planes)
            .unwrap();
        let untouched =
            |rows: std::ops::Range<usize>| planes[rows.start * 256..rows.end * 256].iter().all(|y| *y == 7);
        assert!(untouched(0..10) && !untouched(10..14) && untouched(14..40));
    }

    #[test]
    fn short_frames_are_refused() {
        let size = Size::new(4, 4);
        for (stride, len, good) in
            [(16, 64, true), (16, 63, false), (15, 64, false), (20, 76, true), (20, 75, false)]
        {
            let bgrx = vec![0; len];
            let frame = Frame { size, stride, bgrx: &bgrx, damage: &[], captured: Instant::now() };
            let layout = I420::new(size);
            let answer = layout.convert(&frame, &[size.rect()], &mut vec![0; layout.len]);
            assert_eq!(answer.is_ok(), good, "{stride} {len}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn what_changed_is_enough(
            width in 2_u16..300,
            height in 2_u16..70,
            seed: u32,
            rects in prop::collection::vec((0_u16..320, 0_u16..80, 0_u16..250, 0_u16..50), 0..6),
        ) {
            let size = Size::new(width, height);
            let damage = rects.into_iter().map(|(x, y, width, height)| Rect { x, y, width, height }).collect::<Vec<_>>();
            let before = noise(size, seed);
            let mut after = before.clone();
            let other = noise(size, seed ^ 0x5555);
            for rect in &damage {
                paint(size, rect.clip(size), &mut after, &other);
            }
            let (layout, mut planes) = convert(size, &before, &[size.rect()]);
            let frame = frame(size, &after);
            layout.convert(&frame, &damage, &mut planes).unwrap();
            prop_assert!(planes == convert(size, &after, &[size.rect()]).1);
        }
    }

    fn frame(size: Size, bgrx: &[u8]) -> Frame<'_> {
        Frame { size, stride: 4 * usize::from(size.width), bgrx, damage: &[], captured: Instant::now() }
    }

    fn convert(size: Size, bgrx: &[u8], damage: &[Rect]) -> (I420, Vec<u8>) {
        let layout = I420::new(size);
        let mut planes = vec![0; layout.len];
        layout.convert(&frame(size, bgrx), damage, &mut planes).unwrap();
        (layout, planes)
    }

    fn noise(size: Size, seed: u32) -> Vec<u8> {
        let word = |index: usize| {
            (index as u32 ^ seed).wrapping_mul(0x9e37_79b9).rotate_left(13).wrapping_mul(0x85eb_ca6b)
        };
        (0..4 * size.area()).map(|index| (word(index) >> 24) as u8).collect()
    }

    fn paint(size: Size, rect: Rect, to: &mut [u8], from: &[u8]) {
        for row in u32::from(rect.y)..rect.bottom() {
            let at = 4 * (row as usize * usize::from(size.width) + usize::from(rect.x));
            let end = at + 4 * usize::from(rect.width);
            to[at..end].copy_from_slice(&from[at..end]);
        }
    }
}
