//! Undoing what the journal tells of. What its user has changed since is theirs, and stays.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{
    Call, Change, Entry, Event, Kept, Packages, Programs, Record, Tree, Undo,
    apt::Apt,
    journal::Locked,
    make::{ChangeError, before_of, difference, io_error, sum, text_of},
    merge,
    record::Made,
    tree::Kind,
};

/// Something that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The step.
    pub step: String,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What changes are undone with.
pub struct Undoer<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The programs.
    pub programs: &'a mut dyn Programs,
    /// The journal.
    pub journal: &'a Locked,
    /// What it comes to.
    pub record: &'a mut Record,
    /// Who reads what programs print.
    pub tap: &'a mut dyn FnMut(&str),
}

impl Undoer<'_> {
    /// Undoes a step, the last change first.
    ///
    /// # Errors
    /// The first change that could not be undone; those before it are.
    pub fn step(&mut self, id: &str) -> Result<Vec<Left>, ChangeError> {
        let changes = self.record.step(id).map(|past| past.changes.clone()).unwrap_or_default();
        self.changes(id, changes)
    }

    /// Undoes these changes of a step, the last one first.
    ///
    /// # Errors
    /// The first that could not be undone.
    pub fn changes(&mut self, step: &str, changes: Vec<Made>) -> Result<Vec<Left>, ChangeError> {
        let mut left = Vec::new();
        for made in changes.into_iter().rev() {
            let kept = self.undo(&made)?;
            left.extend(kept.into_iter().map(|(what, why)| Left { step: step.to_owned(), what, why }));
            let event = Event::Undone { step: step.to_owned(), change: made.change };
            self.journal.add(&event)?;
            self.record.take(event);
        }
        Ok(left)
    }

    fn undo(&mut self, made: &Made) -> Result<Vec<(String, String)>, ChangeError> {
        match (&made.change, &made.undo) {
            (Change::File { path, .. }, Undo::File { before, folders, ours }) => {
                let left = self.file(path, before.as_ref(), ours, made)?;
                folders.iter().rev().for_each(|folder| self.tree.remove_folder(folder));
                Ok(left.map(|why| (path.clone(), why)).into_iter().collect())
            }
            (Change::Link { path, target }, Undo::Link { before, folders }) => {
                let left = self.link(path, target, before.as_deref())?;
                folders.iter().rev().for_each(|folder| self.tree.remove_folder(folder));
                Ok(left.map(|why| (path.clone(), why)).into_iter().collect())
            }
            (Change::Packages { .. }, Undo::Packages { list }) => self.packages(list, made),
            (Change::Member { user, group }, Undo::Was { so: false }) => {
                self.call(&["gpasswd".into(), "--delete".into(), user.clone(), group.clone()])?;
                Ok(Vec::new())
            }
            (Change::Run { undo: Some(command), only_with, .. }, Undo::Was { so: false }) => {
                if only_with.as_ref().is_none_or(|path| self.tree.exists(path)) {
                    self.call(command)?;
                }
                Ok(Vec::new())
            }
            (Change::Lists { names }, _) => {
                self.lists(names)?;
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn file(
        &self,
        path: &str,
        before: Option<&Kept>,
        ours: &str,
        made: &Made,
    ) -> Result<Option<String>, ChangeError> {
        let there = self.tree.entry(path).map_err(io_error("look at", path))?;
        let now = match there {
            Some(entry) if entry.kind != Kind::File => {
                return Ok(Some("it is no plain file any more".to_owned()));
            }
            _ => self.tree.read(path).map_err(io_error("read", path))?,
        };
        let old = before.map(|kept| self.journal.journal().kept(&kept.copy)).transpose()?;
        match now {
            // Killed before it was written, or removed by its user: what was there before may still be there.
            None if before.is_none() || made.made => Ok(None),
            Some(now) if Some(&now) == old.as_ref() => Ok(None),
            Some(now) if sum(&now) != ours => self.merge(path, there, old.as_deref(), &now, made),
            _ => self.put_back(path, before, old).map(|()| None),
        }
    }

    fn put_back(&self, path: &str, before: Option<&Kept>, old: Option<Vec<u8>>) -> Result<(), ChangeError> {
        match before.zip(old) {
            Some((kept, bytes)) => {
                let like = Entry { kind: Kind::File, mode: kept.mode, uid: kept.uid, gid: kept.gid };
                self.tree.write(path, &bytes, like).map_err(io_error("write", path))
            }
            None => self.tree.remove(path).map_err(io_error("remove", path)),
        }
    }

    /// Its user has changed it since. Of JSON, our members alone go; anything else stays whole.
    fn merge(
        &self,
        path: &str,
        there: Option<Entry>,
        old: Option<&[u8]>,
        now: &[u8],
        made: &Made,
    ) -> Result<Option<String>, ChangeError> {
        let theirs = Ok(Some("it was changed since, and stays as it is".to_owned()));
        let Change::File { content: super::Content::Json(members), .. } = &made.change else { return theirs };
        let (Ok(now), Some(like)) = (serde_json::from_slice::<Value>(now), there) else { return theirs };
        let before: Option<Value> = old.and_then(|old| serde_json::from_slice(old).ok());
        let mut ours = before.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        merge::put(&mut ours, members);
        match merge::take_out(before.as_ref(), &ours, &now) {
            Some(rest) => self.tree.write(path, &text_of(&rest), like).map_err(io_error("write", path))?,
            None => self.tree.remove(path).map_err(io_error("remove", path))?,
        }
        Ok(Some("ours was taken out, and what was changed since stays".to_owned()))
    }

    fn link(&self, path: &str, target: &str, before: Option<&str>) -> Result<Option<String>, ChangeError> {
        let now = self.tree.target(path);
        match now.as_deref() {
            Some(now) if now != target => {
                return Ok((before != Some(now)).then(|| format!("it leads to {now} now")));
            }
            None => return Ok(None),
            Some(_) => self.tree.remove(path).map_err(io_error("remove", path))?,
        }
        if let Some(before) = before {
            self.tree.link(path, before).map_err(io_error("make", path))?;
        }
        Ok(None)
    }

    fn packages(&mut self, list: &str, made: &Made) -> Result<Vec<(String, String)>, ChangeError> {
        let mut apt = Apt { tree: self.tree, programs: self.programs, tap: self.tap };
        // What does not recover is purged as it is.
        let recovered = apt.recover();
        let now = Packages::of(self.tree);
        // It was interrupted, and nobody has noted what came.
        let (brought, replaced) = match made.made {
            true => (made.brought.clone(), made.replaced.clone()),
            false => difference(&before_of(list, self.journal)?, &now),
        };
        let there: Vec<String> = brought.into_iter().filter(|name| now.known.contains_key(name)).collect();
        let (own, changed): (Vec<String>, Vec<String>) = {
            let changed = self.changed_settings(&there)?;
            there.into_iter().partition(|name| !changed.contains(name))
        };
        let mut left: Vec<(String, String)> = changed
            .iter()
            .map(|name| {
                (format!("settings of package {name}"), "they were changed since, and stay".to_owned())
            })
            .collect();
        let mut apt = Apt { tree: self.tree, programs: self.programs, tap: self.tap };
        let all: Vec<String> = own.iter().chain(&changed).cloned().collect();
        if !changed.is_empty() {
            apt.remove(&all)?;
        }
        apt.purge(&own)?;
        if !all.is_empty() {
            recovered.or_else(|_| apt.recover())?;
        }
        for (name, version) in replaced {
            if Packages::of(self.tree).version(&name) != Some(version.as_str())
                && let Err(error) = apt.downgrade(&name, &version)
            {
                left.push((
                    format!("package {name}"),
                    format!("version {version} is not to be had any more: {error}"),
                ));
            }
        }
        Ok(left)
    }

    /// The packages whose settings their user has changed, as `dpkg --verify` tells: `??5?????? c /etc/x`.
    fn changed_settings(&mut self, names: &[String]) -> Result<Vec<String>, ChangeError> {
        let mut changed = Vec::new();
        for name in names {
            let ended = self.programs.run(&Call::new("dpkg", ["--verify", name.as_str()]), &mut |_| ())?;
            let is_changed =
                |line: &str| line.get(2..3) == Some("5") && line.split_whitespace().nth(1) == Some("c");
            if ended.output.lines().any(is_changed) {
                changed.push(name.clone());
            }
        }
        Ok(changed)
    }

    fn lists(&self, names: &[String]) -> Result<(), ChangeError> {
        for list in self
            .tree
            .names(LISTS)
            .into_iter()
            .filter(|list| names.iter().any(|name| list.starts_with(name.as_str())))
        {
            let path = format!("{LISTS}/{list}");
            self.tree.remove(&path).map_err(io_error("remove", &path))?;
        }
        Ok(())
    }

    /// What it was to undo may be gone already: a complaint of it is shown and stops nothing.
    fn call(&mut self, command: &[String]) -> Result<(), ChangeError> {
        let (program, arguments) = command.split_first().expect("a command has a program");
        let call = Call::new(program, arguments.iter().cloned()).within(Duration::from_secs(1800));
        match self.programs.run(&call, self.tap) {
            Err(super::NoAnswer::NotStarted { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

const LISTS: &str = "/var/lib/apt/lists";
