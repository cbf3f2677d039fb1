//! Probing in a child process: an encoder may abort or hang, and then it is the child that does.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read},
    iter,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Size};
use gstreamer as gst;

use crate::{
    Demand, EncodeError,
    encoder::ElementEncoder,
    registry,
    table::{self, Maker},
    threads::Threads,
};

/// The first argument of a child, followed by the names of encoders.
pub const ARGUMENT: &str = "--cosmos-probe-encoder";

/// What lines of a child begin with that tell of an encoder: libraries may write others.
const TELLS: &str = "cosmos-encoder: ";
/// What a child says of an encoder that works, and of one that GStreamer does not offer. Anything else is a failure.
const WORKS: &str = "works";
const ABSENT: &str = "absent";

/// What is wrong with an encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// GStreamer does not offer it.
    Absent,
    /// It was tried, and this happened.
    Failed(String),
}

/// Runs the probe and exits, if this process was started for one; returns at once otherwise. To be called first
/// thing in `main`.
pub fn hook() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        return;
    }
    for name in arguments {
        match encode(&name.to_string_lossy()) {
            Ok(true) => println!("{TELLS}{WORKS}"),
            Ok(false) => println!("{TELLS}{ABSENT}"),
            Err(error) => println!("{TELLS}{}", chain(&error)),
        }
    }
    std::process::exit(0);
}

/// Runs the current executable as a probe of these encoders, one after the other; what is wrong with each, if anything.
/// Where the child dies, or says nothing within the deadline, another one takes those that it did not come to.
pub(crate) fn probe(names: &[&str], deadline: Duration) -> Vec<Result<(), Fault>> {
    let mut findings = Vec::with_capacity(names.len());
    while findings.len() < names.len() {
        let left = &names[findings.len()..];
        match run(left, Instant::now() + deadline) {
            Ok((said, end)) => {
                findings.extend(said.iter().take(left.len()).map(|line| finding(line)));
                if findings.len() < names.len() {
                    let end = end.map_or_else(|| format!("gave nothing within {deadline:?}"), ended);
                    findings.push(Err(Fault::Failed(end)));
                }
            }
            Err(error) => {
                let fault = Fault::Failed(format!("the probe could not be started: {error}"));
                findings.resize(names.len(), Err(fault));
            }
        }
    }
    findings
}

/// The lines of a child, and how it ended unless it had to be killed.
fn run(names: &[&str], ends: Instant) -> io::Result<(Vec<String>, Option<ExitStatus>)> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(ARGUMENT).args(names).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let said = child.stdout.take().map(|output| read_until(output, ends)).unwrap_or_default();
    Ok((said, wait_until(&mut child, ends)))
}

/// What is told of encoders until the other end is closed, or time is up.
fn read_until(output: impl Read + Send + 'static, ends: Instant) -> Vec<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    let left = || ends.saturating_duration_since(Instant::now());
    let lines = iter::from_fn(|| receiver.recv_timeout(left()).ok());
    lines.filter_map(|line| line.strip_prefix(TELLS).map(str::to_owned)).collect()
}

fn finding(line: &str) -> Result<(), Fault> {
    match line {
        WORKS => Ok(()),
        ABSENT => Err(Fault::Absent),
        reason => Err(Fault::Failed(reason.to_owned())),
    }
}

/// How the child ended. One that has not ended by then is killed.
fn wait_until(child: &mut Child, ends: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < ends => thread::sleep(Duration::from_millis(1)),
            _ => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn ended(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("died of {}", signal_name(signal)),
        None => format!("ended with {status}"),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    name.into()
}

/// Encodes two pictures with this encoder; `false` where GStreamer does not offer it.
fn encode(name: &str) -> Result<bool, EncodeError> {
    let row = table::row(name)?;
    gst::init().map_err(EncodeError::Start)?;
    if row.maker == Maker::Nvidia {
        registry::wake();
    }
    if !registry::is_there(row.element) {
        return Ok(false);
    }
    let size = Size::new(256, 256);
    let demand = Demand { bitrate_kbps: 1000, fps: 30, keyframe: false };
    let mut encoder = ElementEncoder::start(row, Threads::new(Some(1)), size, demand)?;
    let bgrx = (0..4 * size.area()).map(|index| (index * index / 7) as u8).collect::<Vec<_>>();
    for _ in 0..2 {
        let damage = [size.rect()];
        let frame = Frame { size, stride: 1024, bgrx: &bgrx, damage: &damage, captured: Instant::now() };
        if encoder.encode(&frame, demand)?.is_none() {
            let (element, doing) = (row.element, "encode a picture");
            let reason = "it gave nothing".into();
            return Err(EncodeError::Element { element, doing, reason, source: None });
        }
    }
    Ok(true)
}

/// An error on one line, with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.replace('\n', " ")
}
