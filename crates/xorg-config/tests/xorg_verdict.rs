//! The real server's parser is asked, and its verdict is ours: accepted or refused, and on which line.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod conf_support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cosmos_xorg_config::{Config, Document, Problem};

/// What becomes of a configuration.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// With the line where there is one.
    Refused(Option<u32>),
}

/// Cases of a run in passing; all of [`ALL_CASES`] with `--ignored`.
const CASES: u64 = 300;
const ALL_CASES: u64 = 5000;

#[test]
fn damaged_files_get_the_verdict_of_the_server() {
    compare_cases(0..CASES);
}

#[test]
#[ignore = "takes minutes"]
fn five_thousand_damaged_files_get_the_verdict_of_the_server() {
    compare_cases(0..ALL_CASES);
}

#[test]
fn whole_files_and_examples_of_the_manual_get_the_verdict_of_the_server() {
    let Some(server) = Server::find() else { return };
    let own = conf_support::files().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
    let cases: Vec<(String, String)> = own.chain(installed()).chain(examples()).collect();
    let failures: Vec<String> = cases.iter().filter_map(|(name, text)| server.compare(name, text)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    eprintln!("{} files and examples", cases.len());
}

fn compare_cases(seeds: std::ops::Range<u64>) {
    let Some(server) = Server::find() else { return };
    let cases: Vec<String> = seeds.clone().map(conf_support::mutated).collect();
    let accepted = cases.iter().filter(|text| ours(text) == Ok(Verdict::Accepted)).count();
    assert!(
        (cases.len() / 4..=cases.len() * 3 / 4).contains(&accepted),
        "{accepted} are accepted: a poor mixture"
    );
    let named = seeds.clone().zip(&cases);
    let failures: Vec<String> =
        named.filter_map(|(seed, text)| server.compare(&format!("seed {seed}"), text)).collect();
    eprintln!("{} cases, {accepted} of them accepted, {} differences", cases.len(), failures.len());
    assert!(failures.is_empty(), "{} of {seeds:?}:\n{}", failures.len(), failures.join("\n"));
}

fn ours(text: &str) -> Result<Verdict, Problem> {
    match Document::parse(text) {
        Ok(document) => Ok(match Config::read(&[document]) {
            Ok(_) => Verdict::Accepted,
            Err(_) => Verdict::Refused(None),
        }),
        // The server has no room for a ninth range either, but does not look.
        Err(error) if matches!(error.problem, Problem::TooMany { keyword: "VertRefresh", .. }) => {
            Err(error.problem)
        }
        Err(error) if error.problem == Problem::ByteOrderMark => Ok(Verdict::Refused(None)),
        Err(error) => Ok(Verdict::Refused(Some(error.line))),
    }
}

struct Server {
    program: PathBuf,
    directory: tempfile::TempDir,
}

impl Server {
    fn find() -> Option<Self> {
        let program =
            ["/usr/lib/xorg/Xorg", "/usr/libexec/Xorg", "/usr/bin/Xorg"].into_iter().map(PathBuf::from);
        let Some(program) = program.into_iter().find(|path| path.exists()) else {
            eprintln!("SKIPPED Xorg is not installed");
            return None;
        };
        Some(Self { program, directory: tempfile::tempdir().unwrap() })
    }

    /// A report where the two differ.
    fn compare(&self, name: &str, text: &str) -> Option<String> {
        let Ok(ours) = ours(text) else { return None };
        let theirs = self.verdict(text);
        let same = match (&ours, &theirs) {
            (Verdict::Refused(None), Verdict::Refused(_)) | (Verdict::Refused(_), Verdict::Refused(None)) => {
                true
            }
            _ => ours == theirs,
        };
        let message = Document::parse(text).map(|document| Config::read(&[document]).err());
        (!same)
            .then(|| format!("{name}: ours {ours:?} ({message:?}), the server's {theirs:?}:\n{text}\n----"))
    }

    /// Without modules the server ends as soon as it has judged the file. It picks a free display itself.
    fn verdict(&self, text: &str) -> Verdict {
        let (file, log) = (self.directory.path().join("xorg.conf"), self.directory.path().join("log"));
        std::fs::write(&file, text).unwrap();
        let _ = std::fs::remove_file(&log);
        let status = Command::new("timeout")
            .args(["-k", "5", "20"])
            .arg(&self.program)
            .args(["-displayfd", "1", "-modulepath", "/nonexistent", "-nolisten", "tcp"])
            .args(["-novtswitch", "-sharevts", "-config"])
            .args([&file, Path::new("-logfile"), &log])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let log = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
        assert!(log.contains("Using config file"), "{status}: {log}");
        read_verdict(&log, &file)
    }
}

/// It refuses in so many words, or dies of freeing twice what it was about to complain about.
fn read_verdict(log: &str, file: &Path) -> Verdict {
    let reached_layout = log.contains("No Layout section") || log.contains(") ServerLayout ");
    if !log.contains("Problem parsing the config file") && reached_layout {
        return Verdict::Accepted;
    }
    let place = format!(" in file {}", file.display());
    let last = log.lines().rfind(|line| line.contains("Data incomplete") || line.ends_with(&place));
    let number =
        last.and_then(|line| line.split_once("Parse error on line ")?.1.split(' ').next()?.parse().ok());
    Verdict::Refused(number)
}

/// What packages have installed.
fn installed() -> Vec<(String, String)> {
    let directories = ["/usr/share/X11/xorg.conf.d", "/etc/X11/xorg.conf.d"];
    let entries =
        directories.iter().filter_map(|directory| std::fs::read_dir(directory).ok()).flatten().flatten();
    let files = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".conf"));
    let texts = files.map(|entry| (entry.path(), std::fs::read_to_string(entry.path()).unwrap()));
    texts.map(|(path, text)| (path.display().to_string(), text)).collect()
}

/// Every section that stands in a manual page.
fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    for page in ["xorg.conf", "modesetting", "inputtestdrv", "dummy", "libinput", "evdev", "nvidia"] {
        let man =
            Command::new("man").args(["-P", "cat", page]).env("LC_ALL", "C").stderr(Stdio::null()).output();
        let text = man.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let mut section: Option<String> = None;
        for line in text.lines() {
            if line.trim_start().starts_with("Section ") && line.contains('"') {
                section = Some(String::new());
            }
            let Some(lines) = &mut section else { continue };
            *lines += &format!("{line}\n");
            if line.trim() == "EndSection" {
                let number = examples.len();
                examples.push((format!("{page} {number}"), section.take().unwrap_or_default()));
            }
        }
    }
    if examples.is_empty() {
        eprintln!("SKIPPED the examples of xorg.conf(5): no manual page is installed");
    }
    examples
}
