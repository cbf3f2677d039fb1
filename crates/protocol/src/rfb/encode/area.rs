//! A part of the picture in the viewer's pixels.

use cosmos_desktop::Rect;

use super::{Picture, Pixels};

/// Values of the viewer's format, row by row.
#[derive(Default)]
pub(super) struct Area {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<u32>,
}

impl Area {
    /// Becomes this part of the picture.
    pub(super) fn fill(&mut self, picture: Picture<'_>, rect: Rect, pixels: &Pixels) {
        (self.width, self.height) = (rect.width.into(), rect.height.into());
        self.values.clear();
        self.values.reserve(self.width * self.height);
        picture.rows(rect).for_each(|row| pixels.extend(row, &mut self.values));
    }

    /// Becomes a part of another one.
    pub(super) fn cut(&mut self, from: &Self, x: usize, y: usize, most: usize) {
        (self.width, self.height) = ((from.width - x).min(most), (from.height - y).min(most));
        self.values.clear();
        for row in from.values.chunks(from.width).skip(y).take(self.height) {
            self.values.extend_from_slice(&row[x..x + self.width]);
        }
    }

    /// The parts of it with sides of at most `side`, from left to right and then down.
    pub(super) fn tiles(&self, side: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (width, height) = (self.width, self.height);
        (0..height).step_by(side).flat_map(move |y| (0..width).step_by(side).map(move |x| (x, y)))
    }

    /// Runs of one value, across the ends of rows: the value and how often it comes.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u32, usize)> {
        self.values.chunk_by(|a, b| a == b).map(|run| (run[0], run.len()))
    }
}

/// A rectangle of one value in an area.
pub(super) struct Patch {
    pub(super) value: u32,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Rectangles that together cover all of `area` that is not `background`, at most `most`; `None` when it takes more.
/// `done` is room for one mark a pixel.
pub(super) fn patches(area: &Area, background: u32, most: usize, done: &mut Vec<bool>) -> Option<Vec<Patch>> {
    done.clear();
    done.extend(area.values.iter().map(|value| *value == background));
    let mut patches = Vec::new();
    for at in 0..area.values.len() {
        if done[at] {
            continue;
        }
        if patches.len() == most {
            return None;
        }
        let patch = patch(area, at, done);
        for row in patch.y..patch.y + patch.height {
            let from = row * area.width + patch.x;
            done[from..from + patch.width].fill(true);
        }
        patches.push(patch);
    }
    Some(patches)
}

/// The rectangle that begins at a pixel: as far to the right as it goes, and then down.
fn patch(area: &Area, at: usize, done: &[bool]) -> Patch {
    let (x, y, value) = (at % area.width, at / area.width, area.values[at]);
    let free = |at: usize| !done[at] && area.values[at] == value;
    let width = (x..area.width).take_while(|x| free(y * area.width + x)).count();
    let below = (y + 1..area.height).take_while(|y| (x..x + width).all(|x| free(y * area.width + x)));
    Patch { value, x, y, width, height: 1 + below.count() }
}
