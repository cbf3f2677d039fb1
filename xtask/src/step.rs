//! Programs run one after the other, each with its name and its time.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Why a command ends.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly.
    Usage(String),
    /// Something is missing that is not installed from here.
    Missing(String),
    /// A step did not succeed.
    Failed(String),
    /// A program could not be started.
    Start { program: String, source: io::Error },
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::Start { .. } => 1,
            Self::Missing(_) => 2,
            Self::Usage(_) => 64,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) => write!(f, "{why}; see `cargo xtask --help`"),
            Self::Missing(what) | Self::Failed(what) => f.write_str(what),
            Self::Start { program, source } => write!(f, "cannot start {program}: {source}"),
        }
    }
}

/// Where the repository and its build lie.
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The one this program belongs to.
    pub fn find() -> Result<Self, Failure> {
        let here = env::var_os("CARGO_MANIFEST_DIR")
            .ok_or_else(|| Failure::Usage("start this by `cargo xtask`".into()))?;
        let root = Path::new(&here).parent().unwrap_or(Path::new(".")).to_owned();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        // A relative one counts from where the user stands, and steps run elsewhere.
        let target = std::path::absolute(&target)
            .map_err(|source| Failure::Start { program: target.display().to_string(), source })?;
        Ok(Self { root, target })
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// A built program; `profile` is the folder's name, `debug` or `release`.
    pub fn built(&self, profile: &str, program: &str) -> PathBuf {
        self.target.join(profile).join(program)
    }

    /// A program that runs in the root of the repository.
    pub fn command<const N: usize>(&self, program: impl AsRef<OsStr>, args: [&str; N]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).args(args);
        command
    }

    /// `cargo` with these arguments, the same one that started this program.
    pub fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let mut command = self.command(&cargo, args);
        // They describe this program and would make Cargo build others again.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&*name);
            }
        }
        command
    }
}

/// Runs one step with the terminal as its own.
pub fn run(name: &str, command: &mut Command) -> Result<(), Failure> {
    let started = begin(name);
    let status = command.status().map_err(|source| not_started(command, source))?;
    end(name, started);
    match status.success() {
        true => Ok(()),
        false => Err(Failure::Failed(format!("{name}: {status}"))),
    }
}

/// Runs one step and hands each line that it prints to `tap`, besides showing it. Tells whether it succeeded.
pub fn watch(name: &str, command: &mut Command, mut tap: impl FnMut(&str)) -> Result<bool, Failure> {
    let started = begin(name);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|source| not_started(command, source))?;
    if let Some(output) = child.stdout.take() {
        copy_lines(BufReader::new(output), io::stdout(), &mut tap);
    }
    let status = child.wait().map_err(|source| not_started(command, source))?;
    end(name, started);
    Ok(status.success())
}

fn copy_lines(mut from: impl BufRead, mut to: impl Write, tap: &mut impl FnMut(&str)) {
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        // Where nobody reads any more, the step still goes on.
        let _ = to.write_all(&line);
        tap(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

fn begin(name: &str) -> Instant {
    eprintln!("\n== {name}");
    Instant::now()
}

fn end(name: &str, started: Instant) {
    eprintln!("== {name}: {:.1} s", started.elapsed().as_secs_f64());
}

fn not_started(command: &Command, source: io::Error) -> Failure {
    Failure::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_handed_on_as_they_come() {
        let mut lines = Vec::new();
        let (output, mut shown) = (&b"one\r\n\ntwo \xff\nlast"[..], Vec::new());
        copy_lines(output, &mut shown, &mut |line: &str| lines.push(line.to_owned()));
        assert_eq!(shown, output);
        assert_eq!(lines, ["one", "", "two \u{fffd}", "last"]);
    }

    #[test]
    fn a_step_tells_how_it_ended() {
        let mut lines = 0;
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert!(watch("test", &mut sh("echo a; echo b"), |_| lines += 1).unwrap());
        assert!(!watch("test", &mut sh("exit 3"), |_| ()).unwrap());
        assert_eq!(lines, 2);
        assert_eq!(run("test", &mut sh("exit 3")).unwrap_err().exit_code(), 1);
        assert!(matches!(run("test", &mut Command::new("/no/such")), Err(Failure::Start { .. })));
    }
}
