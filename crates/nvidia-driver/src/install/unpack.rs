//! Writing the members of an archive below a folder, and nowhere else.
//!
//! No link is ever created: links are remembered by name and resolved by name, so nothing can be written through
//! one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::InstallError;
use super::resumed::Resumed;
use crate::run_file::{CopyError, Member, MemberKind, RelativePath};

/// A folder into which an archive is unpacked. It may hold files of an earlier run: one of them counts once the archive
/// has been compared with it.
pub(super) struct Unpacked {
    root: PathBuf,
    files: BTreeSet<RelativePath>,
    links: BTreeMap<RelativePath, RelativePath>,
}

impl Unpacked {
    pub fn new(root: PathBuf) -> Self {
        Self { root, files: BTreeSet::new(), links: BTreeMap::new() }
    }

    /// Writes one member, unless its folder holds nothing of the userspace.
    pub fn take(&mut self, member: &mut Member<'_, '_>) -> Result<(), InstallError> {
        if UNWANTED.contains(&member.path.first()) {
            return Ok(());
        }
        match member.kind.clone() {
            MemberKind::Folder => Ok(()),
            MemberKind::Symlink(target) => {
                self.links.insert(member.path.clone(), target);
                Ok(())
            }
            MemberKind::File => {
                let (path, mut file) = self.create(&member.path)?;
                let failed = |source| InstallError::Write { path: path.clone(), source };
                member.copy_to(&mut file).map_err(|error| match error {
                    CopyError::Archive(error) => error.into(),
                    CopyError::Write(source) => failed(source),
                })?;
                file.finish().map_err(failed)
            }
            MemberKind::HardLink(first) => self.copy(&first, member),
        }
    }

    /// The file of that name, through links of the archive where it is one.
    pub fn file(&self, name: &RelativePath) -> Option<PathBuf> {
        let mut name = name;
        for _ in 0..MOST_HOPS {
            match self.links.get(name) {
                Some(target) => name = target,
                None => break,
            }
        }
        self.files.contains(name).then(|| name.below(&self.root))
    }

    /// The contents of a file that is read as text; nothing where there is none.
    pub fn text(&self, name: &RelativePath) -> Result<Option<Vec<u8>>, InstallError> {
        let Some(path) = self.file(name) else { return Ok(None) };
        let failed = |source| InstallError::Write { path: path.clone(), source };
        let length = path.metadata().map_err(failed)?.len();
        match length <= LONGEST_TEXT {
            true => fs::read(&path).map(Some).map_err(failed),
            false => Err(InstallError::TooLong { file: name.clone(), length, limit: LONGEST_TEXT }),
        }
    }

    fn copy(&mut self, first: &RelativePath, member: &mut Member<'_, '_>) -> Result<(), InstallError> {
        let missing = || InstallError::NoLinkTarget { path: member.path.clone(), target: first.clone() };
        let from = self.file(first).ok_or_else(missing)?;
        let (to, mut file) = self.create(&member.path)?;
        let failed = |source| InstallError::Write { path: to.clone(), source };
        let mut source = File::open(&from).map_err(failed)?;
        member.charge(source.metadata().map_err(failed)?.len())?;
        io::copy(&mut source, &mut file).map_err(failed)?;
        file.finish().map_err(failed)
    }

    /// A file of that name and where it is. One that this run has written is never touched again.
    fn create(&mut self, name: &RelativePath) -> Result<(PathBuf, Resumed), InstallError> {
        let path = name.below(&self.root);
        let failed = |source| InstallError::Write { path: path.clone(), source };
        if !self.files.insert(name.clone()) {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = Resumed::open(&path).map_err(failed)?;
        Ok((path, file))
    }
}

/// Folders of a driver in which nothing belongs to the userspace.
const UNWANTED: &[&str] = &["kernel", "kernel-open", "firmware", "html"];
const MOST_HOPS: usize = 8;
/// Sixty times the longest manifest.
const LONGEST_TEXT: u64 = 4 << 20;
