//! The picture that all viewers of RFB are shown: one copy, to which the video thread adds what has changed.

use std::{
    ops::Range,
    sync::{
        PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use cosmos_desktop::{Frame, Rect, Size};
use tokio::sync::watch;

use super::tiles::{Grid, SIDE, Tiles};

/// The newest picture.
pub(crate) struct Screen {
    shown: RwLock<Shown>,
    version: watch::Sender<u64>,
    /// Whether a frame was passed over since the last one that is shown here.
    stale: AtomicBool,
}

struct Shown {
    size: Size,
    bgrx: Vec<u8>,
    /// The version in which each tile changed last.
    tiles: Vec<u64>,
    version: u64,
}

impl Screen {
    pub(super) fn new() -> Self {
        let shown = Shown { size: Size::new(0, 0), bgrx: Vec::new(), tiles: Vec::new(), version: 0 };
        Self { shown: RwLock::new(shown), version: watch::Sender::new(0), stale: AtomicBool::new(true) }
    }

    /// Whether a frame is needed although nothing may have changed since the last one: what is shown here is not what is
    /// to be seen. [`watch`](Self::watch) tells when it is.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale.load(Relaxed)
    }

    /// A frame was captured that is not shown here.
    pub(crate) fn pass(&self) {
        self.stale.store(true, Relaxed);
    }

    /// Shows a frame. Costs as much as has changed.
    pub(crate) fn show(&self, frame: &Frame<'_>) {
        let all = [frame.size.rect()];
        let was_stale = self.is_stale();
        let damage = if was_stale { &all } else { frame.damage };
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let version = shown.version + 1;
        let differs = shown.show(frame, damage, version);
        if differs {
            shown.version = version;
        }
        // Whoever does not want what is stale waits for this.
        self.stale.store(false, Relaxed);
        if differs || was_stale {
            self.version.send_replace(shown.version);
        }
    }

    /// Tells when there is another picture.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The size of the picture; `None` while there is none.
    pub(super) fn size(&self) -> Option<Size> {
        let shown = self.read();
        (shown.version > 0).then_some(shown.size)
    }

    /// Marks what is newer than `version`, and returns the version of now. A picture of another size is new as a whole:
    /// `tiles` becomes one of this size then.
    pub(super) fn changes(&self, version: u64, size: &mut Size, tiles: &mut Tiles) -> u64 {
        let shown = self.read();
        if *size != shown.size {
            *size = shown.size;
            *tiles = Tiles::new(shown.size, true);
        }
        if version != shown.version {
            let newer = shown.tiles.iter().enumerate().filter(|(_, changed)| **changed > version);
            newer.for_each(|(tile, _)| tiles.mark(tile));
        }
        shown.version
    }

    /// Copies parts of the picture to their places in `bgrx`, a picture of this size; `false` where the size is another
    /// one by now.
    pub(super) fn copy(&self, rects: &[Rect], size: Size, bgrx: &mut Vec<u8>) -> bool {
        let shown = self.read();
        if shown.size != size {
            return false;
        }
        bgrx.resize(shown.bgrx.len(), 0);
        let stride = 4 * usize::from(size.width);
        for rect in rects.iter().map(|rect| rect.clip(size)) {
            for row in row_ranges(rect, stride) {
                bgrx[row.clone()].copy_from_slice(&shown.bgrx[row]);
            }
        }
        true
    }

    fn read(&self) -> RwLockReadGuard<'_, Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// Returns whether anything differs.
    fn show(&mut self, frame: &Frame<'_>, damage: &[Rect], version: u64) -> bool {
        let size = frame.size;
        let mut differs = self.size != size;
        if differs {
            self.size = size;
            self.bgrx = vec![0; 4 * size.area()];
            self.tiles = vec![version; Grid::of(size).area()];
        }
        let stride = 4 * usize::from(size.width);
        let columns = Grid::of(size).columns;
        for rect in damage {
            let rect = whole_tiles(*rect, size);
            let first = usize::from(rect.x) / SIDE;
            for (row, y) in row_ranges(rect, stride).zip(rect.y..) {
                let at = usize::from(y) * frame.stride + 4 * usize::from(rect.x);
                let (ours, theirs) = (&mut self.bgrx[row.clone()], &frame.bgrx[at..at + row.len()]);
                if ours != theirs {
                    let tiles = &mut self.tiles[usize::from(y) / SIDE * columns + first..];
                    copy_tiles(ours, theirs, tiles, version);
                    differs = true;
                }
            }
        }
        differs
    }
}

/// One row of pixels, of which each tile is compared.
fn copy_tiles(ours: &mut [u8], theirs: &[u8], tiles: &mut [u64], version: u64) {
    for ((ours, theirs), tile) in ours.chunks_mut(4 * SIDE).zip(theirs.chunks(4 * SIDE)).zip(tiles) {
        // Where one row differs, most do: to copy one takes no longer than to compare it.
        if *tile == version || ours != theirs {
            ours.copy_from_slice(theirs);
            *tile = version;
        }
    }
}

/// The rectangle and the rest of the tiles that it touches, within `size`.
fn whole_tiles(rect: Rect, size: Size) -> Rect {
    let side = SIDE as u16;
    let (x, y) = (rect.x / side * side, rect.y / side * side);
    let reach = |from: u16, to: u32| {
        (to.next_multiple_of(side.into()) - u32::from(from)).min(u32::from(u16::MAX)) as u16
    };
    Rect { x, y, width: reach(x, rect.right()), height: reach(y, rect.bottom()) }.clip(size)
}

/// Where each row of a rectangle lies among the bytes of a picture.
pub(super) fn row_ranges(rect: Rect, stride: usize) -> impl Iterator<Item = Range<usize>> {
    let (from, length) = (4 * usize::from(rect.x), 4 * usize::from(rect.width));
    (usize::from(rect.y)..rect.bottom() as usize).map(move |y| y * stride + from..y * stride + from + length)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn show(screen: &Screen, size: Size, paint: impl Fn(u16, u16) -> u8, damage: &[Rect]) {
        let stride = 4 * usize::from(size.width) + 8;
        let mut bgrx = vec![0x77; stride * usize::from(size.height)];
        for (row, y) in bgrx.chunks_mut(stride).zip(0..) {
            row[..4 * usize::from(size.width)]
                .chunks_mut(4)
                .zip(0..)
                .for_each(|(pixel, x)| pixel.fill(paint(x, y)));
        }
        screen.show(&Frame { size, stride, bgrx: &bgrx, damage, captured: Instant::now() });
    }

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn only_what_differs_is_new() {
        let (screen, size) = (Screen::new(), Size::new(70, 40));
        show(&screen, size, |_, _| 1, &[]);
        let (mut seen, mut tiles) = (Size::new(0, 0), Tiles::default());
        let version = screen.changes(0, &mut seen, &mut tiles);
        assert_eq!((seen, tiles.rects().len()), (size, 1), "the first frame is new as a whole");

        let dot = |x, y| if (x, y) == (66, 33) { 9 } else { 1 };
        show(&screen, size, dot, &[rect(30, 30, 40, 10), rect(0, 0, 65535, 1)]);
        let mut tiles = Tiles::new(size, false);
        let version = screen.changes(version, &mut seen, &mut tiles);
        assert_eq!(tiles.rects(), [rect(64, 32, 16, 16)]);
        let mut copy = Vec::new();
        assert!(screen.copy(&tiles.rects(), size, &mut copy));
        assert_eq!(copy[4 * (33 * 70 + 66)], 9);

        show(&screen, size, dot, &[size.rect()]);
        let mut tiles = Tiles::new(size, false);
        assert_eq!(
            screen.changes(version, &mut seen, &mut tiles),
            version,
            "nothing differs, so nothing is new"
        );
        assert!(tiles.is_empty());
    }

    #[test]
    fn what_was_passed_over_is_looked_for_everywhere() {
        let (screen, size) = (Screen::new(), Size::new(32, 32));
        assert!(screen.is_stale());
        show(&screen, size, |_, _| 1, &[]);
        assert!(!screen.is_stale());
        screen.pass();
        show(&screen, size, |x, _| if x < 16 { 2 } else { 1 }, &[]);
        let (mut seen, mut tiles) = (size, Tiles::new(size, false));
        screen.changes(1, &mut seen, &mut tiles);
        assert_eq!(tiles.rects(), [rect(0, 0, 16, 32)]);
    }

    #[test]
    fn whoever_waits_for_what_is_not_stale_is_told_though_it_is_the_same() {
        let (screen, size) = (Screen::new(), Size::new(32, 32));
        show(&screen, size, |_, _| 1, &[]);
        let mut changed = screen.watch();
        show(&screen, size, |_, _| 1, &[size.rect()]);
        assert!(!changed.has_changed().unwrap_or(true));
        screen.pass();
        show(&screen, size, |_, _| 1, &[]);
        assert!(changed.has_changed().unwrap_or(false) && !screen.is_stale());
        assert_eq!(*changed.borrow_and_update(), 1, "it is no other picture");
    }

    #[test]
    fn another_size_is_another_picture() {
        let (screen, size) = (Screen::new(), Size::new(32, 32));
        assert_eq!(screen.size(), None);
        show(&screen, size, |_, _| 1, &[]);
        show(&screen, Size::new(64, 16), |_, _| 1, &[]);
        let (mut seen, mut tiles) = (size, Tiles::new(size, false));
        screen.changes(1, &mut seen, &mut tiles);
        assert_eq!((seen, tiles.rects()), (Size::new(64, 16), vec![rect(0, 0, 64, 16)]));
        assert!(!screen.copy(&[], size, &mut Vec::new()));
        assert_eq!(screen.size(), Some(seen));
    }
}
