//! The files of the repository, and finding lines in them.

use std::fmt;
use std::fs;
use std::path::Path;

/// A file of the repository.
pub struct File {
    /// Below the root.
    pub path: String,
    pub text: String,
}

pub struct Violation(String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl File {
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    pub fn is(&self, extension: &str) -> bool {
        self.extension() == extension
    }

    pub fn is_test(&self) -> bool {
        let folder = |name: &str| self.path.split('/').rev().skip(1).any(|part| part == name);
        ["tests", "test", "benches", "e2e"].into_iter().any(folder) || self.name() == "tests.rs"
    }

    pub fn violation(&self, line: usize, what: &str) -> Vec<Violation> {
        vec![Violation(format!("{}:{line}: {what}", self.path))]
    }

    pub fn lines_where(&self, wrong: impl Fn(&str) -> bool, what: impl Fn(&str) -> String) -> Vec<Violation> {
        let lines = self.text.lines().zip(1..).filter(|(line, _)| wrong(line));
        lines.flat_map(|(line, number)| self.violation(number, &what(line))).collect()
    }

    pub fn lines_with(&self, texts: &[&str]) -> Vec<Violation> {
        let wrong = |line: &str| texts.iter().any(|text| line.contains(text));
        self.lines_where(wrong, |line| format!("must not stand here: {}", line.trim()))
    }

    /// Like [`lines_with`](Self::lines_with), but only in Rust that is neither a test nor a comment.
    pub fn product_lines_with(&self, texts: &[&str]) -> Vec<Violation> {
        if !self.is("rs") || self.is_test() {
            return Vec::new();
        }
        let mut text = String::new();
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            let opens = lines.peek().is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
            if line == "#[cfg(test)]" && opens {
                break;
            }
            text += &format!("{}\n", code_of(line));
        }
        File { path: self.path.clone(), text }.lines_with(texts)
    }
}

/// The line without its comment.
pub fn code_of(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Every text file that belongs to the repository.
pub fn all(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    collect(root, "", &mut files);
    files
}

fn collect(root: &Path, below: &str, files: &mut Vec<File>) {
    // What vanishes meanwhile, such as another test's folder, does not belong to it.
    for entry in fs::read_dir(root.join(below)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        if NOT_OURS.contains(&&*name) {
            continue;
        }
        if kind.is_dir() {
            collect(root, &path, files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}

/// What git ignores, and its own: a folder, or the file in its place in a second worktree.
const NOT_OURS: &[&str] = &[".git", "artifacts", "corpus", "coverage", "node_modules", "results", "target"];
