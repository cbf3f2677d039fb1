//! A secret that the caller hands over through a descriptor.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::RawFd,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::ffi;

/// Reads the text that waits behind the descriptor of this number, to its end, and closes it. To be called before
/// this process opens anything.
///
/// # Errors
/// What the system says; [`io::ErrorKind::TimedOut`] where nobody ends it within ten seconds, and
/// [`io::ErrorKind::InvalidData`] where it is longer than 4096 bytes or no text.
pub fn read(number: RawFd) -> io::Result<String> {
    let mut source = File::from(ffi::inherited(number)?);
    let ends = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut buffer = [0; MOST_BYTES + 1];
    loop {
        wait(&source, ends)?;
        match source.read(&mut buffer)? {
            0 => break,
            length => bytes.extend_from_slice(&buffer[..length]),
        }
        if bytes.len() > MOST_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn wait(source: &File, ends: Instant) -> io::Result<()> {
    let left = ends.saturating_duration_since(Instant::now());
    let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: i64::from(left.subsec_nanos()) };
    match poll(&mut [PollFd::new(source, PollFlags::IN)], Some(&left))? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

const MOST_BYTES: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(10);
