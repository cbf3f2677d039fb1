//! Who holds a lease, as the file tells it.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use cosmos_nvidia_driver::Gpu;
use serde::{Deserialize, Serialize};

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    schema: String,
    /// The name of its machine or container.
    pub host: String,
    /// The number of its process, as its container counts them.
    pub pid: u32,
    /// Since when, in seconds since 1970 in UTC.
    pub since: u64,
    /// What it runs on the GPU, in words.
    pub purpose: String,
}

impl Holder {
    /// This process, at this time.
    pub fn this_process(purpose: impl Into<String>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { schema: SCHEMA.to_owned(), host, pid: std::process::id(), since, purpose: purpose.into() }
    }

    /// This process, for an X server of this display number on a GPU.
    pub fn display(number: u16, gpu: &Gpu) -> Self {
        let uuid = gpu.uuid.map(|uuid| uuid.to_string());
        let known: Vec<String> = uuid.into_iter().chain(gpu.name.clone()).collect();
        match known.is_empty() {
            true => Self::this_process(format!("display :{number}")),
            false => Self::this_process(format!("display :{number} ({})", known.join(", "))),
        }
    }

    /// Reads what a holder wrote; `None` while it has not written all of it.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let holder: Self = serde_json::from_slice(bytes).ok()?;
        (holder.schema == SCHEMA).then(|| Self {
            host: printable(&holder.host),
            purpose: printable(&holder.purpose),
            ..holder
        })
    }

    pub(super) fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, pid, since, purpose, .. } = self;
        write!(f, "{purpose} in {host}, process {pid} there, since {}", utc(*since))
    }
}

/// Everybody may write to the file, and its text is shown on terminals.
fn printable(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(100).collect()
}

/// A date and a time of the Gregorian calendar.
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March have their leap day at the end; 400 of them are a cycle.
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, late) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = cycle * 400 + year + late;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

const SCHEMA: &str = "cosmos.lease/1";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn times_are_told_as_dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_709_251_200, "2024-03-01 00:00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let holder = Holder::this_process("display :20");
        assert_eq!(Holder::read(holder.to_json().as_bytes()).as_ref(), Some(&holder));
        let whole = holder.to_json();
        for broken in ["", "{}", &whole[..whole.len() / 2], &whole.replace("lease/1", "lease/2")] {
            assert_eq!(Holder::read(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn a_hostile_text_cannot_write_to_the_terminal() {
        let hostile = Holder { host: "\u{1b}]0;x\u{7}h".repeat(99), ..Holder::this_process("\u{1b}[2J") };
        let text = Holder::read(hostile.to_json().as_bytes()).unwrap().to_string();
        assert!(!text.contains(char::is_control) && text.len() < 300, "{text:?}");
    }
}
