//! From a fresh machine to one whose GPU draws desktops: what the machine is, what is to be done as data, doing it so
//! that it can stop at any moment and go on, and undoing it.
//!
//! [`Facts`] are read, [`plan()`] is a function of them and of the [`Wish`], and [`Setup`] carries it out: each change
//! is noted in a journal before it is made, and seen to be in force after it.

mod apply;
mod apt;
mod change;
mod error;
mod facts;
mod hold;
mod journal;
mod keys;
mod make;
mod merge;
mod plan;
mod programs;
mod record;
mod status;
mod tree;
mod undo;
mod version;

pub use apply::{Ending, Progress, Setup, State};
pub use apt::AptError;
pub use change::{Change, Content, Seen, Version, Wanted};
pub use error::SetupError;
pub use facts::{
    Cloud, Distribution, DriverFact, Facts, Firewall, GpuFact, Init, Installed, Kernel, Nouveau, Package,
    Packages, Provider, Reach, Release, SCHEMA as FACTS_SCHEMA, Source,
};
pub use journal::{Event, Journal, JournalError, Kept, Undo};
pub use make::ChangeError;
pub use plan::{Choice, Origin, Plan, Profile, SCHEMA as PLAN_SCHEMA, Step, Wish, hosts, plan};
pub use programs::{Call, Ended, NoAnswer, Programs, Real};
pub use record::{Past, Record};
pub use status::{SCHEMA as STATUS_SCHEMA, Status, StepStatus};
pub use tree::{Entry, Kind, Tree};
pub use undo::Left;
pub use version::compare_versions;

/// An error and all that it comes from, each told once.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
