//! Which parts of a picture are new, in tiles of a fixed size.

use cosmos_desktop::{Rect, Size};

/// The side of a tile, in pixels.
pub(super) const SIDE: usize = 16;
/// More rectangles than this are joined into fewer and larger ones.
const MAX_RECTS: usize = 400;
/// By so many tiles they are joined, in both directions.
const JOINED: usize = 8;

/// Marked tiles.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiles {
    size: Grid,
    marks: Vec<bool>,
    marked: usize,
}

/// Columns and rows of tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Grid {
    /// Of a picture of this size.
    pub(super) fn of(size: Size) -> Self {
        Self {
            columns: usize::from(size.width).div_ceil(SIDE),
            rows: usize::from(size.height).div_ceil(SIDE),
        }
    }

    /// How many tiles there are.
    pub(super) fn area(self) -> usize {
        self.columns * self.rows
    }

    /// The tiles that `area` touches, by their numbers.
    pub(super) fn touched(self, area: Rect) -> impl Iterator<Item = usize> {
        let Self { columns, rows } = self;
        let range = |from: u16, to: u32, most: usize| {
            usize::from(from) / SIDE..(to as usize).div_ceil(SIDE).min(most)
        };
        let empty = area.is_empty();
        let across = range(area.x, area.right(), columns);
        range(area.y, area.bottom(), rows)
            .filter(move |_| !empty)
            .flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

impl Tiles {
    /// All tiles of a picture, every one marked or none.
    pub(super) fn new(size: Size, marked: bool) -> Self {
        let size = Grid::of(size);
        Self { size, marks: vec![marked; size.area()], marked: if marked { size.area() } else { 0 } }
    }

    /// Whether none is marked.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.marked == 0
    }

    /// Marks one by its number.
    pub(super) fn mark(&mut self, tile: usize) {
        if let Some(mark) = self.marks.get_mut(tile) {
            self.marked += usize::from(!*mark);
            *mark = true;
        }
    }

    /// Marks all that `area` touches.
    pub(super) fn mark_area(&mut self, area: Rect) {
        self.touched(area).for_each(|tile| self.mark(tile));
    }

    /// Marks those that `area` touches and for which `holds` says so, given where they lie.
    pub(super) fn mark_where(&mut self, area: Rect, mut holds: impl FnMut(Rect) -> bool) {
        let columns = self.size.columns.max(1);
        for tile in self.touched(area) {
            let (x, y) = (pixels(tile % columns, SIDE), pixels(tile / columns, SIDE));
            if holds(Rect { x, y, width: SIDE as u16, height: SIDE as u16 }) {
                self.mark(tile);
            }
        }
    }

    /// Takes away the marks of all that `area` touches, and gives these tiles back as a set of their own.
    pub(super) fn take(&mut self, area: Rect) -> Self {
        let mut taken = Self { size: self.size, marks: vec![false; self.marks.len()], marked: 0 };
        for tile in self.touched(area) {
            if std::mem::take(&mut self.marks[tile]) {
                self.marked -= 1;
                taken.mark(tile);
            }
        }
        taken
    }

    /// Whether a tile that `area` touches is marked.
    pub(super) fn touches(&self, area: Rect) -> bool {
        self.marked > 0 && self.touched(area).any(|tile| self.marks[tile])
    }

    fn touched(&self, area: Rect) -> impl Iterator<Item = usize> + use<> {
        self.size.touched(area)
    }

    /// Rectangles that cover the marked tiles, and as little else as their number allows.
    pub(super) fn rects(&self) -> Vec<Rect> {
        let exact = joined(&self.marks, self.size, SIDE);
        if exact.len() <= MAX_RECTS {
            return exact;
        }
        let size =
            Grid { columns: self.size.columns.div_ceil(JOINED), rows: self.size.rows.div_ceil(JOINED) };
        let mut marks = vec![false; size.area()];
        for (tile, _) in self.marks.iter().enumerate().filter(|(_, mark)| **mark) {
            let (column, row) = (tile % self.size.columns, tile / self.size.columns);
            marks[row / JOINED * size.columns + column / JOINED] = true;
        }
        joined(&marks, size, SIDE * JOINED)
    }
}

/// Rows of marked tiles, with those of the same columns below them.
fn joined(marks: &[bool], size: Grid, side: usize) -> Vec<Rect> {
    let mut rects: Vec<Rect> = Vec::new();
    // Rectangles that end with the row before, in the order of their columns.
    let mut open: Vec<usize> = Vec::new();
    for (row, marks) in marks.chunks(size.columns.max(1)).enumerate() {
        let mut next = Vec::new();
        for (from, to) in spans(marks) {
            let (x, width) = (pixels(from, side), pixels(to - from, side));
            let above = open.iter().copied().find(|at| rects[*at].x == x && rects[*at].width == width);
            next.push(above.unwrap_or(rects.len()));
            match above {
                Some(at) => rects[at].height = rects[at].height.saturating_add(side as u16),
                None => rects.push(Rect { x, y: pixels(row, side), width, height: side as u16 }),
            }
        }
        open = next;
    }
    rects
}

fn pixels(tiles: usize, side: usize) -> u16 {
    (tiles * side).min(usize::from(u16::MAX)) as u16
}

fn spans(marks: &[bool]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let from = at + marks[at..].iter().position(|mark| *mark)?;
        at = from + marks[from..].iter().position(|mark| !*mark).unwrap_or(marks.len() - from);
        Some((from, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rects(size: Size, marked: &[usize]) -> Vec<(u16, u16, u16, u16)> {
        let mut tiles = Tiles::new(size, false);
        marked.iter().for_each(|tile| tiles.mark(*tile));
        tiles.rects().iter().map(|rect| (rect.x, rect.y, rect.width, rect.height)).collect()
    }

    #[test]
    fn neighbours_become_one_rectangle() {
        // Five columns and three rows.
        let size = Size::new(80, 48);
        assert_eq!(rects(size, &[]), []);
        assert_eq!(rects(size, &[0, 1, 5, 6]), [(0, 0, 32, 32)]);
        assert_eq!(rects(size, &[0, 6]), [(0, 0, 16, 16), (16, 16, 16, 16)]);
        assert_eq!(rects(size, &[0, 1, 3, 5, 6, 8, 13]), [(0, 0, 32, 32), (48, 0, 16, 48)]);
        assert_eq!(Tiles::new(size, true).rects().len(), 1);
    }

    #[test]
    fn very_many_become_fewer_and_cover_them_all() {
        let size = Size::new(1920, 1080);
        let board: Vec<usize> =
            (0..Grid::of(size).area()).filter(|tile| (tile + tile / 120) % 2 == 0).collect();
        let mut tiles = Tiles::new(size, false);
        board.iter().for_each(|tile| tiles.mark(*tile));
        let rects = tiles.rects();
        assert!(rects.len() <= MAX_RECTS);
        let mut left = tiles.clone();
        rects.iter().for_each(|rect| _ = left.take(*rect));
        assert!(left.is_empty());
    }

    #[test]
    fn an_area_is_taken_and_the_rest_stays() {
        let mut tiles = Tiles::new(Size::new(64, 64), true);
        let taken = tiles.take(Rect { x: 10, y: 0, width: 10, height: 65535 });
        assert_eq!(taken.rects(), [Rect { x: 0, y: 0, width: 32, height: 64 }]);
        assert_eq!(tiles.rects(), [Rect { x: 32, y: 0, width: 32, height: 64 }]);
        assert!(!tiles.touches(Rect { x: 0, y: 0, width: 32, height: 64 }));
        assert!(!tiles.touches(Rect { x: 40, y: 0, width: 0, height: 64 }));
        assert!(tiles.touches(Rect { x: 0, y: 0, width: 33, height: 1 }));
        assert!(tiles.take(Rect { x: 65535, y: 65535, width: 65535, height: 65535 }).is_empty());
    }
}
