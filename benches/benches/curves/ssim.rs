//! How alike two pictures look: the structural similarity of Wang, Bovik, Sheikh and Simoncelli (2004), with square
//! windows of 8 by 8 pixels that lie half over each other.

use cosmos_encoder::Layout;

const SIDE: usize = 8;
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// The mean over the luma planes: 1 for the same picture.
pub fn ssim_luma(layout: &Layout, left: &[u8], right: &[u8]) -> f64 {
    let (width, height) = (usize::from(layout.size.width), usize::from(layout.size.height));
    let (mut sum, mut count) = (0.0, 0.0);
    for y in (0..=height - SIDE).step_by(SIDE / 2) {
        for x in (0..=width - SIDE).step_by(SIDE / 2) {
            let rows = (y..y + SIDE).map(|y| y * layout.strides[0] + x);
            sum += window(rows.flat_map(|at| left[at..at + SIDE].iter().zip(&right[at..at + SIDE])));
            count += 1.0;
        }
    }
    sum / count
}

fn window<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>) -> f64 {
    let [mut a, mut b, mut aa, mut bb, mut ab] = [0_u32; 5];
    for (left, right) in pairs {
        let (left, right) = (u32::from(*left), u32::from(*right));
        (a, b) = (a + left, b + right);
        (aa, bb, ab) = (aa + left * left, bb + right * right, ab + left * right);
    }
    let count = (SIDE * SIDE) as f64;
    let [a, b, aa, bb, ab] = [a, b, aa, bb, ab].map(|sum| f64::from(sum) / count);
    let (variances, covariance) = (aa - a * a + bb - b * b, ab - a * b);
    (2.0 * a * b + C1) * (2.0 * covariance + C2) / ((a * a + b * b + C1) * (variances + C2))
}
