//! The JSON files by which drivers of Vulkan and EGL make themselves known to the loaders.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::library;

/// One manifest, and whether the library it names can be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The file.
    pub path: PathBuf,
    /// The library that it names, as written.
    pub library: Option<String>,
    /// The version of the interface that the driver claims, for Vulkan.
    pub api_version: Option<String>,
    /// Whether the library could be opened; `None` when there was no attempt.
    pub opens: Option<bool>,
    /// A library that the named one needs and that is not installed.
    pub missing: Option<String>,
    /// What is wrong with the file or the library.
    pub error: Option<String>,
}

/// Where the Vulkan loader looks for drivers: files and directories, in its order. `variable` answers for the
/// environment.
///
/// Source: LoaderDriverInterface.md of the Vulkan loader, "Driver Discovery on Linux".
pub fn vulkan_manifests(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let forced = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().find_map(|name| set(&variable, name));
    if let Some(forced) = forced {
        return paths(&forced);
    }
    let mut found = set(&variable, "VK_ADD_DRIVER_FILES").map(|added| paths(&added)).unwrap_or_default();
    let home = set(&variable, "HOME").map(PathBuf::from);
    let of_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let base = |name: &str| set(&variable, name).map(PathBuf::from);
    let list = |name: &str, usual: &str| paths(&set(&variable, name).unwrap_or_else(|| usual.into()));
    let mut bases = Vec::new();
    bases.extend(base("XDG_CONFIG_HOME").or_else(|| of_home(".config")));
    bases.extend(list("XDG_CONFIG_DIRS", "/etc/xdg"));
    bases.extend(["/usr/local/etc", "/etc"].map(PathBuf::from));
    bases.extend(base("XDG_DATA_HOME").or_else(|| of_home(".local/share")));
    bases.extend(list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"));
    found.extend(bases.iter().map(|base| base.join("vulkan/icd.d")));
    found
}

/// Where the EGL dispatcher looks for drivers: files and directories, in its order.
///
/// Source: icd_enumeration.md of libglvnd.
pub fn egl_manifests(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let files = set(&variable, "__EGL_VENDOR_LIBRARY_FILENAMES");
    let directories = set(&variable, "__EGL_VENDOR_LIBRARY_DIRS");
    let usual = || "/etc/glvnd/egl_vendor.d:/usr/share/glvnd/egl_vendor.d".into();
    paths(&files.or(directories).unwrap_or_else(usual))
}

/// Reads the manifests at these places. A directory that is not there is passed over; a file that is not is told.
pub(crate) fn read_all(places: &[PathBuf]) -> Vec<Manifest> {
    let mut found = Vec::<Manifest>::new();
    for path in places.iter().flat_map(|place| files(place)) {
        if !found.iter().any(|known| known.path == path) {
            found.push(read(&path));
        }
    }
    found
}

impl Manifest {
    /// Opens the library, in this process.
    pub(crate) fn try_library(&mut self) {
        let Some(name) = &self.library else { return };
        // A name with a slash is relative to the manifest, one without is searched for as usual.
        let name = match (name.contains('/'), self.path.parent()) {
            (true, Some(directory)) => directory.join(name).to_string_lossy().into_owned(),
            _ => name.clone(),
        };
        let error = library::open(&name).err();
        self.opens = Some(error.is_none());
        self.missing = error.as_ref().and_then(|error| library::missing(&name, error));
        self.error = error;
    }
}

fn read(path: &Path) -> Manifest {
    let mut manifest = Manifest {
        path: path.to_owned(),
        library: None,
        api_version: None,
        opens: None,
        missing: None,
        error: None,
    };
    match text(path) {
        Ok(text) => manifest.parse(&text),
        Err(error) => manifest.error = Some(error.to_string()),
    }
    manifest
}

impl Manifest {
    fn parse(&mut self, text: &str) {
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) => value,
            Err(error) => return self.error = Some(format!("no JSON: {error}")),
        };
        let field = |name: &str| Some(value.get("ICD")?.get(name)?.as_str()?.to_owned());
        self.library = field("library_path");
        self.api_version = field("api_version");
        if self.library.is_none() {
            self.error = Some("has no ICD.library_path".to_owned());
        }
    }
}

/// Manifests are small; whatever is not is none.
fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("is no file"));
    }
    File::open(path)?.take(MOST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// The place itself if it is a file, or the manifests in it by name.
fn files(place: &Path) -> Vec<PathBuf> {
    let is_json = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
    let Ok(entries) = place.read_dir() else {
        return if is_json(place) { vec![place.to_owned()] } else { Vec::new() };
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files = paths.filter(|path| is_json(path)).collect::<Vec<_>>();
    files.sort();
    files
}

fn set(variable: &impl Fn(&str) -> Option<OsString>, name: &str) -> Option<OsString> {
    variable(name).filter(|value| !value.is_empty())
}

fn paths(list: &std::ffi::OsStr) -> Vec<PathBuf> {
    std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect()
}

const MOST_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests;
