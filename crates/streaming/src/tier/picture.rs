//! The copy of the screen that the second encode is made of: whole, or of half the width and height.

use std::time::Instant;

use cosmos_desktop::{Frame, Rect, Size};

/// What goes to the thread of the second encode, and comes back when it is done.
pub(super) struct Picture {
    size: Size,
    bgrx: Vec<u8>,
    damage: Vec<Rect>,
    captured: Instant,
}

/// What has changed since a picture was last handed over.
#[derive(Default)]
pub(super) struct Changes {
    /// Empty, and `whole`, before the first one.
    rects: Vec<Rect>,
    whole: bool,
}

/// More rectangles than that are taken for the whole.
const MOST_RECTS: usize = 64;
/// A picture that is narrower or lower is not made smaller yet.
const LEAST: u16 = 320;

impl Changes {
    /// Everything has.
    pub(super) fn all(&mut self) {
        self.rects.clear();
        self.whole = true;
    }

    /// These have.
    pub(super) fn add(&mut self, damage: &[Rect]) {
        if self.whole || self.rects.len() + damage.len() > MOST_RECTS {
            self.all();
        } else {
            self.rects.extend_from_slice(damage);
        }
    }
}

impl Picture {
    pub(super) fn new(now: Instant) -> Self {
        Self { size: Size::new(0, 0), bgrx: Vec::new(), damage: Vec::new(), captured: now }
    }

    /// Becomes the frame, of which `changes` tells what it has not got yet.
    pub(super) fn follow(&mut self, frame: &Frame<'_>, changes: &mut Changes, halved: bool) {
        let halved = halved && frame.size.width.min(frame.size.height) >= LEAST;
        let size = if halved { half(frame.size) } else { frame.size };
        if size != self.size {
            changes.all();
            self.size = size;
            self.bgrx.clear();
            self.bgrx.resize(4 * size.area(), 0);
        }
        self.damage.clear();
        if changes.whole {
            self.damage.push(size.rect());
        } else {
            let rects = changes.rects.iter().map(|rect| if halved { half_rect(*rect) } else { *rect });
            self.damage.extend(rects.map(|rect| rect.clip(size)).filter(|rect| !rect.is_empty()));
        }
        *changes = Changes { rects: std::mem::take(&mut changes.rects), whole: false };
        changes.rects.clear();
        self.captured = frame.captured;
        let width = 4 * usize::from(size.width);
        for rect in &self.damage {
            let (from, to) = (4 * usize::from(rect.x), 4 * rect.right() as usize);
            for y in usize::from(rect.y)..rect.bottom() as usize {
                let row = &mut self.bgrx[y * width..][from..to];
                match halved {
                    true => shrink(frame, 2 * from, y, row),
                    false => row.copy_from_slice(&frame.bgrx[y * frame.stride..][from..to]),
                }
            }
        }
    }

    /// As a frame to encode.
    pub(super) fn frame(&self) -> Frame<'_> {
        let stride = 4 * usize::from(self.size.width);
        Frame { size: self.size, stride, bgrx: &self.bgrx, damage: &self.damage, captured: self.captured }
    }
}

fn half(size: Size) -> Size {
    Size::new(size.width / 2, size.height / 2)
}

/// All pixels of the half that any pixel of it shows in.
fn half_rect(rect: Rect) -> Rect {
    let (x, y) = (rect.x / 2, rect.y / 2);
    let (right, bottom) = (rect.right().div_ceil(2) as u16, rect.bottom().div_ceil(2) as u16);
    Rect { x, y, width: right - x, height: bottom - y }
}

/// Makes one row of half the width: each pixel the mean of four.
fn shrink(frame: &Frame<'_>, from: usize, y: usize, row: &mut [u8]) {
    let line = |y: usize| &frame.bgrx[y * frame.stride..][from..from + 2 * row.len()];
    let (above, below) = (line(2 * y), line(2 * y + 1));
    for ((pixel, above), below) in
        row.chunks_exact_mut(4).zip(above.chunks_exact(8)).zip(below.chunks_exact(8))
    {
        for (at, value) in pixel.iter_mut().enumerate() {
            let four = [above[at], above[at + 4], below[at], below[at + 4]];
            *value = ((four.into_iter().map(u16::from).sum::<u16>() + 2) / 4) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(643, 401);
    /// Rows are longer than they are shown.
    const STRIDE: usize = 4 * 650;

    fn screen() -> Vec<u8> {
        (0..STRIDE * 401).map(|at| (at * 7 + at / STRIDE * 13) as u8).collect()
    }

    fn frame<'a>(bgrx: &'a [u8], damage: &'a [Rect]) -> Frame<'a> {
        Frame { size: SIZE, stride: STRIDE, bgrx, damage, captured: Instant::now() }
    }

    #[test]
    fn a_picture_that_follows_what_changed_is_the_one_made_of_the_whole() {
        for halved in [false, true] {
            let (mut bgrx, mut changes) = (screen(), Changes::default());
            let mut picture = Picture::new(Instant::now());
            picture.follow(&frame(&bgrx, &[]), &mut changes, halved);
            assert_eq!(picture.damage, [picture.size.rect()]);
            let rects = [
                Rect { x: 3, y: 5, width: 9, height: 1 },
                Rect { x: 601, y: 399, width: 42, height: 2 },
                Rect { x: 642, y: 0, width: 1, height: 401 },
            ];
            for rect in rects {
                for y in usize::from(rect.y)..rect.bottom() as usize {
                    bgrx[y * STRIDE..][4 * usize::from(rect.x)..4 * rect.right() as usize].fill(y as u8);
                }
                changes.add(&[rect]);
            }
            picture.follow(&frame(&bgrx, &[]), &mut changes, halved);
            let mut anew = Picture::new(Instant::now());
            anew.follow(&frame(&bgrx, &[]), &mut Changes::default(), halved);
            assert!(picture.bgrx == anew.bgrx, "halved: {halved}");
            assert!(picture.damage.len() <= 3 && picture.damage[0].width < 10);
            picture.follow(&frame(&bgrx, &[]), &mut changes, halved);
            assert_eq!(picture.frame().damage, [], "nothing has changed since");
        }
    }

    #[test]
    fn half_of_a_picture_is_the_mean_of_four_pixels_each() {
        let bgrx = screen();
        let mut picture = Picture::new(Instant::now());
        picture.follow(&frame(&bgrx, &[]), &mut Changes::default(), true);
        assert_eq!(picture.size, Size::new(321, 200));
        let at = |x: usize, y: usize| u16::from(bgrx[y * STRIDE + 4 * x + 1]);
        let mean = (at(640, 398) + at(641, 398) + at(640, 399) + at(641, 399) + 2) / 4;
        assert_eq!(u16::from(picture.bgrx[4 * (199 * 321 + 320) + 1]), mean);
        let small = Size::new(643, 300);
        picture.follow(&Frame { size: small, ..frame(&bgrx, &[]) }, &mut Changes::default(), true);
        assert_eq!(picture.size, small, "a small one stays as it is");
    }

    #[test]
    fn many_changes_are_the_whole() {
        let mut changes = Changes::default();
        changes.add(&[Rect { x: 0, y: 0, width: 1, height: 1 }; MOST_RECTS]);
        assert!(!changes.whole);
        changes.add(&[Rect { x: 0, y: 0, width: 1, height: 1 }]);
        assert!(changes.whole && changes.rects.is_empty());
    }
}
