//! Writing updates for one viewer, on a thread that may take its time.

use std::time::Instant;

use cosmos_desktop::{Rect, Size};
use cosmos_encoder::Jpeg;
use cosmos_protocol::rfb::{
    Encoder, Encoding, H264Reset, JpegWriter, Picture, PixelFormat, Pixels, Screen as Head, Update, Wishes,
};

use super::{
    rough::Rough,
    screen::{Screen, row_ranges},
    scroll::{self, Moved},
    tiles::Tiles,
    viewer::{Job, around},
};

/// What goes on from one update to the next.
pub(super) struct Painter {
    encoder: Encoder,
    pixels: Pixels,
    /// What the viewer shows: nobody waits for this copy while it is written from.
    shown: Vec<u8>,
    /// What it is to show, where that is new, and the same elsewhere.
    next: Vec<u8>,
    /// Whether it is not the same elsewhere: where most of a picture is new the two change places, which is less to copy.
    lags: bool,
    size: Size,
    luck: Luck,
    rough: Rough,
}

/// What writes JPEG in a third of the time, where it is there.
struct Turbo(Jpeg);

impl JpegWriter for Turbo {
    fn write(&mut self, picture: Picture<'_>, rect: Rect, quality: u8, out: &mut Vec<u8>) -> bool {
        self.0.write((picture.bgrx, picture.stride), rect, quality, out)
    }
}

impl Painter {
    pub(super) fn new() -> Self {
        let size = Size::new(0, 0);
        let pixels = Pixels::new(PixelFormat::BGRX);
        let encoder = Jpeg::open().map(|jpeg| Encoder::with_jpeg(Box::new(Turbo(jpeg)))).unwrap_or_default();
        Self {
            encoder,
            pixels,
            shown: Vec::new(),
            next: Vec::new(),
            lags: false,
            size,
            luck: Luck::default(),
            rough: Rough::new(size),
        }
    }

    /// One update as bytes. Where the picture has another size by now, only what is around it is written: the viewer will
    /// be told of the size next.
    pub(super) fn paint(&mut self, screen: &Screen, job: &Job, now: Instant) -> Vec<u8> {
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
        if let Some(frame) = &job.frame {
            let reset = if frame.keyframe { H264Reset::This } else { H264Reset::None };
            update.h264(frame.size.rect(), reset, &frame.data);
        } else if let Some(tiles) = job.refine {
            self.refine(&mut update, job, tiles, now);
        } else if screen.copy(&job.rects, job.size, &mut self.next) {
            self.pixels(&mut update, job, now);
        }
        update.finish()
    }

    /// When the first of what the viewer shows only roughly has stood still for long enough.
    pub(super) fn rough_due(&self) -> Option<Instant> {
        self.rough.due()
    }

    /// What was shown roughly, as it is. It is what the viewer was to show, and not what is on the screen by now: that is
    /// a change, and comes as one.
    fn refine(&mut self, update: &mut Update, job: &Job, tiles: usize, now: Instant) {
        if self.size == job.size {
            self.write(update, self.rough.ripe(now, tiles), (job, &job.wishes.lossless()), now);
        }
    }

    fn pixels(&mut self, update: &mut Update, job: &Job, now: Instant) {
        let fresh = job.fresh || self.size != job.size;
        if self.size != job.size {
            self.size = job.size;
            self.shown = vec![0; self.next.len()];
            self.rough = Rough::new(job.size);
            self.lags = true;
        }
        let stride = 4 * usize::from(job.size.width);
        if std::mem::take(&mut self.lags) {
            self.level(job, stride);
        }
        if job.wishes.copy_rect && !fresh {
            self.copies(update, job, stride, now);
        }
        let exact = if fresh { None } else { self.exact(job, stride) };
        let new = self.catch_up(job, stride, fresh).rects();
        let area = |rects: &[Rect]| rects.iter().map(|rect| rect_area(rect.clip(job.size))).sum::<usize>();
        let new = exact.filter(|exact| area(exact) < area(&new)).unwrap_or(new);
        let new = if new.len() <= FEW { joined(new) } else { new };
        self.write(update, new, (job, &job.wishes), now);
    }

    /// Writes parts of what is to be shown.
    fn write(&mut self, update: &mut Update, rects: Vec<Rect>, (job, wishes): (&Job, &Wishes), now: Instant) {
        let picture = Picture { size: job.size, stride: 4 * usize::from(job.size.width), bgrx: &self.shown };
        let rects: Vec<_> = rects.into_iter().map(|rect| rect.clip(job.size).clip(job.known)).collect();
        for rect in &rects {
            self.encoder.set_moves(self.rough.moves(*rect, now));
            let mut write = |rect| update.pixels(&mut self.encoder, picture, rect, wishes, &self.pixels);
            match wishes.encoding {
                // They cut by themselves, where what is seen asks for it.
                Encoding::Tight | Encoding::TightPng => write(*rect),
                _ => bands(*rect).for_each(write),
            }
        }
        rects.into_iter().for_each(|rect| self.rough.exact(rect));
        update.lossy().iter().for_each(|rect| self.rough.lossy(*rect, now));
    }

    /// Lets the viewer move what has moved.
    fn copies(&mut self, update: &mut Update, job: &Job, stride: usize, now: Instant) {
        let all = job.rects.iter().copied().reduce(around).unwrap_or_default().clip(job.size).clip(job.known);
        let changed: usize = job.rects.iter().map(|rect| rect_area(rect.clip(job.size))).sum();
        let large = changed >= LARGE;
        if large && !self.luck.is_worth_a_try() {
            return;
        }
        let found =
            self.copy_whole(update, (all, changed), stride, now) || self.copy_parts(update, job, stride, now);
        if large {
            self.luck.had(found);
        }
    }

    fn copy_whole(
        &mut self,
        update: &mut Update,
        (all, changed): (Rect, usize),
        stride: usize,
        now: Instant,
    ) -> bool {
        let whole = (changed >= rect_area(all) / SPARSE)
            .then(|| scroll::find_whole(&self.shown, &self.next, stride, all))
            .flatten();
        if let Some(moved) = whole {
            self.copy(update, moved, stride, now);
        }
        whole.is_some()
    }

    fn copy_parts(&mut self, update: &mut Update, job: &Job, stride: usize, now: Instant) -> bool {
        let mut found = false;
        for rect in job.rects.iter().map(|rect| rect.clip(job.size).clip(job.known)) {
            for moved in scroll::find(&self.shown, &self.next, stride, rect) {
                self.copy(update, moved, stride, now);
                found = true;
            }
        }
        found
    }

    fn copy(&mut self, update: &mut Update, moved: Moved, stride: usize, now: Instant) {
        update.copy(moved.from, moved.to);
        move_rows(&mut self.shown, stride, moved);
        self.rough.copied(moved, now);
    }

    /// The parts that differ, to the pixel, where they are few: what typing changes is much smaller than its tiles.
    fn exact(&self, job: &Job, stride: usize) -> Option<Vec<Rect>> {
        let differing = |rect: &Rect| differing(&self.shown, &self.next, stride, rect.clip(job.size));
        (job.rects.len() <= FEW).then(|| job.rects.iter().filter_map(differing).collect())
    }

    /// Takes what is new over, and tells where that is.
    fn catch_up(&mut self, job: &Job, stride: usize, fresh: bool) -> Tiles {
        let area: usize = job.rects.iter().map(|rect| rect_area(rect.clip(job.size))).sum();
        let swaps = area > rect_area(job.size.rect()) / 2;
        let mut new = Tiles::new(job.size, false);
        let (shown, next) = (&mut self.shown, &self.next);
        for rect in &job.rects {
            new.mark_where(*rect, |tile| {
                let mut differs = fresh;
                for row in row_ranges(tile.clip(job.size), stride) {
                    if differs && swaps {
                        break;
                    }
                    // Where one row differs, most do: to copy one takes no longer than to compare it.
                    if differs || shown[row.clone()] != next[row.clone()] {
                        differs = true;
                        if !swaps {
                            shown[row.clone()].copy_from_slice(&next[row]);
                        }
                    }
                }
                differs
            });
        }
        if swaps {
            std::mem::swap(&mut self.shown, &mut self.next);
            self.lags = true;
        }
        new
    }

    /// Brings what does not change to where the new picture is, so that both are the same there.
    fn level(&mut self, job: &Job, stride: usize) {
        let mut rest = Tiles::new(job.size, true);
        job.rects.iter().for_each(|rect| _ = rest.take(*rect));
        for row in rest.rects().into_iter().flat_map(|rect| row_ranges(rect.clip(job.size), stride)) {
            self.next[row.clone()].copy_from_slice(&self.shown[row]);
        }
    }
}

/// Whether what changes is likely to have moved: to look for it costs as much as a third of writing it as JPEG, and a film
/// never does.
#[derive(Debug, Default)]
struct Luck {
    /// Tries in a row that found nothing.
    misses: u32,
    /// Updates that are not looked at any more.
    rest: u32,
}

impl Luck {
    fn is_worth_a_try(&mut self) -> bool {
        let rests = self.rest > 0;
        self.rest = self.rest.saturating_sub(1);
        !rests
    }

    fn had(&mut self, found: bool) {
        self.misses = if found { 0 } else { self.misses + 1 };
        self.rest = if self.misses >= PATIENCE { REST } else { 0 };
    }
}

/// Fewer rectangles that hold all of these and little else. Only those of the same rows are joined: what stands in them is
/// mostly of the same few colours.
fn joined(mut rects: Vec<Rect>) -> Vec<Rect> {
    rects.sort_unstable_by_key(|rect| (rect.y, rect.height, rect.x));
    let mut joined: Vec<Rect> = Vec::new();
    for rect in rects {
        let last = joined.last_mut().filter(|last| (last.y, last.height) == (rect.y, rect.height));
        let both = last.as_ref().map(|last| around(**last, rect));
        match (last, both) {
            (Some(last), Some(both))
                if rect_area(both) <= rect_area(*last) + rect_area(rect) + WORTH_A_RECT =>
            {
                *last = both;
            }
            _ => joined.push(rect),
        }
    }
    joined
}

/// The smallest rectangle that holds all pixels in which two pictures differ.
fn differing(old: &[u8], new: &[u8], stride: usize, rect: Rect) -> Option<Rect> {
    let mut found: Option<[u16; 4]> = None;
    for (row, y) in row_ranges(rect, stride).zip(rect.y..) {
        if old[row.clone()] == new[row.clone()] {
            continue;
        }
        let pairs = || old[row.clone()].as_chunks::<4>().0.iter().zip(new[row.clone()].as_chunks::<4>().0);
        let Some(first) = pairs().position(|(old, new)| old != new) else { continue };
        let last = pairs().rposition(|(old, new)| old != new).unwrap_or(first);
        let [first, last] = [first, last].map(|column| rect.x + column as u16);
        let [left, top, right, _] = found.unwrap_or([first, y, last, y]);
        found = Some([left.min(first), top, right.max(last), y]);
    }
    found.map(|[x, y, right, bottom]| Rect { x, y, width: right - x + 1, height: bottom - y + 1 })
}

fn rect_area(rect: Rect) -> usize {
    Size::new(rect.width, rect.height).area()
}

/// Rows are taken from the side that is not overwritten first.
fn move_rows(bgrx: &mut [u8], stride: usize, Moved { from, to }: Moved) {
    let source = Rect { x: from.x, y: from.y, ..to };
    let pairs = row_ranges(source, stride).zip(row_ranges(to, stride));
    let mut pairs: Vec<_> = pairs.map(|(source, target)| (source, target.start)).collect();
    if to.y > from.y {
        pairs.reverse();
    }
    pairs.into_iter().for_each(|(source, target)| bgrx.copy_within(source, target));
}

/// The one screen that there is.
fn head(size: Size) -> Head {
    Head { id: 0, area: size.rect(), flags: 0 }
}

/// Parts of a large rectangle, so that none takes much room while it is written.
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

/// Where less than this part of a rectangle has changed, it did not move as a whole.
const SPARSE: usize = 8;
/// To look whether less than this has moved costs next to nothing.
const LARGE: usize = 128 * 1024;
/// After so many tries without luck, in a row, so many updates are written as they are: less than a second at 30 a second.
const PATIENCE: u32 = 8;
const REST: u32 = 24;
/// So many pixels that have not changed take no more bytes than another rectangle does.
const WORTH_A_RECT: usize = 1024;
/// More parts than this are not looked at to the pixel.
const FEW: usize = 32;
/// Sides of the parts: together they hold as many pixels as Tight takes at most.
const BLOCK: u16 = 512;
const BAND: u16 = 128;
const NARROW: u16 = 128;
const TALL: u16 = 512;

#[cfg(test)]
mod tests;
