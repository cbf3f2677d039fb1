//! Probing in a child process: an encoder may abort or hang, and then it is the child that does.

use std::{
    env,
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::{Frame, Size};
use gstreamer as gst;

use crate::{Demand, EncodeError, encoder::ElementEncoder, registry, table};

/// The first argument of a child, followed by the name of the encoder.
pub const ARGUMENT: &str = "--cosmos-probe-encoder";

/// Runs the probe and exits, if this process was started for one; returns at once otherwise. To be called first
/// thing in `main`.
pub fn hook() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        return;
    }
    let name = arguments.next().unwrap_or_default();
    match encode(&name.to_string_lossy()) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            println!("{}", chain(&error));
            std::process::exit(1);
        }
    }
}

/// Runs the current executable as a probe of this encoder. What is wrong with it, if anything.
pub(crate) fn probe(name: &str, deadline: Duration) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the probe could not be started: {error}");
    let mut child = env::current_exe().and_then(|program| spawn(&program, name)).map_err(failed)?;
    let ends = Instant::now() + deadline;
    let said = child.stdout.take().and_then(|output| read_until(output, ends));
    match wait_until(&mut child, ends) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(finding(status, said.as_deref().unwrap_or_default())),
        None => Err(format!("gave nothing within {deadline:?}")),
    }
}

fn spawn(program: &std::path::Path, name: &str) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.arg(ARGUMENT).arg(name).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn()
}

/// Everything that is written until the other end is closed, or `None` when that takes too long.
fn read_until(mut output: impl Read + Send + 'static, ends: Instant) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = output.read_to_string(&mut text);
        let _ = sender.send(text);
    });
    receiver.recv_timeout(ends.saturating_duration_since(Instant::now())).ok()
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

fn finding(status: ExitStatus, said: &str) -> String {
    match (status.signal(), said.trim()) {
        (Some(signal), _) => format!("died of {}", signal_name(signal)),
        (None, "") => format!("ended with {status}"),
        (None, said) => said.into(),
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

fn encode(name: &str) -> Result<(), EncodeError> {
    let row = table::row(name)?;
    gst::init().map_err(EncodeError::Start)?;
    registry::wake();
    let size = Size::new(256, 256);
    let demand = Demand { bitrate_kbps: 1000, fps: 30, keyframe: false };
    let mut encoder = ElementEncoder::start(row, 1, size, demand)?;
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
    Ok(())
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
