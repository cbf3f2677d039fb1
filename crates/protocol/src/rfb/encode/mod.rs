//! Pictures as rectangles (RFC 6143, section 7.7, and the encodings that came later).

mod area;
mod hextile;
mod jpeg;
mod palette;
mod png;
mod rle;
mod rre;
mod tight;

use cosmos_desktop::{Rect, Size};
use flate2::{Compress, Compression, FlushCompress, Status};

use self::area::Area;
pub use self::jpeg::JpegWriter;
use super::{PixelFormat, Pixels, Wishes};

/// How a part of the picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Pixels as they are.
    Raw,
    /// A background and rectangles on it.
    Rre,
    /// The same for each 16 by 16 pixels.
    Hextile,
    /// Raw pixels, compressed.
    Zlib,
    /// Palettes, gradients or JPEG, each compressed in its own way.
    Tight,
    /// Runs and palettes for each 16 by 16 pixels.
    Trle,
    /// Runs and palettes for each 64 by 64 pixels, compressed.
    Zrle,
    /// Frames of H.264.
    H264,
    /// Tight with PNG in place of its own compression.
    TightPng,
}

const NUMBERS: [(Encoding, i32); 9] = [
    (Encoding::Raw, 0),
    (Encoding::Rre, 2),
    (Encoding::Hextile, 5),
    (Encoding::Zlib, 6),
    (Encoding::Tight, 7),
    (Encoding::Trle, 15),
    (Encoding::Zrle, 16),
    (Encoding::H264, 50),
    (Encoding::TightPng, -260),
];

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 9] = {
        let mut all = [Self::Raw; 9];
        let mut at = 0;
        while at < all.len() {
            all[at] = NUMBERS[at].0;
            at += 1;
        }
        all
    };

    /// Its number.
    pub fn number(self) -> i32 {
        NUMBERS.iter().find(|(encoding, _)| *encoding == self).expect("the table has them all").1
    }

    /// The encoding of this number, if it is one.
    pub fn from_number(number: i32) -> Option<Self> {
        NUMBERS.iter().find(|(_, known)| *known == number).map(|(encoding, _)| *encoding)
    }
}

/// What a viewer of H.264 shall forget before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum H264Reset {
    /// Nothing.
    None = 0,
    /// What it decoded at this place.
    This = 1,
    /// All that it decoded.
    All = 2,
}

/// A picture to write from, as a [`Frame`](cosmos_desktop::Frame) holds it.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Columns and rows.
    pub size: Size,
    /// Bytes from one row to the next, at least `4 * size.width`.
    pub stride: usize,
    /// `stride * size.height` bytes: blue, green, red and one of no meaning for each pixel.
    pub bgrx: &'a [u8],
}

impl<'a> Picture<'a> {
    /// The rows of a rectangle within the picture, four bytes a pixel.
    fn rows(self, rect: Rect) -> impl Iterator<Item = &'a [u8]> {
        let (from, length) = (4 * usize::from(rect.x), 4 * usize::from(rect.width));
        let rows = self.bgrx.chunks(self.stride.max(1)).skip(rect.y.into()).take(rect.height.into());
        rows.map(move |row| &row[from..from + length])
    }
}

/// Writes pictures for one viewer: the compressed encodings go on where the last rectangle ended.
#[derive(Default)]
pub struct Encoder {
    area: Area,
    plain: Vec<u8>,
    zlib: Stream,
    zrle: Stream,
    tight: [Stream; 4],
    jpeg: Jpeg,
    moves: bool,
    /// Parts that were written as JPEG; [`Update`](super::Update) takes them.
    pub(super) lossy: Vec<Rect>,
}

/// What writes JPEG, and room for it.
struct Jpeg {
    writer: Box<dyn JpegWriter>,
    image: Vec<u8>,
}

impl Default for Jpeg {
    fn default() -> Self {
        Self { writer: Box::new(jpeg::BuiltIn::default()), image: Vec::new() }
    }
}

impl Encoder {
    /// One whose JPEG is written by `writer`.
    #[must_use]
    pub fn with_jpeg(writer: Box<dyn JpegWriter>) -> Self {
        Self { jpeg: Jpeg { writer, image: Vec::new() }, ..Self::default() }
    }

    /// Whether what is written from now on moves: nobody sees it for long, so JPEG is coarser.
    pub fn set_moves(&mut self, moves: bool) {
        self.moves = moves;
    }

    /// Writes `rect`, which lies within the picture, with its header, and returns how many rectangles it became.
    /// What an encoding cannot hold in the viewer's pixels is written raw; H.264 is written by
    /// [`Update::h264`](super::Update::h264) only, and is raw here.
    pub(super) fn encode(
        &mut self,
        picture: Picture<'_>,
        rect: Rect,
        wishes: &Wishes,
        pixels: &Pixels,
        out: &mut Vec<u8>,
    ) -> u16 {
        match wishes.encoding {
            Encoding::Tight => return self.tight(picture, rect, wishes, pixels, out),
            Encoding::TightPng if pixels.is_rgb() => return self.tight_png(picture, rect, wishes, out),
            _ => {}
        }
        let from = out.len();
        header(out, rect, wishes.encoding);
        let level = wishes.compression;
        match wishes.encoding {
            Encoding::Rre => self.rre(picture, rect, pixels, out, from),
            Encoding::Hextile => {
                self.area.fill(picture, rect, pixels);
                hextile::write(&self.area, pixels, out);
            }
            Encoding::Zlib => {
                self.plain.clear();
                raw(picture, rect, pixels, &mut self.plain);
                with_length(out, |out| self.zlib.write(level, &self.plain, out));
            }
            Encoding::Trle => {
                self.area.fill(picture, rect, pixels);
                rle::write::<16>(&self.area, pixels, out);
            }
            Encoding::Zrle => {
                self.area.fill(picture, rect, pixels);
                self.plain.clear();
                rle::write::<64>(&self.area, pixels, &mut self.plain);
                with_length(out, |out| self.zrle.write(level, &self.plain, out));
            }
            Encoding::Raw | Encoding::H264 | Encoding::Tight | Encoding::TightPng => {
                out.truncate(from);
                header(out, rect, Encoding::Raw);
                raw(picture, rect, pixels, out);
            }
        }
        1
    }

    /// Many small rectangles take more room than the pixels themselves.
    fn rre(&mut self, picture: Picture<'_>, rect: Rect, pixels: &Pixels, out: &mut Vec<u8>, from: usize) {
        self.area.fill(picture, rect, pixels);
        if !rre::write(&self.area, pixels, out) {
            out.truncate(from);
            header(out, rect, Encoding::Raw);
            raw(picture, rect, pixels, out);
        }
    }
}

/// Pixels as they are.
fn raw(picture: Picture<'_>, rect: Rect, pixels: &Pixels, out: &mut Vec<u8>) {
    out.reserve(pixels.bytes() * rect_size(rect).area());
    for row in picture.rows(rect) {
        match *pixels.format() == PixelFormat::BGRX {
            true => out.extend_from_slice(row),
            false => pixels.values(row).for_each(|value| pixels.put(out, value)),
        }
    }
}

fn rect_size(rect: Rect) -> Size {
    Size::new(rect.width, rect.height)
}

/// The header of a rectangle.
pub(super) fn header(out: &mut Vec<u8>, rect: Rect, encoding: Encoding) {
    header_of(out, rect, encoding.number());
}

/// The header of a rectangle, by the number of its encoding.
pub(super) fn header_of(out: &mut Vec<u8>, rect: Rect, number: i32) {
    for field in [rect.x, rect.y, rect.width, rect.height] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend_from_slice(&number.to_be_bytes());
}

/// Puts the length of what is written before it.
fn with_length(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// A compressed stream that goes on from one rectangle to the next.
#[derive(Default)]
struct Stream(Option<Box<Compress>>);

impl Stream {
    fn write(&mut self, level: u8, plain: &[u8], out: &mut Vec<u8>) {
        let make = || Box::new(Compress::new(compression(level), true));
        deflate(self.0.get_or_insert_with(make), plain, FlushCompress::Sync, out);
    }
}

/// How much time compression takes, by what a viewer asks for.
fn compression(level: u8) -> Compression {
    Compression::new(level.clamp(LEAST, 9).into())
}

/// Lower levels take as long as this one, and make more bytes of text.
const LEAST: u8 = 4;

/// Compresses all of `plain`, so that it can be unpacked without what comes later.
pub(super) fn deflate(stream: &mut Compress, plain: &[u8], flush: FlushCompress, out: &mut Vec<u8>) {
    let before = stream.total_in();
    loop {
        out.reserve(4096 + plain.len() / 8);
        let taken = (stream.total_in() - before) as usize;
        let status = stream.compress_vec(&plain[taken..], out, flush);
        let all = (stream.total_in() - before) as usize == plain.len();
        match status {
            Ok(Status::StreamEnd) => return,
            Ok(_) if all && flush != FlushCompress::Finish && out.len() < out.capacity() => return,
            Ok(_) => {}
            Err(error) => unreachable!("nothing that is compressed can be wrong: {error}"),
        }
    }
}
