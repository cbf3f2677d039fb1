//! Tight, and Tight with PNG (the extensions' document at rfbproto, sections "Tight" and "Tight PNG").

use cosmos_desktop::Rect;

use super::{
    Encoder, Encoding, Jpeg, Picture, Pixels, Stream, Wishes,
    area::Area,
    header, jpeg,
    palette::{MOST, Palette},
    png,
};
use crate::rfb::PixelFormat;

const FILL: u8 = 0x80;
const JPEG: u8 = 0x90;
const PNG: u8 = 0xa0;
const EXPLICIT_FILTER: u8 = 0x40;
const PALETTE: u8 = 1;
const GRADIENT: u8 = 2;
/// Fewer bytes than this are not compressed.
const WORTH_PACKING: usize = 12;
/// No rectangle may be wider.
const MAX_WIDTH: u16 = 2048;
/// Nor is a photograph higher, so that its length can be told.
const MAX_HEIGHT: u16 = 512;
/// The most bytes whose number can be told.
const LONGEST: usize = (1 << 22) - 1;
/// Sides of the parts, those of narrow rectangles and of others: together they hold as many pixels as viewers expect.
const BLOCK: u16 = 512;
const BAND: u16 = 128;
const NARROW: u16 = 128;
const TALL: u16 = 512;
/// Rows that show a photograph, mostly: the others need no look then.
const FIRST_ROWS: u16 = 4;
/// The bytes of a rectangle's header.
const HEADER: usize = 12;
/// JPEG loses what is drawn in few colours, and gains nothing on small parts.
const WORTH_JPEG: usize = 1024;
const FEW_COLOURS: usize = 96;

/// The streams of the four kinds of data.
#[derive(Clone, Copy)]
enum Lane {
    Plain = 0,
    Two = 1,
    Indices = 2,
    Gradient = 3,
}

impl Encoder {
    /// Writes `rect` in parts, and returns how many these were.
    pub(super) fn tight(
        &mut self,
        picture: Picture<'_>,
        rect: Rect,
        wishes: &Wishes,
        pixels: &Pixels,
        out: &mut Vec<u8>,
    ) -> u16 {
        let lossy = wishes.quality.filter(|_| pixels.bytes() > 1);
        let (mut count, mut photographs) = (0, Photographs::default());
        for part in parts(rect) {
            let lossy = lossy.filter(|_| is_worth_jpeg(part));
            match self.colours(picture, part, pixels, lossy.is_some()) {
                None if lossy.is_some() => photographs.add(part),
                palette => {
                    header(out, part, Encoding::Tight);
                    self.lossless(palette.as_ref(), wishes, pixels, out);
                    count += 1;
                }
            }
        }
        for part in photographs.whole() {
            header(out, part, Encoding::Tight);
            if self.photograph(picture, part, lossy, out) {
                count += 1;
                continue;
            }
            out.truncate(out.len() - HEADER);
            for part in parts(part) {
                header(out, part, Encoding::Tight);
                let palette = self.colours(picture, part, pixels, false);
                self.lossless(palette.as_ref(), wishes, pixels, out);
                count += 1;
            }
        }
        count
    }

    /// The same with PNG; the viewer's pixels have red, green and blue of eight bits each.
    pub(super) fn tight_png(
        &mut self,
        picture: Picture<'_>,
        rect: Rect,
        wishes: &Wishes,
        out: &mut Vec<u8>,
    ) -> u16 {
        let pixels = Pixels::new(PixelFormat::BGRX);
        let mut count = 0;
        for part in parts(rect) {
            header(out, part, Encoding::TightPng);
            self.area.fill(picture, part, &pixels);
            let lossy = wishes.quality.filter(|_| is_worth_jpeg(part));
            let palette = Palette::of(&self.area.values, MOST);
            match palette {
                Some(palette) if palette.colours().len() == 1 => {
                    out.push(FILL);
                    pixels.put_tight(out, palette.colours()[0]);
                }
                None if lossy.is_some() && self.photograph(picture, part, lossy, out) => {}
                palette => {
                    out.push(PNG);
                    self.plain.clear();
                    png::write(&self.area, palette.as_ref(), wishes.compression, &mut self.plain);
                    compact_length(self.plain.len(), out);
                    out.extend_from_slice(&self.plain);
                }
            }
            count += 1;
        }
        count
    }

    /// Takes the pixels of a part into `self.area`, and tells its colours, where they are few. What may be written as
    /// JPEG is not looked at further than it takes to know that it is.
    fn colours(&mut self, picture: Picture<'_>, part: Rect, pixels: &Pixels, lossy: bool) -> Option<Palette> {
        if lossy {
            let height = part.height.min(FIRST_ROWS);
            self.area.fill(picture, Rect { height, ..part }, pixels);
            Palette::of(&self.area.values, FEW_COLOURS)?;
        }
        self.area.fill(picture, part, pixels);
        Palette::of(&self.area.values, if lossy { FEW_COLOURS } else { MOST })
    }

    fn photograph(&mut self, picture: Picture<'_>, part: Rect, level: Option<u8>, out: &mut Vec<u8>) -> bool {
        let Some(level) = level else { return false };
        let Jpeg { writer, image } = &mut self.jpeg;
        image.clear();
        let written =
            writer.write(picture, part, jpeg::quality(level, self.moves), image) && image.len() <= LONGEST;
        if written {
            out.push(JPEG);
            compact_length(image.len(), out);
            out.extend_from_slice(image);
            self.lossy.push(part);
        }
        written
    }

    /// Writes `self.area`.
    fn lossless(&mut self, palette: Option<&Palette>, wishes: &Wishes, pixels: &Pixels, out: &mut Vec<u8>) {
        match palette {
            Some(palette) => self.few_colours(palette, wishes, pixels, out),
            None => self.many_colours(wishes, pixels, out),
        }
    }

    fn few_colours(&mut self, palette: &Palette, wishes: &Wishes, pixels: &Pixels, out: &mut Vec<u8>) {
        let colours = palette.colours();
        if let [colour] = colours {
            out.push(FILL);
            return pixels.put_tight(out, *colour);
        }
        let lane = if colours.len() == 2 { Lane::Two } else { Lane::Indices };
        out.extend_from_slice(&[EXPLICIT_FILTER | (lane as u8) << 4, PALETTE, (colours.len() - 1) as u8]);
        colours.iter().for_each(|colour| pixels.put_tight(out, *colour));
        self.plain.clear();
        let bits = if colours.len() == 2 { 1 } else { 8 };
        palette.pack(&self.area.values, self.area.width, bits, &mut self.plain);
        pack(&mut self.tight[lane as usize], wishes.compression, &self.plain, out);
    }

    fn many_colours(&mut self, wishes: &Wishes, pixels: &Pixels, out: &mut Vec<u8>) {
        self.plain.clear();
        let lane =
            if pixels.is_rgb() && is_smooth(&self.area, pixels) { Lane::Gradient } else { Lane::Plain };
        match lane {
            Lane::Gradient => {
                out.extend_from_slice(&[EXPLICIT_FILTER | (lane as u8) << 4, GRADIENT]);
                gradient(&self.area, pixels, &mut self.plain);
            }
            _ => {
                out.push((lane as u8) << 4);
                self.area.values.iter().for_each(|value| pixels.put_tight(&mut self.plain, *value));
            }
        }
        pack(&mut self.tight[lane as usize], wishes.compression, &self.plain, out);
    }
}

/// Parts of a rectangle. Each is written in the way that suits it, so the lower half of a picture need not pay for the
/// photograph in the upper one.
fn parts(rect: Rect) -> impl Iterator<Item = Rect> {
    let step = if rect.width > NARROW { BAND } else { TALL };
    (0..rect.height).step_by(step.into()).flat_map(move |y| {
        let height = (rect.height - y).min(step);
        (0..rect.width).step_by(BLOCK.into()).map(move |x| Rect {
            x: rect.x + x,
            y: rect.y + y,
            width: (rect.width - x).min(BLOCK),
            height,
        })
    })
}

fn is_worth_jpeg(part: Rect) -> bool {
    usize::from(part.width) * usize::from(part.height) >= WORTH_JPEG
}

/// Parts that are like photographs, as few and large ones: tables and headers of each take half a kilobyte, and a browser
/// takes longer for many.
#[derive(Default)]
struct Photographs {
    rows: Vec<Rect>,
}

impl Photographs {
    /// One more, to the right of the last or below it.
    fn add(&mut self, part: Rect) {
        let last = self.rows.last_mut().filter(|last| {
            (last.y, last.height) == (part.y, part.height)
                && last.right() == u32::from(part.x)
                && u32::from(last.width) + u32::from(part.width) <= MAX_WIDTH.into()
        });
        match last {
            Some(last) => last.width += part.width,
            None => self.rows.push(part),
        }
    }

    /// All of them, those of the same columns joined.
    fn whole(self) -> Vec<Rect> {
        let mut whole: Vec<Rect> = Vec::new();
        for row in self.rows {
            let above = whole.iter_mut().rev().find(|above| {
                (above.x, above.width) == (row.x, row.width)
                    && above.bottom() == u32::from(row.y)
                    && above.height + row.height <= MAX_HEIGHT
            });
            match above {
                Some(above) => above.height += row.height,
                None => whole.push(row),
            }
        }
        whole
    }
}

fn pack(stream: &mut Stream, level: u8, plain: &[u8], out: &mut Vec<u8>) {
    if plain.len() < WORTH_PACKING {
        return out.extend_from_slice(plain);
    }
    let mut packed = Vec::with_capacity(plain.len() / 4);
    stream.write(level, plain, &mut packed);
    compact_length(packed.len(), out);
    out.extend_from_slice(&packed);
}

/// One to three bytes with seven bits each, the last with eight; no part is so large that this is too few.
fn compact_length(length: usize, out: &mut Vec<u8>) {
    match length {
        ..0x80 => out.push(length as u8),
        0x80..0x4000 => out.extend_from_slice(&[length as u8 | 0x80, (length >> 7) as u8]),
        _ => out.extend_from_slice(&[length as u8 | 0x80, (length >> 7) as u8 | 0x80, (length >> 14) as u8]),
    }
}

/// Whether most pixels are nearly what their neighbours let expect, without being the same.
fn is_smooth(area: &Area, pixels: &Pixels) -> bool {
    let rows: Vec<&[u32]> = area.values.chunks(area.width).step_by(7).take(64).collect();
    let (mut near, mut all) = (0_usize, 0_usize);
    for pair in rows.iter().flat_map(|row| row.windows(2).step_by(3)) {
        let [left, right] = [pixels.rgb(pair[0]), pixels.rgb(pair[1])];
        let differs = (0..3).map(|part| left[part].abs_diff(right[part])).max().unwrap_or_default();
        near += usize::from((1..=NEAR).contains(&differs));
        all += 1;
    }
    near * 2 > all
}

/// What each pixel differs from the one that the left, the upper and the upper left one let expect.
fn gradient(area: &Area, pixels: &Pixels, out: &mut Vec<u8>) {
    let mut above = vec![[0; 3]; area.width];
    for row in area.values.chunks(area.width) {
        let (mut left, mut corner) = ([0; 3], [0; 3]);
        for (value, above) in row.iter().zip(&mut above) {
            let here = pixels.rgb(*value);
            for part in 0..3 {
                let expected = i16::from(left[part]) + i16::from(above[part]) - i16::from(corner[part]);
                out.push(here[part].wrapping_sub(expected.clamp(0, 255) as u8));
            }
            (left, corner) = (here, *above);
            *above = here;
        }
    }
}

/// Neighbours that differ by no more belong to a gradient.
const NEAR: u8 = 8;
