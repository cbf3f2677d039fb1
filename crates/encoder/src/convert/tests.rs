use std::time::Instant;

use proptest::prelude::*;

use super::*;

const FORMATS: [Format; 3] = [Format::I420, Format::Nv12, Format::Y444];

#[test]
fn colours_become_bt709_limited() {
    for (bgr, yuv) in [
        ([0, 0, 0], [16, 128, 128]),
        ([255, 255, 255], [235, 128, 128]),
        ([0, 0, 255], [63, 102, 240]),
        ([0, 255, 0], [173, 42, 26]),
        ([255, 0, 0], [32, 240, 118]),
    ] {
        let pixels = [bgr[0], bgr[1], bgr[2], 7].repeat(16);
        for format in FORMATS {
            let (layout, planes) = convert(format, Size::new(4, 4), &pixels, &[Size::new(4, 4).rect()]);
            for (offset, expected) in layout.offsets.into_iter().zip(yuv) {
                let got = planes[offset];
                assert!(got.abs_diff(expected) <= 1, "{format:?} {bgr:?}: {got} {expected}");
            }
        }
    }
}

#[test]
fn every_pixel_is_converted() {
    for format in FORMATS {
        for size in [Size::new(82, 20), Size::new(2, 2), Size::new(300, 6), Size::new(256, 4)] {
            let bgrx = noise(size, 3);
            let (layout, planes) = convert(format, size, &bgrx, &[size.rect()]);
            for (index, pixel) in bgrx.chunks_exact(4).enumerate() {
                let (x, y) = (index % usize::from(size.width), index / usize::from(size.width));
                let [blue, green, red] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
                let luma = 16.0 + (0.2126 * red + 0.7152 * green + 0.0722 * blue) * 219.0 / 255.0;
                let got = f64::from(planes[y * layout.strides[0] + x]);
                assert!((got - luma).abs() <= 0.55, "{format:?} {size} {x},{y}: {got} {luma}");
            }
        }
    }
}

#[test]
fn every_pixel_has_a_colour_of_its_own_where_chroma_is_whole() {
    for size in [Size::new(82, 20), Size::new(2, 2), Size::new(300, 6), Size::new(256, 4)] {
        let bgrx = noise(size, 3);
        let (layout, planes) = convert(Format::Y444, size, &bgrx, &[size.rect()]);
        for (index, pixel) in bgrx.chunks_exact(4).enumerate() {
            let (x, y) = (index % usize::from(size.width), index / usize::from(size.width));
            let [blue, green, red] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
            let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            for (plane, expected) in [(1, (blue - luma) / 1.8556), (2, (red - luma) / 1.5748)] {
                let expected = 128.0 + expected * 224.0 / 255.0;
                let got = f64::from(planes[layout.offsets[plane] + y * layout.strides[1] + x]);
                assert!((got - expected).abs() <= 0.55, "{size} {x},{y}: {got} {expected}");
            }
        }
    }
}

#[test]
fn both_formats_hold_the_same_samples_in_another_order() {
    for size in [Size::new(82, 20), Size::new(2, 2), Size::new(300, 6), Size::new(256, 4)] {
        let bgrx = noise(size, 5);
        let (planar, apart) = convert(Format::I420, size, &bgrx, &[size.rect()]);
        let (paired, pairs) = convert(Format::Nv12, size, &bgrx, &[size.rect()]);
        for y in 0..usize::from(size.height) / 2 {
            for x in 0..usize::from(size.width) / 2 {
                for sample in 1..3 {
                    let left = apart[planar.offsets[sample] + y * planar.strides[1] + x];
                    let right = pairs[paired.offsets[sample] + y * paired.strides[1] + 2 * x];
                    assert!(left.abs_diff(right) <= 1, "{size} {x},{y}: {left} {right}");
                }
            }
        }
    }
}

#[test]
fn several_threads_make_what_one_makes() {
    let size = Size::new(2050, 1538);
    let bgrx = noise(size, 3);
    let part = Rect { x: 64, y: 4, width: 1986, height: 1534 };
    for (format, rect) in FORMATS.into_iter().flat_map(|format| [(format, size.rect()), (format, part)]) {
        let (layout, expected) = convert(format, size, &bgrx, &[rect]);
        for threads in [2, 5, 64] {
            let mut planes = vec![0; layout.len];
            layout.convert_with(threads, &frame(size, &bgrx), &[rect], &mut planes).unwrap();
            assert!(planes == expected, "{format:?} {rect:?}: {threads} threads");
        }
    }
}

#[test]
fn what_did_not_change_costs_nothing() {
    let size = Size::new(256, 40);
    let bgrx = noise(size, 3);
    for format in FORMATS {
        let layout = Layout::new(format, size);
        let mut planes = vec![7; layout.len];
        let damage = [Rect { x: 70, y: 11, width: 9, height: 3 }];
        layout.convert(&frame(size, &bgrx), &damage, &mut planes).unwrap();
        let untouched =
            |rows: std::ops::Range<usize>| planes[rows.start * 256..rows.end * 256].iter().all(|y| *y == 7);
        assert!(untouched(0..10) && !untouched(10..14) && untouched(14..40), "{format:?}");
        let (chroma, stride) = (&planes[layout.offsets[1]..], layout.strides[1]);
        let [first, end, all] = [10, 14, 40].map(|row: usize| (row >> format.halved()) * stride);
        assert!(chroma[..first].iter().all(|sample| *sample == 7), "{format:?}");
        assert!(chroma[first..end].iter().any(|sample| *sample != 7), "{format:?}");
        assert!(chroma[end..all].iter().all(|sample| *sample == 7), "{format:?}");
    }
}

#[test]
fn short_frames_are_refused() {
    let size = Size::new(4, 4);
    for (stride, len, good) in
        [(16, 64, true), (16, 63, false), (15, 64, false), (20, 76, true), (20, 75, false)]
    {
        let bgrx = vec![0; len];
        let frame = Frame { size, stride, bgrx: &bgrx, damage: &[], captured: Instant::now() };
        let layout = Layout::new(Format::Nv12, size);
        let answer = layout.convert(&frame, &[size.rect()], &mut vec![0; layout.len]);
        assert_eq!(answer.is_ok(), good, "{stride} {len}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_changed_is_enough(
        width in 2_u16..300,
        height in 2_u16..70,
        seed: u32,
        rects in prop::collection::vec((0_u16..320, 0_u16..80, 0_u16..250, 0_u16..50), 0..6),
    ) {
        let size = Size::new(width, height);
        let damage = rects.into_iter().map(|(x, y, width, height)| Rect { x, y, width, height }).collect::<Vec<_>>();
        let before = noise(size, seed);
        let mut after = before.clone();
        let other = noise(size, seed ^ 0x5555);
        for rect in &damage {
            paint(size, rect.clip(size), &mut after, &other);
        }
        let frame = frame(size, &after);
        for format in FORMATS {
            let (layout, mut planes) = convert(format, size, &before, &[size.rect()]);
            layout.convert(&frame, &damage, &mut planes).unwrap();
            prop_assert!(planes == convert(format, size, &after, &[size.rect()]).1, "{format:?}");
        }
    }
}

fn frame(size: Size, bgrx: &[u8]) -> Frame<'_> {
    Frame { size, stride: 4 * usize::from(size.width), bgrx, damage: &[], captured: Instant::now() }
}

fn convert(format: Format, size: Size, bgrx: &[u8], damage: &[Rect]) -> (Layout, Vec<u8>) {
    let layout = Layout::new(format, size);
    let mut planes = vec![0; layout.len];
    layout.convert(&frame(size, bgrx), damage, &mut planes).unwrap();
    (layout, planes)
}

fn noise(size: Size, seed: u32) -> Vec<u8> {
    let word = |index: usize| {
        (index as u32 ^ seed).wrapping_mul(0x9e37_79b9).rotate_left(13).wrapping_mul(0x85eb_ca6b)
    };
    (0..4 * size.area()).map(|index| (word(index) >> 24) as u8).collect()
}

fn paint(size: Size, rect: Rect, to: &mut [u8], from: &[u8]) {
    for row in u32::from(rect.y)..rect.bottom() {
        let at = 4 * (row as usize * usize::from(size.width) + usize::from(rect.x));
        let end = at + 4 * usize::from(rect.width);
        to[at..end].copy_from_slice(&from[at..end]);
    }
}
