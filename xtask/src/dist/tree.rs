//! The files of a package, below a folder that stands for the machine's root.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{said, told};
use crate::step::Failure;

pub struct Tree {
    root: PathBuf,
}

impl Tree {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Makes the folders above it.
    pub fn make_room(&self, below: &str) -> Result<PathBuf, Failure> {
        let path = self.path(below);
        let parent = path.parent().unwrap_or(&self.root);
        told(parent, fs::create_dir_all(parent))?;
        Ok(path)
    }

    pub fn write(&self, below: &str, text: &str) -> Result<(), Failure> {
        let path = self.make_room(below)?;
        told(&path, fs::write(&path, text))?;
        set_mode(&path, 0o644)
    }

    pub fn write_program(&self, below: &str, text: &str) -> Result<(), Failure> {
        self.write(below, text)?;
        set_mode(&self.path(below), 0o755)
    }

    pub fn copy(&self, from: &Path, below: &str) -> Result<(), Failure> {
        let path = self.make_room(below)?;
        told(from, fs::copy(from, &path))?;
        set_mode(&path, 0o644)
    }

    /// Copies what is below a folder, each file under the name that is made of its own, with its mode.
    pub fn take_all(&self, from: &Path, below: &str, name: impl Fn(&str) -> String) -> Result<(), Failure> {
        for file in files(from)? {
            let inner = file.strip_prefix(from).unwrap_or(&file);
            let last = inner.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let to =
                self.make_room(&Path::new(below).join(inner).with_file_name(name(last)).to_string_lossy())?;
            told(&file, fs::copy(&file, &to))?;
        }
        Ok(())
    }

    /// Compresses the files of a folder that have such names, so that the same text gives the same bytes.
    pub fn compress(&self, folder: &str, is: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let mut found = files(&self.path(folder))?;
        found.retain(|file| file.file_name().and_then(OsStr::to_str).is_some_and(&is));
        said(Command::new("gzip").args(["--best", "--no-name", "--force"]).args(found)).map(drop)
    }

    /// Writes what dpkg compares the files with.
    pub fn sums(&self) -> Result<(), Failure> {
        let files = files(&self.root)?;
        let names = files.iter().map(|file| file.strip_prefix(&self.root).unwrap_or(file));
        let sums = said(Command::new("md5sum").current_dir(&self.root).args(names))?;
        self.write("DEBIAN/md5sums", &(sums + "\n"))
    }

    /// What it takes on disk.
    pub fn kibibytes(&self) -> Result<u64, Failure> {
        let sizes = files(&self.root)?.into_iter().map(|file| told(&file, fs::metadata(&file)));
        sizes.map(|data| data.map(|data| data.len().div_ceil(1024))).sum()
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), Failure> {
    told(path, fs::set_permissions(path, fs::Permissions::from_mode(mode)))
}

/// All of them, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in told(folder, fs::read_dir(folder))? {
        let path = told(folder, entry)?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}
