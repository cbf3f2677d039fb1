//! The steps in their order.

use super::{
    Choice, Draft, Plan, SCHEMA, Step, Wish, cuda, desktop, docker, driver, reboot, sources, toolkit,
};
use crate::setup::Facts;

/// What is to be done to this machine.
pub fn plan(facts: &Facts, wish: &Wish) -> Plan {
    let mut plan = Plan {
        schema: SCHEMA.to_owned(),
        profile: wish.profile,
        driver: Choice::None,
        steps: Vec::new(),
        notes: Vec::new(),
        problems: problems(facts),
    };
    let (Some(release), Some(architecture)) = (facts.release(), facts.architecture.as_deref()) else {
        return plan;
    };
    if !plan.problems.is_empty() {
        return plan;
    }
    let mut draft = Draft { facts, wish, release, architecture, notes: Vec::new(), problems: Vec::new() };
    plan.driver = driver::choose(&mut draft);
    if draft.problems.is_empty() {
        plan.steps = steps(&mut draft, &plan.driver);
        room(&mut draft, &plan.steps);
    }
    plan.notes = draft.notes;
    plan.problems = draft.problems;
    plan
}

fn steps(draft: &mut Draft<'_>, choice: &Choice) -> Vec<Step> {
    let mut steps = Vec::new();
    let first = reboot::first(draft, choice);
    if first.is_some() || choice.needs_reboot() {
        steps.extend(reboot::resume(draft));
    }
    let waits = first.is_some();
    steps.extend(first);
    steps.extend(sources::step(draft, choice));
    steps.extend(driver::steps(draft, choice).into_iter().map(|step| Step { after_reboot: waits, ..step }));
    steps.extend(desktop::persistence(draft, choice));
    steps.extend(desktop::graphics(draft));
    steps.extend(cuda::step(draft, choice));
    steps.extend(docker::step(draft));
    steps.extend(docker::group(draft));
    steps.extend(toolkit::step(choice));
    steps.extend(toolkit::runtime(choice));
    steps.extend(desktop::firewall(draft));
    steps.extend(desktop::guacamole(draft));
    steps.extend(reboot::check(choice));
    steps.extend(toolkit::cdi(draft, choice));
    steps.extend(toolkit::dev_char(choice));
    steps
}

/// What stands against any plan for this machine.
fn problems(facts: &Facts) -> Vec<String> {
    let mut problems = Vec::new();
    match &facts.distribution {
        None => problems.push("there is no /etc/os-release: the distribution is not known".to_owned()),
        Some(found) if found.release.is_none() => problems.push(format!(
            "{} cannot be set up: Ubuntu 20.04, 22.04 and 24.04 and Debian 12 and 13 can",
            if found.name.is_empty() { "this distribution" } else { &found.name }
        )),
        Some(_) => {}
    }
    match facts.architecture.as_deref() {
        Some("amd64" | "arm64") => {}
        Some(other) => problems.push(format!("processor {other}: NVIDIA's packages are for amd64 and arm64")),
        None => {
            problems.push("dpkg knows no package here (/var/lib/dpkg/status): is this its root?".to_owned());
        }
    }
    problems
}

/// How much is needed is known only when apt has been asked: then it is looked at again, and nothing is begun.
fn room(draft: &mut Draft<'_>, steps: &[Step]) {
    let needed: u64 = steps.iter().map(|step| step.disk_bytes).sum();
    if let Some(room) = draft.facts.room.filter(|room| *room < needed) {
        let gb = |bytes: u64| format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10);
        draft.note(format!(
            "about {} are needed and {} are free on /: what is installed already needs none",
            gb(needed),
            gb(room)
        ));
    }
}
