//! Putting unpacked files in order.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::InstallError;
use super::plan::{Item, Plan, TEMPLATE};
use super::record::{NAME, Part, Record};
use super::unpack::Unpacked;
use crate::DriverVersion;
use crate::run_file::RelativePath;

/// From where, to where.
pub(super) struct Place<'a> {
    pub unpacked: &'a Unpacked,
    /// The folder that will become the prefix.
    pub tree: &'a Path,
}

impl Place<'_> {
    /// Puts all that is planned in its place, and the record last; all of it is on the disk when this returns.
    pub fn all(&self, plan: &Plan, version: &DriverVersion) -> Result<(), InstallError> {
        fs::create_dir_all(self.tree).map_err(failed(self.tree))?;
        let mut parts = Vec::new();
        for (path, item) in &plan.items {
            parts.push((path.clone(), self.one(path, item)?));
        }
        let record = Record { version: version.clone(), parts };
        let path = self.tree.join(NAME);
        fs::write(&path, record.print()).map_err(failed(&path))?;
        let tree = File::open(self.tree).map_err(failed(self.tree))?;
        rustix::fs::syncfs(&tree).map_err(io::Error::from).map_err(failed(self.tree))
    }

    fn one(&self, path: &RelativePath, item: &Item) -> Result<Part, InstallError> {
        let to = path.below(self.tree);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        match item {
            Item::Link { target } => {
                symlink(target, &to).map_err(failed(&to))?;
                Ok(Part::Link(target.clone()))
            }
            Item::File { source, mode, line } => {
                let missing = || InstallError::Missing { line: *line, file: source.clone() };
                if source.as_str().ends_with(TEMPLATE) {
                    let text = self.unpacked.text(source)?.ok_or_else(missing)?;
                    fs::write(&to, fill_in(&text)).map_err(failed(&to))?;
                } else {
                    let from = self.unpacked.file(source).ok_or_else(missing)?;
                    copy_or_link(&from, &to).map_err(failed(&to))?;
                }
                fs::set_permissions(&to, Permissions::from_mode(*mode)).map_err(failed(&to))?;
                Ok(Part::File(to.metadata().map_err(failed(&to))?.len()))
            }
        }
    }
}

/// A file of the archive may be wanted in two places, so its name there stays.
fn copy_or_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

/// Up to driver 440, Vulkan's file leaves open which library it names: the one for libglvnd here.
fn fill_in(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace("__NV_VK_ICD__", "libGLX_nvidia.so.0")
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> InstallError + use<> {
    let path: PathBuf = path.to_owned();
    move |source| InstallError::Write { path, source }
}
