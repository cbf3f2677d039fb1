//! Installing into a store, and looking at what is there.

#![allow(dead_code, reason = "each test uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};

use cosmos_nvidia_driver::install::{InstallError, Installed, Options, Store};
use cosmos_nvidia_driver::run_file::Compression;

use crate::run_file_support::*;

pub const BARE: Options = Options { compat32: false, vendor_neutral: false };

pub fn run_file(archive: Archive) -> Vec<u8> {
    nvidia(&compress(&archive.bytes(), Compression::Gzip))
}

pub fn install(store: &Path, file: &[u8], options: Options) -> Result<Installed, InstallError> {
    Store::new(store).install(file, options, &mut |_| {})
}

/// Every path below a folder: `folder/`, `file = size`, `link -> target`.
pub fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let data = path.symlink_metadata().unwrap();
            found.push(match fs::read_link(&path) {
                Ok(target) => format!("{name} -> {}", target.display()),
                Err(_) if data.is_dir() => format!("{name}/"),
                Err(_) => format!("{name} = {}", data.len()),
            });
            if data.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn prefix_name(installed: &Installed) -> String {
    PathBuf::from(installed.prefix()).file_name().unwrap().to_str().unwrap().to_owned()
}
