//! Excerpts of logs, most of them of a real Xorg with broken configurations, and what is made of them.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cosmos_host::xorg_findings;
use proptest::prelude::*;

const XORG: &str = "/usr/lib/xorg/Xorg";

fn excerpts() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/xorg-log");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Files are called after what is to be found: `depth.log`, `keymap.2.log`.
fn expected(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap()
}

#[test]
fn every_excerpt_has_its_cause() {
    let mut seen = BTreeSet::new();
    for path in excerpts() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} does not tell where it is from", path.display());
        let found = xorg_findings(&text);
        let first = found.first().unwrap_or_else(|| panic!("nothing is found in {}", path.display()));
        assert_eq!(first.id, expected(&path), "{}: {found:?}", path.display());
        assert!(!first.line.contains("(EE)") && !first.line.starts_with('['), "{}", first.line);
        seen.insert(first.id);
    }
    assert!(seen.len() >= 30, "{}", seen.len());
}

#[test]
fn a_server_that_runs_has_no_findings() {
    let fine = "\t(WW) warning, (EE) error, (NI) not implemented, (??) unknown.\n\
        [1.0] (EE) dbus-core: error connecting to system bus: (Failed to connect to socket)\n\
        [1.0] (EE) open /dev/dri/card0: No such file or directory\n\
        [1.0] (II) NVIDIA(0): Failed to initialize the NVIDIA GPU at nothing, as a report\n";
    assert_eq!(xorg_findings(fine), []);
}

#[test]
fn what_follows_from_a_cause_is_not_told_beside_it() {
    for path in excerpts() {
        let found = xorg_findings(&fs::read_to_string(&path).unwrap());
        let follows = ["no-devices", "unusable", "no-screens"];
        let told = found.iter().filter(|finding| follows.contains(&finding.id)).count();
        assert!(told == 0 || found.len() == 1, "{}: {found:?}", path.display());
    }
}

/// The real server, whose words change with its versions.
#[test]
fn the_server_installed_here_is_understood() {
    if !Path::new(XORG).exists() {
        eprintln!("SKIPPED {XORG} is not installed");
        return;
    }
    let device =
        |driver: &str| format!("Section \"Device\"\nIdentifier \"D\"\nDriver \"{driver}\"\nEndSection\n");
    let depth = format!(
        "{}Section \"Screen\"\nIdentifier \"S\"\nDevice \"D\"\nDefaultDepth 12\nEndSection\n",
        device("dummy")
    );
    let syntax = "Section \"Monitor\"\nIdentifier \"M\"\nModeline \"x\" 100 1\nEndSection\n";
    let cases: [(&str, &str, &[&str]); 5] = [
        (&device("nvidia"), "nvidia-module-missing", &["-modulepath", "/nonexistent"]),
        (&device("dummy"), "module-missing", &["-modulepath", "/nonexistent"]),
        (&depth, "depth", &[]),
        (syntax, "config-syntax", &[]),
        (&device("dummy"), "option", &["-no-such-option"]),
    ];
    for (config, id, arguments) in cases {
        if id == "depth" && !Path::new("/usr/lib/xorg/modules/drivers/dummy_drv.so").exists() {
            eprintln!("SKIPPED the driver dummy is not installed");
            continue;
        }
        let found = xorg_findings(&words_of_xorg(config, arguments));
        assert_eq!(found.first().map(|finding| finding.id), Some(id), "{found:?}");
    }
}

/// Its log and its standard error.
fn words_of_xorg(config: &str, arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    fs::write(file("conf"), config).unwrap();
    let mut command = Command::new("timeout");
    command.args(["60", XORG, ":93", "-nolisten", "tcp", "-nolisten", "local", "-displayfd", "1", "-config"]);
    command.arg(file("conf")).arg("-logfile").arg(file("log")).args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let log = fs::read_to_string(file("log")).unwrap_or_default();
    log + &String::from_utf8_lossy(&output.stderr)
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(\\[ *[0-9.]*\\] )?(\\(EE\\) )?.{0,200}\n?.{0,80}") {
        for finding in xorg_findings(&text) {
            prop_assert!(!finding.line.contains(char::is_control));
        }
    }
}
