//! How settings are read, refused and told of.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, process::Command};

fn launch(arguments: &[&str]) -> (Option<i32>, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cosmos-launch")).args(arguments).env_clear().output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_file_sets_what_nothing_else_does_and_is_refused_where_it_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cosmos.toml");
    let with = |text: &str, more: &[&str]| {
        fs::write(&path, text).unwrap();
        let mut arguments = vec!["xorg-config", "--config", path.to_str().unwrap()];
        arguments.extend(more);
        launch(&arguments)
    };
    let (code, text) = with("size = \"1000x700\"\n", &[]);
    assert!(code == Some(0) && text.contains("\"1000x700\""), "{text}");
    let (_, text) = with("size = \"1000x700\"\n", &["--size", "800x600"]);
    assert!(text.contains("\"800x600\""), "{text}");
    for (file, told) in [
        ("sizee = \"1000x700\"", ": \"sizee\" is no setting; did you mean size?"),
        ("depth = 7", ": depth: depth 7: expected 8, 15, 16, 24 or 30"),
        ("depth = ", ":1: "),
    ] {
        let (code, text) = with(file, &[]);
        assert!(code == Some(64) && text.contains(told), "{text}");
    }
    let (code, text) = launch(&["xorg-config", "--config", "/no/such/file"]);
    assert!(code == Some(64) && text.contains("cannot read /no/such/file: No such file"), "{text}");
}

#[test]
fn a_setting_that_is_no_text_is_refused() {
    let latin = OsStr::from_bytes(b"p\xe4ss");
    for (name, code) in [("PASSWD", Some(64)), ("MINE", Some(0))] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosmos-launch"));
        let output = command.arg("xorg-config").env_clear().env(name, latin).output().unwrap();
        assert_eq!(output.status.code(), code, "{name}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.contains("PASSWD: the value is no UTF-8 text"), code != Some(0), "{told}");
    }
}

#[test]
fn both_helps_tell_of_all_settings() {
    let joined = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, short) = launch(&["desktop", "-h"]);
    let (code, long) = launch(&["desktop", "--help"]);
    let (short, long) = (joined(short), joined(long));
    assert_eq!(code, Some(0));
    for text in [&short, &long] {
        assert!(text.contains("COSMOS_FRAMERATE, older SELKIES_FRAMERATE"), "{text}");
        assert!(text.contains("--congestion-control"), "{text}");
        assert!(text.contains("--password-file <FILE>") && !text.contains("--password <"), "{text}");
    }
}
