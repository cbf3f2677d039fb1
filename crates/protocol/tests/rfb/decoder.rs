//! A viewer's picture, made from updates.

use cosmos_desktop::{Rect, Size};
use cosmos_protocol::rfb::PixelFormat;
use flate2::{Decompress, FlushDecompress};

use super::tiles;

/// Bytes that are read from the front.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    pub fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    pub fn rect(&mut self) -> Rect {
        Rect { x: self.u16(), y: self.u16(), width: self.u16(), height: self.u16() }
    }
}

/// A compressed stream that goes on.
pub struct Stream(Decompress);

impl Stream {
    fn new() -> Self {
        Self(Decompress::new(true))
    }

    pub fn unpack(&mut self, packed: &[u8]) -> Vec<u8> {
        let before = self.0.total_in();
        let mut plain = Vec::new();
        loop {
            plain.reserve(1 << 16);
            let used = (self.0.total_in() - before) as usize;
            self.0.decompress_vec(&packed[used..], &mut plain, FlushDecompress::Sync).unwrap();
            if (self.0.total_in() - before) as usize == packed.len() && plain.len() < plain.capacity() {
                return plain;
            }
        }
    }
}

/// A viewer.
pub struct Decoder {
    pub format: PixelFormat,
    pub size: Size,
    /// What it shows, as values of its format.
    pub values: Vec<u32>,
    zlib: Stream,
    zrle: Stream,
    tight: [Stream; 4],
    /// How each rectangle was written: the encoding, and the first byte of it.
    pub seen: Vec<(i32, u8)>,
    /// Images in JPEG, with their places.
    pub photographs: Vec<(Rect, Vec<u8>)>,
}

impl Decoder {
    pub fn new(format: PixelFormat, size: Size) -> Self {
        Self {
            format,
            size,
            values: vec![0; size.area()],
            zlib: Stream::new(),
            zrle: Stream::new(),
            tight: std::array::from_fn(|_| Stream::new()),
            seen: Vec::new(),
            photographs: Vec::new(),
        }
    }

    /// Shows an update, which ends with its last rectangle.
    pub fn update(&mut self, message: &[u8]) {
        let mut bytes = Bytes(message);
        assert_eq!(bytes.take(2), [0, 0]);
        for _ in 0..bytes.u16() {
            let rect = bytes.rect();
            let encoding = bytes.u32().cast_signed();
            self.seen.push((encoding, bytes.0.first().copied().unwrap_or_default()));
            self.rect(rect, encoding, &mut bytes);
        }
        assert!(bytes.0.is_empty(), "{} bytes are left", bytes.0.len());
    }

    fn rect(&mut self, rect: Rect, encoding: i32, bytes: &mut Bytes<'_>) {
        match encoding {
            0 => self.raw(rect, bytes),
            1 => self.copy(rect, bytes),
            2 => self.rre(rect, bytes),
            5 => self.hextile(rect, bytes),
            6 => {
                let length = bytes.u32() as usize;
                let plain = self.zlib.unpack(bytes.take(length));
                self.raw(rect, &mut whole(&plain));
            }
            7 | -260 => self.tight(rect, bytes),
            15 => tiles::show::<16>(self, rect, bytes),
            16 => {
                let length = bytes.u32() as usize;
                let plain = self.zrle.unpack(bytes.take(length));
                let mut plain = Bytes(&plain);
                tiles::show::<64>(self, rect, &mut plain);
                assert!(plain.0.is_empty());
            }
            encoding => panic!("no encoding {encoding} was asked for"),
        }
    }

    pub fn fill(&mut self, rect: Rect, mut value: impl FnMut() -> u32) {
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                self.values[usize::from(y) * usize::from(self.size.width) + usize::from(x)] = value();
            }
        }
    }

    pub fn pixel(&self, bytes: &mut Bytes<'_>) -> u32 {
        value(bytes.take(usize::from(self.format.bits / 8)), self.format.big_endian)
    }

    /// What the bits mean that are no colour is nobody's business.
    fn raw(&mut self, rect: Rect, bytes: &mut Bytes<'_>) {
        let format = self.format;
        let used = (0..3).fold(0, |used, part| used | u32::from(format.max[part]) << format.shift[part]);
        self.fill(rect, || used & value(bytes.take(usize::from(format.bits / 8)), format.big_endian));
    }

    fn copy(&mut self, rect: Rect, bytes: &mut Bytes<'_>) {
        let (x, y) = (usize::from(bytes.u16()), usize::from(bytes.u16()));
        let old = self.values.clone();
        let row = usize::from(self.size.width);
        let from =
            (0..rect.height).flat_map(|dy| (0..rect.width).map(move |dx| (usize::from(dx), usize::from(dy))));
        let mut from = from.map(|(dx, dy)| old[(y + dy) * row + x + dx]);
        self.fill(rect, || from.next().unwrap());
    }

    fn rre(&mut self, rect: Rect, bytes: &mut Bytes<'_>) {
        let count = bytes.u32();
        let background = self.pixel(bytes);
        self.fill(rect, || background);
        for _ in 0..count {
            let value = self.pixel(bytes);
            let inner = bytes.rect();
            self.fill(Rect { x: rect.x + inner.x, y: rect.y + inner.y, ..inner }, || value);
        }
    }

    fn hextile(&mut self, rect: Rect, bytes: &mut Bytes<'_>) {
        let (mut background, mut foreground) = (0, 0);
        for tile in tiles::of(rect, 16) {
            let kind = bytes.u8();
            if kind & 1 != 0 {
                self.raw(tile, bytes);
                continue;
            }
            if kind & 2 != 0 {
                background = self.pixel(bytes);
            }
            if kind & 4 != 0 {
                foreground = self.pixel(bytes);
            }
            self.fill(tile, || background);
            let count = if kind & 8 != 0 { bytes.u8() } else { 0 };
            for _ in 0..count {
                let value = if kind & 16 != 0 { self.pixel(bytes) } else { foreground };
                let (at, side) = (bytes.u8(), bytes.u8());
                let nibbles = |byte: u8| (u16::from(byte >> 4), u16::from(byte & 15));
                let ((x, y), (width, height)) = (nibbles(at), nibbles(side));
                let inner = Rect { x: tile.x + x, y: tile.y + y, width: width + 1, height: height + 1 };
                self.fill(inner, || value);
            }
        }
    }

    fn tight_pixel(&self, bytes: &mut Bytes<'_>) -> u32 {
        if self.tight_bytes() == 3 {
            let rgb = bytes.take(3);
            return (0..3).fold(0, |value, at| value | u32::from(rgb[at]) << self.format.shift[at]);
        }
        self.pixel(bytes)
    }

    fn tight_bytes(&self) -> usize {
        let rgb = self.format.bits == 32 && self.format.depth == 24 && self.format.max == [255; 3];
        if rgb { 3 } else { usize::from(self.format.bits / 8) }
    }

    fn tight(&mut self, rect: Rect, bytes: &mut Bytes<'_>) {
        let control = bytes.u8();
        assert_eq!(control & 15, 0, "no stream is begun anew");
        match control >> 4 {
            8 => {
                let value = self.tight_pixel(bytes);
                self.fill(rect, || value);
            }
            9 => {
                let length = compact_length(bytes);
                self.photographs.push((rect, bytes.take(length).to_vec()));
            }
            10 => {
                let length = compact_length(bytes);
                let shift = self.format.shift;
                let mut image = png(bytes.take(length)).into_iter().map(|rgb| {
                    (0..3).fold(0, |value, part| value | (rgb >> (16 - 8 * part) & 0xff) << shift[part])
                });
                self.fill(rect, || image.next().unwrap());
            }
            kind => self.basic(rect, kind, bytes),
        }
    }

    fn basic(&mut self, rect: Rect, kind: u8, bytes: &mut Bytes<'_>) {
        let (width, height) = (usize::from(rect.width), usize::from(rect.height));
        let filter = if kind & 4 != 0 { bytes.u8() } else { 0 };
        let palette: Vec<u32> = match filter {
            1 => (0..=bytes.u8()).map(|_| self.tight_pixel(bytes)).collect(),
            _ => Vec::new(),
        };
        let row = match palette.len() {
            0 => width * self.tight_bytes(),
            2 => width.div_ceil(8),
            _ => width,
        };
        let plain = match row * height {
            length @ ..12 => bytes.take(length).to_vec(),
            length => {
                let packed = compact_length(bytes);
                let plain = self.tight[usize::from(kind & 3)].unpack(bytes.take(packed));
                assert_eq!(plain.len(), length);
                plain
            }
        };
        let mut values = match (filter, palette.len()) {
            (1, 2) => {
                let bit = |row: &[u8], x: usize| usize::from(row[x / 8] >> (7 - x % 8) & 1);
                plain
                    .chunks(row)
                    .flat_map(|row| (0..width).map(move |x| bit(row, x)))
                    .map(|at| palette[at])
                    .collect()
            }
            (1, _) => plain.iter().map(|at| palette[usize::from(*at)]).collect(),
            (2, _) => self.gradient(&plain, width),
            _ => {
                let mut plain = Bytes(&plain);
                (0..width * height).map(|_| self.tight_pixel(&mut plain)).collect::<Vec<_>>()
            }
        }
        .into_iter();
        self.fill(rect, || values.next().unwrap());
    }

    fn gradient(&self, plain: &[u8], width: usize) -> Vec<u32> {
        let mut image: Vec<[u8; 3]> = Vec::new();
        for (at, difference) in plain.chunks(3).enumerate() {
            let (x, y) = (at % width, at / width);
            let here =
                |dx: usize, dy: usize| if x < dx || y < dy { [0; 3] } else { image[at - dx - dy * width] };
            let (left, above, corner) = (here(1, 0), here(0, 1), here(1, 1));
            let part = |part: usize| {
                let expected = i32::from(left[part]) + i32::from(above[part]) - i32::from(corner[part]);
                difference[part].wrapping_add(expected.clamp(0, 255) as u8)
            };
            let pixel = [part(0), part(1), part(2)];
            image.push(pixel);
        }
        let shift = self.format.shift;
        image.iter().map(|rgb| (0..3).fold(0, |value, at| value | u32::from(rgb[at]) << shift[at])).collect()
    }
}

fn whole(plain: &[u8]) -> Bytes<'_> {
    Bytes(plain)
}

/// A pixel's value.
pub fn value(bytes: &[u8], big_endian: bool) -> u32 {
    let join = |value, byte: &u8| value << 8 | u32::from(*byte);
    if big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
}

fn compact_length(bytes: &mut Bytes<'_>) -> usize {
    let mut length = 0;
    for shift in [0, 7, 14] {
        let byte = bytes.u8();
        length |= usize::from(if shift < 14 { byte & 0x7f } else { byte }) << shift;
        if shift < 14 && byte & 0x80 == 0 {
            break;
        }
    }
    length
}

/// Pixels of a PNG that has one filter at most, as `0x00RRGGBB`.
fn png(image: &[u8]) -> Vec<u32> {
    let mut bytes = Bytes(image);
    assert_eq!(bytes.take(8), b"\x89PNG\r\n\x1a\n");
    let (mut width, mut bits, mut kind) = (0, 0, 0);
    let (mut palette, mut packed) = (Vec::new(), Vec::new());
    while !bytes.0.is_empty() {
        let length = bytes.u32() as usize;
        let mut sum = flate2::Crc::new();
        sum.update(&bytes.0[..4 + length]);
        let (name, mut data) = (bytes.take(4), Bytes(bytes.take(length)));
        assert_eq!(bytes.u32(), sum.sum());
        match name {
            b"IHDR" => {
                (width, _) = (data.u32() as usize, data.u32());
                (bits, kind) = (usize::from(data.u8()), data.u8());
            }
            b"PLTE" => palette = data.0.chunks(3).map(|rgb| value(rgb, true)).collect(),
            b"IDAT" => packed.extend_from_slice(data.0),
            _ => {}
        }
    }
    let plain = Stream::new().unpack(&packed);
    let row = (if kind == 3 { width * bits } else { 24 * width }).div_ceil(8);
    plain.chunks(1 + row).flat_map(|row| png_row(row, width, bits, &palette)).collect()
}

fn png_row(row: &[u8], width: usize, bits: usize, palette: &[u32]) -> Vec<u32> {
    if !palette.is_empty() {
        assert_eq!(row[0], 0);
        let index =
            |x: usize| usize::from(row[1 + x * bits / 8]) >> (8 - bits - x * bits % 8) & ((1 << bits) - 1);
        return (0..width).map(|x| palette[index(x)]).collect();
    }
    assert_eq!(row[0], 1);
    let mut left = [0_u8; 3];
    let pixels = row[1..].chunks(3).map(|difference| {
        left = [0, 1, 2].map(|part| left[part].wrapping_add(difference[part]));
        value(&left, true)
    });
    pixels.collect()
}
