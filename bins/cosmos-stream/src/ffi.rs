//! Taking over a descriptor that was left open for this process.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{FromRawFd, OwnedFd, RawFd},
};

/// The descriptor of this number, which is closed when dropped. To be called before this process opens anything, so
/// that nothing but what was inherited can have the number.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] where nothing is open under it.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    std::fs::symlink_metadata(format!("/proc/self/fd/{number}"))?;
    // SAFETY: it is open, as was just seen, and it was inherited, so that nothing in this process owns it: see above.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
