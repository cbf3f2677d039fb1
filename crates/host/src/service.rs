//! What a supervised service is, as data.

use std::time::Duration;

/// A place in the table of services a [`Supervisor`](crate::Supervisor) was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(pub usize);

/// How strongly a service is bound to one that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It is started after the other and stopped before it; it lives through the other's restarts.
    After,
    /// The same, and it is stopped and started again when the other dies.
    With,
}

/// What to do when a service that served before cannot be started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comeback {
    /// Go on trying, then give up.
    Alone,
    /// After two failed starts, or one that could not even be tried, stop everything and start from nothing: what the others were told about it (a
    /// display number) may not hold any more.
    RestartAll,
}

/// A service as the supervisor sees it: no command, no process, only rules.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The name people read.
    pub name: &'static str,
    /// What must serve first. Every entry names an earlier place in the table.
    pub needs: Vec<(ServiceId, Tie)>,
    /// How long a start may take until the service is ready.
    pub start_bound: Duration,
    /// How long an orderly stop may take until the service is killed.
    pub stop_bound: Duration,
    /// Whether the desktop is worth nothing without it. What is not required is left out after failed starts.
    pub required: bool,
    /// Exit codes that say that another try is of no use.
    pub final_codes: &'static [i32],
    /// What happens when it does not come back.
    pub comeback: Comeback,
}

impl Spec {
    /// A required service with the usual bounds: 10 s to start, 1 s to stop.
    pub const fn new(name: &'static str, needs: Vec<(ServiceId, Tie)>) -> Self {
        Self {
            name,
            needs,
            start_bound: Duration::from_secs(10),
            stop_bound: Duration::from_secs(1),
            required: true,
            final_codes: &[],
            comeback: Comeback::Alone,
        }
    }
}

/// How a service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It could not be started at all, for this reason; another try is of no use.
    NotStarted(String),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::NotStarted(why) => write!(f, "could not be started: {why}"),
        }
    }
}
