//! What is in `deploy/` for machines, looked at by the programs that it is for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

fn deploy(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(below)
}

fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED {program} is not installed");
    }
    there
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copied(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn terraform(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("terraform");
    // Neither a mirror of somebody's own nor the server that tells of new versions is asked.
    command
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1");
    command.arg(format!("-chdir={}", folder.display())).args(arguments).output().unwrap()
}

fn succeeds(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn the_modules_of_terraform_are_well_formed_and_the_inner_one_does_what_it_says() {
    if !has("terraform") {
        return;
    }
    let work = TempDir::new().unwrap();
    copied(&deploy("terraform"), work.path());
    succeeds(&terraform(work.path(), &["fmt", "-check", "-diff", "-recursive"]));
    let inner = work.path().join("setup");
    succeeds(&terraform(&inner, &["init", "-input=false", "-no-color"]));
    succeeds(&terraform(&inner, &["validate", "-no-color"]));
    succeeds(&terraform(&inner, &["test", "-no-color"]));
}

/// Without its provider, the outer module can be held against the inner one only.
#[test]
fn the_outer_module_hands_every_variable_to_the_inner_one() {
    let names = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(deploy(file)).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("variable \"")?.strip_suffix("\" {"));
        lines.map(str::to_owned).collect()
    };
    let main = fs::read_to_string(deploy("terraform/aws/main.tf")).unwrap();
    let outer = names("terraform/aws/variables.tf");
    for name in names("terraform/setup/variables.tf") {
        let handed =
            main.lines().any(|line| line.split_whitespace().eq([name.as_str(), "=", &format!("var.{name}")]));
        assert!(handed && outer.contains(&name), "{name}");
    }
    for name in &outer {
        assert!(main.contains(&format!("var.{name}")), "{name} is not used");
    }
}

#[test]
fn the_user_data_is_a_script_of_sh() {
    let text = fs::read_to_string(deploy("terraform/setup/user-data.sh.tftpl")).unwrap();
    let text = text
        .replace("${url}", "https://example.org/x.deb")
        .replace("${sha256}", "00")
        .replace("${flags}", "--yes");
    let work = TempDir::new().unwrap();
    let script = work.path().join("user-data");
    fs::write(&script, &text).unwrap();
    succeeds(&Command::new("sh").arg("-n").arg(&script).output().unwrap());
    assert!(!text.contains("${"), "everything is filled in");
}

#[test]
fn the_playbook_is_well_formed() {
    if !has("ansible-playbook") {
        return;
    }
    let check = ["-i", "localhost,", "-c", "local", "site.yml", "--syntax-check"];
    let mut playbook = Command::new("ansible-playbook");
    let home = TempDir::new().unwrap();
    playbook.current_dir(deploy("ansible")).env("ANSIBLE_HOME", home.path()).env("HOME", home.path());
    succeeds(&playbook.args(check).output().unwrap());
    if has("ansible-lint") {
        let mut lint = Command::new("ansible-lint");
        lint.current_dir(deploy("ansible")).env("HOME", home.path());
        succeeds(&lint.args(["--offline", "-q", "--nocolor", "site.yml"]).output().unwrap());
    }
}
