//! Starts a desktop and streams it.

use std::{
    env,
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, error::ErrorKind};

mod args;
mod health;
mod linter;
mod progress;

use args::{Args, Command, Desktop, NothingToRun, Wanted, XorgConfig};

fn main() -> ExitCode {
    if let Some(code) = cosmos_manual::asked(Args::command(), env::args_os()) {
        return code;
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { USAGE.into() };
        }
    };
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(&args.log)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .init();
    match args.command {
        Command::Desktop(desktop) => {
            conceal();
            with(*desktop, run_desktop)
        }
        Command::XorgConfig(wanted) => print_xorg_config(*wanted),
        Command::Docker(wanted) => print_text(wanted.text()),
        Command::Compose(wanted) => print_text(wanted.text()),
        Command::Kubernetes(wanted) => print_text(wanted.text()),
        Command::Guacamole(wanted) => print_text(wanted.text()),
        Command::Lint(wanted) => linter::run(&wanted),
        Command::Health(wanted) => health::run(&wanted.base()),
        Command::Guard { directory } => {
            cosmos_host::guard(&directory);
            ExitCode::SUCCESS
        }
    }
}

/// The password is in here, and programs of the desktop run as the same user.
fn conceal() {
    if let Err(error) = cosmos_host::conceal() {
        eprintln!("cosmos-launch: other processes of this user can read its memory: {error}");
    }
}

fn with(desktop: Desktop, act: fn(&Wanted) -> ExitCode) -> ExitCode {
    match desktop.resolve() {
        Ok(wanted) => act(&wanted),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("cosmos-launch: {error}");
    USAGE.into()
}

fn run_desktop(wanted: &Wanted) -> ExitCode {
    let mut progress = progress::Progress::on_stdout();
    wanted.warnings.iter().for_each(|warning| progress.warn(warning));
    match cosmos_host::run(&wanted.config, &mut |report| progress.tell(report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress.fail(&error);
            CANNOT_WORK.into()
        }
    }
}

/// A pipe that nobody reads any more is no mistake.
fn print_text(text: Result<String, NothingToRun>) -> ExitCode {
    match text {
        Ok(text) => {
            match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    eprintln!("cosmos-launch: the output is not whole: {error}");
                    ExitCode::FAILURE
                }
                _ => ExitCode::SUCCESS,
            }
        }
        Err(error) => {
            refuse(&error);
            error.exit_code().into()
        }
    }
}

fn print_xorg_config(wanted: XorgConfig) -> ExitCode {
    let explain = wanted.explain;
    match wanted.prepare() {
        Ok(prepared) => {
            print!("{}", prepared.document);
            let notes = prepared.notes.iter().filter(|_| explain);
            notes.for_each(|note| eprintln!("cosmos-launch: {note}"));
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}

const CANNOT_WORK: u8 = 2;
const USAGE: u8 = 64;
