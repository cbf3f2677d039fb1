//! The exact plan of each machine, as a file: `UPDATE_EXPECT=1` writes it anew.

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path};

use cosmos_host::setup::{Change, Content, Facts, Plan, Release, Tree, Wish, plan};

use crate::{machine, machines::MACHINES};

#[test]
fn every_machine_has_its_plan() {
    let mut text = String::new();
    for machine in &MACHINES {
        let place = format!("{}, {}, {}", machine.release, machine.architecture, machine.kernel);
        writeln!(text, "== {} ({place}, {:?})", machine.name, machine.profile).unwrap();
        describe(&machine.plan(), &mut text);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup/plans.txt");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let different = expected.lines().zip(text.lines()).find(|(one, other)| one != other);
    assert!(expected == text, "{different:?}; UPDATE_EXPECT=1 writes {} anew", path.display());
}

fn describe(plan: &Plan, text: &mut String) {
    for step in &plan.steps {
        let after = if step.after_reboot { " (after the reboot)" } else { "" };
        let then = if step.reboot { ", then a reboot" } else { "" };
        writeln!(text, "{}{after}: {}; {}{then}", step.id, step.title, step.reason).unwrap();
        step.changes.iter().for_each(|change| writeln!(text, "    {change}").unwrap());
    }
    plan.notes.iter().for_each(|note| writeln!(text, "note: {note}").unwrap());
    plan.problems.iter().for_each(|problem| writeln!(text, "problem: {problem}").unwrap());
    text.push('\n');
}

#[test]
fn the_machines_are_forty_and_differ() {
    let names: BTreeSet<&str> = MACHINES.iter().map(|machine| machine.name).collect();
    assert!(names.len() == MACHINES.len() && names.len() >= 40);
    for release in ["Ubuntu 20.04", "Ubuntu 22.04", "Ubuntu 24.04", "Debian 12", "Debian 13"] {
        assert!(MACHINES.iter().any(|machine| machine.release == release), "{release}");
    }
    assert_eq!(Release::ALL.len(), 5);
}

#[test]
fn laws_of_every_plan() {
    for machine in &MACHINES {
        let plan = machine.plan();
        let name = machine.name;
        let ids: BTreeSet<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids.len(), plan.steps.len(), "{name}: each step once");
        assert!(plan.problems.is_empty() || plan.steps.is_empty(), "{name}: problems or steps");
        for step in &plan.steps {
            assert!(
                !step.reason.is_empty() && !step.undo.is_empty() && !step.title.is_empty(),
                "{name} {}",
                step.id
            );
        }
        for change in plan.steps.iter().flat_map(|step| &step.changes) {
            if let Change::File { path, content: Content::Text(text), .. } = change {
                let is_signed =
                    |paragraph: &str| !paragraph.contains("Types:") || paragraph.contains("Signed-By: /");
                assert!(!path.ends_with(".sources") || text.split("\n\n").all(is_signed), "{name}: {path}");
            }
            if let Change::File { content: Content::Key { url, fingerprints }, .. } = change {
                assert!(
                    url.starts_with("https://") && fingerprints.iter().all(|print| print.len() == 40),
                    "{url}"
                );
            }
        }
        // What waits for the driver comes after what brings it.
        let brings = plan.steps.iter().rposition(|step| step.reboot);
        let waits = plan.steps.iter().position(|step| {
            step.after_reboot && step.id != "driver" && step.id != "headers" && step.id != "nouveau"
        });
        assert!(brings.zip(waits).is_none_or(|(brings, waits)| brings < waits), "{name}");
    }
}

#[test]
fn a_plan_is_the_same_after_a_trip_through_json() {
    for machine in &MACHINES {
        let plan = machine.plan();
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}

#[test]
fn what_is_no_machine_is_told() {
    for (files, problem) in [
        (&[][..], "there is no /etc/os-release"),
        (
            &[("etc/os-release", "ID=fedora\nVERSION_ID=42\nPRETTY_NAME=\"Fedora 42\"")],
            "Fedora 42 cannot be set up",
        ),
        (&[("etc/os-release", "ID=debian\nVERSION_ID=\"12\"")], "dpkg knows no package here"),
        (
            &[
                ("etc/os-release", "ID=debian\nVERSION_ID=\"12\""),
                (
                    "var/lib/dpkg/status",
                    "Package: dpkg\nStatus: install ok installed\nArchitecture: riscv64\nVersion: 1\n",
                ),
            ],
            "processor riscv64",
        ),
    ] {
        let root = tempfile::tempdir().unwrap();
        files.iter().for_each(|(path, text)| machine::write(root.path(), path, text.as_bytes()));
        let plan = plan(&Facts::of(&Tree::at(root.path())), &Wish::default());
        assert!(
            plan.steps.is_empty() && plan.problems.iter().any(|said| said.contains(problem)),
            "{:?}",
            plan.problems
        );
    }
}
