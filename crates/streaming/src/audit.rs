//! Who did what from where: a file of lines that never grows beyond its bound and never holds a secret.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use serde_json::json;

use crate::clock;

/// Takes what is to be kept. Copies share one file.
#[derive(Clone, Default)]
pub(crate) struct Audit(Option<Arc<Lines>>);

struct Lines {
    waiting: SyncSender<String>,
    lost: AtomicU64,
}

/// Lines that wait for the disk; beyond this they are lost, and that is written down.
const QUEUE: usize = 1024;
/// When the file has so many bytes it becomes the older one, in place of the older one before.
const MAX_FILE: u64 = 1 << 20;
/// No more of a text that somebody else chose is kept, in bytes.
const MAX_TEXT: usize = 128;

impl Audit {
    /// Keeps lines in the file, which only its owner can read, and in `FILE.1` the ones before.
    ///
    /// # Errors
    /// What the system says about the file.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let file = append(&path)?;
        let (waiting, lines) = sync_channel(QUEUE);
        let keeper = Arc::new(Lines { waiting, lost: AtomicU64::new(0) });
        let weak = Arc::downgrade(&keeper);
        let lost = move || weak.upgrade().map_or(0, |keeper| keeper.lost.swap(0, Relaxed));
        thread::Builder::new().name("audit".into()).spawn(move || write(file, &path, &lines, &lost))?;
        Ok(Self(Some(keeper)))
    }

    /// Keeps a line. `what` is a verb, `detail` is what it was about.
    pub(crate) fn note(&self, who: &str, from: Option<IpAddr>, what: &str, detail: &str) {
        let from = from.map(|from| from.to_string());
        tracing::info!(target: "audit", who, from, detail, "{what}");
        let Some(lines) = &self.0 else { return };
        let line = json!({
            "time": clock::unix_us() / 1000,
            "who": cut(who),
            "from": from,
            "what": what,
            "detail": cut(detail),
        });
        if lines.waiting.try_send(line.to_string()).is_err() {
            lines.lost.fetch_add(1, Relaxed);
        }
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn write(mut file: File, path: &Path, lines: &Receiver<String>, lost: &dyn Fn() -> u64) {
    for line in lines {
        let gap = match lost() {
            0 => String::new(),
            count => format!(
                "{}\n",
                json!({ "time": clock::unix_us() / 1000, "what": "lose lines", "detail": count })
            ),
        };
        if let Err(error) = keep(&mut file, path, &format!("{gap}{line}\n")) {
            tracing::error!(path = %path.display(), %error, "what happened was not written down");
        }
    }
}

fn keep(file: &mut File, path: &Path, text: &str) -> io::Result<()> {
    if file.metadata()?.len() + text.len() as u64 > MAX_FILE {
        let mut older = path.as_os_str().to_owned();
        older.push(".1");
        std::fs::rename(path, older)?;
        *file = append(path)?;
    }
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{
        os::unix::fs::PermissionsExt,
        time::{Duration, Instant},
    };

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cosmos-audit-{name}-{}", std::process::id()));
        let _none = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn until(what: &str, done: impl Fn() -> bool) {
        let limit = Instant::now() + Duration::from_secs(20);
        while !done() {
            assert!(Instant::now() < limit, "waited in vain for {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_line_says_who_from_where_and_what_and_one_line_stays_one() {
        let folder = folder("line");
        let path = folder.join("audit.log");
        let audit = Audit::open(path.clone()).unwrap();
        audit.note("ada\n{\"who\":\"eve\"}", Some("192.0.2.7".parse().unwrap()), "log in", &"x".repeat(500));
        let text = || std::fs::read_to_string(&path).unwrap();
        until("the line", || text().ends_with('\n'));
        assert_eq!(text().lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text()).unwrap();
        assert_eq!(
            (line["who"].as_str(), line["from"].as_str()),
            (Some("ada\n{\"who\":\"eve\"}"), Some("192.0.2.7"))
        );
        assert_eq!(
            (line["what"].as_str(), line["detail"].as_str().unwrap().len()),
            (Some("log in"), MAX_TEXT)
        );
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn however_much_happens_two_bounded_files_are_kept() {
        let folder = folder("bound");
        let path = folder.join("audit.log");
        let mut file = append(&path).unwrap();
        let line = format!("{}\n", "y".repeat(1023));
        for _ in 0..5000 {
            keep(&mut file, &path, &line).unwrap();
        }
        let sizes: Vec<u64> = ["audit.log", "audit.log.1"]
            .map(|name| std::fs::metadata(folder.join(name)).unwrap().len())
            .into();
        assert!(sizes.iter().all(|size| *size <= MAX_FILE) && sizes[1] == MAX_FILE, "{sizes:?}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
