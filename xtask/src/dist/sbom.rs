//! What the programs are made of, in the form of CycloneDX 1.5.
//!
//! Source: the JSON schema of <https://cyclonedx.org/docs/1.5/json/>.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use super::{PACKAGES, said, told};
use crate::step::{Failure, Workspace};

/// The whole document.
pub fn text(workspace: &Workspace, version: &str, made: u64) -> Result<String, Failure> {
    let mut tree = workspace.cargo(["tree", "--locked", "--edges", "normal", "--prefix", "none"]);
    tree.args(["--format", "{p}\t{l}"]);
    tree.args(PACKAGES.iter().flat_map(|package| package.crates).flat_map(|name| ["-p", *name]));
    let lock = workspace.path("Cargo.lock");
    let lock = told(&lock, fs::read_to_string(&lock))?;
    Ok(document(&said(&mut tree)?, &lock, version, &Moment::of(made)))
}

fn document(tree: &str, lock: &str, version: &str, made: &Moment) -> String {
    let digests = digests(lock);
    let parts: BTreeSet<Part<'_>> = tree.lines().filter_map(Part::of).collect();
    let parts: Vec<String> = parts.iter().map(|part| part.json(&digests)).collect();
    format!(
        "{{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"version\": 1,\n  \"metadata\": \
         {{\"timestamp\": {}, \"component\": {{\"type\": \"application\", \"name\": \"cosmos\", \"version\": {}}}}},\n  \
         \"components\": [\n{}\n  ]\n}}\n",
        quoted(&made.of_json()),
        quoted(version),
        parts.join(",\n")
    )
}

/// One crate.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Part<'a> {
    name: &'a str,
    version: &'a str,
    licence: &'a str,
    /// It comes from the registry.
    is_public: bool,
}

impl<'a> Part<'a> {
    /// Of a line such as `clap v4.6.9 (proc-macro)`, a tab and `MIT OR Apache-2.0`.
    fn of(line: &'a str) -> Option<Self> {
        let (what, licence) = line.split_once('\t')?;
        let mut words = what.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        let is_public = !words.any(|word| word.starts_with("(/"));
        Some(Self { name, version, licence: licence.trim_end_matches(" (*)"), is_public })
    }

    fn json(&self, digests: &HashMap<(&str, &str), &str>) -> String {
        let Self { name, version, .. } = self;
        let mut text = format!(
            "    {{\"type\": \"library\", \"name\": {}, \"version\": {}",
            quoted(name),
            quoted(version)
        );
        if self.is_public {
            text += &format!(", \"purl\": {}", quoted(&format!("pkg:cargo/{name}@{version}")));
        }
        if !self.licence.is_empty() {
            // The slash is how it was written before there were expressions.
            let licence = self.licence.replace('/', " OR ");
            text += &format!(", \"licenses\": [{{\"expression\": {}}}]", quoted(&licence));
        }
        if let Some(digest) = digests.get(&(*name, *version)) {
            text += &format!(", \"hashes\": [{{\"alg\": \"SHA-256\", \"content\": {}}}]", quoted(digest));
        }
        text + "}"
    }
}

/// The SHA-256 of each archive of the registry, from Cargo.lock.
fn digests(lock: &str) -> HashMap<(&str, &str), &str> {
    let entries = lock.split("[[package]]").filter_map(|entry| {
        let field = |name: &str| {
            let value = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
            value.map(|value| value.trim_matches('"'))
        };
        Some(((field("name")?, field("version")?), field("checksum")?))
    });
    entries.collect()
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// A time of the calendar, in UTC.
pub struct Moment {
    year: u64,
    month: u64,
    day: u64,
    second: u64,
    weekday: u64,
}

impl Moment {
    /// Of seconds since 1970.
    pub fn of(seconds: u64) -> Self {
        let (days, second) = (seconds / 86400, seconds % 86400);
        let weekday = (days + 4) % 7;
        let is_leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let (mut year, mut day) = (1970, days);
        while day >= 365 + u64::from(is_leap(year)) {
            day -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let mut month = 0;
        let length = |month: usize| DAYS[month] + u64::from(month == 1 && is_leap(year));
        while day >= length(month) {
            day -= length(month);
            month += 1;
        }
        Self { year, month: month as u64, day: day + 1, second, weekday }
    }

    fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.second / 3600, self.second / 60 % 60, self.second % 60)
    }

    /// As RFC 3339 writes it.
    fn of_json(&self) -> String {
        format!("{}-{:02}-{:02}T{}Z", self.year, self.month + 1, self.day, self.clock())
    }

    /// As RFC 5322 writes it.
    pub fn of_mail(&self) -> String {
        let name = |names: &'static str, at: u64| &names[3 * at as usize..][..3];
        let (weekday, month) = (name("SunMonTueWedThuFriSat", self.weekday), name(MONTHS, self.month));
        format!("{weekday}, {:02} {month} {} {} +0000", self.day, self.year, self.clock())
    }
}

const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_once_with_licence_and_digest() {
        let tree = "cosmos-x v0.1.0 (/a/b)\tMIT OR Apache-2.0\nclap v4.6.9\tMIT/Apache-2.0\n\
                    clap v4.6.9\tMIT/Apache-2.0 (*)\nder v0.8.3 (proc-macro)\t\n\n";
        let lock = "[[package]]\nname = \"clap\"\nversion = \"4.6.9\"\nsource = \"x\"\nchecksum = \"ab12\"\n";
        let text = document(tree, lock, "1.\"2", &Moment::of(0));
        let clap = "{\"type\": \"library\", \"name\": \"clap\", \"version\": \"4.6.9\", \"purl\": \
                    \"pkg:cargo/clap@4.6.9\", \"licenses\": [{\"expression\": \"MIT OR Apache-2.0\"}], \"hashes\": \
                    [{\"alg\": \"SHA-256\", \"content\": \"ab12\"}]}";
        assert_eq!(text.matches(clap).count(), 1, "{text}");
        assert!(
            text.contains("\"name\": \"der\", \"version\": \"0.8.3\", \"purl\": \"pkg:cargo/der@0.8.3\"}"),
            "{text}"
        );
        assert!(text.contains("\"name\": \"cosmos-x\", \"version\": \"0.1.0\", \"licenses\""), "{text}");
        assert!(
            text.contains("\"timestamp\": \"1970-01-01T00:00:00Z\"") && text.contains("\"1.\\\"2\""),
            "{text}"
        );
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, json, mail) in [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000"),
            (951_782_400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_700_000_000, "2023-11-14T22:13:20Z", "Tue, 14 Nov 2023 22:13:20 +0000"),
            (4_107_542_399, "2100-02-28T23:59:59Z", "Sun, 28 Feb 2100 23:59:59 +0000"),
            (4_107_542_400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 +0000"),
        ] {
            assert_eq!(Moment::of(seconds).of_json(), json);
            assert_eq!(Moment::of(seconds).of_mail(), mail);
        }
    }
}
