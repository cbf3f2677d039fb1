//! The directory of one desktop's sockets and secrets, and what to do with one whose supervisor was killed.
//!
//! A supervisor holds a lock on a file in its directory as long as it lives. A process number would not do: another
//! container that shares the directory of these directories numbers its processes by itself.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, getpid, getuid},
    rand::{GetRandomFlags, getrandom},
};

use crate::{
    display, environment::MARK, error::HostError, process::Process, ready::StreamReady, roles::Places,
};

/// A directory for its owner only, removed when dropped.
#[derive(Debug)]
pub struct Runtime {
    path: PathBuf,
    _alive: File,
}

impl Runtime {
    /// Makes a directory in `base` and cleans up after supervisors of this user that were killed.
    ///
    /// # Errors
    /// [`HostError::Io`] when `base` cannot be written to.
    pub fn create(base: &Path) -> Result<Self, HostError> {
        for stale in stale_in(base) {
            tracing::warn!("cleaning up {}, whose supervisor was killed", stale.display());
            clean_up(&stale);
        }
        let create = || -> io::Result<Self> {
            let mut random = [0; 4];
            getrandom(&mut random, GetRandomFlags::empty())?;
            let path = base.join(format!("{}{:08x}", prefix(), u32::from_ne_bytes(random)));
            fs::DirBuilder::new().mode(0o700).create(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
            let alive = lock_of(&path)?;
            Ok(Self { path, _alive: alive })
        };
        create().map_err(HostError::io("make a directory in", base))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Notes a process of this desktop, for the one who may have to clean up: not all let others see their marks.
    ///
    /// # Errors
    /// What the file system says.
    pub fn note_process(&self, pid: Pid) -> io::Result<()> {
        let number = pid.as_raw_nonzero().get();
        let Some(process) = Process::find(number) else { return Ok(()) };
        let mut list = OpenOptions::new().create(true).append(true).open(self.file(PROCESSES))?;
        writeln!(list, "{number} {}", process.started)
    }

    /// Notes the display number, for the one who may have to clean up.
    ///
    /// # Errors
    /// What the file system says.
    pub fn note_display(&self, number: u16) -> io::Result<()> {
        fs::write(self.file(DISPLAY), number.to_string())
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Waits for the end of standard input, which is the end of the supervisor, then cleans up after it.
pub fn guard(path: &Path) {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    clean_up(path);
}

/// Ends every process of the desktop that had this runtime directory and removes everything it left. Bounded by
/// two seconds.
fn clean_up(path: &Path) {
    let noted = noted_in(path);
    for _ in 0..100 {
        let is_ours = |process: &Process| {
            let number = process.pid.as_raw_nonzero().get();
            noted.contains(&(number, process.started)) || process.has_variable(MARK, path)
        };
        let marked = Process::all().filter(|process| process.pid != getpid() && is_ours(process));
        if marked.map(|process| process.signal(Signal::KILL)).count() == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let number = fs::read_to_string(path.join(DISPLAY)).ok().and_then(|text| text.parse().ok());
    number.into_iter().for_each(display::remove_leftovers);
    let _ = fs::remove_dir_all(path);
}

/// The processes that were noted: the number of each, and when it was started.
fn noted_in(path: &Path) -> HashSet<(i32, u64)> {
    let text = fs::read_to_string(path.join(PROCESSES)).unwrap_or_default();
    let noted = |line: &str| {
        let (number, started) = line.split_once(' ')?;
        Some((number.parse().ok()?, started.parse().ok()?))
    };
    text.lines().filter_map(noted).collect()
}

/// Where the desktops of this user are served whose directories are in `base`: an entry for each that lives, `None`
/// for one that does not serve yet.
pub fn desktops_in(base: &Path) -> Vec<Option<StreamReady>> {
    let living = directories_in(base).filter(|path| is_living(path));
    living.map(|path| StreamReady::read(&Places { home: path.clone(), runtime: path }.ready())).collect()
}

fn stale_in(base: &Path) -> Vec<PathBuf> {
    directories_in(base).filter(|path| is_stale(path)).collect()
}

/// The directories that this user's desktops made in `base`.
fn directories_in(base: &Path) -> impl Iterator<Item = PathBuf> {
    let is_ours = |path: &PathBuf| {
        let named =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix()));
        let made = |metadata: fs::Metadata| metadata.is_dir() && metadata.uid() == getuid().as_raw();
        named && path.symlink_metadata().is_ok_and(made)
    };
    fs::read_dir(base).into_iter().flatten().flatten().map(|entry| entry.path()).filter(is_ours)
}

/// A shared lock, so that two that ask at once do not take each other for the supervisor.
fn is_living(path: &Path) -> bool {
    File::open(path.join(SUPERVISOR))
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
}

fn is_stale(path: &Path) -> bool {
    match File::open(path.join(SUPERVISOR)) {
        Ok(file) => flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok(),
        // It may be about to be made.
        Err(_) => {
            let made = path.symlink_metadata().and_then(|metadata| metadata.modified());
            made.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > Duration::from_secs(60)))
        }
    }
}

/// The file of a directory that says that its supervisor lives. It appears locked.
fn lock_of(path: &Path) -> io::Result<File> {
    let draft = path.join("draft");
    let file = File::create_new(&draft)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    fs::rename(&draft, path.join(SUPERVISOR))?;
    Ok(file)
}

fn prefix() -> String {
    format!("cosmos-{}-", getuid().as_raw())
}

const SUPERVISOR: &str = "supervisor";
const DISPLAY: &str = "display";
const PROCESSES: &str = "processes";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::process::Command;

    use super::*;

    #[test]
    fn only_what_a_dead_supervisor_left_is_cleaned_up() {
        let base = tempfile::tempdir().unwrap();
        let living = Runtime::create(base.path()).unwrap();
        let [dead, fresh] = ["1", "2"].map(|name| base.path().join(format!("{}{name}", prefix())));
        for path in [&dead, &fresh] {
            fs::create_dir(path).unwrap();
        }
        drop(lock_of(&dead).unwrap());
        let other = base.path().join("cosmos-something");
        fs::create_dir(&other).unwrap();
        assert_eq!(desktops_in(base.path()), [None]);
        let next = Runtime::create(base.path()).unwrap();
        assert!(living.path().exists() && next.path().exists() && fresh.exists() && other.exists());
        assert!(!dead.exists());
        assert_eq!(next.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let path = next.path().to_owned();
        drop(next);
        assert!(!path.exists());
    }

    #[test]
    fn a_process_that_was_noted_is_ended_and_one_that_took_its_number_is_not() {
        let base = tempfile::tempdir().unwrap();
        let mut children = [(); 2].map(|()| Command::new("sleep").arg("600").spawn().unwrap());
        let runtime = Runtime::create(base.path()).unwrap();
        runtime.note_process(Pid::from_child(&children[0])).unwrap();
        let list = fs::read_to_string(runtime.file(PROCESSES)).unwrap();
        let (_, started) = list.trim().split_once(' ').unwrap();
        let earlier = started.parse::<u64>().unwrap() - 1;
        fs::write(runtime.file(PROCESSES), format!("{list}{} {earlier}\n", children[1].id())).unwrap();
        clean_up(runtime.path());
        assert!(children[0].wait().is_ok_and(|status| !status.success()));
        assert!(
            children[1].try_wait().unwrap().is_none(),
            "it only has the number of a process that is gone"
        );
        children[1].kill().unwrap();
        children[1].wait().unwrap();
    }

    #[test]
    fn those_that_live_tell_where_they_serve() {
        let base = tempfile::tempdir().unwrap();
        assert_eq!(desktops_in(&base.path().join("none")), []);
        let (serving, starting) =
            (Runtime::create(base.path()).unwrap(), Runtime::create(base.path()).unwrap());
        let ready =
            r#"{"schema":"cosmos.ready/1","url":"u","user":null,"password_source":"s","password_file":null}"#;
        fs::write(serving.file("ready.json"), ready).unwrap();
        let mut found: Vec<_> =
            desktops_in(base.path()).into_iter().map(|ready| ready.map(|it| it.url)).collect();
        found.sort();
        assert_eq!(found, [None, Some("u".to_owned())]);
        drop(starting);
        assert_eq!(desktops_in(base.path()).len(), 1);
    }
}
