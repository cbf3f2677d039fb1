//! How many threads work on one picture.

use std::thread;

use cosmos_desktop::Size;

/// What was asked for, and the cores there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads {
    asked: Option<u32>,
    cores: u32,
}

/// Up to so many, slices cost few bits for the time they save whatever the size.
const ALWAYS_WORTH_IT: u32 = 4;
/// Beyond them, each has at least so many pixels.
const PIXELS_EACH: usize = 1 << 20;
const MOST: u32 = 64;

impl Threads {
    pub(crate) fn new(asked: Option<u32>) -> Self {
        Self { asked, cores: thread::available_parallelism().map_or(1, |cores| cores.get() as u32) }
    }

    /// For pictures of this size; one core is left to the rest of the machine.
    pub(crate) fn of(self, size: Size) -> u32 {
        let worth = ((size.area() / PIXELS_EACH) as u32).clamp(ALWAYS_WORTH_IT, MOST);
        self.asked.map_or((self.cores - 1).clamp(1, worth), |threads| threads.clamp(1, MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_are_worth_more_threads_where_there_are_cores() {
        let [small, large, huge] = [(1920, 1080), (3840, 2160), (7680, 4320)].map(|(w, h)| Size::new(w, h));
        for (asked, cores, size, expected) in [
            (None, 1, small, 1),
            (None, 2, large, 1),
            (None, 4, large, 3),
            (None, 64, Size::new(2, 2), 4),
            (None, 64, small, 4),
            (None, 8, large, 7),
            (None, 64, large, 7),
            (None, 64, huge, 31),
            (Some(0), 64, small, 1),
            (Some(12), 2, small, 12),
            (Some(u32::MAX), 2, small, 64),
        ] {
            assert_eq!(Threads { asked, cores }.of(size), expected, "{asked:?} {cores} {size}");
        }
    }
}
