//! What a viewer shows only roughly, as JPEG: it is written once more, as it is, when it has stood still for a while.

use std::time::{Duration, Instant};

use cosmos_desktop::{Rect, Size};

use super::{
    scroll::Moved,
    tiles::{Grid, SIDE, Tiles},
};

/// Rough tiles of one viewer's picture.
#[derive(Debug)]
pub(super) struct Rough {
    size: Size,
    /// When each was written as JPEG last; `None` where it is shown as it is.
    since: Vec<Option<Instant>>,
    /// How many are rough.
    count: usize,
}

/// So long has a tile to stand still before it is written as it is.
const STILL: Duration = Duration::from_secs(1);
/// What was written as JPEG so lately, and is again, moves.
const MOVING: Duration = Duration::from_millis(250);

impl Rough {
    /// A picture of this size, of which nothing is rough.
    pub(super) fn new(size: Size) -> Self {
        Self { size, since: vec![None; Grid::of(size).area()], count: 0 }
    }

    /// This was written as JPEG.
    pub(super) fn lossy(&mut self, rect: Rect, now: Instant) {
        for tile in Grid::of(self.size).touched(rect) {
            self.set(tile, Some(now));
        }
    }

    /// This was written as it is. A tile of which it is only a part stays what it was.
    pub(super) fn exact(&mut self, rect: Rect) {
        if self.count == 0 {
            return;
        }
        for tile in Grid::of(self.size).touched(rect) {
            if holds(rect, self.place(tile)) {
                self.set(tile, None);
            }
        }
    }

    /// This was copied from elsewhere, and is as rough as it was there.
    pub(super) fn copied(&mut self, Moved { from, to }: Moved, now: Instant) {
        if self.count == 0 {
            return;
        }
        let grid = Grid::of(self.size);
        let copy = |tile| {
            let place = self.place(tile);
            let source = |at: u16, to: u16, from: u16| (i32::from(at.max(to)) - i32::from(to)) as u16 + from;
            let origin = Rect { x: source(place.x, to.x, from.x), y: source(place.y, to.y, from.y), ..place };
            let is_rough = grid.touched(origin).any(|tile| self.since[tile].is_some());
            (is_rough || holds(to, place)).then_some((tile, is_rough.then_some(now)))
        };
        // All are looked at before any is changed, as the two places may overlap.
        let copies: Vec<_> = grid.touched(to).filter_map(copy).collect();
        copies.into_iter().for_each(|(tile, since)| self.set(tile, since));
    }

    /// Whether most of this was rough a moment ago, and so moves where it is written again.
    pub(super) fn moves(&self, rect: Rect, now: Instant) -> bool {
        if self.count == 0 {
            return false;
        }
        let lately = |since: Instant| now.saturating_duration_since(since) < MOVING;
        let (mut all, mut moving) = (0, 0);
        for tile in Grid::of(self.size).touched(rect) {
            all += 1;
            moving += usize::from(self.since[tile].is_some_and(lately));
        }
        moving * 2 > all
    }

    /// When the first of it will have stood still for long enough.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.count == 0 {
            return None;
        }
        self.since.iter().flatten().min().map(|since| *since + STILL)
    }

    /// What has stood still for long enough, at most so many tiles of it.
    pub(super) fn ripe(&self, now: Instant, most: usize) -> Vec<Rect> {
        let still = |since: Instant| now.saturating_duration_since(since) >= STILL;
        let ripe = self.since.iter().enumerate().filter(|(_, since)| since.is_some_and(still));
        let mut tiles = Tiles::new(self.size, false);
        ripe.take(most).for_each(|(tile, _)| tiles.mark(tile));
        tiles.rects()
    }

    fn set(&mut self, tile: usize, since: Option<Instant>) {
        let before = std::mem::replace(&mut self.since[tile], since);
        self.count = self.count + usize::from(since.is_some()) - usize::from(before.is_some());
    }

    /// Where a tile lies in the picture.
    fn place(&self, tile: usize) -> Rect {
        let columns = Grid::of(self.size).columns.max(1);
        let side = SIDE as u16;
        let (x, y) = ((tile % columns) as u16 * side, (tile / columns) as u16 * side);
        Rect { x, y, width: side, height: side }.clip(self.size)
    }
}

fn holds(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && outer.right() >= inner.right()
        && outer.bottom() >= inner.bottom()
}

#[cfg(test)]
mod tests {
    use cosmos_desktop::Point;

    use super::*;

    /// Three columns and three rows, the last of them cut.
    const SIZE: Size = Size::new(48, 40);

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect { x, y, width, height }
    }

    fn ripe(rough: &Rough, at: Instant) -> Vec<Rect> {
        rough.ripe(at, usize::MAX)
    }

    #[test]
    fn what_stands_still_is_due_once() {
        let (mut rough, start) = (Rough::new(SIZE), Instant::now());
        assert_eq!((rough.due(), ripe(&rough, start + STILL)), (None, vec![]));
        rough.lossy(SIZE.rect(), start);
        let later = start + STILL / 2;
        rough.lossy(rect(0, 0, 17, 1), later);
        assert_eq!(rough.due(), Some(start + STILL));
        assert_eq!(ripe(&rough, start + STILL / 2), []);
        let [right, below] = [rect(32, 0, 16, 48), rect(0, 16, 32, 32)];
        let found = ripe(&rough, start + STILL);
        assert!(found.iter().all(|rect| rect.y > 0 || rect.x == 32), "two tiles moved since: {found:?}");
        [right, below].into_iter().for_each(|rect| rough.exact(rect.clip(SIZE)));
        assert_eq!((rough.due(), ripe(&rough, start + STILL)), (Some(later + STILL), vec![]));
        assert_eq!(ripe(&rough, later + STILL), [rect(0, 0, 32, 16)]);
        assert_eq!(rough.ripe(later + STILL, 1), [rect(0, 0, 16, 16)]);
        rough.exact(rect(0, 0, 32, 16));
        assert_eq!(rough.due(), None);
    }

    #[test]
    fn a_part_of_a_tile_leaves_it_rough() {
        let (mut rough, start) = (Rough::new(SIZE), Instant::now());
        rough.lossy(rect(16, 16, 16, 16), start);
        for part in [rect(17, 16, 31, 24), rect(0, 17, 48, 23), rect(0, 0, 31, 40), rect(0, 0, 48, 31)] {
            rough.exact(part);
            assert_eq!(ripe(&rough, start + STILL), [rect(16, 16, 16, 16)], "{part:?}");
        }
    }

    #[test]
    fn what_is_copied_is_as_rough_as_it_was() {
        let (mut rough, start) = (Rough::new(SIZE), Instant::now());
        rough.lossy(rect(0, 0, 16, 16), start);
        let down = Moved { from: Point { x: 0, y: 0 }, to: rect(0, 20, 48, 20) };
        rough.copied(down, start);
        let found = ripe(&rough, start + STILL);
        assert_eq!(found, [rect(0, 0, 16, 48)], "and what it was copied from is rough still");
        rough.copied(Moved { from: Point { x: 16, y: 0 }, to: rect(0, 0, 16, 40) }, start);
        assert_eq!(rough.due(), None, "what was copied over it is not");
    }

    #[test]
    fn what_is_rough_again_soon_moves() {
        let (mut rough, start) = (Rough::new(SIZE), Instant::now());
        let soon = start + MOVING / 2;
        assert!(!rough.moves(SIZE.rect(), start));
        rough.lossy(rect(0, 0, 48, 16), start);
        assert!(rough.moves(rect(0, 0, 48, 16), soon) && !rough.moves(rect(0, 0, 48, 16), start + MOVING));
        assert!(!rough.moves(SIZE.rect(), soon), "most of it did not");
    }
}
