//! `cargo xtask run`: from a fresh clone to a desktop in the browser.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::packages::{self, For};
use crate::step::{self, Failure, Workspace};

/// Installs, builds and becomes the desktop, so that Ctrl-C reaches it. Comes back only where that failed.
pub fn desktop(workspace: &Workspace, ask: bool, args: &[String]) -> Result<(), Failure> {
    packages::provide(For::Running, ask)?;
    let program = workspace.built("release", "cosmos-launch");
    if !program.exists() {
        eprintln!("The first build takes some minutes, later ones seconds.");
    }
    let build = ["build", "--release", "-p", "cosmos-launch", "-p", "cosmos-stream"];
    step::run("build", &mut workspace.cargo(build))?;
    let args = args.iter().filter(|arg| *arg != "--");
    let source = Command::new(&program).args(["desktop", "--software"]).args(args).exec();
    Err(Failure::Start { program: program.display().to_string(), source })
}
