//! Names that stay below the folder they are unpacked into.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A path of at least one name, with neither root nor `..`: joined to a folder, it stays below it as long as no
/// link stands in the way.
///
/// ```
/// use cosmos_nvidia_driver::run_file::{PathProblem, RelativePath};
/// assert_eq!(RelativePath::new("./32//libcuda.so.1")?.as_str(), "32/libcuda.so.1");
/// assert_eq!(RelativePath::new("../etc/passwd"), Err(PathProblem::Parent));
/// assert_eq!(RelativePath::new("/etc/passwd"), Err(PathProblem::Absolute));
/// # Ok::<(), PathProblem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(String);

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// It begins with `/`.
    #[error("expected a relative path, this one is absolute")]
    Absolute,
    /// It has a `..`, or leads above the folder it starts from.
    #[error("expected a path that stays below its folder, this one climbs with \"..\"")]
    Parent,
    /// It names nothing.
    #[error("expected a name, this path has none")]
    Empty,
    /// It is not UTF-8, or has a control character in it.
    #[error("expected printable UTF-8")]
    Unprintable,
    /// It is longer than 1024 bytes or 32 names.
    #[error("expected at most 1024 bytes and 32 names")]
    Long,
}

impl RelativePath {
    /// Reads a path. `.` and empty names are left out.
    ///
    /// # Errors
    /// See [`PathProblem`].
    pub fn new(text: &str) -> Result<Self, PathProblem> {
        Self::climbing(Vec::new(), text, false)
    }

    /// As [`new`](Self::new), of bytes that may not be text.
    ///
    /// # Errors
    /// See [`PathProblem`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PathProblem> {
        Self::new(std::str::from_utf8(bytes).map_err(|_| PathProblem::Unprintable)?)
    }

    /// The text, names joined by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The first name.
    pub fn first(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// This path below a folder.
    pub fn below(&self, folder: impl AsRef<Path>) -> PathBuf {
        folder.as_ref().join(&self.0)
    }

    /// Where a link of this name leads, when it says `target`; `..` in it is resolved by name alone.
    ///
    /// ```
    /// use cosmos_nvidia_driver::run_file::{PathProblem, RelativePath};
    /// let link = RelativePath::new("lib/gbm/nvidia-drm_gbm.so")?;
    /// assert_eq!(link.leads_to("../libnvidia-allocator.so.1")?.as_str(), "lib/libnvidia-allocator.so.1");
    /// assert_eq!(link.leads_to("../../../etc/passwd"), Err(PathProblem::Parent));
    /// # Ok::<(), PathProblem>(())
    /// ```
    ///
    /// # Errors
    /// An absolute target, and one that leads above the folder from which this path starts.
    pub fn leads_to(&self, target: &str) -> Result<Self, PathProblem> {
        let mut names: Vec<&str> = self.0.split('/').collect();
        names.pop();
        Self::climbing(names, target, true)
    }

    fn climbing<'a>(mut names: Vec<&'a str>, text: &'a str, climb: bool) -> Result<Self, PathProblem> {
        if text.starts_with('/') {
            return Err(PathProblem::Absolute);
        }
        if text.len() > MOST_BYTES {
            return Err(PathProblem::Long);
        }
        if text.chars().any(char::is_control) {
            return Err(PathProblem::Unprintable);
        }
        for name in text.split('/') {
            match name {
                "" | "." => {}
                ".." if climb => {
                    names.pop().ok_or(PathProblem::Parent)?;
                }
                ".." => return Err(PathProblem::Parent),
                name => names.push(name),
            }
        }
        match names.len() {
            0 => Err(PathProblem::Empty),
            n if n > MOST_NAMES => Err(PathProblem::Long),
            _ => Ok(Self(names.join("/"))),
        }
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const MOST_BYTES: usize = 1024;
const MOST_NAMES: usize = 32;
