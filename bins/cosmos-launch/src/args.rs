//! What was typed or set, and what it means.

use clap::{Parser, Subcommand};

mod compose;
mod desktop;
mod docker;
mod flags;
mod guacamole;
mod health;
mod kubernetes;
mod lint;
mod stream;
mod xorg_config;

pub use compose::Compose;
pub use desktop::{Desktop, Unusable, Wanted};
pub use docker::{Docker, NothingToRun};
pub use guacamole::Guacamole;
pub use health::Health;
pub use kubernetes::Kubernetes;
pub use lint::Lint;
pub use xorg_config::XorgConfig;

/// Starts a desktop and streams it.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// What the log on standard error tells, as tracing's filter directives.
    #[arg(long, env = "RUST_LOG", default_value = "warn", global = true)]
    pub log: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring up an X server, sound, a desktop session and its stream, and keep them up. Fit for process number 1 of
    /// a container. Exit codes: 0 stopped on request, 2 cannot work, 64 usage.
    Desktop(Box<Desktop>),
    /// Print a configuration for Xorg: the one that a desktop of these settings is given, or one for NVIDIA boards
    /// without a monitor.
    XorgConfig(Box<XorgConfig>),
    /// Print the docker command that runs a desktop of these settings. Exit codes: 0 printed, 64 usage.
    Docker(Box<Docker>),
    /// Print the compose file that runs it. Exit codes: 0 printed, 64 usage.
    Compose(Box<Compose>),
    /// Print the objects for Kubernetes that run it, or write them as files. Exit codes: 0 done, 2 a file cannot be
    /// written, 64 usage.
    Kubernetes(Box<Kubernetes>),
    /// Print the `user-mapping.xml` with which Guacamole shows the desktop. It holds the password: send it to a file that
    /// only Guacamole can read. Exit codes: 0 printed, 64 usage.
    Guacamole(Box<Guacamole>),
    /// Look through docker commands, compose files, manifests and environment files, and say what is wrong. Exit
    /// codes: 0 nothing but notes, 1 warnings, 2 errors, 3 a file cannot be read, 64 usage.
    Lint(Lint),
    /// Ask the desktops that this user runs here whether they serve. Exit codes: 0 all do, 1 one does not or there is
    /// none, 64 usage.
    Health(Health),
    /// Wait for the end of standard input, then end what a desktop left.
    #[command(hide = true)]
    Guard {
        /// The runtime directory of the desktop.
        directory: std::path::PathBuf,
    },
}
