//! Which of several values holds: what was typed, else the environment, else the file, else the default.

use std::{collections::BTreeMap, io, path::Path};

use super::{
    Hidden, Invalid, Known, Meaning, Setting, SettingsError, Value, file, known, settings, suggest,
    table::FILE,
};

mod check;
mod read;

/// Reads a file that holds a secret.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Everything that settings may come from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// What was typed: the key of a setting, and the text. For a secret, the path of its file.
    pub flags: &'a [(&'static str, String)],
    /// The environment.
    pub environment: &'a [(String, String)],
    /// The TOML file: its name for messages, and its text.
    pub file: Option<(&'a str, &'a str)>,
    /// How files of secrets are read.
    pub read: ReadFile<'a>,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was typed, with this flag.
    Flag(String),
    /// This environment variable.
    Environment(String),
    /// This key of the file, both named.
    File(String),
    /// It was not set.
    Default,
}

/// All settings, each with its value and where that came from.
#[derive(Clone, Debug)]
pub struct Settings {
    entries: BTreeMap<&'static str, (Value, Origin)>,
    warnings: Vec<String>,
}

/// One value that was given.
#[derive(Debug)]
struct Candidate {
    /// As messages name it.
    name: String,
    text: String,
    names_file: bool,
    meaning: Meaning,
    origin: Origin,
}

/// Finds the value of every setting. A value that is set to nothing counts as not set.
///
/// # Errors
/// The first value that is not understood, the first secret that cannot be read, or settings that exclude each other.
pub fn resolve(sources: &Sources<'_>) -> Result<Settings, SettingsError> {
    let file = sources.file.map(|(name, text)| file::parse(name, text)).transpose()?.unwrap_or_default();
    let mut resolved = Settings { entries: BTreeMap::new(), warnings: Vec::new() };
    for setting in settings() {
        let candidates = candidates(setting, sources, &file)?;
        resolved.take(setting, &candidates, sources.read)?;
    }
    resolved.warn_of_names(sources.environment);
    resolved.check()?;
    Ok(resolved)
}

/// What was given for one setting, the strongest first.
fn candidates(
    setting: &'static Setting,
    sources: &Sources<'_>,
    file: &[file::Entry],
) -> Result<Vec<Candidate>, SettingsError> {
    let flags = sources.flags.iter().filter(|(key, _)| *key == setting.key).map(|(_, text)| {
        let name = format!("--{}", setting.flag.unwrap_or(setting.key));
        Candidate::new(name.clone(), text, setting.is_secret(), Origin::Flag(name))
    });
    let mut found: Vec<Candidate> = flags.collect();
    // The last of several of one flag is meant.
    found.reverse();
    for (name, meaning) in setting.variables() {
        found.extend(of_variable(setting, name, meaning, sources.environment)?);
    }
    let (file_name, _) = sources.file.unwrap_or_default();
    found.extend(of_file(setting, file_name, file)?);
    found.retain(|candidate| !candidate.text.is_empty());
    Ok(found)
}

/// The entry of the file. A secret may stand there, or the name of the file that holds it, and not both.
fn of_file(
    setting: &'static Setting,
    file_name: &str,
    file: &[file::Entry],
) -> Result<Option<Candidate>, SettingsError> {
    let mut entries = file.iter().filter(|entry| entry.setting.key == setting.key && !entry.value.is_empty());
    let Some(entry) = entries.next() else { return Ok(None) };
    let name = format!("{file_name}: {}", entry.key);
    match entries.next() {
        Some(other) => Err(SettingsError::SecretTwice { name, file: other.key.clone() }),
        None => {
            let origin = Origin::File(name.clone());
            Ok(Some(Candidate::new(name, &entry.value, entry.names_file, origin)))
        }
    }
}

/// The value of one variable, or the file that it names with `_FILE`.
fn of_variable(
    setting: &'static Setting,
    name: &str,
    meaning: Meaning,
    environment: &[(String, String)],
) -> Result<Option<Candidate>, SettingsError> {
    let value = |name: &str| {
        let found = environment.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, text)| text).filter(|text| !text.is_empty())
    };
    let file = format!("{name}{FILE}");
    let by_file = Some(&file).filter(|_| setting.is_secret()).and_then(|file| value(file));
    let from = |name: &str, text: &str, names_file| {
        let candidate =
            Candidate::new(name.to_owned(), text, names_file, Origin::Environment(name.to_owned()));
        Some(Candidate { meaning, ..candidate })
    };
    match (value(name), by_file) {
        (Some(_), Some(_)) => Err(SettingsError::SecretTwice { name: name.to_owned(), file }),
        (Some(text), None) => Ok(from(name, text, false)),
        (None, Some(path)) => Ok(from(&file, path, true)),
        (None, None) => Ok(None),
    }
}

impl Settings {
    fn take(
        &mut self,
        setting: &'static Setting,
        candidates: &[Candidate],
        read: ReadFile<'_>,
    ) -> Result<(), SettingsError> {
        let Some((winner, others)) = candidates.split_first() else {
            let default = setting.default.and_then(|text| setting.kind.parse(text).ok());
            self.entries.extend(default.map(|value| (setting.key, (value, Origin::Default))));
            return Ok(());
        };
        let value = winner.value(setting, read)?;
        self.warn_of_losers(setting, winner, others);
        self.entries.insert(setting.key, (value, winner.origin.clone()));
        Ok(())
    }

    /// Two names in the environment, and a file that says something else. That flags win is expected.
    fn warn_of_losers(&mut self, setting: &Setting, winner: &Candidate, others: &[Candidate]) {
        let used = match setting.is_secret() {
            true => winner.name.clone(),
            false => format!("{}={}", winner.name, winner.text),
        };
        for other in others {
            let environment = |origin: &Origin| matches!(origin, Origin::Environment(_));
            let both = environment(&winner.origin) && environment(&other.origin);
            let in_file = matches!(other.origin, Origin::File(_)) && other.text != winner.text;
            if both || in_file {
                self.warnings
                    .push(format!("{} and {} are both set; {used} is used", winner.name, other.name));
            }
        }
    }

    /// Names that mean nothing any more, and names that look like slips.
    fn warn_of_names(&mut self, environment: &[(String, String)]) {
        for (name, _) in environment.iter().filter(|(_, text)| !text.is_empty()) {
            match known(name) {
                Some(Known::Retired(retired)) => {
                    self.warnings.push(format!("{name} means nothing any more: {}", retired.advice));
                }
                None if OURS.iter().any(|prefix| name.starts_with(prefix)) => {
                    let names = settings().flat_map(|setting| setting.variables().map(|(name, _)| name));
                    let meant = suggest::nearest(name, names);
                    self.warnings
                        .extend(meant.map(|meant| format!("{name} is no setting; did you mean {meant}?")));
                }
                _ => {}
            }
        }
    }
}

impl Candidate {
    fn new(name: String, text: &str, names_file: bool, origin: Origin) -> Self {
        Self { name, text: text.to_owned(), names_file, meaning: Meaning::Same, origin }
    }

    fn value(&self, setting: &Setting, read: ReadFile<'_>) -> Result<Value, SettingsError> {
        if self.names_file {
            return self.secret(read).map(Value::Secret);
        }
        let value = setting.kind.parse(&self.text).map_err(|invalid| self.refused(invalid))?;
        Ok(match (value, self.meaning) {
            (Value::Boolean(yes), Meaning::Inverted) => Value::Boolean(!yes),
            (value, _) => value,
        })
    }

    /// Editors end files with a line break, which is no part of the secret.
    fn secret(&self, read: ReadFile<'_>) -> Result<Hidden, SettingsError> {
        let path = Path::new(&self.text);
        let text = read(path).map_err(|source| SettingsError::SecretFile {
            name: self.name.clone(),
            path: path.to_owned(),
            source,
        })?;
        match text.trim_end_matches(['\r', '\n']) {
            "" => {
                let reason = format!("the secret in {} is empty", path.display());
                Err(SettingsError::Reason { name: self.name.clone(), reason })
            }
            secret => Ok(Hidden::new(secret)),
        }
    }

    fn refused(&self, invalid: Invalid) -> SettingsError {
        let name = self.name.clone();
        match invalid {
            Invalid::Because(reason) => SettingsError::Reason { name, reason },
            Invalid::Not(accepted) => {
                let value = self.text.chars().take(SHOWN).collect();
                SettingsError::Value { name, value, accepted }
            }
        }
    }
}

impl Default for Sources<'_> {
    /// Nothing is given, and no file can be read.
    fn default() -> Self {
        Self { flags: &[], environment: &[], file: None, read: &|_| Err(io::ErrorKind::NotFound.into()) }
    }
}

/// Variables of which a near miss is a slip and not somebody else's.
const OURS: [&str; 2] = ["COSMOS_", "SELKIES_"];
/// So much of a value is shown.
const SHOWN: usize = 80;

#[cfg(test)]
mod tests;
