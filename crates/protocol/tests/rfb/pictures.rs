//! Pictures to write, and formats to write them in.

use cosmos_desktop::Size;
use cosmos_protocol::rfb::{Picture, PixelFormat};

/// What a picture shows.
#[derive(Clone, Copy, Debug)]
pub enum Show {
    Solid,
    /// So many colours, in runs.
    Colours(u32),
    Gradient,
    Noise,
}

pub const SHOWS: [Show; 9] = [
    Show::Solid,
    Show::Colours(2),
    Show::Colours(3),
    Show::Colours(9),
    Show::Colours(60),
    Show::Colours(200),
    Show::Colours(5000),
    Show::Gradient,
    Show::Noise,
];

/// A picture with rows that are longer than it is wide.
pub struct Painted {
    pub size: Size,
    stride: usize,
    bgrx: Vec<u8>,
}

impl Painted {
    pub fn new(size: Size, show: Show, seed: u32) -> Self {
        let stride = 4 * usize::from(size.width) + 12;
        let mut bgrx = vec![0xee; stride * usize::from(size.height)];
        let mut random = Random(seed | 1);
        let mut colour = if matches!(show, Show::Solid) { random.next() } else { 0 };
        for (y, row) in bgrx.chunks_mut(stride).enumerate() {
            for (x, pixel) in row[..4 * usize::from(size.width)].chunks_mut(4).enumerate() {
                colour = match show {
                    Show::Solid => colour,
                    Show::Colours(_) if !random.next().is_multiple_of(5) => colour,
                    Show::Colours(most) => (random.next() % most).wrapping_mul(0x9e37_79b1),
                    Show::Gradient => {
                        (x as u32 * 2 % 256) | (y as u32 * 3 % 256) << 8 | ((x + y) as u32 % 256) << 16
                    }
                    Show::Noise => random.next(),
                };
                pixel.copy_from_slice(&colour.to_le_bytes());
            }
        }
        Self { size, stride, bgrx }
    }

    pub fn picture(&self) -> Picture<'_> {
        Picture { size: self.size, stride: self.stride, bgrx: &self.bgrx }
    }

    /// The pixel in a format, worked out by the formula of the specification.
    pub fn value(&self, x: u16, y: u16, format: &PixelFormat) -> u32 {
        let at = usize::from(y) * self.stride + 4 * usize::from(x);
        let rgb = [self.bgrx[at + 2], self.bgrx[at + 1], self.bgrx[at]];
        (0..3).fold(0, |value, part| {
            let scaled = f64::from(rgb[part]) * f64::from(format.max[part]) / 255.0;
            value | (scaled.round() as u32) << format.shift[part]
        })
    }
}

struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

pub const FORMATS: [PixelFormat; 8] = {
    let bgrx = PixelFormat::BGRX;
    let rgb565 = PixelFormat { bits: 16, depth: 16, max: [31, 63, 31], shift: [11, 5, 0], ..bgrx };
    [
        bgrx,
        PixelFormat { big_endian: true, ..bgrx },
        PixelFormat { shift: [0, 8, 16], ..bgrx },
        PixelFormat { shift: [24, 16, 8], ..bgrx },
        PixelFormat { depth: 30, max: [1023; 3], shift: [20, 10, 0], ..bgrx },
        rgb565,
        PixelFormat { big_endian: true, ..rgb565 },
        PixelFormat { bits: 8, depth: 8, max: [7, 7, 3], shift: [0, 3, 6], ..bgrx },
    ]
};
