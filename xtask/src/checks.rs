//! `cargo xtask test`, `ci`, `bench` and `sweep`.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::node;
use crate::packages::{self, For};
use crate::step::{self, Failure, Workspace};
use crate::tally::{self, Reader, Tally};

/// Every test there is. Each runner runs even where another one failed.
pub fn test(workspace: &Workspace, ask: bool) -> Result<(), Failure> {
    packages::provide(For::Testing, ask)?;
    let rust = outcome(workspace, "Rust", rust);
    let no_node = node::too_old(workspace);
    let no_browser = no_node.clone().or_else(browser::missing);
    let types = unless(&no_node, workspace, "types of the page", types);
    let page = unless(&no_node, workspace, "page", page);
    let whole = unless(&no_browser, workspace, "end to end", end_to_end);
    let outcomes = [rust, types, page, whole];
    print!("{}", tally::report(&outcomes));
    match outcomes.iter().any(|(_, tally)| tally.failed > 0) {
        true => Err(Failure::Failed("not all tests passed".into())),
        false => Ok(()),
    }
}

/// All that must hold before a change is taken.
pub fn ci(workspace: &Workspace, ask: bool) -> Result<(), Failure> {
    packages::provide(For::Testing, ask)?;
    step::run("format", &mut workspace.cargo(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step::run("clippy", &mut workspace.cargo(clippy))?;
    // The tests of the workspace hold all features; this is what people build.
    let plain = ["clippy", "-p", "cosmos-stream", "-p", "cosmos-streaming", "--", "-D", "warnings"];
    step::run("clippy without features", &mut workspace.cargo(plain))?;
    let mut doc = workspace.cargo(["doc", "--workspace", "--no-deps"]);
    step::run("documentation", doc.env("RUSTDOCFLAGS", "-Dwarnings"))?;
    step::run("cargo xtask test", &mut workspace.cargo(["xtask", "test", "--yes"]))
}

/// The benchmarks, and without arguments also what is measured of whole programs; all curves are drawn anew.
pub fn bench(workspace: &Workspace, ask: bool, args: &[String]) -> Result<(), Failure> {
    packages::provide(if args.is_empty() { For::Testing } else { For::Running }, ask)?;
    let mut bench = workspace.cargo(["bench", "-p", "cosmos-benches"]);
    step::run("benchmarks", bench.args(args))?;
    if !args.is_empty() {
        return Ok(());
    }
    let release = ["build", "--release", "-p", "cosmos-stream"];
    step::run("build of what is measured", &mut workspace.cargo(release))?;
    let stream = workspace.built("release", "cosmos-stream");
    let mut viewers = workspace.command("python3", ["benches/viewers.py", "--charts", "--stream"]);
    step::run("what viewers and rates cost", viewers.arg(&stream))?;
    fetch(workspace, "e2e")?;
    // Takes root, and says so.
    let mut link = workspace.command("node", ["e2e/adaptation.js"]);
    step::run("a link that narrows", link.env("COSMOS_STREAM", &stream))
}

/// What takes too long for `test`: every mode of the X server's library, and thousands of calls of its programs.
pub fn sweep(workspace: &Workspace, ask: bool) -> Result<(), Failure> {
    packages::provide(For::Testing, ask)?;
    let args = ["test", "--release", "-p", "cosmos-xorg-config", "--test", "modelines", "--", "--ignored"];
    let mut sweep = workspace.cargo(args);
    step::run("sweep of modelines", sweep.arg("--show-output"))
}

/// Captured output is shown after each test program, so that what a test has skipped can be read.
fn rust(workspace: &Workspace) -> Result<Tally, Failure> {
    let args = ["test", "--workspace", "--no-fail-fast", "--", "--show-output"];
    tallied("cargo test", &mut workspace.cargo(args))
}

fn types(workspace: &Workspace) -> Result<Tally, Failure> {
    fetch(workspace, "web")?;
    let compiler = workspace.path("web/node_modules/.bin/tsc");
    step::run("types of the page", &mut workspace.command(compiler, ["-p", "web"]))?;
    Ok(Tally { passed: 1, ..Tally::default() })
}

fn page(workspace: &Workspace) -> Result<Tally, Failure> {
    fetch(workspace, "web")?;
    tallied("page", &mut node_tests(workspace, "web/test")?)
}

/// Against the programs that the Rust tests have built. Building them apart would choose other features of what they
/// share with the rest, and so compile much of it again.
fn end_to_end(workspace: &Workspace) -> Result<Tally, Failure> {
    fetch(workspace, "e2e")?;
    let build = ["test", "--workspace", "--no-run"];
    step::run("build for end to end", &mut workspace.cargo(build))?;
    let mut node = node_tests(workspace, "e2e")?;
    node.env("COSMOS_LAUNCH", workspace.built("debug", "cosmos-launch"));
    node.env("COSMOS_STREAM", workspace.built("debug", "cosmos-stream"));
    tallied("end to end", &mut node)
}

type Runner = fn(&Workspace) -> Result<Tally, Failure>;

/// Skips it where something is in the way.
fn unless<'a>(
    obstacle: &Option<String>,
    workspace: &Workspace,
    name: &'a str,
    run: Runner,
) -> (&'a str, Tally) {
    match obstacle {
        Some(why) => (name, tally::skipped(&format!("{name}: {why}"))),
        None => outcome(workspace, name, run),
    }
}

/// One that could not even start has failed.
fn outcome<'a>(workspace: &Workspace, name: &'a str, run: Runner) -> (&'a str, Tally) {
    let tally = run(workspace).unwrap_or_else(|why| {
        eprintln!("{name}: {why}");
        Tally { failed: 1, ..Tally::default() }
    });
    (name, tally)
}

fn tallied(name: &str, command: &mut Command) -> Result<Tally, Failure> {
    let mut reader = Reader::default();
    let succeeded = step::watch(name, command, |line| reader.read(line))?;
    Ok(reader.finish(succeeded))
}

/// Files are named one by one, as Node's own search differs between its versions.
fn node_tests(workspace: &Workspace, folder: &str) -> Result<Command, Failure> {
    let files = test_files(&workspace.path(folder));
    if files.is_empty() {
        return Err(Failure::Failed(format!("there are no tests in {folder}")));
    }
    let mut node = workspace.command("node", ["--test", "--test-reporter=spec"]);
    // Programs that share a screen or a processor disturb each other.
    node.arg("--test-concurrency=1").args(files);
    Ok(node)
}

/// All `*.test.js` and `*.test.mjs` below, in order.
fn test_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "node_modules" {
            files.extend(test_files(&path));
        } else if name.ends_with(".test.js") || name.ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `npm ci`, unless it was done for this very lock file.
fn fetch(workspace: &Workspace, folder: &str) -> Result<(), Failure> {
    let changed = |name: &str| fs::metadata(workspace.path(folder).join(name))?.modified();
    match (changed("package-lock.json"), changed("node_modules/.package-lock.json")) {
        (Ok(wanted), Ok(there)) if there >= wanted => return Ok(()),
        (Err(_), _) => return Err(Failure::Failed(format!("{folder}/package-lock.json is missing"))),
        _ => {}
    }
    let mut npm = workspace.command("npm", ["ci", "--no-audit", "--no-fund"]);
    step::run(&format!("packages of {folder}"), npm.current_dir(workspace.path(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_found_in_order_and_not_among_packages() {
        let root = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
        for name in ["b.test.js", "a/c.test.mjs", "a/help.js", "node_modules/x/x.test.js", "notes.md"] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = test_files(&root);
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [root.join("a/c.test.mjs"), root.join("b.test.js")]);
        assert!(test_files(&root).is_empty());
    }
}
