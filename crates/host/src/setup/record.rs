//! What the lines of the journal come to.

use std::collections::BTreeSet;

use super::{Change, Event, Plan, Step, Undo, Wish};

/// All that was begun on a machine and is not undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The last plan and the wish behind it.
    pub last: Option<(Plan, Wish)>,
    /// The steps in the order in which they were begun.
    pub steps: Vec<Past>,
    /// Whether the last plan is done.
    pub finished: bool,
    /// How often the machine was rebooted for the last plan.
    pub reboots: usize,
    /// Every directory that was made.
    pub folders: BTreeSet<String>,
}

/// What happened to one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its name.
    pub id: String,
    /// Its changes in the order in which they were begun.
    pub changes: Vec<Made>,
    /// The boot in which it was done last; `None` where it is not done.
    pub done_in: Option<Option<String>>,
    /// Why it failed last, where it was not done since.
    pub failed: Option<String>,
}

/// One change that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The change.
    pub change: Change,
    /// How it is undone.
    pub undo: Undo,
    /// Whether it was made to its end.
    pub made: bool,
    /// Packages that it has brought.
    pub brought: Vec<String>,
    /// Packages that it has replaced, with the versions that were there.
    pub replaced: Vec<(String, String)>,
}

impl Record {
    /// Takes in all lines.
    pub fn of(events: Vec<Event>) -> Self {
        let mut record = Self::default();
        events.into_iter().for_each(|event| record.take(event));
        record
    }

    /// Takes in one line.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Begun { wish, plan, .. } => {
                self.last = Some((plan, wish));
                self.finished = false;
                self.reboots = 0;
            }
            Event::Before { step, change, undo } => {
                if let Undo::File { folders, .. } | Undo::Link { folders, .. } = &undo {
                    self.folders.extend(folders.iter().cloned());
                }
                self.past(&step).before(change, undo);
            }
            Event::Made { step, change, brought, replaced } => {
                if let Some(made) = self.past(&step).find(&change) {
                    made.made = true;
                    made.change = change;
                    let known = made.brought.clone();
                    made.brought.extend(brought.into_iter().filter(|name| !known.contains(name)));
                    let known: Vec<String> = made.replaced.iter().map(|(name, _)| name.clone()).collect();
                    made.replaced.extend(replaced.into_iter().filter(|(name, _)| !known.contains(name)));
                }
            }
            Event::Done { step, boot } => {
                let past = self.past(&step);
                past.done_in = Some(boot);
                past.failed = None;
            }
            Event::Failed { step, why } => self.past(&step).failed = Some(why),
            Event::Undone { step, change } => {
                let past = self.past(&step);
                past.changes.retain(|made| !is_same(&made.change, &change));
                past.done_in = None;
                self.steps
                    .retain(|past| past.id != step || !past.changes.is_empty() || past.failed.is_some());
            }
            Event::Rebooting => self.reboots += 1,
            Event::Finished => self.finished = true,
        }
    }

    /// The plan that was begun and is not done.
    pub fn unfinished(&self) -> Option<&(Plan, Wish)> {
        self.last.as_ref().filter(|_| !self.finished)
    }

    /// What happened to a step, if anything.
    pub fn step(&self, id: &str) -> Option<&Past> {
        self.steps.iter().find(|past| past.id == id)
    }

    /// Whether a change of a step was made.
    pub fn has_made(&self, step: &str, change: &Change) -> bool {
        let mut changes = self.step(step).into_iter().flat_map(|past| &past.changes);
        changes.any(|made| made.made && made.change == *change)
    }

    /// How a change of a step is undone, where it was begun.
    pub fn begun(&self, step: &str, change: &Change) -> Option<&Made> {
        self.step(step)?.changes.iter().find(|made| is_same(&made.change, change))
    }

    /// Whether there is a step of the plan whose reboot has not happened yet.
    pub fn awaits_reboot(&self, plan: &Plan, boot: Option<&str>) -> bool {
        let waits = |step: &Step| {
            let past = self.step(&step.id).filter(|_| step.reboot);
            past.is_some_and(|past| past.done_in.as_ref().is_some_and(|then| then.as_deref() == boot))
        };
        plan.steps.iter().any(waits)
    }

    fn past(&mut self, id: &str) -> &mut Past {
        let at = self.steps.iter().position(|past| past.id == id);
        let at = at.unwrap_or_else(|| {
            self.steps.push(Past { id: id.to_owned(), changes: Vec::new(), done_in: None, failed: None });
            self.steps.len() - 1
        });
        &mut self.steps[at]
    }
}

impl Past {
    fn find(&mut self, change: &Change) -> Option<&mut Made> {
        self.changes.iter_mut().find(|made| is_same(&made.change, change))
    }

    /// What was there before the first time is what undoing puts back; what is ours is what was written last.
    fn before(&mut self, change: Change, undo: Undo) {
        let Some(made) = self.find(&change) else {
            self.changes.push(Made { change, undo, made: false, brought: Vec::new(), replaced: Vec::new() });
            return;
        };
        match (&mut made.undo, undo) {
            (Undo::File { ours, folders, .. }, Undo::File { ours: later, folders: more, .. }) => {
                *ours = later;
                folders.extend(more);
            }
            (Undo::Link { folders, .. }, Undo::Link { folders: more, .. }) => folders.extend(more),
            _ => {}
        }
        made.change = change;
        made.made = false;
    }
}

/// Whether two changes are about one thing, though it may be another version of it.
fn is_same(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (Change::File { path: one, .. }, Change::File { path: other, .. })
        | (Change::Link { path: one, .. }, Change::Link { path: other, .. }) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Change {
        Change::file("/etc/x", text)
    }

    fn undo(ours: &str, folders: &[&str]) -> Undo {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        Undo::File { before: None, folders, ours: ours.to_owned() }
    }

    #[test]
    fn what_was_there_first_is_what_comes_back() {
        let step = || "s".to_owned();
        let before = |text: &str, undo| Event::Before { step: step(), change: file(text), undo };
        let made = |text: &str| Event::Made {
            step: step(),
            change: file(text),
            brought: Vec::new(),
            replaced: Vec::new(),
        };
        let mut record =
            Record::of(vec![before("1", undo("a", &["/etc"])), made("1"), before("2", undo("b", &[]))]);
        assert!(!record.has_made("s", &file("1")) && !record.has_made("s", &file("2")));
        record.take(made("2"));
        assert!(record.has_made("s", &file("2")));
        assert_eq!(record.steps[0].changes[0].undo, undo("b", &["/etc"]));
        record.take(Event::Done { step: step(), boot: None });
        assert_eq!(record.step("s").and_then(|past| past.done_in.clone()), Some(None));
        record.take(Event::Undone { step: step(), change: file("2") });
        assert_eq!(record.step("s"), None);
    }
}
