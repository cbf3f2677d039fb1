//! Timings that follow from a size and a rate, by formula.

mod cvt;
mod gtf;
mod ovt;
mod request;
mod vesa;
mod xorg;

pub use cvt::{Blanking, Cvt, ReducedV3};
pub use gtf::{Gtf, GtfCurve};
pub use ovt::ovt;
pub use request::{GenerateError, ModeRequest};

use crate::modeline::Modeline;
use crate::timing::{Axis, Scan};

/// Pixels of a character cell, which CVT and GTF round widths to.
const CELL: u32 = 8;

/// The parts of one direction as a formula leaves them: in pixels, or in lines of a field.
#[derive(Clone, Copy)]
struct Parts {
    active: u32,
    front: i64,
    sync: i64,
    back: i64,
}

impl Parts {
    /// `None` where there is no room for a part, or the total is more than a modeline can hold.
    fn axis(self) -> Option<Axis> {
        let sync_start = i64::from(self.active) + self.front;
        let sync_end = sync_start + self.sync;
        let total = sync_end + self.back;
        let fits = self.front >= 0
            && self.sync > 0
            && self.back >= 0
            && (1..=i64::from(Modeline::MAX_TOTAL)).contains(&total);
        fits.then_some(Axis {
            active: self.active,
            sync_start: sync_start as u32,
            sync_end: sync_end as u32,
            total: total as u32,
        })
    }

    /// Lines of a frame: two fields and the two halves of a line by which they are shifted.
    const fn of_frame(self, scan: Scan) -> Self {
        match scan {
            Scan::Interlaced => {
                let Self { active, front, sync, back } = self;
                Self { active, front: 2 * front, sync: 2 * sync, back: 2 * back + 1 }
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests;
