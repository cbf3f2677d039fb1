//! The laws of the workspace, enforced: who may depend on whom, and what may stand where.
//!
//! A law is a function from a file to its violations, so that each is itself tested. A violation names the file
//! and the line, and is answered by changing the code or, with a reason, the table in `laws.rs`.

#![allow(clippy::unwrap_used)]

mod file;
mod laws;

use std::path::Path;

use file::{File, Violation};

#[test]
fn dependencies_point_downwards() {
    enforce(|file| if laws::is_manifest(file) { laws::layers(file) } else { Vec::new() });
}

#[test]
fn manifests_say_what_they_are_and_share_the_lints() {
    enforce(|file| if laws::is_manifest(file) { laws::manifest(file) } else { Vec::new() });
}

#[test]
fn files_are_short() {
    enforce(laws::length);
}

#[test]
fn programs_are_started_in_few_places() {
    enforce(laws::commands);
}

#[test]
fn the_environment_is_read_where_arguments_are() {
    enforce(laws::environment);
}

#[test]
fn unsafe_code_lives_on_islands() {
    enforce(laws::unsafety);
}

#[test]
fn nothing_is_left_behind() {
    enforce(laws::leftovers);
}

#[test]
fn pages_have_no_inline_code() {
    enforce(laws::inline_code);
}

fn enforce(law: impl Fn(&File) -> Vec<Violation>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files = file::all(root);
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "the repository is not at {}",
        root.display()
    );
    let violations: Vec<String> = files.iter().flat_map(law).map(|violation| violation.to_string()).collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
