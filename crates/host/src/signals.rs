//! Signals and pipes, waited for with a bound.

use std::{
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM},
    iterator::{backend::SignalDelivery, exfiltrator::SignalOnly},
};

/// The signals a supervisor lives by.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
}

impl Signals {
    /// Catches SIGTERM, SIGINT, SIGHUP and SIGCHLD from now on.
    ///
    /// # Errors
    /// What the system says; there may be no more file descriptors.
    pub fn catch() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let caught = [SIGTERM, SIGINT, SIGHUP, SIGCHLD];
        Ok(Self { delivery: SignalDelivery::with_pipe(read, write, SignalOnly, caught)? })
    }

    /// Waits until a signal comes, or so long.
    pub fn wait(&self, bound: Duration) {
        wait_for(self.delivery.get_read(), bound);
    }

    /// Whether there is one that nobody looked at yet.
    pub fn is_waiting(&self) -> bool {
        is_readable(self.delivery.get_read())
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
