//! Which pixels to fetch: damage as few rectangles, and as bands of whole rows.

use cosmos_desktop::Rect;

/// As many rectangles as one picture comes with, at most.
pub(crate) const MAX_RECTS: usize = 16;

/// More than this are first joined with their neighbours, so that the search for the best pair stays cheap.
const MAX_COMPARED: usize = 48;

/// Bands nearer than this are fetched as one: a request costs more than these rows.
const BAND_GAP: u32 = 8;

/// Rows from `y` to `y + height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) y: u16,
    pub(crate) height: u16,
}

/// Joins rectangles until at most [`MAX_RECTS`] are left that cover the same pixels and as few others as possible.
pub(crate) fn merge(rects: &mut Vec<Rect>) {
    while rects.len() > MAX_COMPARED {
        // They come in order from top to bottom, so neighbours in the list are near on the screen.
        let half = rects.len().div_ceil(2);
        for at in 0..half {
            let second = rects.get(2 * at + 1).copied().unwrap_or(rects[2 * at]);
            rects[at] = join(rects[2 * at], second);
        }
        rects.truncate(half);
    }
    while rects.len() > MAX_RECTS {
        let (first, second) = cheapest_pair(rects);
        rects[first] = join(rects[first], rects[second]);
        rects.swap_remove(second);
    }
}

/// The bands of whole rows that cover these rectangles, from top to bottom.
pub(crate) fn bands(rects: &[Rect], bands: &mut Vec<Band>) {
    bands.clear();
    bands.extend(rects.iter().map(|rect| Band { y: rect.y, height: rect.height }));
    bands.sort_unstable_by_key(|band| band.y);
    bands.dedup_by(|next, band| {
        let bottom = u32::from(band.y) + u32::from(band.height);
        let near = u32::from(next.y) <= bottom + BAND_GAP;
        if near {
            let joined = bottom.max(u32::from(next.y) + u32::from(next.height)) - u32::from(band.y);
            band.height = joined as u16;
        }
        near
    });
}

fn cheapest_pair(rects: &[Rect]) -> (usize, usize) {
    let pairs =
        (0..rects.len()).flat_map(|first| (first + 1..rects.len()).map(move |second| (first, second)));
    pairs.min_by_key(|&(first, second)| waste(rects[first], rects[second])).unwrap_or((0, 1))
}

/// How many pixels more the joined rectangle covers than the two did.
fn waste(a: Rect, b: Rect) -> i64 {
    area(join(a, b)) - area(a) - area(b)
}

fn area(rect: Rect) -> i64 {
    i64::from(rect.width) * i64::from(rect.height)
}

fn join(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let width = (a.right().max(b.right()) - u32::from(x)).min(u16::MAX.into()) as u16;
    let height = (a.bottom().max(b.bottom()) - u32::from(y)).min(u16::MAX.into()) as u16;
    Rect { x, y, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect { x, y, width, height }
    }

    fn covers(outer: &[Rect], inner: Rect) -> bool {
        outer.iter().any(|rect| join(*rect, inner) == *rect)
    }

    #[test]
    fn few_rectangles_stay_as_they_are() {
        let few: Vec<_> = (0..16).map(|n| rect(n * 100, n * 50, 10, 10)).collect();
        let mut merged = few.clone();
        merge(&mut merged);
        assert_eq!(merged, few);
    }

    #[test]
    fn many_rectangles_become_sixteen_that_cover_them() {
        for count in [17, 48, 49, 500] {
            let many: Vec<_> = (0..count).map(|n| rect((n * 37) % 1800, n * 2, 20, 2)).collect();
            let mut merged = many.clone();
            merge(&mut merged);
            assert!(merged.len() <= MAX_RECTS, "{count}");
            assert!(many.iter().all(|small| covers(&merged, *small)), "{count}");
        }
    }

    #[test]
    fn what_lies_together_is_joined_first() {
        let mut rects: Vec<_> = (0..16).map(|n| rect(n * 100, 1000, 5, 5)).collect();
        rects.push(rect(5, 1000, 5, 5));
        merge(&mut rects);
        assert_eq!(rects.len(), 16);
        assert!(rects.contains(&rect(0, 1000, 10, 5)));
    }

    #[test]
    fn bands_cover_rows_once_and_leave_out_the_rest() {
        let mut out = Vec::new();
        for (rects, expected) in [
            (vec![], vec![]),
            (vec![rect(5, 10, 3, 4)], vec![(10, 4)]),
            (vec![rect(0, 50, 9, 10), rect(90, 10, 9, 10)], vec![(10, 10), (50, 10)]),
            (vec![rect(0, 10, 9, 10), rect(90, 12, 9, 20)], vec![(10, 22)]),
            (vec![rect(0, 10, 9, 40), rect(90, 12, 9, 2)], vec![(10, 40)]),
            (vec![rect(0, 10, 9, 10), rect(0, 28, 9, 1), rect(0, 38, 9, 1)], vec![(10, 19), (38, 1)]),
            (vec![rect(0, 0, 1, 65535), rect(0, 65000, 1, 535)], vec![(0, 65535)]),
        ] {
            bands(&rects, &mut out);
            let found: Vec<_> = out.iter().map(|band| (band.y, band.height)).collect();
            assert_eq!(found, expected);
        }
    }
}
