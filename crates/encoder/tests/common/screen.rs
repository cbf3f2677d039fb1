//! A synthetic desktop.

use std::time::Instant;

use cosmos_desktop::{Frame, Rect, Size};
use cosmos_encoder::{Format, Layout};

/// A screen that can be painted on.
pub struct Screen {
    pub size: Size,
    pub bgrx: Vec<u8>,
}

impl Screen {
    /// Windows with coloured bars and lines of text-like noise.
    pub fn page(size: Size) -> Self {
        let mut screen = Self { size, bgrx: vec![0xf0; 4 * size.area()] };
        screen.text(size.rect(), 1);
        for (index, colour) in [[200, 120, 30, 0], [40, 40, 220, 0], [60, 180, 60, 0]].into_iter().enumerate()
        {
            let (width, height) = (size.width / 4, size.height / 12);
            screen.fill(Rect { x: index as u16 * (width + 9), y: size.height / 3, width, height }, colour);
        }
        screen
    }

    /// Red letters with strokes of one pixel, on blue.
    pub fn red_on_blue(size: Size) -> Self {
        let mut screen = Self { size, bgrx: vec![0; 4 * size.area()] };
        screen.text(size.rect(), 1);
        for pixel in screen.bgrx.chunks_exact_mut(4) {
            let colour = if pixel[0] < 0x80 { [0, 0, 255, 0] } else { [255, 0, 0, 0] };
            pixel.copy_from_slice(&colour);
        }
        screen
    }

    pub fn fill(&mut self, rect: Rect, colour: [u8; 4]) {
        self.each(rect, |_, _| colour);
    }

    /// Glyphs of 7 by 12 pixels, dark on light, that look like text to an encoder.
    pub fn text(&mut self, rect: Rect, seed: u32) {
        self.each(rect, |x, y| {
            let glyph = hash(x / 7 + 977 * (y / 14) + seed * 7919);
            let (column, row) = (x % 7, y % 14);
            let inside = column < 5 && (2..12).contains(&row) && !glyph.is_multiple_of(6);
            let stroke = column == glyph % 5 || (row - row.min(2)) == glyph % 9 || (column == 4 && row > 5);
            if inside && stroke { [0x20, 0x20, 0x20, 0] } else { [0xf4, 0xf4, 0xf4, 0] }
        });
    }

    /// A moving texture, like a video.
    pub fn video(&mut self, rect: Rect, time: u32) {
        self.each(rect, |x, y| {
            let (fx, fy, ft) = (x as f32, y as f32, time as f32);
            let wave = (fx / 31.0 + ft / 5.0).sin()
                + (fy / 23.0 - ft / 7.0).cos()
                + ((fx + fy) / 57.0 + ft / 9.0).sin();
            let grain = (hash(x + 4099 * y + 31 * time) % 9) as f32;
            let level = 128.0 + 36.0 * wave + grain;
            [level as u8, (level * 0.8 + 20.0) as u8, (255.0 - level) as u8, 0]
        });
    }

    /// Grain that is never the same: fine quantisers keep it, coarse ones lose it.
    pub fn grain(&mut self, rect: Rect, time: u32) {
        self.each(rect, |x, y| {
            let level = (100 + x / 16 + hash(x + 4099 * y + 8_388_593 * time) % 48) as u8;
            [level, level, level, 0]
        });
    }

    pub fn frame<'a>(&'a self, damage: &'a [Rect]) -> Frame<'a> {
        let stride = 4 * usize::from(self.size.width);
        Frame { size: self.size, stride, bgrx: &self.bgrx, damage, captured: Instant::now() }
    }

    /// The picture as an encoder gets it.
    pub fn i420(&self) -> (Layout, Vec<u8>) {
        let layout = Layout::new(Format::I420, self.size);
        let mut planes = vec![0; layout.len];
        layout.convert(&self.frame(&[]), &[self.size.rect()], &mut planes).unwrap();
        (layout, planes)
    }

    fn each(&mut self, rect: Rect, colour: impl Fn(u32, u32) -> [u8; 4]) {
        let rect = rect.clip(self.size);
        for y in u32::from(rect.y)..rect.bottom() {
            for x in u32::from(rect.x)..rect.right() {
                let at = 4 * (y as usize * usize::from(self.size.width) + x as usize);
                self.bgrx[at..at + 4].copy_from_slice(&colour(x, y));
            }
        }
    }
}

pub fn hash(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(0x7feb_352d);
    let value = (value ^ (value >> 15)).wrapping_mul(0x846c_a68b);
    value ^ (value >> 16)
}
