//! What a child said, and how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is known of one area. Facts and a failure may stand side by side: a child that crashed at the third driver
/// has told of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer<F> {
    /// What was found, as far as the child came.
    pub facts: Option<F>,
    /// Why the child did not come to its end, or `None` when it did.
    pub failure: Option<Failure>,
    /// The last lines that the libraries wrote on the child's output and error output, at most 40.
    pub log: Vec<String>,
    /// How long the child ran, in milliseconds.
    pub elapsed_ms: u64,
}

/// Why a child did not come to its end. `doing` is the last step that it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// No process could be started.
    NotStarted {
        /// The answer of the operating system.
        reason: String,
    },
    /// It was still running at the deadline and was ended.
    Hung {
        /// How long it was waited for, in milliseconds.
        after_ms: u64,
        /// The last step that it began.
        doing: String,
    },
    /// It ran on although it was killed, as a process does which waits inside a kernel driver.
    Unkillable {
        /// How long it was waited for, in milliseconds.
        after_ms: u64,
        /// The last step that it began.
        doing: String,
    },
    /// A signal ended it.
    Died {
        /// The number of the signal.
        signal: i32,
        /// Its name, such as `SIGSEGV`.
        name: String,
        /// The last step that it began.
        doing: String,
    },
    /// It left with a status of its own before it had finished.
    Exited {
        /// The exit status.
        code: i32,
        /// The last step that it began.
        doing: String,
    },
    /// It left as if it had finished, but what it wrote is not what a child writes.
    Garbage {
        /// The beginning of it.
        text: String,
    },
}

impl<F> Answer<F> {
    /// Whether the child came to its end.
    pub const fn is_complete(&self) -> bool {
        self.failure.is_none()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { reason } => write!(f, "could not be started: {reason}"),
            Self::Hung { after_ms, doing } => write!(f, "hung for {after_ms} ms at: {doing}"),
            Self::Unkillable { after_ms, doing } => {
                write!(f, "unkillable after {after_ms} ms at: {doing}; the driver hangs, see `dmesg` for Xid")
            }
            Self::Died { signal, name, doing } => write!(f, "died of {name} (signal {signal}) at: {doing}"),
            Self::Exited { code, doing } => write!(f, "left with status {code} at: {doing}"),
            Self::Garbage { text } => write!(f, "wrote garbage: {text:?}"),
        }
    }
}

/// The name of a signal on Linux, or its number.
pub(crate) fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}
