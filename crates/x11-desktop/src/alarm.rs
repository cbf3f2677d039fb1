//! A wait for a connection, a deadline or another thread, whichever comes first.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Instant};

use cosmos_desktop::Waker;
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, eventfd, poll},
    fd::{AsFd, BorrowedFd},
    fs::Timespec,
    io::Errno,
};

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The connection has something to read, or is gone.
    Readable,
    /// The alarm rang.
    Rung,
    /// The deadline passed.
    Late,
}

/// An eventfd that other threads ring through [`Waker`]s.
pub(crate) struct Alarm(Arc<OwnedFd>);

impl Alarm {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)))
    }

    pub(crate) fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.0);
        // The only failure is a counter that is full, and then it rings already.
        Arc::new(move || {
            let _ = rustix::io::write(&*bell, &1_u64.to_ne_bytes());
        })
    }

    /// Takes back a ring that nobody has waited for.
    pub(crate) fn hush(&self) {
        // The only failure is that there is none.
        let _ = rustix::io::read(&*self.0, &mut [0_u8; 8]);
    }

    /// Waits until `connection` is readable, the alarm rang or `deadline` passed. A ring is used up by one wait, and
    /// goes before what there is to read.
    pub(crate) fn wait(&self, connection: impl AsFd, deadline: Instant) -> io::Result<Woken> {
        loop {
            let mut fds = [
                PollFd::new(&connection, PollFlags::IN),
                PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN),
            ];
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
            match poll(&mut fds, Some(&timeout)) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(0) => return Ok(Woken::Late),
                Ok(_) if fds[1].revents().is_empty() => return Ok(Woken::Readable),
                Ok(_) => {
                    self.hush();
                    return Ok(Woken::Rung);
                }
            }
        }
    }
}

impl AsFd for Alarm {
    /// Readable while it rings.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixStream, thread, time::Duration};

    use super::*;

    #[test]
    fn a_ring_before_the_wait_ends_it_once() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let alarm = Alarm::new().unwrap();
        let waker = alarm.waker();
        waker();
        waker();
        let far = Instant::now() + Duration::from_secs(30);
        assert_eq!(alarm.wait(&ours, far).unwrap(), Woken::Rung);
        assert!(Instant::now() < far);
        let near = Instant::now() + Duration::from_millis(20);
        assert_eq!(alarm.wait(&ours, near).unwrap(), Woken::Late);
        assert!(Instant::now() >= near);
    }

    #[test]
    fn a_ring_from_another_thread_and_a_lost_peer_end_the_wait() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let alarm = Alarm::new().unwrap();
        let waker = alarm.waker();
        let far = Instant::now() + Duration::from_secs(30);
        let thread = thread::spawn(move || waker());
        assert_eq!(alarm.wait(&ours, far).unwrap(), Woken::Rung);
        thread.join().unwrap();
        drop(theirs);
        assert_eq!(alarm.wait(&ours, far).unwrap(), Woken::Readable);
    }
}
