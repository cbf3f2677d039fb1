//! Processes: starting, reaping and finding them, orphans included.

use std::{
    collections::HashMap,
    fs,
    io::{self, Write},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{DumpableBehavior, Pid, Signal, WaitOptions, WaitStatus};

use crate::{ffi, ice, service::Exit};

/// A process that was started, the leader of a session of its own.
#[derive(Debug)]
pub struct Started {
    /// Its process, group and session number.
    pub pid: Pid,
    /// What it writes, where that was asked for.
    pub stdout: Option<ChildStdout>,
}

/// Starts a command in a session of its own, to be ended with this process. It keeps these descriptors.
///
/// # Errors
/// What the system says when there is no such program or no more processes.
pub fn spawn(mut command: Command, kept: Vec<OwnedFd>) -> io::Result<Started> {
    command.stdin(Stdio::null());
    ffi::detach(&mut command, rustix::process::getpid(), kept);
    let child = command.spawn()?;
    let pid = Pid::from_child(&child);
    Ok(Started { pid, stdout: child.stdout })
}

/// Hides the environment and the memory of this process, where secrets are, from other processes of its user: nobody
/// reads or traces them, and no core file is written. What it starts is not hidden.
///
/// # Errors
/// What the kernel says; it cannot fail on Linux 2.6.13 or newer.
pub fn conceal() -> io::Result<()> {
    Ok(rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// The name of a process above this one whose environment holds this text, where programs of the user can read it.
pub fn shown_by(text: &str) -> Option<String> {
    let parent = |pid: &i32| Process::find(*pid).map(|process| process.parent);
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut above =
        std::iter::successors(parent(&own), parent).take(MOST_ANCESTORS).filter_map(Process::find);
    let shows = |process: &Process| {
        let environment =
            fs::read(format!("/proc/{}/environ", process.pid.as_raw_nonzero())).unwrap_or_default();
        let value = |pair: &[u8]| pair.splitn(2, |byte| *byte == b'=').nth(1) == Some(text.as_bytes());
        environment.split(|byte| *byte == 0).any(value)
    };
    above.find(shows).map(|process| process.program())
}

/// A descriptor from which this text can be read once. It is a socket: unlike a pipe, it cannot be opened once more
/// through `/proc` before the one that it is for has read it.
///
/// # Errors
/// What the system says when there are no more descriptors, or the text is longer than the buffer of a socket.
pub fn readable_once(text: &str) -> io::Result<OwnedFd> {
    let (read, mut write) = UnixStream::pair()?;
    write.set_nonblocking(true)?;
    write.write_all(text.as_bytes())?;
    Ok(read.into())
}

/// Starts a process that outlives this one and notices its end: its standard input ends then.
///
/// # Errors
/// What the system says when there is no such program or no more processes.
pub fn spawn_guard(program: &Path, argument: &Path) -> io::Result<ChildStdin> {
    let mut command = Command::new(program);
    command.arg("guard").arg(argument).env_clear().current_dir("/").process_group(0);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    child.stdin.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
}

/// Makes orphans of orphans children of this process, so that none is lost.
///
/// # Errors
/// What the kernel says; it cannot fail on Linux 3.4 or newer.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Collects every child that has ended, without waiting, and what session managers among them left.
pub fn reap() -> Vec<(Pid, Exit)> {
    let mut ended = Vec::new();
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        ice::forget(pid);
        ended.push((pid, exit_of(status)));
    }
    ended
}

/// Signals every descendant of this process that belongs to the session of this leader.
pub fn signal_session(leader: Pid, signal: Signal) {
    let session = leader.as_raw_nonzero().get();
    descendants()
        .iter()
        .filter(|process| process.session == session)
        .for_each(|process| process.signal(signal));
}

/// Ends every descendant of this process: asks, waits up to `grace`, then kills. Bounded by two seconds more.
pub fn end_descendants(grace: Duration) {
    let asked = Instant::now();
    for signal in [Signal::TERM, Signal::KILL] {
        let bound = if signal == Signal::TERM { grace } else { grace + Duration::from_secs(2) };
        loop {
            reap();
            let left = descendants();
            if left.is_empty() {
                return;
            }
            left.iter().for_each(|process| process.signal(signal));
            if asked.elapsed() > bound {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A process as `/proc` shows it.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its number.
    pub pid: Pid,
    /// The number of its parent.
    pub parent: i32,
    /// The number of its session.
    pub session: i32,
    /// When it was started, in ticks of the clock since the machine was. No other process of its number was then.
    pub started: u64,
}

impl Process {
    /// The process of this number, unless there is none or it is a zombie.
    pub fn find(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &text)
    }

    /// Every process that can be seen.
    pub fn all() -> impl Iterator<Item = Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Self::find)
    }

    /// Sends it a signal, if it is still there.
    pub fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process(self.pid, signal);
    }

    /// The name of its program, cut to 15 bytes.
    pub fn program(&self) -> String {
        let path = format!("/proc/{}/comm", self.pid.as_raw_nonzero());
        fs::read_to_string(path).unwrap_or_default().trim_end().to_owned()
    }

    /// Whether it was started with this variable of this value.
    pub fn has_variable(&self, name: &str, value: &Path) -> bool {
        let wanted = [name.as_bytes(), b"=", value.as_os_str().as_bytes()].concat();
        let environment = fs::read(format!("/proc/{}/environ", self.pid.as_raw_nonzero()));
        environment.is_ok_and(|all| all.split(|byte| *byte == 0).any(|variable| variable == wanted))
    }

    /// Reads one line of `/proc/PID/stat`, where the name in parentheses may hold anything.
    fn parse(pid: i32, stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace().collect();
        if matches!(*fields.first()?, "Z" | "X") {
            return None;
        }
        Some(Self {
            pid: Pid::from_raw(pid)?,
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

/// More would be a circle, for which a process that ended while we looked is enough.
const MOST_ANCESTORS: usize = 64;

fn descendants() -> Vec<Process> {
    let all: Vec<Process> = Process::all().collect();
    let parents: HashMap<i32, i32> =
        all.iter().map(|process| (process.pid.as_raw_nonzero().get(), process.parent)).collect();
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let is_below = |process: &&Process| {
        std::iter::successors(Some(process.parent), |pid| parents.get(pid).copied())
            .take(parents.len())
            .any(|pid| pid == own)
    };
    all.iter().filter(is_below).copied().collect()
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Code(-1),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{io::Read, os::fd::AsRawFd};

    use super::*;

    #[test]
    fn stat_lines_are_read_whatever_the_name() {
        let tail = "S 7 8 9 0 -1 4194560 10 11 12 13 14 15 16 17 18 19 20 21 22222 23";
        for name in ["(sh)", "(a b)", "(x) S 1 1 1)", "()"] {
            let process = Process::parse(5, &format!("5 {name} {tail}")).unwrap();
            assert_eq!((process.parent, process.session, process.started), (7, 9, 22222), "{name}");
        }
        assert!(Process::parse(5, "5 (sh) Z 7 8 9").is_none());
        assert!(Process::parse(5, "5 (sh").is_none());
    }

    #[test]
    fn this_process_is_found_with_its_variables() {
        let own = Process::find(rustix::process::getpid().as_raw_nonzero().get()).unwrap();
        assert_eq!(own.parent, rustix::process::getppid().unwrap().as_raw_nonzero().get());
        assert!(!own.has_variable("NO_SUCH_VARIABLE", Path::new("x")));
    }

    #[test]
    fn a_child_reads_what_it_was_handed_once_and_others_cannot_open_it() {
        let kept = readable_once("s3cret").unwrap();
        let number = kept.as_raw_fd();
        let opened = fs::File::open(format!("/proc/self/fd/{number}"));
        assert_eq!(opened.unwrap_err().raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
        let mut command = Command::new("bash");
        command.arg("-c").arg(format!("cat <&{number}; cat <&{number}")).stdout(Stdio::piped());
        let mut started = spawn(command, vec![kept]).unwrap();
        let mut text = String::new();
        started.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "s3cret");
        rustix::process::waitpid(Some(started.pid), WaitOptions::empty()).unwrap();
    }
}
