//! Video encoders, tried by a program of their own, which may be missing or find no GStreamer.
#![cfg(feature = "encoders")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

fn probe(program: &Path, libraries: Option<&Path>, arguments: &[&str]) -> (Value, Option<i32>) {
    let mut command = Command::new(program);
    command.args(arguments).args(["--json", "--timeout", "60s"]).env_remove("DISPLAY");
    if let Some(libraries) = libraries {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    let output = command.output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

fn finding(document: &Value) -> &Value {
    document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "encoders").unwrap()
}

/// Whether GStreamer has this element, as its own program says; `None` where that is not installed.
fn is_installed(element: &str) -> Option<bool> {
    let inspect = Command::new("gst-inspect-1.0").args(["--exists", element]).stderr(Stdio::null()).status();
    inspect.ok().map(|status| status.success())
}

#[test]
fn encoders_work_where_gstreamer_has_them_and_the_best_is_taken() {
    let (document, code) = probe(PROBE.as_ref(), None, &["--encoders"]);
    let facts = &document["encoders"]["facts"];
    assert!(document["encoders"]["failure"].is_null(), "{:#}", document["encoders"]);
    let encoders = facts["encoders"].as_array().unwrap();
    for encoder in encoders {
        let element = encoder["element"].as_str().unwrap();
        let Some(installed) = is_installed(element) else {
            return eprintln!("SKIPPED encoders: gst-inspect-1.0 is not installed");
        };
        assert_eq!(encoder["codec"].is_string(), installed, "{encoder}");
        assert!(encoder["works"] == false || installed, "{encoder}");
        assert_eq!(
            encoder["works"] == true && encoder["element"] == facts["chosen"],
            encoder["reason"].is_null()
        );
    }
    let best = encoders.iter().find(|encoder| encoder["works"] == true);
    assert_eq!(best.map(|encoder| &encoder["element"]), Some(&facts["chosen"]), "{facts:#}");
    let is_circuit = best.is_some_and(|encoder| encoder["hardware"] == true);
    assert_eq!(code, Some(i32::from(!is_circuit)));
}

/// What is asked of Vulkan needs no GStreamer, and does not wait for it.
#[test]
fn only_the_program_that_encodes_is_linked_with_gstreamer() {
    let is_linked = |program: &str| {
        let name = concat!("libgstreamer-", "1.0.so");
        fs::read(program).unwrap().windows(name.len()).any(|part| part == name.as_bytes())
    };
    assert!(!is_linked(PROBE));
    assert!(is_linked(ENCODERS));
}

#[test]
fn a_missing_gstreamer_is_a_finding_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("libgstreamer-1.0.so.0"), "no library").unwrap();
    let (document, code) = probe(PROBE.as_ref(), Some(folder.path()), &["--encoders"]);
    assert_eq!((code, &document["encoders"]["facts"]), (Some(2), &Value::Null));
    let (document, _) = probe(PROBE.as_ref(), Some(folder.path()), &["doctor"]);
    let finding = finding(&document);
    assert_eq!(finding["status"], "warn", "{finding}");
    assert!(finding["evidence"].to_string().contains("libgstreamer-1.0.so.0"), "{finding}");
    assert!(finding["fix"].to_string().contains("apt-get install libgstreamer1.0-0"), "{finding}");
    let checks = document["checks"].as_array().unwrap();
    let failures = checks.iter().find(|check| check["id"] == "probe-failures").unwrap();
    assert!(!failures.to_string().contains("Encoding"), "it is no crash: {failures}");
}

#[test]
fn a_probe_without_the_program_says_so() {
    let folder = tempfile::tempdir_in(Path::new(PROBE).parent().unwrap()).unwrap();
    let alone = folder.path().join("cosmos-probe");
    fs::hard_link(PROBE, &alone).unwrap();
    let (document, code) = probe(&alone, None, &["--encoders"]);
    assert_eq!((code, &document["encoders"]["failure"]["kind"]), (Some(3), &"not_started".into()));
    let (document, _) = probe(&alone, None, &["doctor"]);
    assert!(document["encoders"].is_null());
    assert_eq!(finding(&document)["status"], "unknown");
    assert!(finding(&document)["evidence"].to_string().contains("cosmos-probe-encoders"));
}

const PROBE: &str = env!("CARGO_BIN_EXE_cosmos-probe");
const ENCODERS: &str = env!("CARGO_BIN_EXE_cosmos-probe-encoders");
