//! The side of the parent: starts a child, reads what it tells, and ends it in time.

use std::{
    io::{self, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open},
};
use serde::de::DeserializeOwned;

use crate::{
    Answer, Area, Config, Failure,
    answer::signal_name,
    child::{ARGUMENT, DOING, END, FACTS},
};

/// Starts a child for one area and waits for its answer.
pub(crate) fn ask_area<F: DeserializeOwned>(config: &Config, area: Area) -> Answer<F> {
    let manifests = match area {
        Area::Vulkan => &config.vulkan_manifests[..],
        Area::Egl => &config.egl_manifests,
        Area::Gl | Area::Nvenc | Area::Present => &[],
    };
    // Loaders of Vulkan and their layers open the display by themselves, and hang there.
    let display = config.display.as_deref().filter(|_| !matches!(area, Area::Vulkan | Area::Nvenc));
    ask_child(config, area.name(), manifests, display)
}

/// Asks a task of this program's own, which [`child::task`](crate::child::task) does in a child, and waits for its
/// answer: at the latest one second, and a little for starting and reading, after the time-out.
pub fn ask<F: DeserializeOwned>(config: &Config, task: &str) -> Answer<F> {
    ask_child(config, task, &[], config.display.as_deref())
}

/// What a program writes on its standard output, whatever its exit status. It has the same deadline and the same
/// end as a child, and sees no display.
///
/// # Errors
///
/// [`Failure`] where it cannot be started, hangs, or dies of a signal.
pub fn output(program: &str, arguments: &[&str], timeout: Duration) -> Result<String, Failure> {
    let started = Instant::now();
    let mut command = Command::new(program);
    command.args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").process_group(0);
    let child = spawn(&mut command).map_err(|error| not_started(program, &error))?;
    let mut running = Running::new(child, started, timeout);
    let end = running.wait();
    let (doing, after_ms) = (format!("running {program}"), millis(started.elapsed()));
    match end {
        End::Hung => Err(Failure::Hung { after_ms, doing }),
        End::Unkillable => Err(Failure::Unkillable { after_ms, doing }),
        End::Status(status) => match status.signal() {
            Some(signal) => Err(Failure::Died { signal, name: signal_name(signal), doing }),
            None => Ok(String::from_utf8_lossy(&running.told.take()).into_owned()),
        },
    }
}

fn ask_child<F: DeserializeOwned>(
    config: &Config,
    task: &str,
    manifests: &[PathBuf],
    display: Option<&str>,
) -> Answer<F> {
    let started = Instant::now();
    let mut command = Command::new(&config.program);
    command.arg(ARGUMENT).arg(task).args(manifests);
    match display {
        Some(display) => command.env("DISPLAY", display),
        None => command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY"),
    };
    command.env("VK_LOADER_DEBUG", "error,driver").envs(config.environment.iter().cloned());
    match spawn(&mut command) {
        Ok(child) => Running::new(child, started, config.timeout).answer(),
        Err(error) => Answer {
            facts: None,
            failure: Some(not_started(&config.program.to_string_lossy(), &error)),
            log: Vec::new(),
            elapsed_ms: 0,
        },
    }
}

fn not_started(program: &str, error: &io::Error) -> Failure {
    Failure::NotStarted { reason: format!("{program}: {error}") }
}

/// A child, and the two ends of what it writes.
struct Running {
    child: Child,
    started: Instant,
    timeout: Duration,
    told: Pipe,
    log: Pipe,
}

/// One end of a pipe, read on a thread of its own.
struct Pipe {
    read: Arc<Mutex<Vec<u8>>>,
    closed: Receiver<()>,
}

/// How the child ended.
enum End {
    Status(ExitStatus),
    Hung,
    Unkillable,
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

impl Running {
    fn new(mut child: Child, started: Instant, timeout: Duration) -> Self {
        let told = Pipe::read(child.stdout.take(), MOST_TOLD);
        let log = Pipe::read(child.stderr.take(), MOST_LOG);
        Self { child, started, timeout, told, log }
    }

    fn answer<F: DeserializeOwned>(mut self) -> Answer<F> {
        let end = self.wait();
        let elapsed = self.started.elapsed();
        let (told, log) = (self.told.take(), self.log.take());
        let told = Told::<F>::read(&String::from_utf8_lossy(&told));
        let failure = failure(&end, &told, elapsed);
        Answer { facts: told.facts, failure, log: log_lines(&log), elapsed_ms: millis(elapsed) }
    }

    fn wait(&mut self) -> End {
        if let Some(status) = self.wait_until(self.started + self.timeout) {
            return End::Status(status);
        }
        self.signal(Signal::TERM);
        let polite = self.wait_until(Instant::now() + GRACE);
        if polite.is_none() {
            self.signal(Signal::KILL);
        }
        match polite.or_else(|| self.wait_until(Instant::now() + KILL_TAKES)) {
            Some(_) => End::Hung,
            None => End::Unkillable,
        }
    }

    fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        let pidfd = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()).ok();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            match &pidfd {
                Some(pidfd) => {
                    let timeout = Timespec::try_from(left).ok();
                    let _ = poll(&mut [PollFd::new(pidfd, PollFlags::IN)], timeout.as_ref());
                }
                None => thread::sleep(left.min(Duration::from_millis(2))),
            }
        }
    }

    /// To the child, and to its session, which is named after it once it has made one.
    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        let _ = kill_process_group(pid, signal);
        let _ = kill_process(pid, signal);
    }
}

/// What a child wrote, taken apart.
struct Told<F> {
    facts: Option<F>,
    doing: String,
    ended: bool,
    /// The first line that is none of a child's.
    foreign: Option<String>,
}

impl<F: DeserializeOwned> Told<F> {
    fn read(text: &str) -> Self {
        let mut told = Self { facts: None, doing: "starting".to_owned(), ended: false, foreign: None };
        for line in text.lines() {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            match kind {
                DOING => told.doing = rest.to_owned(),
                END => told.ended = true,
                FACTS => match serde_json::from_str(rest) {
                    Ok(facts) => told.facts = Some(facts),
                    // A line cut off by a crash is no news: the end of the child tells of it.
                    Err(error) => told.note(&format!("{error} in: {line}")),
                },
                _ => told.note(line),
            }
        }
        told
    }

    fn note(&mut self, line: &str) {
        self.foreign.get_or_insert_with(|| line.chars().take(200).collect());
    }
}

fn failure<F>(end: &End, told: &Told<F>, elapsed: Duration) -> Option<Failure> {
    let (after_ms, doing) = (millis(elapsed), told.doing.clone());
    match end {
        End::Hung => Some(Failure::Hung { after_ms, doing }),
        End::Unkillable => Some(Failure::Unkillable { after_ms, doing }),
        End::Status(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => Some(Failure::Died { signal, name: signal_name(signal), doing }),
            (None, Some(0)) if told.ended && told.facts.is_some() && told.foreign.is_none() => None,
            (None, Some(0)) => Some(Failure::Garbage { text: told.foreign.clone().unwrap_or_default() }),
            (None, code) => Some(Failure::Exited { code: code.unwrap_or(-1), doing }),
        },
    }
}

impl Pipe {
    /// Reads to the end and keeps the first bytes. The rest is read too, or the writer would block.
    fn read(pipe: Option<impl Read + Send + 'static>, most: usize) -> Self {
        let (sender, closed) = channel();
        let read = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&read);
        thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut part = vec![0; 64 << 10];
            while let Ok(length @ 1..) = pipe.read(&mut part) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = most.saturating_sub(kept.len()).min(length);
                kept.extend_from_slice(&part[..room]);
            }
            let _ = sender.send(());
        });
        Self { read, closed }
    }

    /// What was read. A grandchild may hold the pipe open, so its closing is waited for, but not for long.
    fn take(&self) -> Vec<u8> {
        let _ = self.closed.recv_timeout(LAST_WORDS);
        std::mem::take(&mut self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The last lines, without control characters: they may be shown on a terminal.
fn log_lines(log: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(log);
    let clean = |line: &str| line.chars().filter(|c| !c.is_control()).take(400).collect::<String>();
    let lines = text.lines().map(clean).filter(|line| !line.trim().is_empty()).collect::<Vec<_>>();
    lines[lines.len().saturating_sub(MOST_LINES)..].to_vec()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Between the two signals.
const GRACE: Duration = Duration::from_millis(400);
/// A process that can be killed is gone after this.
const KILL_TAKES: Duration = Duration::from_millis(200);
/// How long the pipes may stay open when the child has gone.
const LAST_WORDS: Duration = Duration::from_millis(80);
const MOST_TOLD: usize = 4 << 20;
const MOST_LOG: usize = 64 << 10;
const MOST_LINES: usize = 40;

#[cfg(test)]
mod tests;
