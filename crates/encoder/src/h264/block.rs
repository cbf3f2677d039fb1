//! Differences of blocks as levels and back: the transform of ITU-T H.264, 8.5, in both directions.

/// Levels of a block in zigzag order.
pub(super) type Levels = [i16; 16];

/// Where the levels of a block of 4x4 lie, in the order in which they are coded (8.5.6).
const ZIGZAG: [usize; 16] = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

/// What coefficients are multiplied by, shifted by 15 bits: for those at even rows and columns, at odd ones, and the others,
/// by the remainder of the quantizer by six. The inverse of table 8-15's norms and the transform's.
const SCALE: [[i32; 3]; 6] = [
    [13107, 5243, 8066],
    [11916, 4660, 7490],
    [10082, 4194, 6554],
    [9362, 3647, 5825],
    [8192, 3355, 5243],
    [7282, 2893, 4559],
];

/// What levels stand for, at the same places (8.5.9).
const STEPS: [[i32; 3]; 6] =
    [[10, 16, 13], [11, 18, 14], [13, 20, 16], [14, 23, 18], [16, 25, 20], [18, 29, 23]];

/// A quantizer, 0 to 51.
#[derive(Clone, Copy)]
pub(super) struct Quantizer {
    scale: [i32; 3],
    steps: [i32; 3],
    /// Steps are doubled so often.
    doubled: u32,
}

/// Which of the three a coefficient has.
fn class(at: usize) -> usize {
    match (at / 4 % 2, at % 2) {
        (0, 0) => 0,
        (1, 1) => 1,
        _ => 2,
    }
}

impl Quantizer {
    pub(super) fn new(qp: i32) -> Self {
        let qp = qp.clamp(0, 51) as usize;
        Self { scale: SCALE[qp % 6], steps: STEPS[qp % 6], doubled: qp as u32 / 6 }
    }

    /// The levels of a block, without the first one where that is coded apart.
    pub(super) fn levels(self, coefficients: &[i32; 16], from: usize) -> Levels {
        let mut levels = [0; 16];
        for (level, at) in levels.iter_mut().zip(ZIGZAG).skip(from) {
            *level = self.level(coefficients[at], self.scale[class(at)], 0);
        }
        levels
    }

    /// The levels of the first coefficients of one colour's four blocks (8.5.11).
    pub(super) fn first_levels(self, first: [i32; 4]) -> [i16; 4] {
        crossed(first).map(|value| self.level(value, self.scale[0], 1))
    }

    /// The only level of a macroblock that differs everywhere by as much from what it is predicted from (8.5.10).
    pub(super) fn even_level(self, difference: i32) -> i16 {
        self.level(128 * difference, self.scale[0], 1)
    }

    /// The difference that it stands for.
    pub(super) fn even_difference(self, level: i16) -> i32 {
        let value = i32::from(level) * 16 * self.steps[0];
        let coefficient = match self.doubled.checked_sub(6) {
            Some(more) => value << more,
            None => (value + (1 << (5 - self.doubled))) >> (6 - self.doubled),
        };
        (coefficient + 32) >> 6
    }

    /// The coefficients that levels stand for, the first one as it is where that is coded apart.
    pub(super) fn coefficients(self, levels: &Levels, first: Option<i32>) -> [i32; 16] {
        let mut coefficients = [0; 16];
        for (level, at) in levels.iter().zip(ZIGZAG) {
            coefficients[at] = (i32::from(*level) * self.steps[class(at)]) << self.doubled;
        }
        coefficients[0] = first.unwrap_or(coefficients[0]);
        coefficients
    }

    /// The first coefficients of one colour's four blocks.
    pub(super) fn first_coefficients(self, levels: [i16; 4]) -> [i32; 4] {
        crossed(levels.map(i32::from)).map(|value| ((value * 16 * self.steps[0]) << self.doubled) >> 5)
    }

    fn level(self, value: i32, scale: i32, more: u32) -> i16 {
        let shift = 15 + self.doubled + more;
        let magnitude = (value.unsigned_abs() * scale.unsigned_abs() + (1 << shift) / 3) >> shift;
        let magnitude = magnitude.min(i16::MAX as u32) as i16;
        if value < 0 { -magnitude } else { magnitude }
    }
}

/// The transform of a block of differences, row by row.
pub(super) fn transform(mut block: [i32; 16]) -> [i32; 16] {
    for (first, step) in [(4, 1), (1, 4)] {
        for line in 0..4 {
            let at = [0, 1, 2, 3].map(|place| line * first + place * step);
            let [a, b, c, d] = at.map(|at| block[at]);
            let (outer, inner) = (a + d, b + c);
            let (far, near) = (a - d, b - c);
            for (at, value) in
                at.into_iter().zip([outer + inner, 2 * far + near, outer - inner, far - 2 * near])
            {
                block[at] = value;
            }
        }
    }
    block
}

/// The differences that coefficients stand for (8.5.12.2).
pub(super) fn invert(mut block: [i32; 16]) -> [i32; 16] {
    for (first, step) in [(4, 1), (1, 4)] {
        for line in 0..4 {
            let at = [0, 1, 2, 3].map(|place| line * first + place * step);
            let [a, b, c, d] = at.map(|at| block[at]);
            let (even, odd) = (a + c, a - c);
            let (low, high) = ((b >> 1) - d, b + (d >> 1));
            for (at, value) in at.into_iter().zip([even + high, odd + low, odd - low, even - high]) {
                block[at] = value;
            }
        }
    }
    block.map(|value| (value + 32) >> 6)
}

/// Sums and differences of four (8.5.11.1).
fn crossed([a, b, c, d]: [i32; 4]) -> [i32; 4] {
    [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_difference_is_one_coefficient_and_a_level_of_its_steps() {
        let flat = transform([100; 16]);
        assert_eq!((flat[0], flat[1..].iter().any(|value| *value != 0)), (1600, false));
        // Steps double every six quantizers; at 4 one is a whole level of brightness (table 8-15 and 8.5.12).
        for (qp, level) in [(4, 400), (10, 200), (16, 100), (22, 50), (28, 25)] {
            assert_eq!(Quantizer::new(qp).levels(&flat, 0)[0], level, "{qp}");
            assert_eq!(Quantizer::new(qp).levels(&flat, 1), [0; 16], "{qp}");
            assert_eq!(Quantizer::new(qp).first_levels([-1600; 4]), [-2 * level, 0, 0, 0], "{qp}");
        }
    }

    #[test]
    fn what_is_quantized_comes_back_within_a_step() {
        let mut seed = 1_u32;
        let mut block = [0; 16].map(|_: i32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as i32 - 128
        });
        for qp in 0..30 {
            let quantizer = Quantizer::new(qp);
            block.rotate_left(1);
            let levels = quantizer.levels(&transform(block), 0);
            let back = invert(quantizer.coefficients(&levels, None));
            // A step of the quantizer is 5/8 at 0 and doubles with every six.
            let step = (0.625 * 2_f64.powf(f64::from(qp) / 6.0)).ceil() as i32;
            let worst = back.iter().zip(block).map(|(is, was)| (is - was).abs()).max();
            assert!(worst <= Some(step + 1), "{qp}: {worst:?}");
            for difference in [-255, -100, -3, 0, 1, 40, 219] {
                let is = quantizer.even_difference(quantizer.even_level(difference));
                assert!((is - difference).abs() <= step, "{qp}: {difference} {is}");
            }
            let first = [900, -300, 40, 7].map(|value| 16 * value);
            let back = quantizer.first_coefficients(quantizer.first_levels(first)).map(|value| value / 64);
            for (is, was) in back.into_iter().zip(first) {
                assert!((is - was / 16).abs() <= 2 * step + 1, "{qp}: {back:?}");
            }
        }
    }

    #[test]
    fn levels_are_in_zigzag_order() {
        for (place, at) in ZIGZAG.into_iter().enumerate() {
            let mut coefficients = [0; 16];
            coefficients[at] = 4000;
            let levels = Quantizer::new(20).levels(&coefficients, 0);
            assert_eq!(levels.iter().position(|level| *level != 0), Some(place));
        }
        assert_eq!(ZIGZAG.iter().sum::<usize>(), 120);
    }
}
