//! `cargo xtask image`: the container image, from a registry's base or without one.

mod plan;
mod wanted;

use std::fs;
use std::path::Path;

use plan::{Facts, Step, plan};
use wanted::Wanted;

use crate::packages;
use crate::step::{self, Failure, Workspace};

/// Builds it.
pub fn build(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    let wanted = Wanted::parse(args)?;
    let facts = Facts {
        builder: builder(&wanted)?,
        is_root: packages::is_root(),
        version: env!("CARGO_PKG_VERSION").into(),
        revision: git(workspace, &["rev-parse", "HEAD"]),
        created: git(workspace, &["log", "-1", "--format=%cI"]),
    };
    plan(&wanted, &facts)?.iter().try_for_each(|step| perform(workspace, step))
}

/// The command that builds images.
fn builder(wanted: &Wanted) -> Result<Vec<String>, Failure> {
    if let Some(command) = &wanted.builder {
        return Ok(command.clone());
    }
    let found = ["podman", "docker", "buildah"].into_iter().find(|name| packages::on_path(name));
    let missing = || Failure::Missing("nothing here builds images: install podman, docker or buildah".into());
    found.map(|name| vec![name.to_owned()]).ok_or_else(missing)
}

/// What git says; nothing outside a clone.
fn git(workspace: &Workspace, args: &[&str]) -> Option<String> {
    let output = workspace.command("git", []).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn perform(workspace: &Workspace, step: &Step) -> Result<(), Failure> {
    match step {
        Step::Folder(path) => told(path, fs::create_dir_all(workspace.path(path))),
        Step::Write { path, text } => told(path, fs::write(workspace.path(path), text)),
        // One that is given counts from where the user stands.
        Step::Copy { from, to } => told(from, fs::copy(from, workspace.path(to)).map(drop)),
        Step::Unless { there, step } if workspace.path(there).exists() => {
            eprintln!("{there} is taken as it is; remove it to have it made anew");
            let _ = step;
            Ok(())
        }
        Step::Unless { step, .. } => perform(workspace, step),
        Step::Run { name, words } => {
            let mut command = workspace.command(&words[0], []);
            step::run(name, command.args(&words[1..]))
        }
    }
}

fn told(path: impl AsRef<Path>, outcome: std::io::Result<()>) -> Result<(), Failure> {
    outcome.map_err(|error| Failure::Failed(format!("{}: {error}", path.as_ref().display())))
}
