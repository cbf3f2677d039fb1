//! Says what the graphics and video drivers of this machine really do, and what is wrong with them.

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    thread,
};

use clap::{CommandFactory, Parser, error::ErrorKind};
use cosmos_vulkan_probe::{Answer, Config, ask, child, probe};

mod args;
mod doctor;
mod driver;
mod encoders;
mod level;
mod machine;
mod mode;
mod screen;
mod table;
mod xorg;

use args::{Args, Wanted};
use encoders::EncoderFacts;
use machine::Machine;
use screen::ScreenFacts;

fn main() -> ExitCode {
    child::task(driver::TASK, driver::gather);
    child::task(screen::TASK, screen::gather);
    child::main();
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
    let wanted = match args.resolve() {
        Ok(wanted) => wanted,
        Err(error) => {
            eprintln!("cosmos-probe: {error}");
            return USAGE.into();
        }
    };
    let machine = gather(&wanted);
    let text = match wanted.json {
        true => machine.to_json(wanted.doctor || wanted.all),
        false if wanted.doctor => table::diagnosis(&machine),
        false => table::facts(&machine),
    };
    if let Err(error) = print(&text) {
        eprintln!("cosmos-probe: cannot write the answer: {error}");
        return FAILED.into();
    }
    ExitCode::from(if wanted.doctor { level::of_diagnosis(&machine) } else { level::of_facts(&machine) })
}

/// A reader that has seen enough is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn gather(wanted: &Wanted) -> Machine {
    let stated = wanted.settings.driver_version.as_deref();
    thread::scope(|scope| {
        let driver = wanted.driver.then(|| scope.spawn(|| driver::facts(&wanted.config, stated)));
        let encoders =
            wanted.encoders.as_ref().map(|program| scope.spawn(move || encoders(&wanted.config, program)));
        let screen = wanted.screen.then(|| scope.spawn(|| ask::<ScreenFacts>(&wanted.config, screen::TASK)));
        let report = probe(&wanted.config, &wanted.areas);
        let (driver, driver_failure) = driver.and_then(|thread| thread.join().ok()).unzip();
        Machine {
            report,
            driver,
            driver_failure: driver_failure.flatten(),
            encoders: encoders.and_then(|thread| thread.join().ok()),
            screen: screen.and_then(|thread| thread.join().ok()),
            xorg: wanted.xorg.then(|| xorg::XorgFacts::read(Path::new("/"))),
            settings: wanted.settings.clone(),
        }
    })
}

fn encoders(config: &Config, program: &Path) -> Answer<EncoderFacts> {
    let program = program.to_owned();
    ask(&Config { program, display: None, ..config.clone() }, encoders::TASK)
}

const FAILED: u8 = 3;
const USAGE: u8 = 64;
