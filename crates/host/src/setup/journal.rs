//! What was done and how to undo it, on disk before it is done.

use std::{
    io::{self, ErrorKind},
    os::fd::OwnedFd,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{Change, Entry, Plan, Tree, Wish, tree::Kind};

/// The name of the format of the journal's lines.
pub const SCHEMA: &str = "cosmos.setup-journal/1";

/// One line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A plan is begun.
    Begun {
        /// The format.
        schema: String,
        /// What is wished.
        wish: Wish,
        /// The plan.
        plan: Plan,
    },
    /// A change is about to be made.
    Before {
        /// The step.
        step: String,
        /// The change.
        change: Change,
        /// How it is undone.
        undo: Undo,
    },
    /// It was made.
    Made {
        /// The step.
        step: String,
        /// The change.
        change: Change,
        /// Packages that it has brought.
        brought: Vec<String>,
        /// Packages that it has replaced, with the versions that were there.
        replaced: Vec<(String, String)>,
    },
    /// A step is done.
    Done {
        /// The step.
        step: String,
        /// The boot in which.
        boot: Option<String>,
    },
    /// A step has failed, and what it had changed is undone.
    Failed {
        /// The step.
        step: String,
        /// Why.
        why: String,
    },
    /// A change is undone, or left because its user has made it their own.
    Undone {
        /// The step.
        step: String,
        /// The change.
        change: Change,
    },
    /// The machine is rebooted.
    Rebooting,
    /// Everything is done.
    Finished,
}

/// What a change found, and so what undoing it puts back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Undo {
    /// A file.
    File {
        /// What was there; `None` where nothing was.
        before: Option<Kept>,
        /// The directories that were made for it, the outermost first.
        folders: Vec<String>,
        /// The SHA-256 of what was written.
        ours: String,
    },
    /// A link.
    Link {
        /// Where the link that was there led to.
        before: Option<String>,
        /// The directories that were made for it.
        folders: Vec<String>,
    },
    /// Packages: those that were there, in a file that is kept.
    Packages {
        /// Its name.
        list: String,
    },
    /// A membership, or a command.
    Was {
        /// Whether it was so before.
        so: bool,
    },
    /// Nothing is to be undone.
    Nothing,
}

/// A file as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The name of the copy.
    pub copy: String,
    /// The rights.
    pub mode: u32,
    /// The number of its owner.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refused something.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not understood.
    #[error(
        "{FOLDER}/journal, line {line}, is not understood: it was written by another version of cosmos-setup, or \
             changed; nothing was touched"
    )]
    Line {
        /// Which.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The journal is of a later format.
    #[error(
        "{FOLDER}/journal is of format {found}, and this program knows {SCHEMA}: use a newer cosmos-setup"
    )]
    Format {
        /// The format.
        found: String,
    },
    /// Another cosmos-setup is at work.
    #[error("another cosmos-setup is at work on this machine: wait for it")]
    Busy,
}

/// Where the journal and what belongs to it lie.
#[derive(Clone, Debug)]
pub struct Journal {
    tree: Tree,
}

/// A journal that nobody else writes to.
pub struct Locked {
    journal: Journal,
    _lock: OwnedFd,
}

impl Journal {
    /// That of the machine with these files.
    pub fn of(tree: &Tree) -> Self {
        Self { tree: tree.clone() }
    }

    /// All lines. The last one counts only if it is whole: it is lost where the machine stopped while it was written.
    ///
    /// # Errors
    /// [`JournalError`] where it cannot be read or understood.
    pub fn read(&self) -> Result<Vec<Event>, JournalError> {
        let bytes = self.tree.read(JOURNAL).map_err(refused("read", JOURNAL))?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[..whole(&bytes)]).into_owned();
        let parse = |(line, at): (&str, usize)| {
            serde_json::from_str(line).map_err(|source| JournalError::Line { line: at, source })
        };
        let events: Vec<Event> = text.lines().zip(1..).map(parse).collect::<Result<_, _>>()?;
        for event in &events {
            if let Event::Begun { schema, .. } = event
                && schema != SCHEMA
            {
                return Err(JournalError::Format { found: schema.clone() });
            }
        }
        Ok(events)
    }

    /// Opens it for writing, and makes what it needs.
    ///
    /// # Errors
    /// [`JournalError`] where another program has it, or the disk refuses.
    pub fn lock(&self) -> Result<Locked, JournalError> {
        for folder in self.tree.missing_folders(JOURNAL) {
            let mode = if folder == FOLDER { 0o700 } else { 0o755 };
            self.tree.make_folder(&folder, mode).map_err(refused("make", &folder))?;
        }
        let lock = self.wait_for_lock()?;
        let locked = Locked { journal: self.clone(), _lock: lock };
        let bytes = self.tree.read(JOURNAL).map_err(refused("read", JOURNAL))?.unwrap_or_default();
        if whole(&bytes) < bytes.len() {
            self.tree.write(JOURNAL, &bytes[..whole(&bytes)], own()).map_err(refused("write", JOURNAL))?;
        }
        Ok(locked)
    }

    /// One that is about to end is waited for.
    fn wait_for_lock(&self) -> Result<OwnedFd, JournalError> {
        let end = Instant::now() + Duration::from_secs(2);
        loop {
            if let Some(lock) = self.tree.lock(LOCK).map_err(refused("lock", LOCK))? {
                return Ok(lock);
            }
            if Instant::now() > end {
                return Err(JournalError::Busy);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The copy of this name.
    ///
    /// # Errors
    /// It is gone or cannot be read.
    pub fn kept(&self, copy: &str) -> Result<Vec<u8>, JournalError> {
        let path = format!("{FOLDER}/{copy}");
        let read = self.tree.read(&path).and_then(|bytes| bytes.ok_or_else(|| ErrorKind::NotFound.into()));
        read.map_err(refused("read", &path))
    }
}

impl Locked {
    /// Adds a line, which is on disk before this returns.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&self, event: &Event) -> Result<(), JournalError> {
        let mut line = serde_json::to_string(event).expect("events are text, numbers and lists of them");
        line.push('\n');
        self.journal.tree.append(JOURNAL, line.as_bytes()).map_err(refused("write", JOURNAL))
    }

    /// Keeps a copy, and gives its name.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, bytes: &[u8]) -> Result<String, JournalError> {
        let taken = self.journal.tree.names(FOLDER);
        let free = (1..).map(|number| format!("kept-{number:04}")).find(|name| !taken.contains(name));
        let copy = free.expect("there are more numbers than files");
        let path = format!("{FOLDER}/{copy}");
        self.journal.tree.write(&path, bytes, own()).map_err(refused("write", &path))?;
        Ok(copy)
    }

    /// The journal, for reading.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Notes what programs have said.
    pub fn log(&self, line: &str) {
        // Who cannot write it has said so elsewhere, and nothing depends on it.
        let _ = self.journal.tree.append(LOG, format!("{line}\n").as_bytes());
    }

    /// Removes all of it: nothing is left to undo.
    ///
    /// # Errors
    /// What the system says.
    pub fn forget(self) -> Result<(), JournalError> {
        let tree = &self.journal.tree;
        for name in tree.names(FOLDER) {
            let path = format!("{FOLDER}/{name}");
            tree.remove(&path).map_err(refused("remove", &path))?;
        }
        for folder in [FOLDER, "/var/lib/cosmos"] {
            tree.remove_folder(folder);
        }
        Ok(())
    }
}

/// How many bytes are whole lines.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

fn own() -> Entry {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    Entry { kind: Kind::File, mode: 0o600, uid, gid }
}

fn refused(doing: &'static str, path: &str) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { doing, path, source }
}

const FOLDER: &str = "/var/lib/cosmos/setup";
const JOURNAL: &str = "/var/lib/cosmos/setup/journal";
const LOCK: &str = "/var/lib/cosmos/setup/lock";
const LOG: &str = "/var/lib/cosmos/setup/log";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs;

    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_lost_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let journal = Journal::of(&Tree::at(root.path()));
        let locked = journal.lock().unwrap();
        assert!(matches!(journal.lock(), Err(JournalError::Busy)));
        locked.add(&Event::Rebooting).unwrap();
        locked.add(&Event::Finished).unwrap();
        drop(locked);
        let path = root.path().join("var/lib/cosmos/setup/journal");
        let all = fs::read(&path).unwrap();
        for cut in 0..all.len() {
            fs::write(&path, &all[..cut]).unwrap();
            let lines = all[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(journal.read().unwrap().len(), lines, "{cut}");
            let locked = journal.lock().unwrap();
            locked.add(&Event::Finished).unwrap();
            assert_eq!(journal.read().unwrap().len(), lines + 1, "{cut}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let journal = Journal::of(&Tree::at(root.path()));
        journal.lock().unwrap().add(&Event::Rebooting).unwrap();
        let path = root.path().join("var/lib/cosmos/setup/journal");
        fs::write(&path, "{\"event\":\"rebooting\"}\n{\"event\":\"danced\"}\n").unwrap();
        assert!(journal.read().unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn nothing_is_left_when_it_is_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let locked = Journal::of(&Tree::at(root.path())).lock().unwrap();
        let names = [locked.keep(b"one").unwrap(), locked.keep(b"two").unwrap()];
        assert_eq!(names, ["kept-0001", "kept-0002"]);
        assert_eq!(locked.journal().kept("kept-0002").unwrap(), b"two");
        locked.log("said");
        locked.forget().unwrap();
        assert!(!root.path().join("var/lib/cosmos").exists());
    }
}
