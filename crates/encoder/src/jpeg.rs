//! Single pictures as JPEG, by libjpeg-turbo where it is installed: a third of the time that one in Rust takes.

mod ffi;

use cosmos_desktop::{Rect, Size};

/// From this quality on colours are as fine as brightness; below it they have a quarter of the pixels.
const FINE: u8 = 90;

/// What writes JPEG.
pub struct Jpeg(ffi::Compressor);

impl Jpeg {
    /// `None` where the library is not there.
    pub fn open() -> Option<Self> {
        ffi::Compressor::new().map(Self)
    }

    /// Writes a part of a picture behind what `out` holds. `bgrx` has rows of `stride` bytes, four a pixel; `quality` is
    /// 1 to 100. `false` where it cannot be, as where the part lies outside of the picture: `out` is as before then.
    pub fn write(
        &mut self,
        (bgrx, stride): (&[u8], usize),
        rect: Rect,
        quality: u8,
        out: &mut Vec<u8>,
    ) -> bool {
        let from = usize::from(rect.y) * stride + 4 * usize::from(rect.x);
        let Some(rows) = bgrx.get(from..).filter(|_| 4 * rect.right() as usize <= stride) else {
            return false;
        };
        let fine = quality >= FINE;
        self.0.write((rows, stride), Size::new(rect.width, rect.height), quality.clamp(1, 100), fine, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(64, 48);

    /// What is written of a part, where libjpeg-turbo is there.
    fn written(rect: Rect, quality: u8) -> Option<Vec<u8>> {
        let row =
            |y: u32| (0..u32::from(SIZE.width)).flat_map(move |x| [x * 4, y * 5, 99, 0].map(|at| at as u8));
        let bgrx: Vec<u8> = (0..u32::from(SIZE.height)).flat_map(row).collect();
        let mut out = vec![7];
        let jpeg = Jpeg::open();
        if jpeg.is_none() {
            eprintln!("SKIPPED: libjpeg-turbo is not installed");
        }
        let done = jpeg?.write((&bgrx, 4 * usize::from(SIZE.width)), rect, quality, &mut out);
        assert_eq!((out[0], done), (7, out.len() > 1), "what was there before stays");
        Some(out.split_off(1))
    }

    /// Height and width, as the header of a picture says.
    fn size_in(jpeg: &[u8]) -> Option<[u8; 4]> {
        let at = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0])?;
        jpeg[at + 5..].first_chunk().copied()
    }

    #[test]
    fn a_part_of_a_picture_becomes_jpeg() {
        let Some(jpeg) = written(Rect { x: 8, y: 3, width: 40, height: 20 }, 80) else { return };
        assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));
        assert_eq!(size_in(&jpeg), Some([0, 20, 0, 40]));
        let better = written(SIZE.rect(), 95).expect("it was there just now");
        let worse = written(SIZE.rect(), 0).expect("it was there just now");
        assert!(better.len() > worse.len() && size_in(&worse) == Some([0, 48, 0, 64]));
    }

    #[test]
    fn what_is_not_there_is_not_written() {
        for rect in [
            Rect { x: 0, y: 0, width: 0, height: 5 },
            Rect { x: 0, y: 1, width: 64, height: 48 },
            Rect { x: 1, y: 0, width: 64, height: 1 },
            Rect { x: 65535, y: 65535, width: 65535, height: 65535 },
        ] {
            assert!(written(rect, 80).is_none_or(|jpeg| jpeg.is_empty()), "{rect:?}");
        }
    }
}
