//! The program as a script sees it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosmos-probe"));
    command.args(arguments).env_remove("DISPLAY").output().unwrap()
}

fn json(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = run(arguments);
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

#[test]
fn wrong_arguments_are_usage() {
    for arguments in [&["--bogus"][..], &["--timeout", "soon"], &["--display", "x"], &["doctor", "more"]] {
        assert_eq!(run(arguments).status.code(), Some(64), "{arguments:?}");
    }
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[test]
fn every_key_is_there_even_where_nothing_is_known() {
    let (document, _) = json(&["--driver", "--json"]);
    assert_eq!(document["schema"], "cosmos.probe/1");
    let keys = document.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    let wanted = [
        "checks", "driver", "egl", "encoder", "encoders", "gl", "gpus", "level", "mode", "nvenc", "present",
        "schema", "screen", "settings", "vulkan", "xorg",
    ];
    assert_eq!(keys, wanted);
    assert!(document["vulkan"].is_null() && document["driver"].is_object());
}

#[test]
fn the_exit_status_is_the_level_of_the_document() {
    for arguments in [&["--vulkan", "--json"][..], &["--egl", "--json"], &["--nvenc", "--json"]] {
        let (document, code) = json(arguments);
        assert_eq!(document["level"].as_i64(), code.map(i64::from), "{arguments:?}");
    }
}

#[test]
fn lavapipe_is_software_and_degraded() {
    let manifests = std::fs::read_dir("/usr/share/vulkan/icd.d").into_iter().flatten();
    let lavapipe = manifests
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains("lvp_icd"));
    let Some(lavapipe) = lavapipe else {
        return eprintln!("SKIPPED lavapipe: mesa-vulkan-drivers is not installed");
    };
    let output = Command::new(env!("CARGO_BIN_EXE_cosmos-probe"))
        .args(["--vulkan", "--json"])
        .envs(["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map(|name| (name, lavapipe.clone())))
        .output()
        .unwrap();
    let document = serde_json::from_slice::<Value>(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{document:#}");
    assert_eq!(document["vulkan"]["verdict"], "software");
}

#[test]
fn the_doctor_ends_with_the_best_mode_and_the_encoder() {
    let output = run(&["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("Best ") && last.contains("video"), "{last}");
    let (document, _) = json(&["doctor", "--json"]);
    let checks = document["checks"].as_array().unwrap();
    assert!(checks.len() >= 18);
    for check in checks {
        let keys = check.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(keys, ["evidence", "fix", "id", "status"]);
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_and_a_closed_pipe_is_none() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let probe = || {
        let mut probe = Command::new(env!("CARGO_BIN_EXE_cosmos-probe"));
        probe.args(["--driver", "--json"]);
        probe
    };
    let failed = probe().stdout(full).output().unwrap();
    assert_eq!(failed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("cannot write the answer"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_ne!(probe().stdout(writer).status().unwrap().code(), Some(3));
}
