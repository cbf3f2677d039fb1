//! What must happen in a child between fork and exec.
#![allow(unsafe_code)]

use std::{
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::Command,
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
