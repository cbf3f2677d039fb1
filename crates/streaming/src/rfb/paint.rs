//! Writing updates for one viewer, on a thread that may take its time.

use cosmos_desktop::{Rect, Size};
use cosmos_protocol::rfb::{Encoder, Picture, PixelFormat, Pixels, Screen as Head, Update};

use super::{screen::Screen, viewer::Job};

/// What goes on from one update to the next.
pub(super) struct Painter {
    encoder: Encoder,
    pixels: Pixels,
    /// What is being written: nobody waits for this copy while it is.
    bgrx: Vec<u8>,
}

impl Painter {
    pub(super) fn new() -> Self {
        Self { encoder: Encoder::default(), pixels: Pixels::new(PixelFormat::BGRX), bgrx: Vec::new() }
    }

    /// One update as bytes. Where the picture has another size by now, only what is around it is written: the viewer will
    /// be told of the size next.
    pub(super) fn paint(&mut self, screen: &Screen, job: &Job) -> Vec<u8> {
        if *self.pixels.format() != job.format {
            self.pixels = Pixels::new(job.format);
        }
        let mut update = Update::new();
        for pseudo in &job.around.understood {
            update.understood(*pseudo);
        }
        if let Some(cursor) = &job.around.cursor {
            update.cursor(cursor, &job.wishes, &self.pixels);
        }
        if let Some((size, reason, status)) = job.around.size {
            update.size(size, &[head(size)], (reason, status), &job.wishes);
        }
        if screen.copy(&job.rects, job.size, &mut self.bgrx) {
            self.pixels(&mut update, job);
        }
        update.finish()
    }

    fn pixels(&mut self, update: &mut Update, job: &Job) {
        let stride = 4 * usize::from(job.size.width);
        for rect in job.rects.iter().copied().flat_map(bands) {
            let picture = Picture { size: job.size, stride, bgrx: &self.bgrx };
            update.pixels(&mut self.encoder, picture, rect, &job.wishes, &self.pixels);
        }
    }
}

/// The one screen that there is.
fn head(size: Size) -> Head {
    Head { id: 0, area: size.rect(), flags: 0 }
}

/// Parts of a large rectangle. Each is coded in the way that suits it, so the lower half of a picture need not pay for the
/// photograph in the upper one.
fn bands(rect: Rect) -> impl Iterator<Item = Rect> {
    let step = usize::from(if rect.width > NARROW { BAND } else { TALL });
    (0..rect.height).step_by(step).flat_map(move |y| {
        let height = (rect.height - y).min(step as u16);
        (0..rect.width).step_by(BLOCK.into()).map(move |x| Rect {
            x: rect.x + x,
            y: rect.y + y,
            width: (rect.width - x).min(BLOCK),
            height,
        })
    })
}

/// Sides of the parts: together they hold as many pixels as Tight takes at most.
const BLOCK: u16 = 512;
const BAND: u16 = 128;
const NARROW: u16 = 128;
const TALL: u16 = 512;
