//! The table of all settings.

use super::Kind;

mod access;
mod around;
mod network;
mod retired;
mod screen;
mod sign_in;
mod stream;

pub use retired::Retired;

/// One setting, and everything that is to be told about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in the TOML file, and its name in this library.
    pub key: &'static str,
    /// Today's environment variable.
    pub variable: &'static str,
    /// The flag without its dashes. That of a secret takes the file that holds it: arguments can be read by
    /// everybody on the machine. `None` for variables that belong to other programs too.
    pub flag: Option<&'static str>,
    /// Older variables, the newest first.
    pub older: &'static [Older],
    /// What it accepts.
    pub kind: Kind,
    /// What holds when it is not set, as text; `None` where something else decides, which the help tells.
    pub default: Option<&'static str>,
    /// The unit of a number; empty where there is none.
    pub unit: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// Who acts on it.
    pub consumer: Consumer,
}

/// A name that a setting had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Older {
    /// The environment variable.
    pub name: &'static str,
    /// Who used it.
    pub project: Project,
    /// What its value means.
    pub meaning: Meaning,
}

/// Whose name it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Project {
    /// The first launch scripts and the server in them.
    Seed,
    /// The desktop containers and servers that followed.
    Successor,
}

/// What the value of an older name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The same as today.
    Same,
    /// The opposite: `true` is today's `false`.
    Inverted,
}

/// Who acts on a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// `cosmos-launch` itself.
    Launch,
    /// The X server.
    XServer,
    /// The programs of the desktop session.
    Session,
    /// `cosmos-stream`.
    Stream,
    /// The container runtime.
    Runtime,
}

/// What a variable's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Today's name of a setting.
    Today(&'static Setting),
    /// An older one.
    Older(&'static Setting, &'static Older),
    /// A file with the secret, by today's name.
    File(&'static Setting),
    /// A file with the secret, by an older name.
    OlderFile(&'static Setting, &'static Older),
    /// A name that has no counterpart any more.
    Retired(&'static Retired),
}

/// All settings, in the order in which people read them.
pub fn settings() -> impl Iterator<Item = &'static Setting> + Clone {
    [screen::ROWS, stream::ROWS, access::ROWS, sign_in::ROWS, network::ROWS, around::ROWS]
        .into_iter()
        .flatten()
}

/// Names that the settings had and that mean nothing any more.
pub fn retired() -> impl Iterator<Item = &'static Retired> {
    retired::ROWS.iter()
}

/// The setting of this key.
pub fn setting(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

/// What a variable of this name is.
pub fn known(variable: &str) -> Option<Known> {
    let by_name = |name: &str| {
        settings().find_map(|setting| {
            let today = (setting.variable == name).then_some((setting, None));
            let older = || setting.older.iter().find(|older| older.name == name);
            today.or_else(|| older().map(|older| (setting, Some(older))))
        })
    };
    if let Some((setting, older)) = by_name(variable) {
        return Some(older.map_or(Known::Today(setting), |older| Known::Older(setting, older)));
    }
    let file = variable.strip_suffix(FILE).and_then(by_name).filter(|(setting, _)| setting.is_secret());
    if let Some((setting, older)) = file {
        return Some(older.map_or(Known::File(setting), |older| Known::OlderFile(setting, older)));
    }
    retired().find(|retired| retired.name == variable).map(Known::Retired)
}

impl Setting {
    /// Whether nobody may see it.
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret)
    }

    /// Its variables, the newest first, and what their values mean.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, Meaning)> {
        let older = self.older.iter().map(|older| (older.name, older.meaning));
        std::iter::once((self.variable, Meaning::Same)).chain(older)
    }

    const fn older(mut self, older: &'static [Older]) -> Self {
        self.older = older;
        self
    }

    const fn by_default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }
}

/// A row of the table.
const fn row(
    [key, flag, variable]: [&'static str; 3],
    kind: Kind,
    consumer: Consumer,
    help: &'static str,
) -> Setting {
    let flag = if flag.is_empty() { None } else { Some(flag) };
    Setting { key, variable, flag, older: &[], kind, default: None, unit: "", help, consumer }
}

const fn seed(name: &'static str) -> Older {
    Older { name, project: Project::Seed, meaning: Meaning::Same }
}

const fn successor(name: &'static str) -> Older {
    Older { name, project: Project::Successor, meaning: Meaning::Same }
}

/// What makes the name of a secret the name of its file.
pub(super) const FILE: &str = "_FILE";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_stands_for_two_things() {
        let mut seen = HashSet::new();
        for setting in settings() {
            for name in setting.variables().map(|(name, _)| name) {
                assert!(seen.insert(name.to_owned()), "{name}");
            }
            assert!(seen.insert(format!("key {}", setting.key)), "{}", setting.key);
            assert!(setting.flag.is_none_or(|flag| seen.insert(format!("--{flag}"))), "{}", setting.key);
        }
        for retired in retired() {
            assert!(seen.insert(retired.name.to_owned()), "{}", retired.name);
        }
    }

    #[test]
    fn every_default_is_accepted() {
        for setting in settings() {
            if let Some(default) = setting.default {
                assert!(setting.kind.parse(default).is_ok(), "{} {default}", setting.key);
            }
        }
    }

    #[test]
    fn rows_follow_the_forms() {
        for setting in settings() {
            let key = setting.key;
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{key}");
            assert!(setting.help.ends_with('.') && setting.help.len() > 10, "{key}: {}", setting.help);
            assert_eq!(
                setting.is_secret(),
                setting.flag.is_some_and(|flag| flag.ends_with("-file")) && key != "app_ready_file",
                "{key}"
            );
            assert!(!setting.is_secret() || setting.default.is_none(), "{key}");
            let numbers = matches!(setting.kind, Kind::Integer(..));
            assert!(numbers || setting.unit.is_empty(), "{key}");
        }
    }

    #[test]
    fn names_are_known_with_their_files() {
        let of = |name| known(name).unwrap();
        assert!(matches!(of("COSMOS_WIDTH"), Known::Today(setting) if setting.key == "width"));
        assert!(matches!(of("SIZEW"), Known::Older(_, older) if older.project == Project::Seed));
        assert!(matches!(of("COSMOS_PASSWORD_FILE"), Known::File(setting) if setting.key == "password"));
        assert!(
            matches!(of("PASSWD_FILE"), Known::OlderFile(setting, _) if setting.key == "account_password")
        );
        assert!(matches!(of("KASMVNC_THREADS"), Known::Retired(_)));
        assert!(known("SIZEW_FILE").is_none() && known("HOME").is_none());
    }
}
