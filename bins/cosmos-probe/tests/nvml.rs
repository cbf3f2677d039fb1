//! Libraries of NVML that answer, refuse, hang and die: the driver is told of in time, and nothing else is harmed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

#[test]
fn each_library_is_told_of_as_it_behaves() {
    for (name, code, kind, words) in [
        ("hangs", "for (;;) pause();", "hung", "libnvidia-ml"),
        ("is deaf", "signal(SIGTERM, SIG_IGN); for (;;) pause();", "hung", "libnvidia-ml"),
        ("crashes", "*(volatile int *)0 = 1;", "died", "SIGSEGV"),
        ("aborts", "abort();", "died", "SIGABRT"),
        ("leaves", "_exit(5);", "exited", "libnvidia-ml"),
    ] {
        let Some((document, code)) = probe(&format!("{code} return 0;")) else { return };
        let failure = &document["driver"]["failure"];
        assert_eq!(failure["kind"], kind, "{name}: {failure}");
        assert!(failure.to_string().contains(words), "{name}: {failure}");
        assert_eq!(code, Some(3), "{name}");
        assert!(document["driver"]["gpus"].is_array(), "{name}: what was found before is told");
        assert!(document["nvenc"]["failure"].is_null(), "{name}: {}", document["nvenc"]);
    }
}

#[test]
fn a_library_of_the_wrong_version_is_a_finding() {
    let Some((document, code)) = probe("return 18;") else { return };
    let driver = &document["driver"];
    assert!(driver["failure"].is_null(), "{driver}");
    assert_eq!(driver["library_refused"], true);
    assert!(driver["findings"].to_string().contains("of another version than the kernel module"), "{driver}");
    assert_eq!(code, Some(2));
}

#[test]
fn a_good_library_is_heard() {
    let Some((document, _)) = probe("return 0;") else { return };
    let driver = &document["driver"];
    assert!(driver["failure"].is_null(), "{driver}");
    let seen = driver["observations"].as_array().unwrap();
    assert!(seen.iter().any(|seen| seen["source"] == "NVML" && seen["version"] == "580.159.04"), "{driver}");
    assert_eq!(driver["cuda"], "13.0");
}

/// The answer beside a libnvidia-ml that runs some C when it is started; `None` where there is no compiler.
fn probe(start: &str) -> Option<(Value, Option<i32>)> {
    let folder = tempfile::tempdir().unwrap();
    compile(folder.path(), start)?;
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_cosmos-probe"))
        .args(["--driver", "--nvenc", "--json", "--timeout", "3s"])
        .env("LD_LIBRARY_PATH", folder.path())
        .env_remove("DISPLAY")
        .output()
        .unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "the time-out and one second: {:?}",
        started.elapsed()
    );
    Some((serde_json::from_slice(&output.stdout).unwrap(), output.status.code()))
}

fn compile(folder: &Path, start: &str) -> Option<()> {
    let source = folder.join("nvml.c");
    fs::write(&source, STUB.replace("START", start)).unwrap();
    let library = folder.join("libnvidia-ml.so.1");
    match Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(library).arg(source).status() {
        Ok(status) => {
            assert!(status.success(), "the stub must compile");
            Some(())
        }
        Err(error) => {
            eprintln!("SKIPPED NVML stub: cannot start cc: {error}");
            None
        }
    }
}

const STUB: &str = r#"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int nvmlInit_v2(void) { START }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned length) { snprintf(text, length, "580.159.04"); return 0; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 13000; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 0; return 0; }
"#;
