//! One log file for each service, bounded in size.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The largest size of a log in bytes before its end is moved to a second file.
pub const BOUND: u64 = 4 * 1024 * 1024;

/// A directory of logs.
#[derive(Clone, Debug)]
pub struct Logs {
    directory: PathBuf,
}

impl Logs {
    /// Logs in a directory, which is made if it is missing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The file of a service.
    pub fn path(&self, service: &str) -> PathBuf {
        self.directory.join(format!("{}.log", service.to_lowercase().replace(' ', "-")))
    }

    /// A fresh log for a desktop that starts; what an earlier one left is moved away.
    ///
    /// # Errors
    /// What the file system says.
    pub fn begin(&self, service: &str) -> io::Result<()> {
        let path = self.path(service);
        match fs::rename(&path, older(&path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file to write to, at its end.
    ///
    /// # Errors
    /// What the file system says.
    pub fn append(&self, service: &str) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(self.path(service))
    }

    /// Moves the end of a log that grew over `bound` bytes to the older file. The service goes on writing to the
    /// same file, so what it writes in between may be lost.
    ///
    /// # Errors
    /// What the file system says.
    pub fn rotate(&self, service: &str, bound: u64) -> io::Result<()> {
        let path = self.path(service);
        if path.metadata().map_or(0, |metadata| metadata.len()) > bound {
            fs::write(older(&path), tail(&path, bound)?)?;
            OpenOptions::new().write(true).open(&path)?.set_len(0)?;
        }
        Ok(())
    }

    /// The last lines of a log, indented, for people.
    pub fn last_words(&self, service: &str) -> String {
        let bytes = tail(&self.path(service), 4096).unwrap_or_default();
        indented(String::from_utf8_lossy(&bytes).lines(), 12)
    }

    /// What Xorg wrote to its own log and, as the service of this name, to standard error.
    pub fn of_xorg(&self, service: &str) -> String {
        let [own, printed] =
            [self.path(XORG), self.path(service)].map(|path| tail(&path, 64 * 1024).unwrap_or_default());
        format!("{}\n{}", String::from_utf8_lossy(&own), String::from_utf8_lossy(&printed))
    }

    /// The errors in a log that Xorg writes itself, indented; empty when there is none.
    pub fn xorg_errors(&self) -> String {
        const MARK: &str = "(EE)";
        let bytes = tail(&self.path(XORG), 64 * 1024).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        // Its legend names every mark; its frame around a fatal error is empty.
        let says = |line: &&str| {
            line.split_once(MARK).is_some_and(|(before, after)| {
                !before.contains("(WW)") && !after.replace(MARK, "").trim().is_empty()
            })
        };
        let errors: Vec<&str> = text.lines().filter(says).collect();
        if errors.is_empty() { String::new() } else { indented(errors.into_iter(), 8) + "\n" }
    }
}

/// The name of the log that Xorg writes itself.
pub const XORG: &str = "xorg";

fn indented<'a>(lines: impl Iterator<Item = &'a str>, most: usize) -> String {
    let lines: Vec<&str> = lines.map(str::trim_end).filter(|line| !line.is_empty()).collect();
    match &lines[lines.len().saturating_sub(most)..] {
        [] => "    (nothing)".to_owned(),
        last => last.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"),
    }
}

fn older(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

fn tail(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut content = Vec::new();
    file.take(bytes).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_log_never_grows_far_over_its_bound_and_keeps_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::open(dir.path()).unwrap();
        let mut file = logs.append("X server").unwrap();
        for line in 0..100 {
            writeln!(file, "line {line}").unwrap();
            logs.rotate("X server", 100).unwrap();
        }
        let sizes =
            ["x-server.log", "x-server.log.1"].map(|name| dir.path().join(name).metadata().unwrap().len());
        assert!(sizes.iter().all(|size| *size <= 110), "{sizes:?}");
        assert!(logs.last_words("X server").ends_with("    line 99"));
    }

    #[test]
    fn errors_of_xorg_are_found_without_its_legend() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::open(dir.path()).unwrap();
        assert_eq!(logs.xorg_errors(), "");
        let log = "\t(WW) warning, (EE) error\n[1] (II) fine\n[2] (EE) \n[3] (EE) no screens found(EE) \n";
        fs::write(logs.path(XORG), log).unwrap();
        assert_eq!(logs.xorg_errors(), "    [3] (EE) no screens found(EE)\n");
    }

    #[test]
    fn last_words_are_few_and_never_empty() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::open(dir.path()).unwrap();
        assert_eq!(logs.last_words("sound"), "    (nothing)");
        fs::write(logs.path("sound"), "a\n\n".repeat(100)).unwrap();
        assert_eq!(logs.last_words("sound").lines().count(), 12);
    }
}
