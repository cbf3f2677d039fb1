//! Carrying out a plan: step by step, each seen to be in force, so that it can stop at any moment and go on.

use serde::Serialize;

use super::{
    Call, Change, ChangeError, Event, Facts, Journal, Left, Packages, Plan, Programs, Record, Seen,
    SetupError, Step, Tree, Wish, hold, journal, journal::Locked, make::Maker, undo::Undoer,
};

/// A machine that is set up.
pub struct Setup<'a> {
    /// Its files.
    pub tree: Tree,
    /// Its programs.
    pub programs: &'a mut dyn Programs,
}

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A step is begun.
    Step {
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The step.
        step: &'a Step,
    },
    /// A step needs nothing: it is in force.
    InForce(&'a Step),
    /// A change is made, and not noted yet.
    Made(&'a Change),
    /// A program says something.
    Line(&'a str),
    /// A step is done.
    Done(&'a Step),
    /// A step is undone.
    Undone(&'a str),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All of it was in force already: nothing was changed.
    Unchanged,
    /// All of it is in force now.
    Finished,
    /// The rest needs a reboot.
    RebootNeeded,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All of it is in force.
    InForce,
    /// Something is to be done.
    ToDo,
    /// It was done, and something was changed since.
    Drifted,
    /// It failed.
    Failed,
}

impl Setup<'_> {
    /// How far each step of a plan is.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn states(&self, plan: &Plan) -> Result<Vec<State>, SetupError> {
        let record = Record::of(Journal::of(&self.tree).read()?);
        let packages = Packages::of(&self.tree);
        let state = |step: &Step| match self.is_outstanding(step, &record, &packages) {
            true => State::ToDo,
            false => State::InForce,
        };
        Ok(plan.steps.iter().map(state).collect())
    }

    /// Carries out a plan, or the one that the same wish has begun before. With `only`, that one step of it.
    ///
    /// # Errors
    /// [`SetupError`]: the plan has problems, or a step failed, whose changes are undone then.
    pub fn apply(
        &mut self,
        wish: &Wish,
        plan: Plan,
        only: Option<&str>,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Ending, SetupError> {
        let record = Record::of(Journal::of(&self.tree).read()?);
        let begun = record.unfinished().filter(|(_, earlier)| earlier == wish && only.is_none());
        if let Some((earlier, _)) = begun {
            let earlier = earlier.clone();
            let journal = Journal::of(&self.tree).lock()?;
            return self.carry_out(&earlier, &journal, record, true, tell);
        }
        if !plan.problems.is_empty() {
            return Err(SetupError::Problems(plan.problems));
        }
        let plan = match only {
            Some(name) => only_one(plan, name)?,
            None => plan,
        };
        let packages = Packages::of(&self.tree);
        let todo = |step: &Step| !step.passing && self.is_outstanding(step, &record, &packages);
        if !plan.steps.iter().any(todo) && record.unfinished().is_none() {
            return Ok(Ending::Unchanged);
        }
        let journal = Journal::of(&self.tree).lock()?;
        // Another run may have come first.
        let mut record = Record::of(journal.journal().read()?);
        if only.is_none() {
            let event =
                Event::Begun { schema: journal::SCHEMA.to_owned(), wish: wish.clone(), plan: plan.clone() };
            journal.add(&event)?;
            record.take(event);
        }
        self.carry_out(&plan, &journal, record, only.is_none(), tell)
    }

    /// Goes on with the plan that was begun.
    ///
    /// # Errors
    /// [`SetupError::NothingToResume`] where there is none; else as [`apply`](Self::apply).
    pub fn resume(&mut self, tell: &mut dyn FnMut(Progress<'_>)) -> Result<Ending, SetupError> {
        let record = Record::of(Journal::of(&self.tree).read()?);
        let (plan, _) = record.unfinished().cloned().ok_or(SetupError::NothingToResume)?;
        let journal = Journal::of(&self.tree).lock()?;
        self.carry_out(&plan, &journal, record, true, tell)
    }

    /// Undoes a step, or all of them, the last one first.
    ///
    /// # Errors
    /// A change cannot be undone; those that were made after it are undone.
    pub fn undo(
        &mut self,
        only: Option<&str>,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Left>, SetupError> {
        let record = Record::of(Journal::of(&self.tree).read()?);
        let known: Vec<String> = record.steps.iter().map(|past| past.id.clone()).collect();
        let ids: Vec<String> = match only {
            Some(name) if !known.iter().any(|id| id == name) => {
                return Err(SetupError::NoSuchStep { name: name.to_owned(), known });
            }
            Some(name) => vec![name.to_owned()],
            None => known.into_iter().rev().collect(),
        };
        if ids.is_empty() && record.last.is_none() {
            return Ok(Vec::new());
        }
        let journal = Journal::of(&self.tree).lock()?;
        let mut record = Record::of(journal.journal().read()?);
        let mut left = Vec::new();
        for id in ids {
            let kept = self.undo_step(&id, &journal, &mut record, tell);
            left.extend(
                kept.map_err(|source| SetupError::Undo { step: id.clone(), source: Box::new(source) })?,
            );
            tell(Progress::Undone(&id));
        }
        // One that a step has made may have held what another step, undone later, had put there.
        record.folders.iter().rev().for_each(|folder| self.tree.remove_folder(folder));
        if only.is_none() {
            journal.forget()?;
        }
        Ok(left)
    }

    /// Notes that the machine is rebooted, and does it.
    ///
    /// # Errors
    /// It was done too often, or the machine refuses.
    pub fn reboot(&mut self, tell: &mut dyn FnMut(Progress<'_>)) -> Result<(), SetupError> {
        let journal = Journal::of(&self.tree).lock()?;
        let record = Record::of(journal.journal().read()?);
        if record.reboots >= MOST_REBOOTS {
            return Err(SetupError::TooManyReboots { times: record.reboots });
        }
        journal.add(&Event::Rebooting)?;
        let systemd = self.tree.exists("/run/systemd/system");
        let call =
            if systemd { Call::new("systemctl", ["reboot"]) } else { Call::new("shutdown", ["-r", "now"]) };
        let ended = self.programs.run(&call, &mut |line| tell(Progress::Line(line)));
        match ended {
            Ok(ended) if ended.is_well() => Ok(()),
            Ok(ended) => Err(SetupError::Reboot(Box::new(ChangeError::Program {
                call: call.to_string(),
                code: ended.code,
                said: ended.all(),
                remedy: "is this a container?".to_owned(),
            }))),
            Err(error) => Err(SetupError::Reboot(Box::new(error.into()))),
        }
    }

    /// What the files say of this machine.
    pub fn facts(&self) -> Facts {
        Facts::of(&self.tree)
    }

    fn is_outstanding(&self, step: &Step, record: &Record, packages: &Packages) -> bool {
        let holds = |change: &Change| {
            hold::is_look(change) || hold::holds(&self.tree, packages, record, &step.id, change)
        };
        match step.changes.is_empty() {
            true => record.step(&step.id).is_none_or(|past| past.done_in.is_none()),
            false => !step.changes.iter().all(holds),
        }
    }

    fn carry_out(
        &mut self,
        plan: &Plan,
        journal: &Locked,
        mut record: Record,
        whole: bool,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Ending, SetupError> {
        let boot = self.facts().boot;
        let of = plan.steps.len();
        for (step, number) in plan.steps.iter().zip(1..) {
            if step.after_reboot && record.awaits_reboot(plan, boot.as_deref()) {
                return Ok(Ending::RebootNeeded);
            }
            tell(Progress::Step { number, of, step });
            let changed = self.carry_out_step(step, journal, &mut record, tell)?;
            let is_noted =
                record.step(&step.id).is_some_and(|past| past.done_in.is_some() && past.failed.is_none());
            if changed || !is_noted {
                let event = Event::Done { step: step.id.clone(), boot: boot.clone() };
                journal.add(&event)?;
                record.take(event);
            }
            // A step that only asks for a reboot is neither done nor in force before it.
            if !step.changes.is_empty() {
                tell(if changed { Progress::Done(step) } else { Progress::InForce(step) });
            }
        }
        if record.awaits_reboot(plan, boot.as_deref()) && whole {
            return Ok(Ending::RebootNeeded);
        }
        if whole {
            for step in plan.steps.iter().filter(|step| step.passing) {
                let undone = self.undo_step(&step.id, journal, &mut record, tell);
                undone
                    .map_err(|source| SetupError::Undo { step: step.id.clone(), source: Box::new(source) })?;
            }
            journal.add(&Event::Finished)?;
        }
        Ok(Ending::Finished)
    }

    /// Makes the changes of a step that are not in force. Where one fails, those that were made now are undone.
    fn carry_out_step(
        &mut self,
        step: &Step,
        journal: &Locked,
        record: &mut Record,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<bool, SetupError> {
        let earlier = record.clone();
        let mut changed = false;
        for change in &step.changes {
            match self.carry_out_change(step, change, changed, journal, record, tell) {
                Ok(made) => changed |= made,
                Err(source) => {
                    let undone = self.take_back(step, &earlier, journal, record, tell);
                    let why = super::causes(&source);
                    // The disk may be full: then what is told on the terminal has to do.
                    let _ = journal.add(&Event::Failed { step: step.id.clone(), why });
                    let (step, change) = (step.id.clone(), change.to_string());
                    return Err(SetupError::Step { step, change, source: Box::new(source), undone });
                }
            }
        }
        Ok(changed)
    }

    fn carry_out_change(
        &mut self,
        step: &Step,
        change: &Change,
        after_others: bool,
        journal: &Locked,
        record: &mut Record,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<bool, ChangeError> {
        let begun = record.begun(&step.id, change).cloned();
        let half_done = begun.as_ref().is_some_and(|begun| !begun.made);
        // A program that reads what was changed before it must read it again.
        let again = after_others && is_follower(change);
        let in_force = hold::holds(&self.tree, &Packages::of(&self.tree), record, &step.id, change);
        let mut tap = |line: &str| {
            journal.log(line);
            tell(Progress::Line(line));
        };
        let mut maker = Maker { tree: &self.tree, programs: &mut *self.programs, journal, tap: &mut tap };
        if hold::is_look(change) {
            return maker.look(change).map(|()| false);
        }
        if in_force && !half_done && !again || is_left_out(&self.tree, change) {
            return Ok(false);
        }
        let event = maker.make(&step.id, change, begun.as_ref().map(|begun| &begun.undo))?;
        tell(Progress::Made(change));
        let seen = matches!(change, Change::Run { seen: Seen::Journal, .. })
            || hold::holds(&self.tree, &Packages::of(&self.tree), record, &step.id, change);
        if !seen {
            return Err(ChangeError::NotInForce { change: change.to_string() });
        }
        journal.add(&event)?;
        *record = Record::of(journal.journal().read()?);
        Ok(true)
    }

    /// Undoes what a step has begun since; `None` where that fails too.
    fn take_back(
        &mut self,
        step: &Step,
        earlier: &Record,
        journal: &Locked,
        record: &mut Record,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Option<Vec<Left>> {
        *record = Record::of(journal.journal().read().ok()?);
        let known = |change: &Change| earlier.begun(&step.id, change).is_some_and(|begun| begun.made);
        let mut changes = record.step(&step.id).map(|past| past.changes.clone()).unwrap_or_default();
        changes.retain(|made| !known(&made.change));
        let mut tap = |line: &str| {
            journal.log(line);
            tell(Progress::Line(line));
        };
        let mut undoer =
            Undoer { tree: &self.tree, programs: &mut *self.programs, journal, record, tap: &mut tap };
        undoer.changes(&step.id, changes).ok()
    }

    fn undo_step(
        &mut self,
        id: &str,
        journal: &Locked,
        record: &mut Record,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Left>, ChangeError> {
        let mut tap = |line: &str| {
            journal.log(line);
            tell(Progress::Line(line));
        };
        Undoer { tree: &self.tree, programs: &mut *self.programs, journal, record, tap: &mut tap }.step(id)
    }
}

const fn is_follower(change: &Change) -> bool {
    matches!(change, Change::Run { seen: Seen::Journal, .. })
}

fn is_left_out(tree: &Tree, change: &Change) -> bool {
    matches!(change, Change::Run { only_with: Some(path), .. } if !tree.exists(path))
}

fn only_one(plan: Plan, name: &str) -> Result<Plan, SetupError> {
    let Some(step) = plan.step(name).cloned() else {
        let known = plan.steps.into_iter().map(|step| step.id).collect();
        return Err(SetupError::NoSuchStep { name: name.to_owned(), known });
    };
    Ok(Plan { steps: vec![step], ..plan })
}

const MOST_REBOOTS: usize = 3;
