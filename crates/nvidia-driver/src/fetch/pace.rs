//! Whether bytes come fast enough to be waited for. The time is an argument.

use std::time::Duration;

/// The slowest transfer that is put up with: so many bytes in any stretch of that much waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many bytes; with 0, any transfer is fast enough.
    pub bytes: u64,
    /// Within which time. What the caller itself takes, for writing say, does not count.
    pub within: Duration,
}

/// One MiB a minute: a driver of 400 MB takes seven hours.
impl Default for Pace {
    fn default() -> Self {
        Self { bytes: 1 << 20, within: Duration::from_mins(1) }
    }
}

/// The bytes of the present stretch.
pub(super) struct Meter {
    pace: Pace,
    bytes: u64,
    waited: Duration,
}

impl Meter {
    pub fn new(pace: Pace) -> Self {
        Self { pace, bytes: 0, waited: Duration::ZERO }
    }

    /// Counts bytes and how long they were waited for; whether the transfer is fast enough so far.
    pub fn fast_enough(&mut self, bytes: usize, waited: Duration) -> bool {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.waited = self.waited.saturating_add(waited);
        if self.waited < self.pace.within {
            return true;
        }
        let enough = self.bytes >= self.pace.bytes;
        *self = Self::new(self.pace);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_is_measured_for_itself() {
        let pace = Pace { bytes: 100, within: Duration::from_secs(10) };
        for (pieces, fast) in [
            (&[(1, 9)][..], true),
            (&[(1, 9), (98, 1)], false),
            (&[(1, 9), (99, 1)], true),
            (&[(1_000_000, 10), (99, 10)], false),
            (&[(1_000_000, 10), (99, 9)], true),
            (&[(99, 30)], false),
            (&[(100, 30)], true),
        ] {
            let mut meter = Meter::new(pace);
            let enough =
                pieces.iter().map(|(bytes, secs)| meter.fast_enough(*bytes, Duration::from_secs(*secs)));
            assert_eq!(enough.last(), Some(fast), "{pieces:?}");
        }
    }

    #[test]
    fn with_no_bytes_any_transfer_is_fast_enough() {
        let mut meter = Meter::new(Pace { bytes: 0, within: Duration::ZERO });
        assert!(meter.fast_enough(0, Duration::MAX));
        assert!(meter.fast_enough(1, Duration::MAX));
    }
}
