//! Files of ours on disk: written whole or not at all, and never over what somebody else wrote.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::ManifestFile;

/// What became of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many were written.
    pub written: usize,
    /// How many were so already.
    pub same: usize,
    /// Files of an earlier time that are of no use any more. They stay where they are.
    pub unused: Vec<PathBuf>,
}

/// Why files were not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Somebody else wrote a file, or changed it.
    #[error("{} was written or changed by somebody else; move it away, or overwrite it with --force", .0.display())]
    Foreign(PathBuf),
    /// A link, a directory or the like is where a file should be.
    #[error("{} is no plain file or directory; expected one, or nothing there", .0.display())]
    Kind(PathBuf),
    /// The file system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes the files below a directory, which is made where it is missing. All are looked at before the first is
/// written; `force` takes files of others for ours, but no links.
///
/// # Errors
/// [`WriteError`]; nothing was written unless it is [`WriteError::Io`].
pub fn write_files(directory: &Path, files: &[ManifestFile], force: bool) -> Result<Written, WriteError> {
    let mut wanted = Vec::new();
    for file in files {
        if !is_same(directory, file, force)? {
            wanted.push(file);
        }
    }
    for file in &wanted {
        let path = directory.join(&file.path);
        replace(&path, &file.text).map_err(|source| WriteError::Io { path, source })?;
    }
    let unused =
        ours(directory, DEPTH).into_iter().filter(|path| is_unused(directory, path, files)).collect();
    Ok(Written { written: wanted.len(), same: files.len() - wanted.len(), unused })
}

/// The text below a line by which it is known as ours, and as unchanged.
pub(super) fn marked(text: &str) -> String {
    format!("{MARK}{:016x}\n{text}", checksum(text))
}

/// Whether it holds that very text; an error where it may not be written.
fn is_same(directory: &Path, file: &ManifestFile, force: bool) -> Result<bool, WriteError> {
    let path = directory.join(&file.path);
    let mut at = directory.to_owned();
    for part in Path::new(&file.path).parent().unwrap_or(Path::new("")) {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(found) if !found.is_dir() => return Err(WriteError::Kind(at)),
            _ => {}
        }
    }
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(WriteError::Io { path, source }),
        Ok(found) if !found.is_file() => return Err(WriteError::Kind(path)),
        Ok(_) => {}
    }
    let there = fs::read(&path).map_err(|source| WriteError::Io { path: path.clone(), source })?;
    match there == file.text.as_bytes() {
        true => Ok(true),
        false if force || is_ours(&there) => Ok(false),
        false => Err(WriteError::Foreign(path)),
    }
}

fn is_ours(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).ok();
    text.and_then(|text| text.split_once('\n')).is_some_and(|(_, rest)| marked(rest).as_bytes() == bytes)
}

/// Beside it first, so that nobody reads half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = parent.join(format!(".{name}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// Files with our line that nobody has changed.
fn ours(directory: &Path, depth: u8) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => found.extend(ours(&path, depth - 1)),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|end| end == "yaml") => {
                found.extend(fs::read(&path).is_ok_and(|bytes| is_ours(&bytes)).then_some(path));
            }
            _ => {}
        }
    }
    found.sort();
    found
}

fn is_unused(directory: &Path, path: &Path, files: &[ManifestFile]) -> bool {
    !files.iter().any(|file| directory.join(&file.path) == path)
}

/// FNV-1a of 64 bits: it finds a hand that edits, not one that cheats.
fn checksum(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

const MARK: &str = "# Made by cosmos-launch, which makes it anew unless it was changed: ";
/// Below the directory: `components/NAME`.
const DEPTH: u8 = 2;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::symlink;

    use super::*;

    fn file(path: &str, text: &str) -> ManifestFile {
        ManifestFile { path: path.to_owned(), text: marked(text) }
    }

    #[test]
    fn a_second_time_changes_nothing_and_a_new_text_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("new");
        let files = [file("kustomization.yaml", "a\n"), file("base/b.yaml", "b\n")];
        assert_eq!(write_files(&target, &files, false).unwrap().written, 2);
        assert_eq!(write_files(&target, &files, false).unwrap().same, 2);
        let later = [file("kustomization.yaml", "c\n")];
        let done = write_files(&target, &later, false).unwrap();
        assert_eq!(done, Written { written: 1, same: 0, unused: vec![target.join("base/b.yaml")] });
        assert!(fs::read_to_string(target.join("kustomization.yaml")).unwrap().ends_with("\nc\n"));
        assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
    }

    #[test]
    fn what_others_wrote_or_changed_stays() {
        for there in ["mine\n".to_owned(), String::new(), marked("a\n") + "more\n"] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("b.yaml");
            fs::write(&path, &there).unwrap();
            let files = [file("a.yaml", "a\n"), file("b.yaml", "b\n")];
            assert!(
                matches!(write_files(directory.path(), &files, false), Err(WriteError::Foreign(at)) if at == path)
            );
            assert!(!directory.path().join("a.yaml").exists());
            assert_eq!(write_files(directory.path(), &files, true).unwrap().written, 2);
        }
    }

    #[test]
    fn no_link_is_followed() {
        for (link, wanted) in [("b.yaml", "b.yaml"), ("base", "base/b.yaml")] {
            let directory = tempfile::tempdir().unwrap();
            let elsewhere = tempfile::tempdir().unwrap();
            symlink(elsewhere.path(), directory.path().join(link)).unwrap();
            let done = write_files(directory.path(), &[file(wanted, "b\n")], true);
            assert!(matches!(done, Err(WriteError::Kind(_))), "{link}");
            assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        }
    }
}
