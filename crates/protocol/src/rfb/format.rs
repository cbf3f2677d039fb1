//! How a viewer wants its pixels (RFC 6143, section 7.4), and pixels in that form.

use super::RfbError;

/// How a viewer wants its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    /// 8, 16 or 32.
    pub bits: u8,
    /// Bits of it that mean something.
    pub depth: u8,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
    /// Whether a pixel holds its colour, and not an index into a map.
    pub true_colour: bool,
    /// The largest red, green and blue.
    pub max: [u16; 3],
    /// How far each is shifted to the left.
    pub shift: [u8; 3],
}

impl PixelFormat {
    /// That of the pictures here: blue, green, red and one byte of no meaning.
    pub const BGRX: Self =
        Self { bits: 32, depth: 24, big_endian: false, true_colour: true, max: [255; 3], shift: [16, 8, 0] };

    /// Reads the sixteen bytes of a format.
    ///
    /// # Errors
    /// [`RfbError::Value`] for one that no pixel can have.
    pub fn decode(bytes: [u8; 16]) -> Result<Self, RfbError> {
        let max = |at| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let format = Self {
            bits: bytes[0],
            depth: bytes[1],
            big_endian: bytes[2] != 0,
            true_colour: bytes[3] != 0,
            max: [max(4), max(6), max(8)],
            shift: [bytes[10], bytes[11], bytes[12]],
        };
        if format.is_possible() { Ok(format) } else { Err(RfbError::Value("pixel format")) }
    }

    /// The sixteen bytes of it.
    pub fn encode(&self) -> [u8; 16] {
        let [red, green, blue] = self.max.map(u16::to_be_bytes);
        let flags = [u8::from(self.big_endian), u8::from(self.true_colour)];
        let [r, g, b] = self.shift;
        [
            self.bits, self.depth, flags[0], flags[1], red[0], red[1], green[0], green[1], blue[0], blue[1],
            r, g, b, 0, 0, 0,
        ]
    }

    fn is_possible(&self) -> bool {
        let fits =
            |max: u16, shift: u8| max > 0 && shift < self.bits && u64::from(max) << shift < 1 << self.bits;
        match self.true_colour {
            true => {
                matches!(self.bits, 8 | 16 | 32)
                    && self.max.into_iter().zip(self.shift).all(|(max, shift)| fits(max, shift))
            }
            false => self.bits == 8,
        }
    }
}

/// Makes pixels of one format from ours.
pub struct Pixels {
    format: PixelFormat,
    /// What each value of red, green and blue becomes.
    parts: Box<[[u32; 256]; 3]>,
    compact: Compact,
}

/// Which bytes of a pixel the run-length encodings leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compact {
    Whole,
    /// The three less significant bytes say everything.
    Low,
    /// The three more significant ones do.
    High,
}

impl Pixels {
    /// For a viewer who wants `format`. One who wants a colour map gets indices of [`colour_map`](super::colour_map).
    pub fn new(format: PixelFormat) -> Self {
        let shown =
            if format.true_colour { format } else { PixelFormat { max: MAP.0, shift: MAP.1, ..format } };
        let mut parts = Box::new([[0; 256]; 3]);
        for (part, (max, shift)) in parts.iter_mut().zip(shown.max.into_iter().zip(shown.shift)) {
            for (value, part) in part.iter_mut().enumerate() {
                let scaled = (value as u32 * u32::from(max) + 127) / 255;
                *part = scaled << shift;
            }
        }
        Self { compact: compact(&format), format, parts }
    }

    /// The format.
    pub fn format(&self) -> &PixelFormat {
        &self.format
    }

    /// Bytes of one pixel.
    pub fn bytes(&self) -> usize {
        usize::from(self.format.bits / 8)
    }

    /// A row of our pixels as values of the format.
    pub(super) fn values<'a>(&'a self, bgrx: &'a [u8]) -> impl Iterator<Item = u32> + 'a {
        bgrx.as_chunks::<4>().0.iter().map(|[blue, green, red, _]| self.value([*red, *green, *blue]))
    }

    /// The same, behind what `values` holds already. A format whose parts have eight bits each takes no table, and the
    /// compiler makes it of wide instructions.
    pub(super) fn extend(&self, bgrx: &[u8], values: &mut Vec<u32>) {
        let PixelFormat { true_colour: true, max: [255, 255, 255], shift: [red, green, blue], .. } =
            self.format
        else {
            return values.extend(self.values(bgrx));
        };
        let of = |pixel: &[u8; 4]| {
            let pixel = u32::from_le_bytes(*pixel);
            (pixel >> 16 & 255) << red | (pixel >> 8 & 255) << green | (pixel & 255) << blue
        };
        values.extend(bgrx.as_chunks::<4>().0.iter().map(of));
    }

    /// One colour as a value of the format.
    pub(super) fn value(&self, rgb: [u8; 3]) -> u32 {
        let [red, green, blue] = &*self.parts;
        red[usize::from(rgb[0])] | green[usize::from(rgb[1])] | blue[usize::from(rgb[2])]
    }

    /// Writes a pixel.
    pub(super) fn put(&self, out: &mut Vec<u8>, value: u32) {
        match (self.format.bits, self.format.big_endian) {
            (8, _) => out.push(value as u8),
            (16, true) => out.extend_from_slice(&(value as u16).to_be_bytes()),
            (16, false) => out.extend_from_slice(&(value as u16).to_le_bytes()),
            (_, true) => out.extend_from_slice(&value.to_be_bytes()),
            (_, false) => out.extend_from_slice(&value.to_le_bytes()),
        }
    }

    /// Bytes of one pixel in the run-length encodings (`CPIXEL`).
    pub(super) fn compact_bytes(&self) -> usize {
        if self.compact == Compact::Whole { self.bytes() } else { 3 }
    }

    /// Writes a pixel of the run-length encodings.
    pub(super) fn put_compact(&self, out: &mut Vec<u8>, value: u32) {
        let value = match self.compact {
            Compact::Whole => return self.put(out, value),
            Compact::Low => value,
            Compact::High => value >> 8,
        };
        let [a, b, c, _] = value.to_le_bytes();
        out.extend_from_slice(&if self.format.big_endian { [c, b, a] } else { [a, b, c] });
    }

    /// Whether Tight takes three bytes of red, green and blue for a pixel (`TPIXEL`).
    pub(super) fn is_rgb(&self) -> bool {
        let PixelFormat { bits, depth, true_colour, max, .. } = self.format;
        bits == 32 && depth == 24 && true_colour && max == [255; 3]
    }

    /// Red, green and blue of a value; only where [`is_rgb`](Self::is_rgb) holds.
    pub(super) fn rgb(&self, value: u32) -> [u8; 3] {
        self.format.shift.map(|shift| (value >> shift) as u8)
    }

    /// Writes a pixel of Tight.
    pub(super) fn put_tight(&self, out: &mut Vec<u8>, value: u32) {
        if self.is_rgb() { out.extend_from_slice(&self.rgb(value)) } else { self.put(out, value) }
    }
}

fn compact(format: &PixelFormat) -> Compact {
    let used =
        format.max.iter().zip(format.shift).fold(0, |used, (max, shift)| used | u32::from(*max) << shift);
    match format {
        PixelFormat { bits: 32, true_colour: true, depth: ..=24, .. } if used >> 24 == 0 => Compact::Low,
        PixelFormat { bits: 32, true_colour: true, depth: ..=24, .. } if used & 0xff == 0 => Compact::High,
        _ => Compact::Whole,
    }
}

/// What an index into our colour map is made of: three bits of red, three of green, two of blue.
pub(super) const MAP: ([u16; 3], [u8; 3]) = ([7, 7, 3], [0, 3, 6]);

#[cfg(test)]
mod tests {
    use super::*;

    const RGB565: PixelFormat =
        PixelFormat { bits: 16, depth: 16, max: [31, 63, 31], shift: [11, 5, 0], ..PixelFormat::BGRX };

    fn written(format: PixelFormat, rgb: [u8; 3]) -> [Vec<u8>; 3] {
        let pixels = Pixels::new(format);
        let value = pixels.value(rgb);
        let mut written = [const { Vec::new() }; 3];
        pixels.put(&mut written[0], value);
        pixels.put_compact(&mut written[1], value);
        pixels.put_tight(&mut written[2], value);
        written
    }

    #[test]
    fn pixels_are_written_in_every_form() {
        let rgb = [0xff, 0x80, 0x01];
        let big = |format| PixelFormat { big_endian: true, ..format };
        let high = PixelFormat { shift: [24, 16, 8], ..PixelFormat::BGRX };
        let deep = PixelFormat { depth: 32, ..PixelFormat::BGRX };
        let map = PixelFormat { bits: 8, depth: 8, true_colour: false, ..PixelFormat::BGRX };
        for (format, whole, compact, tight) in [
            (PixelFormat::BGRX, &[1, 0x80, 0xff, 0][..], &[1, 0x80, 0xff][..], &[0xff, 0x80, 1][..]),
            (big(PixelFormat::BGRX), &[0, 0xff, 0x80, 1], &[0xff, 0x80, 1], &[0xff, 0x80, 1]),
            (high, &[0, 1, 0x80, 0xff], &[1, 0x80, 0xff], &[0xff, 0x80, 1]),
            (big(high), &[0xff, 0x80, 1, 0], &[0xff, 0x80, 1], &[0xff, 0x80, 1]),
            (deep, &[1, 0x80, 0xff, 0], &[1, 0x80, 0xff, 0], &[1, 0x80, 0xff, 0]),
            (RGB565, &[0x00, 0xfc], &[0x00, 0xfc], &[0x00, 0xfc]),
            (big(RGB565), &[0xfc, 0x00], &[0xfc, 0x00], &[0xfc, 0x00]),
            (map, &[0b0010_0111], &[0b0010_0111], &[0b0010_0111]),
        ] {
            assert_eq!(written(format, rgb), [whole, compact, tight].map(<[u8]>::to_vec), "{format:?}");
        }
    }

    #[test]
    fn rows_are_the_same_with_and_without_a_table() {
        let bgrx: Vec<u8> = (0..=255).collect();
        let shifted = PixelFormat { shift: [0, 8, 16], big_endian: true, ..PixelFormat::BGRX };
        let map = PixelFormat { bits: 8, true_colour: false, ..PixelFormat::BGRX };
        for format in [PixelFormat::BGRX, shifted, RGB565, map] {
            let (pixels, mut values) = (Pixels::new(format), vec![7]);
            pixels.extend(&bgrx, &mut values);
            assert_eq!(values[0], 7);
            assert!(values[1..].iter().copied().eq(pixels.values(&bgrx)), "{format:?}");
        }
    }

    #[test]
    fn a_format_is_read_as_it_is_written_and_an_impossible_one_is_refused() {
        for format in [PixelFormat::BGRX, RGB565, PixelFormat { big_endian: true, ..RGB565 }] {
            assert_eq!(PixelFormat::decode(format.encode()), Ok(format));
        }
        for format in [
            PixelFormat { bits: 24, ..PixelFormat::BGRX },
            PixelFormat { bits: 0, ..PixelFormat::BGRX },
            PixelFormat { max: [0, 255, 255], ..PixelFormat::BGRX },
            PixelFormat { shift: [32, 8, 0], ..PixelFormat::BGRX },
            PixelFormat { shift: [255, 8, 0], ..PixelFormat::BGRX },
            PixelFormat { shift: [25, 8, 0], ..PixelFormat::BGRX },
            PixelFormat { max: [65535; 3], ..RGB565 },
            PixelFormat { true_colour: false, ..RGB565 },
        ] {
            assert_eq!(
                PixelFormat::decode(format.encode()),
                Err(RfbError::Value("pixel format")),
                "{format:?}"
            );
        }
    }
}
