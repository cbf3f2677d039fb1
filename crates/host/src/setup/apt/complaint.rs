//! What the complaints of apt and dpkg mean.

use std::time::Duration;

use super::PATIENCE;
use crate::setup::{Ended, NoAnswer};

/// Why apt did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AptError {
    /// A repository is not signed by the key that it should be signed by.
    #[error(
        "a repository is not signed by the key that was expected: {said}; nothing is installed from it. Correct the \
             repository or the clock of this machine, or accept another key by --accept-key FINGERPRINT"
    )]
    Unsigned {
        /// What apt said.
        said: String,
    },
    /// Something is not where it should be.
    #[error(
        "a server does not have what was asked for: {said}; look whether the release is still served, and whether a \
             proxy or a mirror is in between (/etc/apt/apt.conf.d)"
    )]
    NotThere {
        /// What apt said.
        said: String,
    },
    /// A server cannot be reached.
    #[error("a server cannot be reached: {said}; look at the network, at DNS, and at the proxy of apt")]
    Unreachable {
        /// What apt said.
        said: String,
    },
    /// There is no room.
    #[error("there is no room on {place}: about {} MB are needed and {} MB are free; make room or enlarge the disk", needed / 1_000_000, free / 1_000_000)]
    NoRoom {
        /// How many bytes are needed.
        needed: u64,
        /// How many are free.
        free: u64,
        /// Where.
        place: &'static str,
    },
    /// The disk became full meanwhile.
    #[error("the disk is full: {said}; make room or enlarge it")]
    Full {
        /// What was said.
        said: String,
    },
    /// Packages must not be changed.
    #[error("{} held, and would have to be changed: release it by `apt-mark unhold {}`", are(names), names.join(" "))]
    Held {
        /// Which.
        names: Vec<String>,
    },
    /// Packages would have to go.
    #[error("{} would have to be removed to install {wanted}: remove it yourself, if it may go, by `apt-get remove {}`", names.join(", "), names.join(" "))]
    Conflict {
        /// What is wanted.
        wanted: String,
        /// What would have to go.
        names: Vec<String>,
    },
    /// Packages do not fit each other.
    #[error(
        "apt finds no way to install {wanted}: {said}; look at what is held (`apt-mark showhold`) and at packages from \
             elsewhere"
    )]
    Unmet {
        /// What is wanted.
        wanted: String,
        /// What apt said.
        said: String,
    },
    /// There is no such package.
    #[error(
        "apt knows no {names}: look whether its repository is among the sources and was fetched (`apt-get update`)"
    )]
    Missing {
        /// Which.
        names: String,
    },
    /// The version on offer has known holes.
    #[error(
        "{name} {found} is on offer, and {least} is needed at least: look at pins in /etc/apt/preferences.d and at holds"
    )]
    TooOld {
        /// The package.
        name: String,
        /// The version on offer.
        found: String,
        /// The version that is needed.
        least: String,
    },
    /// Another program works with packages.
    #[error("another program holds the lock on packages since {} s: wait for it, then start again", waited.as_secs())]
    Busy {
        /// How long it was waited for.
        waited: Duration,
    },
    /// Anything else.
    #[error("{call} failed: {said}")]
    Failed {
        /// What was called.
        call: String,
        /// What it said last.
        said: String,
    },
    /// It gave no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

fn are(names: &[String]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

/// What a complaint means.
pub fn classify(call: &str, wanted: &str, ended: &Ended) -> AptError {
    let text = ended.all();
    let complaints = || {
        text.lines().filter(|line| {
            line.starts_with("E: ") || line.starts_with("W: ") || line.starts_with("dpkg: error")
        })
    };
    let said = |signs: &[&str]| {
        let mut lines = complaints().filter(|line| signs.iter().any(|sign| line.contains(sign)));
        lines.next().map(|line| line.trim_start_matches("E: ").trim_start_matches("W: ").to_owned())
    };
    let anywhere = |signs: &[&str]| {
        text.lines().find(|line| signs.iter().any(|sign| line.contains(sign))).map(str::to_owned)
    };
    let full = ["No space left on device", "not enough space", "enough free space"];
    if anywhere(&full).is_some() {
        return AptError::Full { said: anywhere(&full).unwrap_or_default() };
    }
    if let Some(said) = said(&[
        "is not signed",
        "NO_PUBKEY",
        "EXPKEYSIG",
        "BADSIG",
        "signatures were invalid",
        "GPG error",
        "not valid yet",
        "Release file expired",
    ]) {
        return AptError::Unsigned { said };
    }
    if let Some(said) = said(&[
        "Unable to locate package",
        "has no installation candidate",
        "was not found",
        "Couldn't find any package",
    ]) {
        return AptError::Missing { names: format!("package for {wanted} ({said})") };
    }
    if let Some(said) = said(&[
        "Could not resolve",
        "Temporary failure resolving",
        "Could not connect",
        "Connection refused",
        "Network is unreachable",
        "Connection timed out",
        "connection timed out",
        "No route to host",
    ]) {
        return AptError::Unreachable { said };
    }
    if let Some(said) = said(&[
        "404",
        "403",
        "does not have a Release file",
        "Failed to fetch",
        "Hash Sum mismatch",
        "Certificate verification failed",
        "certificate",
    ]) {
        return AptError::NotThere { said };
    }
    if said(&["Held packages were changed"]).is_some() {
        let lines = text.lines().skip_while(|line| !line.contains("held packages will be changed")).skip(1);
        let names = lines.take_while(|line| line.starts_with(' ')).flat_map(str::split_whitespace);
        return AptError::Held { names: names.map(str::to_owned).collect() };
    }
    if said(&[
        "held broken packages",
        "Unmet dependencies",
        "unmet dependencies",
        "packages need to be removed but remove is disabled",
    ])
    .is_some()
    {
        let lines = text
            .lines()
            .filter(|line| line.contains(" : ") || line.contains("Conflicts:") || line.contains("Depends:"));
        let lines: Vec<&str> = lines.map(str::trim).collect();
        return AptError::Unmet { wanted: wanted.to_owned(), said: lines.join("; ") };
    }
    if said(&["Could not get lock", "is another process using it"]).is_some() {
        return AptError::Busy { waited: PATIENCE };
    }
    let last = text.lines().rev().filter(|line| !line.trim().is_empty()).take(LAST);
    let mut last: Vec<&str> = last.collect();
    last.reverse();
    AptError::Failed { call: call.to_owned(), said: last.join("; ") }
}

const LAST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_have_their_meaning() {
        for (text, meaning) in [
            ("E: The repository 'https://x ./ InRelease' is not signed.", "not signed by the key"),
            ("W: GPG error: https://x: NO_PUBKEY 1234\nE: other", "NO_PUBKEY 1234"),
            ("E: Unable to locate package nvidia-driver-999", "nvidia-driver-999"),
            ("W: Failed to fetch https://x/InRelease  Could not resolve 'x'", "cannot be reached"),
            ("E: Failed to fetch https://x/a.deb  404  Not Found [IP: 1.2.3.4 443]", "does not have"),
            (
                "dpkg: error processing archive x: cannot copy: failed to write (No space left on device)",
                "disk is full",
            ),
            (
                "The following held packages will be changed:\n  a b\nE: Held packages were changed and -y was used",
                "unhold a b",
            ),
            (
                " a : Depends: b (= 2) but 1 is to be installed\nE: Unable to correct problems, you have held broken packages.",
                "Depends: b",
            ),
            ("E: Could not get lock /var/lib/dpkg/lock-frontend", "another program"),
            ("something\nelse", "something; else"),
        ] {
            let ended = Ended { code: Some(100), output: String::new(), complaints: text.to_owned() };
            let said = classify("apt-get install", "a", &ended).to_string();
            assert!(said.contains(meaning), "{text}: {said}");
        }
    }
}
