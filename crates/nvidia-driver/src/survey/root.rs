//! A file system below some folder. What is not there is no error.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::Finding;

/// A folder that stands for `/`.
pub(super) struct Root<'a>(&'a Path);

impl<'a> Root<'a> {
    pub(super) const fn new(path: &'a Path) -> Self {
        Self(path)
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.0.join(path).symlink_metadata().is_ok()
    }

    /// The text of a file, cut where it is longer than any that the kernel writes there.
    pub(super) fn text(&self, path: &str, findings: &mut Vec<Finding>) -> Option<String> {
        let path = self.0.join(path);
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
        match read {
            Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                findings.extend(unreadable(path, &error));
                None
            }
        }
    }

    /// The text of a file that may be missing or refused without that being worth a word.
    pub(super) fn attribute(&self, path: &str) -> Option<String> {
        self.text(path, &mut Vec::new()).map(|text| text.trim().to_owned())
    }

    /// The last part of what a link points to.
    pub(super) fn link_name(&self, path: &str) -> Option<String> {
        let target = fs::read_link(self.0.join(path)).ok()?;
        target.file_name().and_then(|name| name.to_str()).map(str::to_owned)
    }

    /// The names in a folder, sorted.
    pub(super) fn names(&self, path: &Path, findings: &mut Vec<Finding>) -> Vec<String> {
        let path = self.0.join(path);
        let mut names: Vec<String> = match fs::read_dir(&path) {
            Ok(entries) => {
                entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
            Err(error) => {
                findings.extend(unreadable(path, &error));
                Vec::new()
            }
        };
        names.sort_unstable();
        names
    }
}

fn unreadable(path: PathBuf, error: &std::io::Error) -> Option<Finding> {
    let missing = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    (!missing).then(|| Finding::Unreadable { path, reason: error.to_string() })
}

const LONGEST: u64 = 64 * 1024;
