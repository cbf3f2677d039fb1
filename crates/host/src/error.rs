//! Why a desktop cannot be brought up or kept up.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why there is no desktop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing that can show a desktop without a screen is installed.
    #[error("no X server can be used: {tried}; install {packages}")]
    NoXServer {
        /// What was looked for and why it does not do.
        tried: String,
        /// Packages that help.
        packages: &'static str,
    },
    /// There is no desktop session to start.
    #[error("no desktop session in {looked_in}; install mate-desktop-environment-core, xfce4 or openbox")]
    NoSession {
        /// The directories and programs that were looked for.
        looked_in: String,
    },
    /// The command of the session was not understood or names no program.
    #[error("cannot use the session command {command:?}: {why}")]
    BadSession {
        /// What was asked for.
        command: String,
        /// What is wrong with it.
        why: String,
    },
    /// A program that is needed is not installed.
    #[error("{program} is not installed; install {package}")]
    NoProgram {
        /// The program.
        program: String,
        /// The package that holds it.
        package: &'static str,
    },
    /// No display number is free.
    #[error("every display number from :{first} to :{last} is in use")]
    DisplayTaken {
        /// The first that was tried.
        first: u16,
        /// The last that was tried.
        last: u16,
    },
    /// The GPU must be used, and cannot be.
    #[error("a GPU is required, and there is none to draw on:\n{reasons}")]
    NoGpu {
        /// Each mode with a GPU and what stands against it, one on a line.
        reasons: String,
    },
    /// A service could not be brought up.
    #[error("{service} {why}; it said last (all of it: {}):\n{words}", log.display())]
    GaveUp {
        /// Its name.
        service: &'static str,
        /// How it ended, or that it was not ready in time.
        why: String,
        /// Where everything it said is kept.
        log: PathBuf,
        /// The last lines of it, indented.
        words: String,
    },
    /// No configuration can be made for the X server.
    #[error("no configuration for the X server: {0}")]
    XorgConfig(#[from] cosmos_xorg_config::RecipeError),
    /// The system refused something.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done, to be read before the path.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl HostError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
