//! The two clocks of a process, and how one reads on the other.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970; 0 for a clock that stands before it.
pub(crate) fn unix_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

/// What the system's clock showed at `instant`.
pub(crate) fn system(instant: Instant) -> SystemTime {
    SystemTime::now() - instant.elapsed()
}

/// What the system's clock showed at `instant`, in microseconds since 1970.
pub(crate) fn system_us(instant: Instant) -> u64 {
    unix_us().saturating_sub(instant.elapsed().as_micros() as u64)
}

/// Seconds since 1970.
pub(crate) fn unix_s() -> u64 {
    unix_us() / 1_000_000
}
