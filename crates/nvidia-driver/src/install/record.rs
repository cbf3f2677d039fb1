//! The record of an installation, by which a later run knows that it is whole.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::{Installed, NotInstalled};
use crate::DriverVersion;
use crate::run_file::RelativePath;

/// What an installation consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub version: DriverVersion,
    pub parts: Vec<(RelativePath, Part)>,
}

/// One path of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A file of that many bytes.
    File(u64),
    /// A link that says this.
    Link(String),
}

impl Record {
    pub fn print(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nversion {}\n", self.version);
        for (path, part) in &self.parts {
            let written = match part {
                Part::File(size) => writeln!(text, "file {size} {path}"),
                Part::Link(target) => writeln!(text, "link {target} {path}"),
            };
            written.expect("text can be written to a string");
        }
        text + LAST_LINE
    }

    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(FIRST_LINE)?.strip_prefix("\nversion ")?.strip_suffix(LAST_LINE)?;
        let (version, parts) = text.split_once('\n')?;
        Some(Self { version: version.parse().ok()?, parts: parts.lines().map(part).collect::<Option<_>>()? })
    }
}

/// Reads the record of a prefix and compares it with what is there.
pub(super) fn check(prefix: &Path) -> Result<Installed, NotInstalled> {
    let path = prefix.join(NAME);
    let text = read(&path).map_err(|_| NotInstalled::NoRecord { path: path.clone() })?;
    let record = Record::parse(&text).ok_or(NotInstalled::BadRecord { path })?;
    for (path, part) in &record.parts {
        let path = path.below(prefix);
        let same = match part {
            Part::File(size) => {
                path.symlink_metadata().is_ok_and(|data| data.is_file() && data.len() == *size)
            }
            Part::Link(target) => fs::read_link(&path).is_ok_and(|link| link == Path::new(target)),
        };
        if !same {
            return Err(NotInstalled::Changed { path });
        }
    }
    Ok(Installed { prefix: prefix.to_owned(), record })
}

/// The text of a record, cut where it is longer than any.
fn read(path: &Path) -> io::Result<String> {
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn part(line: &str) -> Option<(RelativePath, Part)> {
    let mut words = line.splitn(3, ' ');
    let (kind, value, path) = (words.next()?, words.next()?, words.next()?);
    let part = match kind {
        "file" => Part::File(value.parse().ok()?),
        "link" => Part::Link(value.to_owned()),
        _ => return None,
    };
    Some((RelativePath::new(path).ok()?, part))
}

pub(super) const NAME: &str = "driver.record";
const LONGEST: u64 = 16 << 20;
const FIRST_LINE: &str = "userspace of an NVIDIA driver, format 1";
const LAST_LINE: &str = "end\n";
