//! Making one change: what is found is put into the journal before anything is touched.

use std::{io, time::Duration};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Call, Change, Content, Entry, Event, JournalError, Kept, NoAnswer, Packages, Programs, Tree, Undo,
    Wanted,
    apt::{Apt, AptError},
    hold::are_accepted,
    journal::Locked,
    keys, merge,
    tree::Kind,
};
use crate::settings::{Hidden, user_mapping};

/// Why a change could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
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
    /// Something else than a file stands where one is to be written.
    #[error("{path} is no plain file: it is left as it is; move it away, then start again")]
    NotAFile {
        /// Where.
        path: String,
    },
    /// A file with settings cannot be understood.
    #[error("{path} is no JSON object: correct it, then start again; it is left as it is")]
    NotJson {
        /// Where.
        path: String,
        /// What is wrong with it.
        source: Option<serde_json::Error>,
    },
    /// A key is not the one that its owner has published.
    #[error(
        "the key at {url} has the fingerprint {found}, and {expected} is expected: if its owner says that this is right, \
             accept it by --accept-key"
    )]
    WrongKey {
        /// Where it came from.
        url: String,
        /// Its fingerprints.
        found: String,
        /// Those that were expected.
        expected: String,
    },
    /// A program says that it failed.
    #[error("`{call}` ended with {}: {said}; {remedy}", code.map_or("a signal".to_owned(), |code| format!("exit code {code}")))]
    Program {
        /// What was called.
        call: String,
        /// Its exit code.
        code: Option<i32>,
        /// What it said last.
        said: String,
        /// What to do.
        remedy: String,
    },
    /// A program gave no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// apt did not do what it was asked for.
    #[error(transparent)]
    Apt(#[from] AptError),
    /// It is made, and its effect is not seen.
    #[error("{change} is not in force after it was made: look for another program that undoes it")]
    NotInForce {
        /// The change.
        change: String,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What changes are made with.
pub struct Maker<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The programs.
    pub programs: &'a mut dyn Programs,
    /// The journal.
    pub journal: &'a Locked,
    /// Who reads what programs print.
    pub tap: &'a mut dyn FnMut(&str),
}

impl Maker<'_> {
    /// Makes a change, and gives the line of the journal that tells of it when it is seen to be in force. `earlier` is
    /// how it is undone where it was begun before.
    ///
    /// # Errors
    /// Why it could not be made.
    pub fn make(
        &mut self,
        step: &str,
        change: &Change,
        earlier: Option<&Undo>,
    ) -> Result<Event, ChangeError> {
        match change {
            Change::File { path, mode, owner, content } => {
                let like = self.like(path, *mode, *owner, content)?;
                let bytes = self.content(path, content)?;
                self.write(step, change, path, &bytes, like)
            }
            Change::Link { path, target } => self.link(step, change, path, target),
            Change::Lists { .. } => {
                self.before(step, change, Undo::Nothing)?;
                self.apt().refresh()?;
                Ok(made(step, change))
            }
            Change::Packages { wanted } => self.packages(step, change, wanted, earlier),
            Change::Member { user, group } => {
                self.before(step, change, Undo::Was { so: false })?;
                let arguments = ["-a", "-G", group.as_str(), user.as_str()];
                let remedy = format!("is there a user {user}? Name another one by --user");
                self.run(&Call::new("usermod", arguments), &remedy)?;
                Ok(made(step, change))
            }
            Change::Run { command, remedy, .. } => {
                self.before(step, change, Undo::Was { so: false })?;
                let (program, arguments) = command.split_first().expect("a command has a program");
                let call = Call::new(program, arguments.iter().cloned()).within(Duration::from_secs(1800));
                self.run(&call, remedy)?;
                Ok(made(step, change))
            }
        }
    }

    /// A look: a program that must be content.
    ///
    /// # Errors
    /// It is not.
    pub fn look(&mut self, change: &Change) -> Result<(), ChangeError> {
        let Change::Run { command, remedy, .. } = change else { return Ok(()) };
        let (program, arguments) = command.split_first().expect("a command has a program");
        self.run(&Call::new(program, arguments.iter().cloned()), remedy)
    }

    fn apt(&mut self) -> Apt<'_> {
        Apt { tree: self.tree, programs: self.programs, tap: self.tap }
    }

    fn before(&self, step: &str, change: &Change, undo: Undo) -> Result<(), ChangeError> {
        Ok(self.journal.add(&Event::Before { step: step.to_owned(), change: change.clone(), undo })?)
    }

    fn run(&mut self, call: &Call, remedy: &str) -> Result<(), ChangeError> {
        let ended = self.programs.run(call, self.tap)?;
        if ended.is_well() {
            return Ok(());
        }
        let all = ended.all();
        // apt's helper says this whenever it writes where only root may.
        let matters =
            |line: &&str| !line.trim().is_empty() && !line.contains("performed unsandboxed as root");
        let mut last: Vec<&str> = all.lines().rev().filter(matters).take(4).collect();
        last.reverse();
        let said = if last.is_empty() { "it said nothing".to_owned() } else { last.join("; ") };
        Err(ChangeError::Program {
            call: call.to_string(),
            code: ended.code,
            said,
            remedy: remedy.to_owned(),
        })
    }

    /// Where it was interrupted before, what was there before that time counts.
    fn packages(
        &mut self,
        step: &str,
        change: &Change,
        wanted: &[Wanted],
        earlier: Option<&Undo>,
    ) -> Result<Event, ChangeError> {
        self.apt().recover()?;
        let list = match earlier {
            Some(Undo::Packages { list }) => list.clone(),
            _ => {
                let before = Packages::of(self.tree);
                let lines = before
                    .names()
                    .map(|name| format!("{name} {}\n", before.version(name).unwrap_or_default()));
                self.journal.keep(lines.collect::<String>().as_bytes())?
            }
        };
        self.before(step, change, Undo::Packages { list: list.clone() })?;
        self.apt().install(wanted)?;
        let (brought, replaced) = difference(&before_of(&list, self.journal)?, &Packages::of(self.tree));
        Ok(Event::Made { step: step.to_owned(), change: change.clone(), brought, replaced })
    }

    /// Rights and owner of what is written: those of the file with other people's settings that is there, else ours.
    fn like(&self, path: &str, mode: u32, owner: u32, content: &Content) -> Result<Entry, ChangeError> {
        let there = self.tree.entry(path).map_err(io_error("look at", path))?;
        let here = rustix::process::geteuid().as_raw();
        let group = rustix::process::getegid().as_raw();
        let fresh = Entry { kind: Kind::File, mode, uid: if owner == 0 { here } else { owner }, gid: group };
        match there {
            Some(entry) if entry.kind != Kind::File => Err(ChangeError::NotAFile { path: path.to_owned() }),
            Some(entry) if matches!(content, Content::Json(_)) => Ok(entry),
            _ => Ok(fresh),
        }
    }

    fn content(&mut self, path: &str, content: &Content) -> Result<Vec<u8>, ChangeError> {
        match content {
            Content::Text(text) => Ok(text.clone().into_bytes()),
            Content::Key { url, fingerprints } => self.key(url, fingerprints),
            Content::Json(members) => self.with_members(path, members),
            Content::Password => Ok(format!("{}\n", password()?).into_bytes()),
            Content::GuacamoleUsers { user, password, host } => {
                let text = guacamole_users(self.tree, user, password, host);
                let missing = || io::Error::from(io::ErrorKind::NotFound);
                text.map(String::into_bytes).ok_or_else(|| io_error("read", password)(missing()))
            }
        }
    }

    /// Fetched by apt's own helper, with the proxies and certificates that apt uses.
    fn key(&mut self, url: &str, fingerprints: &[String]) -> Result<Vec<u8>, ChangeError> {
        let path = "/var/lib/cosmos/setup/key";
        self.clear(path)?;
        let call =
            Call::new("/usr/lib/apt/apt-helper", ["-o", "Acquire::Retries=3", "download-file", url, path]);
        let fetched =
            self.run(&call.within(Duration::from_secs(300)), &format!("look whether {url} can be reached"));
        let bytes = self.tree.read(path).map_err(io_error("read", path));
        self.clear(path)?;
        fetched?;
        let bytes = bytes?.unwrap_or_default();
        let found = keys::fingerprints(&bytes);
        if are_accepted(&found, fingerprints) {
            return Ok(bytes);
        }
        let none = "none: it is no key";
        let found = if found.is_empty() { none.to_owned() } else { found.join(", ") };
        Err(ChangeError::WrongKey { url: url.to_owned(), found, expected: fingerprints.join(" or ") })
    }

    /// What the helper leaves, the name of what it did not like too.
    fn clear(&self, path: &str) -> Result<(), ChangeError> {
        let failed = format!("{path}.FAILED");
        [path, &failed].iter().try_for_each(|path| self.tree.remove(path).map_err(io_error("remove", path)))
    }

    fn with_members(&self, path: &str, members: &Value) -> Result<Vec<u8>, ChangeError> {
        let bytes = self.tree.read(path).map_err(io_error("read", path))?.unwrap_or_default();
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        let not_json = |source| ChangeError::NotJson { path: path.to_owned(), source };
        let parsed =
            if blank { Ok(Value::Object(serde_json::Map::new())) } else { serde_json::from_slice(&bytes) };
        let mut whole: Value = parsed.map_err(|error| not_json(Some(error)))?;
        if !whole.is_object() {
            return Err(not_json(None));
        }
        merge::put(&mut whole, members);
        Ok(text_of(&whole))
    }

    fn write(
        &mut self,
        step: &str,
        change: &Change,
        path: &str,
        bytes: &[u8],
        like: Entry,
    ) -> Result<Event, ChangeError> {
        let folders = self.tree.missing_folders(path);
        let there = self.tree.entry(path).map_err(io_error("look at", path))?;
        let before = match (there, self.tree.read(path).map_err(io_error("read", path))?) {
            (Some(entry), Some(old)) => {
                let copy = self.journal.keep(&old)?;
                Some(Kept { copy, mode: entry.mode, uid: entry.uid, gid: entry.gid })
            }
            _ => None,
        };
        let undo = Undo::File { before, folders: folders.clone(), ours: sum(bytes) };
        self.before(step, change, undo)?;
        self.folders(&folders)?;
        self.tree.write(path, bytes, like).map_err(io_error("write", path))?;
        Ok(made(step, change))
    }

    fn link(&mut self, step: &str, change: &Change, path: &str, target: &str) -> Result<Event, ChangeError> {
        let folders = self.tree.missing_folders(path);
        let there = self.tree.entry(path).map_err(io_error("look at", path))?;
        if there.is_some_and(|entry| entry.kind != Kind::Link) {
            return Err(ChangeError::NotAFile { path: path.to_owned() });
        }
        self.before(step, change, Undo::Link { before: self.tree.target(path), folders: folders.clone() })?;
        self.folders(&folders)?;
        self.tree.remove(path).map_err(io_error("remove", path))?;
        self.tree.link(path, target).map_err(io_error("make", path))?;
        Ok(made(step, change))
    }

    fn folders(&self, folders: &[String]) -> Result<(), ChangeError> {
        folders
            .iter()
            .try_for_each(|folder| self.tree.make_folder(folder, 0o755).map_err(io_error("make", folder)))
    }
}

/// The names and versions of a list that was kept.
pub fn before_of(list: &str, journal: &Locked) -> Result<Vec<(String, String)>, JournalError> {
    let bytes = journal.journal().kept(list)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.map(|(name, version)| (name.to_owned(), version.to_owned())).collect())
}

/// What has come since, and what has been replaced.
pub fn difference(before: &[(String, String)], now: &Packages) -> (Vec<String>, Vec<(String, String)>) {
    let earlier = |name: &str| before.iter().find(|(known, _)| known == name).map(|(_, version)| version);
    let brought = now.known.keys().filter(|name| earlier(name).is_none()).cloned().collect();
    let changed = now.known.iter().filter_map(|(name, package)| {
        let version = earlier(name).filter(|version| **version != package.version)?;
        Some((name.clone(), version.clone()))
    });
    (brought, changed.collect())
}

/// The users of Guacamole with the password that is kept; `None` where there is none.
pub fn guacamole_users(tree: &Tree, user: &str, password: &str, host: &str) -> Option<String> {
    let password = Hidden::new(tree.text(password)?.trim().to_owned());
    Some(user_mapping(user, &password, host, true).expose().to_owned())
}

/// JSON as people write it.
pub fn text_of(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_string_pretty(value).expect("a value of JSON is written as JSON");
    text.push('\n');
    text.into_bytes()
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn made(step: &str, change: &Change) -> Event {
    Event::Made { step: step.to_owned(), change: change.clone(), brought: Vec::new(), replaced: Vec::new() }
}

/// 24 signs that cannot be mistaken for one another: 120 bits.
fn password() -> Result<String, ChangeError> {
    let mut bytes = [0; 24];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    match filled.map_err(io::Error::from).map_err(io_error("ask for", "random numbers"))? {
        24 => Ok(bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect()),
        _ => Err(io_error("ask for", "random numbers")(io::ErrorKind::UnexpectedEof.into())),
    }
}

pub(super) fn io_error(doing: &'static str, path: &str) -> impl FnOnce(io::Error) -> ChangeError + use<> {
    let path = path.to_owned();
    move |source| ChangeError::Io { doing, path, source }
}

const SIGNS: [u8; 32] = *b"abcdefghijkmnpqrstuvwxyz23456789";
