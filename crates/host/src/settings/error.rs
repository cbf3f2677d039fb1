//! Why settings cannot be used.

use std::{io, path::PathBuf};

use super::Conflict;

/// Why there are no settings to start with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A value that is not understood.
    #[error("{name} is {value:?}, which is not {accepted}")]
    Value {
        /// The name under which it was given: a flag, a variable, or a key and its file.
        name: String,
        /// What was given; never a secret.
        value: String,
        /// What would be accepted.
        accepted: String,
    },
    /// A value that is not understood, with a reason that names it.
    #[error("{name}: {reason}")]
    Reason {
        /// The name under which it was given.
        name: String,
        /// Why it is refused.
        reason: String,
    },
    /// Settings that exclude each other.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A file that holds a secret cannot be read.
    #[error("{name} names {}, which cannot be read", path.display())]
    SecretFile {
        /// The variable or key.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A secret and a file with the same secret.
    #[error("{name} and {file} are both set; set only one of them")]
    SecretTwice {
        /// The name of the secret itself.
        name: String,
        /// The name of its file.
        file: String,
    },
    /// The file is no TOML.
    #[error("{file}:{line}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A key that is no setting.
    #[error("{file}: {key:?} is no setting{}", suggestion.as_ref().map_or(String::new(), |name| format!("; did you mean {name}?")))]
    UnknownKey {
        /// The file.
        file: String,
        /// The key.
        key: String,
        /// A setting of nearly that name.
        suggestion: Option<String>,
    },
}
