//! Signals and pipes, waited for with a bound.

use std::{
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM},
    flag,
    iterator::{backend::SignalDelivery, exfiltrator::SignalOnly},
};

/// The signals a supervisor lives by.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    is_end_asked: Arc<AtomicBool>,
}

impl Signals {
    /// Catches SIGTERM, SIGINT, SIGHUP and SIGCHLD from now on.
    ///
    /// # Errors
    /// What the system says; there may be no more file descriptors.
    pub fn catch() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let is_end_asked = Arc::new(AtomicBool::new(false));
        for signal in ENDS {
            flag::register(signal, Arc::clone(&is_end_asked))?;
        }
        let caught = ENDS.iter().chain(&[SIGCHLD]);
        Ok(Self { delivery: SignalDelivery::with_pipe(read, write, SignalOnly, caught)?, is_end_asked })
    }

    /// Waits until a signal comes, or so long.
    pub fn wait(&self, bound: Duration) {
        wait_for(self.delivery.get_read(), bound);
    }

    /// Whether somebody asked for the end, at any time.
    pub fn is_end_asked(&self) -> bool {
        self.is_end_asked.load(Ordering::Relaxed)
    }

    /// How often the end was asked for since the last call.
    pub fn requests(&mut self) -> usize {
        self.delivery.pending().filter(|signal| *signal != SIGCHLD).count()
    }
}

/// Whether a read would return at once.
pub fn is_readable(source: &impl AsFd) -> bool {
    wait_for(source, Duration::ZERO)
}

fn wait_for(source: &impl AsFd, bound: Duration) -> bool {
    let timeout =
        Timespec { tv_sec: bound.as_secs().cast_signed(), tv_nsec: i64::from(bound.subsec_nanos()) };
    let mut sources = [PollFd::new(source, PollFlags::IN)];
    poll(&mut sources, Some(&timeout)).is_ok_and(|count| count > 0)
}

/// The signals that ask for the end.
const ENDS: [i32; 3] = [SIGTERM, SIGINT, SIGHUP];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    fn a_child_that_ended_does_not_ask_for_the_end() {
        let mut signals = Signals::catch().unwrap();
        raise(SIGCHLD).unwrap();
        signals.wait(Duration::from_secs(10));
        assert!(!signals.is_end_asked());
        assert_eq!(signals.requests(), 0);
        raise(SIGHUP).unwrap();
        assert!(signals.is_end_asked());
        assert_eq!(signals.requests(), 1);
        assert!(signals.is_end_asked(), "whoever looks later knows it too");
    }
}
