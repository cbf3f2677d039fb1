//! `cosmos-launch lint`, as people and programs run it.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    process::{Command, Output, Stdio},
};

fn lint(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cosmos-launch"))
        .arg("lint")
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends before it reads leaves a broken pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_exit_code_tells_the_gravest_finding() {
    for (arguments, input, code) in [
        (&["-"][..], "COSMOS_FRAMERATE=30\n", 0),
        (&["-"], "SIZEW=800\n", 0),
        (&["-"], "NGINX_PORT=80\n", 1),
        (&["-"], "SIZEW=wide\n", 2),
        (&["--gpu", "NVIDIA H100", "-"], "COSMOS_ENCODER=nvh264enc\n", 1),
        (&["-", "/no/such/file"], "SIZEW=wide\n", 3),
        (&[], "", 64),
        (&["--kind", "toml", "-"], "", 64),
        (&["--gpu", "Radeon", "-"], "", 64),
        (&["--driver", "new", "-"], "", 64),
    ] {
        let output = lint(arguments, input);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {input}: {}", said(&output.stderr));
    }
}

#[test]
fn programs_get_every_key_and_no_secret() {
    let output = lint(&["--json", "-"], "docker run -e PASSWD=hunter2 x");
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output.stdout);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&document["schema"], &document["files"][0]["kind"]),
        (&"cosmos.lint/1".into(), &"docker".into())
    );
    let finding = document["files"][0]["findings"][1].as_object().unwrap();
    let mut keys: Vec<&str> = finding.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["column", "fix", "level", "line", "rule", "what", "why"]);
    assert_eq!(finding["rule"], "secret-in-plain-text");
    assert!(!text.contains("hunter2"));
}

#[test]
fn a_migrated_text_is_printed_or_written_with_its_permissions() {
    let printed = lint(&["--migrate", "-"], "# wide\nSIZEW=800\nMINE=1\n");
    assert_eq!(said(&printed.stdout), "# wide\nCOSMOS_WIDTH=800\nMINE=1\n");
    assert_eq!(said(&printed.stderr), "-: 1 changed\n");
    let emptied = lint(&["--migrate", "-"], "# ports\nNGINX_PORT=80\n");
    assert_eq!((emptied.status.code(), said(&emptied.stdout)), (Some(0), "# ports\n".to_owned()));
    assert_eq!(said(&emptied.stderr), "-: 1 changed\n");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desktop.env");
    fs::write(&path, "SIZEW=800\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let written = lint(&["--migrate", "--write", path.to_str().unwrap()], "");
    assert_eq!((written.status.code(), said(&written.stdout)), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "COSMOS_WIDTH=800\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// Docker lines, compose files, manifests and files of variables, of the seed and of its successors.
#[test]
fn a_file_of_old_names_that_was_migrated_has_no_findings() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/host/testdata/settings/good");
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let old = entry.unwrap().path();
        let path = dir.path().join(old.file_name().unwrap());
        // Not a copy, which could not be written where the tree cannot.
        fs::write(&path, fs::read(&old).unwrap()).unwrap();
        let name = path.to_str().unwrap();
        let written = lint(&["--migrate", "--write", name], "");
        let told = said(&written.stderr);
        assert!(written.status.success() && told.lines().count() == 1, "{told}");
        assert!(!told.ends_with(": 0 changed\n"), "{told}");
        let looked = lint(&[name], "");
        assert_eq!(
            (looked.status.code(), said(&looked.stdout)),
            (Some(0), "0 errors, 0 warnings, 0 notes in 1 files\n".to_owned())
        );
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn a_file_that_is_written_anew_keeps_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desktop.env");
    fs::write(&path, "SIZEW=800\nPASSWD=hunter2\n").unwrap();
    if chown(&path, Some(12345), Some(23456)).is_err() {
        eprintln!("SKIPPED only root can give a file away");
        return;
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let written = lint(&["--migrate", "--write", path.to_str().unwrap()], "");
    assert_eq!(written.status.code(), Some(0), "{}", said(&written.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), "COSMOS_WIDTH=800\nCOSMOS_ACCOUNT_PASSWORD=hunter2\n");
    let new = fs::metadata(&path).unwrap();
    assert_eq!((new.uid(), new.gid(), new.mode() & 0o7777), (12345, 23456, 0o640));
}

#[test]
fn a_file_with_another_name_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desktop.env");
    let [soft, hard] = ["soft", "hard"].map(|name| dir.path().join(name));
    fs::write(&path, "SIZEW=800\n").unwrap();
    symlink(&path, &soft).unwrap();
    fs::hard_link(&path, &hard).unwrap();
    for (path, told) in [(&soft, "name the file itself"), (&hard, "write a copy instead")] {
        let refused = lint(&["--migrate", "--write", path.to_str().unwrap()], "");
        assert_eq!(refused.status.code(), Some(3));
        assert!(said(&refused.stderr).contains(told), "{}", said(&refused.stderr));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "SIZEW=800\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

/// `script` gives the program a terminal.
#[test]
fn a_migrated_secret_goes_to_a_file_and_to_no_screen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("desktop.env");
    fs::write(&path, "SIZEW=800\nPASSWD=hunter2\n").unwrap();
    let printed = lint(&["--migrate", path.to_str().unwrap()], "");
    assert_eq!(said(&printed.stdout), "COSMOS_WIDTH=800\nCOSMOS_ACCOUNT_PASSWORD=hunter2\n");
    assert!(!said(&printed.stderr).contains("hunter2"));
    let command = format!("{} lint --migrate {}", env!("CARGO_BIN_EXE_cosmos-launch"), path.display());
    let shown = Command::new("timeout").args(["20", "script", "-qec", &command, "/dev/null"]).output();
    let Ok(shown) = shown.map(|output| said(&output.stdout)) else {
        eprintln!("SKIPPED script is not installed");
        return;
    };
    if !shown.contains("COSMOS_WIDTH=800") {
        eprintln!("SKIPPED script is not installed: {shown}");
        return;
    }
    assert!(shown.contains("COSMOS_ACCOUNT_PASSWORD=***") && shown.contains("shown as stars"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
