//! What has moved up or down: viewers copy it within their own picture, which costs next to nothing.

use cosmos_desktop::{Point, Rect};

use super::screen::row_ranges;

/// A part of the picture that was elsewhere before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: Point,
    pub(super) to: Rect,
}

/// The picture is looked through in strips, so that what stands still beside it, such as a scroll bar, does not matter.
const STRIP: u16 = 64;
/// So many strips tell whether all of it may have moved.
const PROBES: u16 = 5;
/// Lower parts are as quickly written anew.
const LEAST_ROWS: usize = 32;
/// So many rows have to agree on where they came from, and so many of those that are copied have to differ from before.
const LEAST_VOTES: usize = 12;

/// What of `rect` can be copied from elsewhere in it. Both pictures have rows of `stride` bytes, four a pixel.
pub(super) fn find(old: &[u8], new: &[u8], stride: usize, rect: Rect) -> Vec<Moved> {
    let mut found: Vec<Moved> = Vec::new();
    if usize::from(rect.height) < LEAST_ROWS {
        return found;
    }
    for x in (rect.x..rect.right().min(u32::from(u16::MAX)) as u16).step_by(STRIP.into()) {
        let width = (rect.right() - u32::from(x)).min(STRIP.into()) as u16;
        let strip = Rect { x, width, ..rect };
        let [before, after] = [old, new].map(|picture| row_hashes(picture, stride, strip));
        let Some((shift, rows)) = moved_rows(&before, &after) else { continue };
        let to = Rect { y: rect.y + rows.start as u16, height: rows.len() as u16, ..strip };
        let from = Point { x, y: (i32::from(to.y) - shift) as u16 };
        let beside =
            found.last_mut().filter(|last| last.to.right() == u32::from(x) && continues(last, from, to));
        match beside {
            Some(last) => last.to.width += width,
            None => found.push(Moved { from, to }),
        }
    }
    found
}

/// What of `rect` can be copied from elsewhere in it in its whole width. Viewers take as long for a narrow copy as for a
/// wide one.
pub(super) fn find_whole(old: &[u8], new: &[u8], stride: usize, rect: Rect) -> Option<Moved> {
    if !may_have_moved(old, new, stride, rect) {
        return None;
    }
    let [before, after] = [old, new].map(|picture| row_hashes(picture, stride, rect));
    let (shift, rows) = moved_rows(&before, &after)?;
    let to = Rect { y: rect.y + rows.start as u16, height: rows.len() as u16, ..rect };
    let from = Point { x: rect.x, y: (i32::from(to.y) - shift) as u16 };
    let source = row_ranges(Rect { x: from.x, y: from.y, ..to }, stride);
    let is_there = source.zip(row_ranges(to, stride)).all(|(from, to)| old[from] == new[to]);
    (rows.len() * 2 > before.len() && is_there).then_some(Moved { from, to })
}

/// Whether one of a few columns moved: most of what changes elsewhere did not, and costs little here.
fn may_have_moved(old: &[u8], new: &[u8], stride: usize, rect: Rect) -> bool {
    (1..=PROBES).any(|probe| {
        let x = rect.x + (u32::from(rect.width) * u32::from(probe) / u32::from(PROBES + 1)) as u16;
        let column = Rect { x, width: STRIP, ..rect };
        let column = Rect { width: column.width.min((rect.right() - u32::from(x)) as u16), ..column };
        let [before, after] = [old, new].map(|picture| row_hashes(picture, stride, column));
        moved_rows(&before, &after).is_some()
    })
}

fn continues(last: &Moved, from: Point, to: Rect) -> bool {
    (last.from.y, last.to.y, last.to.height) == (from.y, to.y, to.height)
}

/// By how many rows most of it moved down, and the longest run of rows that did.
fn moved_rows(before: &[u64], after: &[u64]) -> Option<(i32, std::ops::Range<usize>)> {
    if before.len() < LEAST_ROWS || before == after {
        return None;
    }
    let shift = most_frequent(shifts(before, after))?;
    let source = |row: usize| usize::try_from(row as i32 - shift).ok().and_then(|row| before.get(row));
    let same = |row: &usize| source(*row) == Some(&after[*row]);
    let mut best = 0..0;
    let mut row = 0;
    while row < after.len() {
        let length = (row..after.len()).take_while(same).count();
        if length > best.len() {
            best = row..row + length;
        }
        row += length + 1;
    }
    let differ = best.clone().filter(|row| before[*row] != after[*row]).count();
    (differ >= LEAST_VOTES).then_some((shift, best))
}

/// How far each row moved that was there exactly once before.
fn shifts(before: &[u64], after: &[u64]) -> Vec<i32> {
    let mut known: Vec<(u64, usize)> = before.iter().copied().zip(0..).collect();
    known.sort_unstable();
    let place = |hash: &u64| {
        let at = known.partition_point(|(known, _)| known < hash);
        match (known.get(at), known.get(at + 1)) {
            (Some((known, _)), Some((next, _))) if known == next => None,
            (Some((known, row)), _) if known == hash => Some(*row),
            _ => None,
        }
    };
    let moved = after.iter().zip(0_i32..).filter_map(|(hash, row)| Some(row - place(hash)? as i32));
    moved.collect()
}

fn most_frequent(mut shifts: Vec<i32>) -> Option<i32> {
    shifts.sort_unstable();
    let most = shifts.chunk_by(|a, b| a == b).max_by_key(|same| same.len())?;
    (most.len() >= LEAST_VOTES && most[0] != 0).then_some(most[0])
}

fn row_hashes(picture: &[u8], stride: usize, strip: Rect) -> Vec<u64> {
    let (from, length) = (4 * usize::from(strip.x), 4 * usize::from(strip.width));
    let rows = picture.chunks(stride).skip(strip.y.into()).take(strip.height.into());
    rows.map(|row| hash(&row[from..from + length])).collect()
}

/// Nobody gains by two rows that seem the same: what was copied is compared with what is meant to be there.
fn hash(bytes: &[u8]) -> u64 {
    let add = |hash: u64, pixels: u64| (hash ^ pixels).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    // Four at a time, as none has to wait for another.
    let (fours, rest) = bytes.as_chunks::<32>();
    let mut lanes = [0xcbf2_9ce4_8422_2325, 1, 2, 3];
    for four in fours {
        for (lane, pixels) in lanes.iter_mut().zip(four.as_chunks().0) {
            *lane = add(*lane, u64::from_le_bytes(*pixels));
        }
    }
    let hash = lanes.into_iter().reduce(add).unwrap_or_default();
    rest.iter().fold(hash, |hash, byte| add(hash, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 200;
    const STRIDE: usize = 4 * WIDTH;

    /// Rows of a text that begins with this line: every sixth is blank.
    fn text(first: usize, rows: usize) -> Vec<u8> {
        let pixel = |row: usize, x: usize| {
            let line = first + row;
            let ink = (line * 7919 + x * 31) as u32 % 5;
            if line.is_multiple_of(6) { [0xff; 4] } else { ((ink * 0x0033_1177) ^ line as u32).to_le_bytes() }
        };
        (0..rows).flat_map(|row| (0..WIDTH).flat_map(move |x| pixel(row, x))).collect()
    }

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn what_moved_up_or_down_is_found_as_one_piece() {
        let all = rect(0, 0, 200, 100);
        let (old, up, down) = (text(50, 100), text(63, 100), text(37, 100));
        let moved_up = Moved { from: Point { x: 0, y: 13 }, to: rect(0, 0, 200, 87) };
        assert_eq!(find(&old, &up, STRIDE, all), [moved_up]);
        let moved_down = Moved { from: Point { x: 0, y: 0 }, to: rect(0, 13, 200, 87) };
        assert_eq!(find(&old, &down, STRIDE, all), [moved_down]);
    }

    #[test]
    fn what_stands_still_beside_it_does_not_matter() {
        let (old, mut new) = (text(50, 100), text(63, 100));
        for row in 0..100 {
            let bar = row * STRIDE + 4 * 150..(row + 1) * STRIDE;
            new[bar.clone()].copy_from_slice(&old[bar]);
        }
        let found = find(&old, &new, STRIDE, rect(0, 0, 200, 100));
        assert_eq!(found, [Moved { from: Point { x: 0, y: 13 }, to: rect(0, 0, 128, 87) }]);
    }

    #[test]
    fn what_moves_in_its_whole_width_is_one_copy_though_its_parts_would_be_many() {
        // Blank but for a word here and there, so that few rows of a strip tell how far it moved.
        let sparse = |first: usize| {
            let mut picture = vec![0xff; STRIDE * 120];
            for (at, row) in
                picture.chunks_mut(STRIDE).enumerate().filter(|(at, _)| (at + first).is_multiple_of(3))
            {
                let word = (at + first) * 37 % (WIDTH - 8);
                row[4 * word..4 * word + 4].copy_from_slice(&((at + first) as u32).to_le_bytes());
            }
            picture
        };
        let (old, mut new, all) = (sparse(0), sparse(16), rect(0, 0, 200, 120));
        new[..STRIDE].fill(7);
        let moved = Moved { from: Point { x: 0, y: 17 }, to: rect(0, 1, 200, 103) };
        assert_eq!(find_whole(&old, &new, STRIDE, all), Some(moved));
        assert_ne!(find(&old, &new, STRIDE, all), [moved]);
        assert_eq!(find_whole(&old, &old, STRIDE, all), None);
        assert_eq!(find_whole(&old, &new, STRIDE, rect(0, 0, 200, 40)), None, "less than half of it moved");
    }

    #[test]
    fn what_did_not_move_is_not_copied() {
        let (old, all) = (text(50, 100), rect(0, 0, 200, 100));
        assert_eq!(find(&old, &old, STRIDE, all), []);
        assert_eq!(find(&old, &text(5000, 100), STRIDE, all), []);
        assert_eq!(find(&old, &text(63, 100), STRIDE, rect(0, 0, 200, 20)), []);
        let blank = vec![0xff; old.len()];
        assert_eq!(find(&blank, &old, STRIDE, all), []);
        assert_eq!(find(&old, &blank, STRIDE, all), []);
    }
}
