//! What must happen in a child between fork and exec.
#![allow(unsafe_code)]

use std::{os::unix::process::CommandExt, process::Command};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal, setsid};

/// Makes the child the leader of its own session, and lets the kernel end it when the thread that spawned it
/// ends: a supervisor that is killed takes its services along.
pub fn detach(command: &mut Command, parent: Pid) {
    // SAFETY: the closure runs in the forked child before exec. It calls setsid, prctl and getppid only, which
    // are async-signal-safe, and neither allocates nor touches memory shared with other threads.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the request was made.
            if getppid() == Some(parent) { Ok(()) } else { Err(std::io::ErrorKind::Interrupted.into()) }
        });
    }
}
