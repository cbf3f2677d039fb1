//! What a text is, told from what it holds and never from the name of its file.

use std::{fmt, str::FromStr};

use super::{read, words, yaml};

/// A kind of text from which desktops are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// Commands of a shell with `docker run`, or the same of `podman` and `nerdctl`.
    Docker,
    /// A compose file.
    Compose,
    /// Manifests of Kubernetes.
    Kubernetes,
    /// A file of environment variables, as `docker run --env-file` reads it.
    Env,
}

/// A word that is no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not docker, compose, kubernetes or env")]
pub struct BadKind(pub String);

impl InputKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Docker, Self::Compose, Self::Kubernetes, Self::Env];

    const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Compose => "compose",
            Self::Kubernetes => "kubernetes",
            Self::Env => "env",
        }
    }
}

impl fmt::Display for InputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for InputKind {
    type Err = BadKind;

    fn from_str(text: &str) -> Result<Self, BadKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| BadKind(text.chars().take(40).collect()))
    }
}

/// What the text is, if it looks like anything.
pub(super) fn kind(text: &str) -> Option<InputKind> {
    of_yaml(text).or_else(|| {
        let (commands, _) = words::commands(text);
        let docker = commands.iter().any(|words| read::docker::arguments(words).is_some());
        docker.then_some(InputKind::Docker).or_else(|| is_env(text).then_some(InputKind::Env))
    })
}

/// What cannot be parsed to its end is told by the keys at the beginnings of its lines.
fn of_yaml(text: &str) -> Option<InputKind> {
    let (documents, error) = yaml::parse(text);
    let has = |key: &str| documents.roots().any(|root| documents.get(root, key).is_some());
    let starts = |key: &str| {
        error.is_some()
            && text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
    };
    if has("services") || starts("services") {
        Some(InputKind::Compose)
    } else if has("apiVersion") && has("kind") || starts("apiVersion") {
        Some(InputKind::Kubernetes)
    } else {
        None
    }
}

/// Whether most lines are assignments.
fn is_env(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut all, mut assignments) = (0_usize, 0_usize);
    for line in lines {
        all += 1;
        let name = line.strip_prefix("export ").unwrap_or(line).split_once('=').map(|(name, _)| name);
        assignments += usize::from(name.is_some_and(read::env::is_name));
    }
    assignments > 0 && assignments * 2 > all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_from_the_text() {
        for (text, kind) in [
            ("docker run x", Some(InputKind::Docker)),
            ("# start\nsudo podman run -e A=b x", Some(InputKind::Docker)),
            ("services:\n  a:\n    image: x", Some(InputKind::Compose)),
            ("version: '3'\nservices:\n\ta: b", Some(InputKind::Compose)),
            ("apiVersion: v1\nkind: Pod", Some(InputKind::Kubernetes)),
            ("---\n---\napiVersion: v1\nkind: Pod", Some(InputKind::Kubernetes)),
            ("# a\nSIZEW=1\n\nSIZEH=2", Some(InputKind::Env)),
            ("docker build .", None),
            ("Hello, world", None),
            ("", None),
        ] {
            assert_eq!(super::kind(text), kind, "{text:?}");
        }
    }
}
