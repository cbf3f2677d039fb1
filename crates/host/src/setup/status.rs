//! What was done to a machine, and what of it is still in force.

use serde::Serialize;

use super::{Journal, JournalError, Packages, Past, Profile, Record, State, Step, Tree, hold};

/// The name of the format of [`Status`] as JSON.
pub const SCHEMA: &str = "cosmos.setup-status/1";

/// What was done to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The format.
    pub schema: &'static str,
    /// Which versions, and how much; `None` where nothing was ever begun.
    pub profile: Option<Profile>,
    /// Whether the last plan is done.
    pub finished: bool,
    /// Whether it goes on after a reboot.
    pub waits_for_reboot: bool,
    /// The steps.
    pub steps: Vec<StepStatus>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepStatus {
    /// Its name.
    pub id: String,
    /// What it gives; `None` where the last plan has it no more.
    pub title: Option<String>,
    /// How far it is.
    pub state: State,
    /// Why it failed.
    pub failure: Option<String>,
    /// What was changed since.
    pub drift: Vec<String>,
}

impl Status {
    /// Reads the journal, and looks whether what it tells of is in force.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn of(tree: &Tree) -> Result<Self, JournalError> {
        let record = Record::of(Journal::of(tree).read()?);
        let packages = Packages::of(tree);
        let boot = tree.text("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned());
        let planned: &[Step] = record.last.as_ref().map_or(&[], |(plan, _)| &plan.steps);
        let planned = planned.iter().filter(|step| !(step.passing && record.finished));
        let mut steps: Vec<StepStatus> =
            planned.map(|step| of_step(tree, &packages, &record, &step.id, Some(step))).collect();
        for past in &record.steps {
            if !steps.iter().any(|step| step.id == past.id) && !past.changes.is_empty() {
                steps.push(of_step(tree, &packages, &record, &past.id, None));
            }
        }
        Ok(Self {
            schema: SCHEMA,
            profile: record.last.as_ref().map(|(plan, _)| plan.profile),
            finished: record.finished,
            waits_for_reboot: record
                .unfinished()
                .is_some_and(|(plan, _)| record.awaits_reboot(plan, boot.as_deref())),
            steps,
        })
    }

    /// Whether anything that was done is not in force any more.
    pub fn has_drifted(&self) -> bool {
        self.steps.iter().any(|step| step.state == State::Drifted)
    }

    /// Whether a step failed.
    pub fn has_failed(&self) -> bool {
        self.steps.iter().any(|step| step.state == State::Failed)
    }
}

fn of_step(tree: &Tree, packages: &Packages, record: &Record, id: &str, step: Option<&Step>) -> StepStatus {
    let past = record.step(id);
    let drift = past.map(|past| drift(tree, packages, record, past)).unwrap_or_default();
    let state = match past {
        Some(Past { failed: Some(_), .. }) => State::Failed,
        Some(Past { done_in: Some(_), .. }) if drift.is_empty() => State::InForce,
        Some(Past { done_in: Some(_), .. }) => State::Drifted,
        _ => State::ToDo,
    };
    StepStatus {
        id: id.to_owned(),
        title: step.map(|step| step.title.clone()),
        state,
        failure: past.and_then(|past| past.failed.clone()),
        drift,
    }
}

fn drift(tree: &Tree, packages: &Packages, record: &Record, past: &Past) -> Vec<String> {
    let made = past.changes.iter().filter(|made| made.made && !hold::is_look(&made.change));
    let gone = made.filter(|made| !hold::holds(tree, packages, record, &past.id, &made.change));
    gone.map(|made| made.change.to_string()).collect()
}
