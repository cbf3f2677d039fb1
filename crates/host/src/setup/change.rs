//! One change to a machine, as data.

use serde::{Deserialize, Serialize};

/// One change. All of them can be looked at without changing anything, made twice without harm, and undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Change {
    /// A file with this content.
    File {
        /// Where.
        path: String,
        /// The rights.
        mode: u32,
        /// The number of the user whom it belongs to.
        owner: u32,
        /// What it holds.
        content: Content,
    },
    /// A symbolic link.
    Link {
        /// Where.
        path: String,
        /// Where it leads to.
        target: String,
    },
    /// The lists of packages of these places, fetched and their signatures checked.
    Lists {
        /// The beginnings of the lists' names, as apt derives them from the addresses.
        names: Vec<String>,
    },
    /// Packages, installed.
    Packages {
        /// Which.
        wanted: Vec<Wanted>,
    },
    /// A user who belongs to a group.
    Member {
        /// The user.
        user: String,
        /// The group.
        group: String,
    },
    /// A program that is run.
    Run {
        /// The program and what it is told.
        command: Vec<String>,
        /// What undoes it.
        undo: Option<Vec<String>>,
        /// How to see that it was run.
        seen: Seen,
        /// It is run only where there is this path.
        only_with: Option<String>,
        /// What is wrong where it fails.
        remedy: String,
    },
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// This text.
    Text(String),
    /// The keys from an address, if all of them have one of these fingerprints.
    Key {
        /// The address.
        url: String,
        /// The fingerprints.
        fingerprints: Vec<String>,
    },
    /// JSON in which these members stand, besides those that stand there already.
    Json(serde_json::Value),
    /// A random password, made once.
    Password,
    /// The users of Guacamole: this one, with the password in that file.
    GuacamoleUsers {
        /// The user.
        user: String,
        /// The file.
        password: String,
        /// The host whose desktop is shown.
        host: String,
    },
}

/// A package that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Which version.
    pub version: Version,
}

/// Which version of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// The one that apt prefers; if one is installed, that.
    Any,
    /// One that begins so.
    Starts(String),
    /// This or a newer one.
    AtLeast(String),
}

/// How to see that a program was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// There is this path.
    Path(String),
    /// A file has a line with this text.
    Line {
        /// The file.
        file: String,
        /// The text.
        text: String,
    },
    /// Only the journal tells.
    Journal,
    /// It is itself a look at something, and is run each time.
    Always,
}

impl Change {
    /// A text that everybody may read.
    pub(crate) fn file(path: &str, text: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), mode: 0o644, owner: 0, content: Content::Text(text.into()) }
    }

    /// A file that only this user may read.
    pub(crate) fn secret(path: &str, owner: u32, content: Content) -> Self {
        Self::File { path: path.to_owned(), mode: 0o600, owner, content }
    }

    /// A link.
    pub(crate) fn link(path: &str, target: &str) -> Self {
        Self::Link { path: path.to_owned(), target: target.to_owned() }
    }

    /// Packages as apt prefers them.
    pub(crate) fn packages<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Packages { wanted: names.into_iter().map(|name| Wanted::new(name, Version::Any)).collect() }
    }

    /// A unit that systemd starts with the machine.
    pub(crate) fn starts(unit: &str, from: &str) -> Self {
        Self::link(&format!("/etc/systemd/system/multi-user.target.wants/{unit}"), &format!("{from}/{unit}"))
    }

    /// A call of systemctl on a machine that systemd runs.
    pub(crate) fn systemctl(arguments: &[&str], undo: Option<&[&str]>) -> Self {
        let call = |arguments: &[&str]| {
            std::iter::once("systemctl").chain(arguments.iter().copied()).map(str::to_owned).collect()
        };
        Self::Run {
            command: call(arguments),
            undo: undo.map(call),
            seen: Seen::Journal,
            only_with: Some("/run/systemd/system".to_owned()),
            remedy: "look at `systemctl --failed` and `journalctl -b`".to_owned(),
        }
    }
}

impl Wanted {
    /// A package in this version.
    pub(crate) fn new(name: impl Into<String>, version: Version) -> Self {
        Self { name: name.into(), version }
    }
}

/// As it is said on a line.
impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "file {path}"),
            Self::Link { path, target } => write!(f, "link {path} -> {target}"),
            Self::Lists { .. } => f.write_str("package lists"),
            Self::Packages { wanted } => {
                let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                write!(f, "packages {}", names.join(" "))
            }
            Self::Member { user, group } => write!(f, "user {user} in group {group}"),
            Self::Run { command, .. } => {
                write!(f, "run {}", shell_words::join(command.iter().map(String::as_str)))
            }
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Version::Any => f.write_str(&self.name),
            Version::Starts(start) => write!(f, "{}={start}*", self.name),
            Version::AtLeast(least) => write!(f, "{}>={least}", self.name),
        }
    }
}
