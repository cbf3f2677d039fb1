//! What is to be done to a machine, as data: a function of what it is and what is wished.

mod cuda;
mod desktop;
mod docker;
mod driver;
mod modules;
mod order;
mod reboot;
mod sources;
mod toolkit;

use serde::{Deserialize, Serialize};

use super::{Change, Facts, Init, Release};

pub use driver::{Choice, Origin};
pub use order::plan;
pub use sources::hosts;

/// The name of the format of [`Plan`] as JSON.
pub const SCHEMA: &str = "cosmos.setup-plan/1";

/// Which versions, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Driver 470, CUDA 11.4 and Docker 20.10.11 wherever the machine allows it.
    Seed,
    /// What is maintained today.
    #[default]
    Recommended,
    /// What a container with a desktop needs, and nothing else.
    Minimal,
}

/// What is wished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which versions, and how much.
    pub profile: Profile,
    /// Who may use Docker without being root.
    pub user: Option<String>,
    /// Docker of this version, as `28.3.2`, instead of the profile's.
    pub docker: Option<String>,
    /// Fingerprints of further keys that may sign repositories, for mirrors that sign anew.
    pub accepted_keys: Vec<String>,
    /// This program, as the machine that is set up finds it.
    pub program: String,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The format.
    pub schema: String,
    /// Which versions, and how much.
    pub profile: Profile,
    /// The driver that the machine will have.
    pub driver: Choice,
    /// The steps.
    pub steps: Vec<Step>,
    /// What people should know.
    pub notes: Vec<String>,
    /// Why it cannot be done; nothing is done while there is any.
    pub problems: Vec<String>,
}

impl Plan {
    /// The step of this name.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

/// One step: changes that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The name, which stays the same.
    pub id: String,
    /// What it gives.
    pub title: String,
    /// Why it is needed here.
    pub reason: String,
    /// What it changes.
    pub changes: Vec<Change>,
    /// How it is undone.
    pub undo: String,
    /// About how many bytes are fetched.
    pub download_bytes: u64,
    /// About how many bytes it takes on disk.
    pub disk_bytes: u64,
    /// Whether the machine has to be rebooted after it.
    pub reboot: bool,
    /// Whether it waits for the reboots that steps before it need.
    pub after_reboot: bool,
    /// Whether it goes away by itself when everything is done.
    pub passing: bool,
}

impl Step {
    /// A step that takes no room to speak of.
    pub(crate) fn new(id: &str, title: &str, reason: impl Into<String>, changes: Vec<Change>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            reason: reason.into(),
            changes,
            undo: "the files are put back as they were".to_owned(),
            download_bytes: 0,
            disk_bytes: 0,
            reboot: false,
            after_reboot: false,
            passing: false,
        }
    }

    /// How it is undone.
    pub(crate) fn undone_by(self, undo: &str) -> Self {
        Self { undo: undo.to_owned(), ..self }
    }

    /// About how many MB are fetched, and how many it takes on disk.
    pub(crate) fn of_size(self, download: u64, disk: u64) -> Self {
        Self { download_bytes: download * MB, disk_bytes: disk * MB, ..self }
    }

    /// The machine has to be rebooted after it.
    pub(crate) fn then_reboot(self) -> Self {
        Self { reboot: true, ..self }
    }

    /// It needs the driver that a reboot loads.
    pub(crate) fn with_driver(self) -> Self {
        Self { after_reboot: true, ..self }
    }
}

/// What the steps are made of: what the machine is and what is wished, and what is said on the way.
pub(crate) struct Draft<'a> {
    facts: &'a Facts,
    wish: &'a Wish,
    release: Release,
    architecture: &'a str,
    notes: Vec<String>,
    problems: Vec<String>,
}

impl Draft<'_> {
    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn has_systemd(&self) -> bool {
        self.facts.init == Init::Systemd
    }

    fn is_seed(&self) -> bool {
        self.wish.profile == Profile::Seed
    }

    fn is_minimal(&self) -> bool {
        self.wish.profile == Profile::Minimal
    }
}

const MB: u64 = 1_000_000;
