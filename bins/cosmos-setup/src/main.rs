//! Makes a fresh machine one whose GPU draws desktops.

use std::{
    env,
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, error::ErrorKind};
use cosmos_host::setup::{
    self, Ending, Facts, Left, Plan, Real, Setup, SetupError, State, Status, Tree, Wish, causes, hosts,
};
use serde::Serialize;

mod args;
mod network;
mod progress;
mod show;

use args::{Args, Command, Way};
use progress::Bar;

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
    match run(args) {
        Ok(code) => code.into(),
        Err(Stop { why, code }) => {
            eprintln!("cosmos-setup: {why}");
            code.into()
        }
    }
}

/// Why it ends without an answer.
struct Stop {
    why: String,
    code: u8,
}

fn run(args: Args) -> Result<u8, Stop> {
    let is_here = args.is_here();
    let tree = Tree::at(&args.root);
    if !args.root.is_dir() {
        return Err(Stop { why: format!("{} is no directory", args.root.display()), code: USAGE });
    }
    let mut programs = Real::at(&args.root);
    let mut setup = Setup { tree: tree.clone(), programs: &mut programs };
    let json = args.json;
    match args.command {
        Command::Facts => print_facts(&gather(&tree, is_here), json),
        Command::Plan(wanted) => {
            let plan = setup::plan(&setup.facts(), &wanted.wish(is_here));
            print_plan(&setup, &plan, json)
        }
        Command::Apply { wanted, way, only } => {
            let wish = wanted.wish(is_here);
            let plan = setup::plan(&setup.facts(), &wish);
            may(&args.root, way.yes, || ask_to_apply(&setup, &plan))?;
            apply(&mut setup, &wish, plan, only.as_deref(), way, json)
        }
        Command::Resume { way } => {
            may(&args.root, true, || Ok(true))?;
            let mut bar = Bar::new();
            let ending = setup.resume(&mut |progress| bar.tell(progress));
            ended(&mut setup, ending, way, json)
        }
        Command::Status => {
            let status = Status::of(&tree).map_err(|error| stop(&error.into()))?;
            print(&status, &show::status(&status), json)?;
            Ok(match (status.has_failed(), status.finished && !status.has_drifted()) {
                (true, _) => CANNOT,
                (false, true) => FINE,
                (false, false) => DEGRADED,
            })
        }
        Command::Undo { step, yes } => {
            may(&args.root, yes, || Ok(agreed(&format!("Undo {step}?"))))?;
            undo(&mut setup, &step, json)
        }
    }
}

/// The files, and what the network adds to them.
fn gather(tree: &Tree, is_here: bool) -> Facts {
    let mut facts = Facts::of(tree);
    if is_here {
        facts.network = facts.release().map(|release| network::reach(&hosts(release)));
        if let Some(cloud) = facts.cloud.as_mut().filter(|cloud| cloud.instance_type.is_none()) {
            cloud.instance_type = network::instance_type(cloud);
        }
    }
    facts
}

fn print_facts(facts: &Facts, json: bool) -> Result<u8, Stop> {
    print(facts, &show::facts(facts), json)?;
    Ok(if facts.distribution.is_some() { FINE } else { UNREADABLE })
}

/// A plan, and how far each of its steps is.
#[derive(Serialize)]
struct PlanAnswer<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    /// In the order of the steps.
    states: &'a [State],
}

fn print_plan(setup: &Setup<'_>, plan: &Plan, json: bool) -> Result<u8, Stop> {
    let states = setup.states(plan).map_err(|error| stop(&error))?;
    print(&PlanAnswer { plan, states: &states }, &show::plan(plan, &states), json)?;
    // What goes away by itself is never in force in the end.
    let steps = plan.steps.iter().zip(&states).filter(|(step, _)| !step.passing);
    Ok(match (plan.problems.is_empty(), steps.into_iter().all(|(_, state)| *state == State::InForce)) {
        (false, _) => CANNOT,
        (true, true) => FINE,
        (true, false) => DEGRADED,
    })
}

/// Whether a machine may be changed: by root, and when it is wished.
fn may(root: &std::path::Path, yes: bool, ask: impl FnOnce() -> Result<bool, Stop>) -> Result<(), Stop> {
    if !rustix::process::geteuid().is_root() {
        let why = format!("only root may change {}: start it by sudo", root.display());
        return Err(Stop { why, code: CANNOT });
    }
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let why = "there is nobody to ask: say --yes".to_owned();
        return Err(Stop { why, code: USAGE });
    }
    match ask()? {
        true => Ok(()),
        false => Err(Stop { why: "nothing was changed".to_owned(), code: DEGRADED }),
    }
}

fn ask_to_apply(setup: &Setup<'_>, plan: &Plan) -> Result<bool, Stop> {
    let states = setup.states(plan).map_err(|error| stop(&error))?;
    eprint!("{}", show::plan(plan, &states));
    Ok(plan.problems.is_empty() && agreed("Do this?"))
}

fn agreed(question: &str) -> bool {
    eprint!("{question} [y/N] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn apply(
    setup: &mut Setup<'_>,
    wish: &Wish,
    plan: Plan,
    only: Option<&str>,
    way: Way,
    json: bool,
) -> Result<u8, Stop> {
    if plan.problems.is_empty() {
        plan.notes.iter().for_each(|note| eprintln!("note: {note}"));
    }
    let mut bar = Bar::new();
    let ending = setup.apply(wish, plan, only, &mut |progress| bar.tell(progress));
    ended(setup, ending, way, json)
}

/// How a run ended.
#[derive(Serialize)]
struct Answer {
    schema: &'static str,
    ending: Ending,
    /// Whether the machine is rebooting.
    rebooting: bool,
}

fn ended(
    setup: &mut Setup<'_>,
    ending: Result<Ending, SetupError>,
    way: Way,
    json: bool,
) -> Result<u8, Stop> {
    let ending = ending.map_err(|error| stop(&error))?;
    let rebooting = ending == Ending::RebootNeeded && !way.no_reboot;
    if rebooting {
        let mut bar = Bar::new();
        setup.reboot(&mut |progress| bar.tell(progress)).map_err(|error| stop(&error))?;
    }
    let text = match (ending, rebooting) {
        (Ending::Unchanged, _) => "all of it is in force: nothing was changed\n",
        (Ending::Finished, _) => "all of it is done\n",
        (Ending::RebootNeeded, true) => "the machine reboots, and set-up goes on by itself\n",
        (Ending::RebootNeeded, false) => "reboot the machine: set-up goes on by itself then\n",
    };
    print(&Answer { schema: "cosmos.setup-apply/1", ending, rebooting }, text, json)?;
    Ok(if ending == Ending::RebootNeeded { DEGRADED } else { FINE })
}

/// What undoing came to.
#[derive(Serialize)]
struct Undone<'a> {
    schema: &'static str,
    left: &'a [Left],
}

fn undo(setup: &mut Setup<'_>, step: &str, json: bool) -> Result<u8, Stop> {
    let only = Some(step).filter(|step| *step != "all");
    let mut bar = Bar::new();
    let left = setup.undo(only, &mut |progress| bar.tell(progress)).map_err(|error| stop(&error))?;
    print(&Undone { schema: "cosmos.setup-undo/1", left: &left }, &show::left(&left), json)?;
    Ok(if left.is_empty() { FINE } else { DEGRADED })
}

/// A reader that has seen enough is no failure.
fn print(answer: &impl Serialize, text: &str, json: bool) -> Result<(), Stop> {
    let text = match json {
        true => serde_json::to_string_pretty(answer).map(|text| text + "\n").unwrap_or_default(),
        false => text.to_owned(),
    };
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop { why: format!("cannot write the answer: {error}"), code: UNREADABLE })
        }
        _ => Ok(()),
    }
}

fn stop(error: &SetupError) -> Stop {
    let code = match error {
        SetupError::NoSuchStep { .. } => USAGE,
        SetupError::Journal(_) => UNREADABLE,
        _ => CANNOT,
    };
    Stop { why: causes(error), code }
}

const FINE: u8 = 0;
const DEGRADED: u8 = 1;
const CANNOT: u8 = 2;
const UNREADABLE: u8 = 3;
const USAGE: u8 = 64;
