//! Writing updates for one viewer, on a thread that may take its time.

use cosmos_desktop::{Rect, Size};
use cosmos_protocol::rfb::{Encoder, Picture, PixelFormat, Pixels, Screen as Head, Update};

use super::{
    screen::{Screen, row_ranges},
    scroll::{self, Moved},
    tiles::Tiles,
    viewer::Job,
};

/// What goes on from one update to the next.
pub(super) struct Painter {
    encoder: Encoder,
    pixels: Pixels,
    /// What the viewer shows: nobody waits for this copy while it is written from.
    shown: Vec<u8>,
    /// What it is to show, where that is new.
    next: Vec<u8>,
    size: Size,
}

impl Painter {
    pub(super) fn new() -> Self {
        let size = Size::new(0, 0);
        let pixels = Pixels::new(PixelFormat::BGRX);
        Self { encoder: Encoder::default(), pixels, shown: Vec::new(), next: Vec::new(), size }
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
        if screen.copy(&job.rects, job.size, &mut self.next) {
            self.pixels(&mut update, job);
        }
        update.finish()
    }

    fn pixels(&mut self, update: &mut Update, job: &Job) {
        let fresh = job.fresh || self.size != job.size;
        if self.size != job.size {
            self.size = job.size;
            self.shown = vec![0; self.next.len()];
        }
        let stride = 4 * usize::from(job.size.width);
        if job.wishes.copy_rect && !fresh {
            self.copies(update, job, stride);
        }
        let exact = if fresh { None } else { self.exact(job, stride) };
        let new = self.catch_up(job, stride, fresh).rects();
        let area = |rects: &[Rect]| rects.iter().map(|rect| rect_area(rect.clip(job.size))).sum::<usize>();
        let new = exact.filter(|exact| area(exact) < area(&new)).unwrap_or(new);
        for rect in new.into_iter().map(|rect| rect.clip(job.known)).flat_map(bands) {
            let picture = Picture { size: job.size, stride, bgrx: &self.shown };
            update.pixels(&mut self.encoder, picture, rect, &job.wishes, &self.pixels);
        }
    }

    /// Lets the viewer move what has moved.
    fn copies(&mut self, update: &mut Update, job: &Job, stride: usize) {
        for rect in job.rects.iter().map(|rect| rect.clip(job.size).clip(job.known)) {
            for moved in scroll::find(&self.shown, &self.next, stride, rect) {
                update.copy(moved.from, moved.to);
                move_rows(&mut self.shown, stride, moved);
            }
        }
    }

    /// The parts that differ, to the pixel, where they are few: what typing changes is much smaller than its tiles.
    fn exact(&self, job: &Job, stride: usize) -> Option<Vec<Rect>> {
        let differing = |rect: &Rect| differing(&self.shown, &self.next, stride, rect.clip(job.size));
        (job.rects.len() <= FEW).then(|| job.rects.iter().filter_map(differing).collect())
    }

    /// Takes what is new over, and tells where that is.
    fn catch_up(&mut self, job: &Job, stride: usize, fresh: bool) -> Tiles {
        let mut new = Tiles::new(job.size, false);
        let (shown, next) = (&mut self.shown, &self.next);
        for rect in &job.rects {
            new.mark_where(*rect, |tile| {
                let mut differs = fresh;
                for row in row_ranges(tile.clip(job.size), stride) {
                    if shown[row.clone()] != next[row.clone()] {
                        differs = true;
                        shown[row.clone()].copy_from_slice(&next[row]);
                    }
                }
                differs
            });
        }
        new
    }
}

/// The smallest rectangle that holds all pixels in which two pictures differ.
fn differing(old: &[u8], new: &[u8], stride: usize, rect: Rect) -> Option<Rect> {
    let mut found: Option<[u16; 4]> = None;
    for (row, y) in row_ranges(rect, stride).zip(rect.y..) {
        let pairs = old[row.clone()].as_chunks::<4>().0.iter().zip(new[row].as_chunks::<4>().0);
        let mut differ = pairs.zip(rect.x..).filter(|((old, new), _)| old != new).map(|(_, x)| x);
        let Some(first) = differ.next() else { continue };
        let last = differ.last().unwrap_or(first);
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

/// More parts than this are not looked at to the pixel.
const FEW: usize = 32;
/// Sides of the parts: together they hold as many pixels as Tight takes at most.
const BLOCK: u16 = 512;
const BAND: u16 = 128;
const NARROW: u16 = 128;
const TALL: u16 = 512;

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use cosmos_desktop::Frame;
    use cosmos_protocol::rfb::Wishes;

    use super::*;
    use crate::rfb::viewer::Around;

    const SIZE: Size = Size::new(128, 160);

    /// Rows of which no two are the same, from this one on.
    fn show(screen: &Screen, first: u32) {
        let row =
            |row: u32| (0..u32::from(SIZE.width)).flat_map(move |x| ((row * 7919) ^ (x * 31)).to_le_bytes());
        let bgrx: Vec<u8> = (first..first + u32::from(SIZE.height)).flat_map(row).collect();
        let (stride, all) = (4 * usize::from(SIZE.width), [SIZE.rect()]);
        screen.show(&Frame { size: SIZE, stride, bgrx: &bgrx, damage: &all, captured: Instant::now() });
    }

    fn job(encodings: &[i32], fresh: bool) -> Job {
        Job {
            size: SIZE,
            known: SIZE,
            rects: vec![SIZE.rect()],
            fresh,
            around: Around::default(),
            wishes: Wishes::new(encodings, |_| true),
            format: PixelFormat::BGRX,
        }
    }

    /// The number of the first rectangle's encoding, and the bytes of all.
    fn written(painter: &mut Painter, screen: &Screen, job: &Job) -> (Option<u8>, usize) {
        let bytes = painter.paint(screen, job);
        (bytes.get(15).copied(), bytes.len())
    }

    #[test]
    fn what_scrolls_is_copied_for_those_who_can_and_the_rest_is_written() {
        let all = 4 * SIZE.area();
        for (encodings, fresh, copied) in
            [(&[1, 0][..], false, true), (&[0], false, false), (&[1, 0], true, false)]
        {
            let (screen, mut painter) = (Screen::new(), Painter::new());
            show(&screen, 0);
            let first = written(&mut painter, &screen, &job(encodings, true));
            assert!(first.0 == Some(0) && first.1 > all);
            show(&screen, 16);
            let (encoding, bytes) = written(&mut painter, &screen, &job(encodings, fresh));
            assert_eq!(
                (encoding, bytes < all / 5),
                (Some(copied.into()), copied),
                "{encodings:?} {fresh}: {bytes}"
            );
        }
    }

    #[test]
    fn what_typing_changes_is_found_to_the_pixel() {
        let stride = 4 * usize::from(SIZE.width);
        let old = vec![0; stride * usize::from(SIZE.height)];
        let mut new = old.clone();
        assert_eq!(differing(&old, &new, stride, SIZE.rect()), None);
        for (x, y) in [(20, 33), (25, 31), (22, 40)] {
            new[y * stride + 4 * x] = 1;
        }
        let found = differing(&old, &new, stride, Rect { x: 16, y: 16, width: 32, height: 32 });
        assert_eq!(found, Some(Rect { x: 20, y: 31, width: 6, height: 10 }));
    }

    #[test]
    fn what_the_viewer_shows_already_is_not_sent_unless_it_may_have_lost_it() {
        let (screen, mut painter) = (Screen::new(), Painter::new());
        show(&screen, 0);
        written(&mut painter, &screen, &job(&[0], true));
        assert_eq!(written(&mut painter, &screen, &job(&[0], false)), (None, 4));
        assert!(written(&mut painter, &screen, &job(&[0], true)).1 > 4 * SIZE.area());
    }
}
