//! Files of what is kept, for their owner alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Writes the file: whoever reads it, also after a loss of power, sees what was there before or all of this.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = path.with_extension("new");
    // One that was left behind may belong to whomever.
    fs::remove_file(&draft).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        File::open(folder)?.sync_all()
    };
    write().inspect_err(|_| drop(fs::remove_file(&draft)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("cosmos-private-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, draft) = (folder.join("it.json"), folder.join("it.new"));
        fs::write(&draft, "left behind, for everybody").unwrap();
        write(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::create_dir(folder.join("taken")).unwrap();
        assert!(write(&folder.join("taken"), b"two").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert!(!draft.exists() && !folder.join("taken.new").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
