//! What must happen in a child between fork and exec, and what only the C library knows.
#![allow(unsafe_code)]

use std::{
    ffi::CString,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::Command,
    ptr::null_mut,
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    process::{Pid, Signal, getppid, set_parent_process_death_signal, setsid},
};

/// Makes the child the leader of its own session, and lets the kernel end it when the thread that spawned it
/// ends: a supervisor that is killed takes its services along. The child keeps these descriptors, under their numbers.
pub fn detach(command: &mut Command, parent: Pid, kept: Vec<OwnedFd>) {
    // SAFETY: the closure runs in the forked child before exec. It calls setsid, fcntl, prctl and getppid only, which
    // are async-signal-safe, and neither allocates nor touches memory shared with other threads. The descriptors are
    // open, as the closure owns them.
    unsafe {
        command.pre_exec(move || {
            kept.iter().try_for_each(|kept| fcntl_setfd(kept, FdFlags::empty()))?;
            setsid()?;
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the request was made.
            if getppid() == Some(parent) { Ok(()) } else { Err(std::io::ErrorKind::Interrupted.into()) }
        });
    }
}

/// Whether programs can use the locale of this name.
pub fn is_locale(name: &str) -> bool {
    let Ok(name) = CString::new(name) else { return false };
    // SAFETY: the name ends with a zero byte and lives through the call, and there is no base to change.
    let locale = unsafe { libc::newlocale(libc::LC_ALL_MASK, name.as_ptr(), null_mut()) };
    if !locale.is_null() {
        // SAFETY: it was just made, and nothing else knows of it.
        unsafe { libc::freelocale(locale) };
    }
    !locale.is_null()
}
