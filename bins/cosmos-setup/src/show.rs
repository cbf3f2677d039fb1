//! Answers as people read them.

use std::fmt::Write as _;

use cosmos_host::setup::{Facts, Left, Plan, State, Status};

/// What a machine is.
pub fn facts(facts: &Facts) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<13} {value}");
    };
    let unknown = || "not known".to_owned();
    let os = facts.distribution.as_ref();
    row("distribution", &os.map_or_else(unknown, |os| os.name.clone()));
    row("processor", facts.architecture.as_deref().unwrap_or("not known"));
    let secure = match facts.kernel.secure_boot {
        Some(true) => ", Secure Boot on",
        Some(false) => "",
        None => ", Secure Boot not known",
    };
    let next = facts.kernel.next.as_ref().map_or_else(String::new, |next| format!(", {next} after a reboot"));
    row("kernel", &format!("{}{secure}{next}", facts.kernel.release.as_deref().unwrap_or("not known")));
    for gpu in &facts.gpus {
        let held = gpu.kernel_driver.as_deref().unwrap_or("no driver");
        let family = gpu.architecture.map_or_else(unknown, |family| family.to_string());
        row("GPU", &format!("{} {} ({family}, {}, {held})", gpu.address, gpu.called(), gpu.class));
    }
    if facts.gpus.is_empty() {
        row("GPU", "none of NVIDIA");
    }
    row("driver", &driver(facts));
    for (name, found) in [("Docker", &facts.docker), ("toolkit", &facts.toolkit)] {
        let shown = found.as_ref().map(|found| format!("{} {}", found.package, found.version));
        row(name, &shown.unwrap_or_else(|| "none".to_owned()));
    }
    if let Some(cloud) = &facts.cloud {
        let kind = cloud.instance_type.as_deref().unwrap_or("kind not known");
        row("cloud", &format!("{:?}, {kind}", cloud.provider));
    }
    let room = facts.room.map_or_else(unknown, |room| format!("{} GB free on /", room / 1_000_000_000));
    row("disk", &room);
    for reach in facts.network.iter().flatten() {
        row("network", &format!("{}: {}", reach.host, reach.problem.as_deref().unwrap_or("reached")));
    }
    if facts.reboot_asked {
        row("reboot", &format!("asked for by {}", facts.reboot_asked_by.join(", ")));
    }
    text
}

fn driver(facts: &Facts) -> String {
    let driver = &facts.driver;
    match (&driver.loaded, &driver.libraries) {
        (None, None) => "none".to_owned(),
        (loaded, libraries) => {
            let of = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
            let package = driver.package.as_deref().unwrap_or("of no package");
            format!("module {}, libraries {} ({package})", of(loaded), of(libraries))
        }
    }
}

/// What would be done.
pub fn plan(plan: &Plan, states: &[State]) -> String {
    let mut text = String::new();
    for (step, state) in plan.steps.iter().zip(states) {
        let mark = if *state == State::InForce { "in force" } else { "to do" };
        let _ = writeln!(text, "{:<13} {:<9} {}: {}", step.id, mark, step.title, step.reason);
        if *state != State::InForce {
            for change in &step.changes {
                let _ = writeln!(text, "{:24}{change}", "");
            }
            if step.reboot {
                let _ = writeln!(text, "{:24}then a reboot", "");
            }
        }
    }
    let todo = || plan.steps.iter().zip(states).filter(|(_, state)| **state != State::InForce);
    let sum =
        |of: fn(&cosmos_host::setup::Step) -> u64| todo().map(|(step, _)| of(step)).sum::<u64>() / 1_000_000;
    if todo().next().is_some() {
        let (fetched, kept) = (sum(|step| step.download_bytes), sum(|step| step.disk_bytes));
        let _ = writeln!(text, "\nabout {fetched} MB are fetched, and {kept} MB are needed on disk");
    }
    plan.notes.iter().for_each(|note| text += &format!("note: {note}\n"));
    plan.problems.iter().for_each(|problem| text += &format!("cannot be done: {problem}\n"));
    text
}

/// What was done.
pub fn status(status: &Status) -> String {
    if status.profile.is_none() && status.steps.is_empty() {
        return "nothing was done here by cosmos-setup\n".to_owned();
    }
    let mut text = String::new();
    for step in &status.steps {
        let state = match step.state {
            State::InForce => "done",
            State::ToDo => "to do",
            State::Drifted => "changed since",
            State::Failed => "failed",
        };
        let _ = writeln!(
            text,
            "{:<13} {state:<13} {}",
            step.id,
            step.title.as_deref().unwrap_or("of an earlier plan")
        );
        step.failure.iter().chain(&step.drift).for_each(|line| text += &format!("{:28}{line}\n", ""));
    }
    text += match (status.finished, status.waits_for_reboot) {
        (true, _) => "\nall of it was done\n",
        (false, true) => "\nit goes on after a reboot\n",
        (false, false) => "\nit is not done yet: `cosmos-setup resume` goes on\n",
    };
    text
}

/// What was left as it is.
pub fn left(left: &[Left]) -> String {
    left.iter().map(|left| format!("left: {} ({}): {}\n", left.what, left.step, left.why)).collect()
}
