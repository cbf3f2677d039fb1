//! Programs of the machine that is set up, each with a deadline.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};

/// A program and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub program: String,
    /// What it is told.
    pub arguments: Vec<String>,
    /// How long it may take.
    pub deadline: Duration,
}

impl Call {
    /// A program that is done within two minutes.
    pub fn new<S: Into<String>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.to_owned(), arguments, deadline: Duration::from_secs(120) }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = std::iter::once(&self.program).chain(&self.arguments).map(String::as_str);
        f.write_str(&shell_words::join(words))
    }
}

/// What a program that ended left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub output: String,
    /// What it printed on standard error.
    pub complaints: String,
}

impl Ended {
    /// Whether it says that all went well.
    pub fn is_well(&self) -> bool {
        self.code == Some(0)
    }

    /// Both, the complaints last.
    pub fn all(&self) -> String {
        format!("{}{}", self.output, self.complaints)
    }
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// It could not be started.
    #[error("{program} cannot be started")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It did not end in time, and was ended.
    #[error("{call} did not end within {} s", deadline.as_secs())]
    TooLate {
        /// What was called.
        call: String,
        /// How long it had.
        deadline: Duration,
    },
}

/// Whatever runs programs.
pub trait Programs {
    /// Runs one to its end, and hands on each line that it prints.
    ///
    /// # Errors
    /// [`NoAnswer`] where it did not start or did not end in time. An exit code that tells of a failure is an answer.
    fn run(&mut self, call: &Call, tap: &mut dyn FnMut(&str)) -> Result<Ended, NoAnswer>;
}

/// Programs of this machine, or of the one below a root by `chroot`.
#[derive(Clone, Debug)]
pub struct Real {
    root: PathBuf,
}

impl Real {
    /// Programs that take this directory for `/`.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn command(&self, call: &Call) -> Command {
        let mut command = match self.root == Path::new("/") {
            true => Command::new(&call.program),
            false => {
                let mut command = Command::new("chroot");
                command.arg(&self.root).arg(&call.program);
                command
            }
        };
        command.args(&call.arguments).env_clear().envs(ENVIRONMENT).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // An interrupt from the terminal must not tear dpkg apart: it ends by itself, and the next run waits for it.
        command.process_group(0);
        command
    }
}

impl Programs for Real {
    fn run(&mut self, call: &Call, tap: &mut dyn FnMut(&str)) -> Result<Ended, NoAnswer> {
        let not_started = |source| NoAnswer::NotStarted { program: call.program.clone(), source };
        let mut child = self.command(call).spawn().map_err(not_started)?;
        let lines = lines_of(&mut child);
        let end = Instant::now() + call.deadline;
        let mut ended = Ended::default();
        collect(&lines, &mut child, end, &mut ended, tap);
        let Some(status) = wait(&mut child, end) else {
            stop(&mut child);
            return Err(NoAnswer::TooLate { call: call.to_string(), deadline: call.deadline });
        };
        ended.code = status.code();
        Ok(ended)
    }
}

enum Line {
    Output(String),
    Complaint(String),
    Exit,
}

/// What both of its pipes say, each read by a thread of its own, which ends with the pipe.
fn lines_of(child: &mut Child) -> Receiver<Line> {
    let (sender, lines) = mpsc::sync_channel(256);
    let exit = sender.clone();
    let complaints = sender.clone();
    let output = child.stdout.take().map(|pipe| thread::spawn(move || read(pipe, Line::Output, &sender)));
    let others =
        child.stderr.take().map(|pipe| thread::spawn(move || read(pipe, Line::Complaint, &complaints)));
    thread::spawn(move || {
        [output, others].into_iter().flatten().for_each(|reader| drop(reader.join()));
        let _ = exit.send(Line::Exit);
    });
    lines
}

fn read(pipe: impl Read, make: fn(String) -> Line, to: &mpsc::SyncSender<Line>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(reader.by_ref().take(LONGEST).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line).into_owned();
        if to.send(make(text)).is_err() {
            return;
        }
        line.clear();
    }
}

/// Takes in lines until both pipes have ended or the time is over. A service that the program started may keep them
/// open: a while after the program itself has ended, nothing more is expected.
fn collect(
    lines: &Receiver<Line>,
    child: &mut Child,
    end: Instant,
    ended: &mut Ended,
    tap: &mut dyn FnMut(&str),
) {
    let mut silent = false;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left.min(SILENCE)) {
            Ok(Line::Output(text)) => {
                tap(text.trim_end());
                push(&mut ended.output, &text);
            }
            Ok(Line::Complaint(text)) => {
                tap(text.trim_end());
                push(&mut ended.complaints, &text);
            }
            Ok(Line::Exit) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) if silent || left.is_zero() => return,
            Err(RecvTimeoutError::Timeout) => silent = matches!(child.try_wait(), Ok(Some(_))),
        }
    }
}

/// More than this is cut: nothing that is called here has so much to say.
fn push(all: &mut String, text: &str) {
    if all.len() < MOST {
        all.push_str(text);
    }
}

fn wait(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(5)),
            _ => return None,
        }
    }
}

fn stop(child: &mut Child) {
    let group = Pid::from_child(child);
    for (signal, grace) in [(Signal::TERM, 5), (Signal::KILL, 5)] {
        let _ = rustix::process::kill_process_group(group, signal);
        if wait(child, Instant::now() + Duration::from_secs(grace)).is_some() {
            return;
        }
    }
}

const SILENCE: Duration = Duration::from_secs(1);
const LONGEST: u64 = 64 << 10;
const MOST: usize = 16 << 20;
const ENVIRONMENT: [(&str, &str); 5] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("LC_ALL", "C.UTF-8"),
    ("HOME", "/root"),
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("NEEDRESTART_MODE", "l"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn sh(script: &str, seconds: u64) -> (Result<Ended, NoAnswer>, Vec<String>) {
        let mut lines = Vec::new();
        let call = Call::new("sh", ["-c", script]).within(Duration::from_secs(seconds));
        let ended = Real::at(Path::new("/")).run(&call, &mut |line| lines.push(line.to_owned()));
        (ended, lines)
    }

    #[test]
    fn both_outputs_and_the_code_are_told() {
        let (ended, lines) = sh("echo one; echo two >&2; exit 3", 60);
        let ended = ended.unwrap();
        assert_eq!((ended.code, ended.is_well()), (Some(3), false));
        assert_eq!((ended.output.as_str(), ended.complaints.as_str()), ("one\n", "two\n"));
        assert_eq!(lines.len(), 2);
        let (ended, left_behind) = sh("sleep 600 & echo $!", 60);
        assert!(ended.unwrap().is_well(), "who is left behind holds up nobody");
        sh(&format!("kill {}", left_behind[0]), 60).0.unwrap();
        assert_eq!(sh("kill -9 $$", 60).0.unwrap().code, None);
        assert_eq!(sh("test \"$HOME$DEBIAN_FRONTEND\" = /rootnoninteractive", 60).0.unwrap().code, Some(0));
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let (ended, lines) = sh("echo $$; exec sleep 600", 1);
        assert!(ended.unwrap_err().to_string().ends_with("did not end within 1 s"));
        assert!(crate::process::Process::find(lines[0].parse().unwrap()).is_none());
        let missing = Real::at(Path::new("/")).run(&Call::new("no-such-program", [""; 0]), &mut |_| ());
        assert_eq!(missing.unwrap_err().to_string(), "no-such-program cannot be started");
    }

    #[test]
    fn a_call_reads_as_a_shell_would_take_it() {
        assert_eq!(Call::new("a", ["b c", "d"]).to_string(), "a 'b c' d");
    }
}
