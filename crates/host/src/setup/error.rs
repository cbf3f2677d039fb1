//! Why a machine could not be set up.

use super::{ChangeError, JournalError, Left};

/// Why a machine could not be set up, or not be put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The plan cannot be carried out.
    #[error("this machine cannot be set up:\n  {}", .0.join("\n  "))]
    Problems(Vec<String>),
    /// A step failed.
    #[error("step {step}, {change}: {source}\n{}", aftermath(undone.as_deref()))]
    Step {
        /// Which.
        step: String,
        /// The change that could not be made.
        change: String,
        /// Why.
        source: Box<ChangeError>,
        /// What of the step could not be undone; `None` where undoing it failed too.
        undone: Option<Vec<Left>>,
    },
    /// A step could not be undone.
    #[error("step {step} cannot be undone: {source}; correct it, then start `cosmos-setup undo` again")]
    Undo {
        /// Which.
        step: String,
        /// Why.
        source: Box<ChangeError>,
    },
    /// There is no such step.
    #[error("there is no step {name:?} here; there are {}", known.join(", "))]
    NoSuchStep {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Nothing was begun that could go on.
    #[error("nothing was begun on this machine, or all of it is done: `cosmos-setup status` tells")]
    NothingToResume,
    /// The machine was rebooted too often.
    #[error(
        "the machine was rebooted {times} times for this plan: reboot it yourself, then start `cosmos-setup resume`"
    )]
    TooManyReboots {
        /// How often.
        times: usize,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The machine cannot be rebooted.
    #[error("cannot reboot: {0}; reboot it yourself, and set-up goes on")]
    Reboot(#[source] Box<ChangeError>),
}

fn aftermath(undone: Option<&[Left]>) -> String {
    match undone {
        Some([]) => "what this step had changed is undone; the steps before it are done. When the cause is gone, \
                     `cosmos-setup resume` goes on"
            .to_owned(),
        Some(left) => {
            let left: Vec<String> = left.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
            format!("of what this step had changed is left: {}", left.join("; "))
        }
        None => "what this step had changed could not be undone at once: `cosmos-setup resume` goes on with it, and \
                 `cosmos-setup undo` takes it back"
            .to_owned(),
    }
}
