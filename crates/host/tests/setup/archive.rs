//! Plans held against what Ubuntu's archive has.

use std::{collections::BTreeMap, fs, path::Path};

use cosmos_host::setup::{Change, Facts, Package, Plan, Profile};

use crate::machine::Machine;

/// A10G, RTX 2080, V100, K80: each has other packages.
const GPUS: [&[(u16, bool)]; 4] =
    [&[(0x2237, false)], &[(0x1e87, true)], &[(0x1db1, false)], &[(0x102d, false)]];

#[test]
fn modules_that_a_plan_names_are_there_for_the_kernel_that_runs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ubuntu-modules.txt");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let lists: BTreeMap<&str, Vec<&str>> =
        lines.map(|(name, words)| (name, words.split(' ').collect())).collect();
    let mut found = 0;
    for (codename, release) in
        [("focal", "Ubuntu 20.04"), ("jammy", "Ubuntu 22.04"), ("noble", "Ubuntu 24.04")]
    {
        for gpus in GPUS {
            let machine = machine(release, gpus);
            let facts = machine.facts();
            for pair in &lists[format!("{codename} images").as_str()] {
                let plan = machine.plan_of(&with_kernel(&facts, pair));
                let Some(name) = modules(&plan) else { continue };
                let mut there = lists.iter().filter_map(|(key, list)| {
                    let variant = key.strip_prefix(codename)?.trim_start();
                    Some(list.iter().any(|of| name == format!("linux-modules-nvidia-{variant}-{of}")))
                });
                assert!(there.any(|there| there), "{release}, {pair}: {name}");
                found += 1;
            }
        }
    }
    assert!(found > 200, "{found}");
}

fn machine(release: &'static str, gpus: &'static [(u16, bool)]) -> Machine {
    Machine {
        name: "",
        release,
        architecture: "amd64",
        kernel: "",
        gpus,
        cloud: ("Supermicro", "X11"),
        state: &[],
        profile: Profile::Recommended,
    }
}

/// `aws=6.8.0-1070-aws`: the package that brought the kernel, and the kernel that runs.
fn with_kernel(facts: &Facts, pair: &str) -> Facts {
    let (image, kernel) = pair.split_once('=').unwrap();
    let mut facts = facts.clone();
    facts.kernel.release = Some(kernel.to_owned());
    let package = Package { version: "1".to_owned(), is_whole: true, is_held: false };
    facts.packages.known.insert(format!("linux-image-{image}"), package);
    facts
}

fn modules(plan: &Plan) -> Option<&str> {
    let wanted = plan.step("driver").unwrap().changes.iter().flat_map(|change| match change {
        Change::Packages { wanted } => wanted.as_slice(),
        _ => &[],
    });
    let mut names = wanted.map(|wanted| wanted.name.as_str());
    names.find(|name| name.starts_with("linux-modules-nvidia-"))
}
