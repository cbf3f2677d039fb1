//! apt and dpkg: what they are asked for, and what their complaints mean.

mod complaint;

use std::{
    thread,
    time::{Duration, Instant},
};

pub use complaint::AptError;
use complaint::classify;

use super::{Call, Ended, Packages, Programs, Tree, Version, Wanted, compare_versions};

/// What an installation would do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Names and versions of what would be installed.
    pub installs: Vec<(String, String)>,
    /// What would go.
    pub removes: Vec<String>,
}

impl Simulation {
    /// Reads what `apt-get --simulate` prints: `Inst NAME [OLD] (NEW ...)`, `Remv NAME ...`, `Purg NAME ...`.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next()) {
                (Some("Inst"), Some(name)) => {
                    let version = line.split('(').nth(1).and_then(|rest| rest.split([' ', ')']).next());
                    found.installs.push((name.to_owned(), version.unwrap_or_default().to_owned()));
                }
                (Some("Remv" | "Purg"), Some(name)) => found.removes.push(name.to_owned()),
                _ => {}
            }
        }
        found
    }
}

/// apt of one machine.
pub struct Apt<'a> {
    /// Its files.
    pub tree: &'a Tree,
    /// Its programs.
    pub programs: &'a mut dyn Programs,
    /// Who reads what they print.
    pub tap: &'a mut dyn FnMut(&str),
}

impl Apt<'_> {
    /// Fetches the lists of packages.
    ///
    /// # Errors
    /// What stands against it. A list that could not be fetched is a failure even where apt goes on with an old one.
    pub fn refresh(&mut self) -> Result<(), AptError> {
        let ended = self.get(&["update"], FETCHING)?;
        let failed =
            ended.all().lines().any(|line| line.starts_with("W: Failed to fetch") || line.starts_with("E: "));
        if ended.is_well() && !failed { Ok(()) } else { Err(classify("apt-get update", "", &ended)) }
    }

    /// Installs what is not there in the version that is wanted. Nothing is begun unless all of it can be expected to
    /// go well.
    ///
    /// # Errors
    /// What stands against it.
    pub fn install(&mut self, wanted: &[Wanted]) -> Result<(), AptError> {
        self.recover()?;
        let outstanding: Vec<&Wanted> = {
            let packages = Packages::of(self.tree);
            wanted.iter().filter(|wanted| !is_met(wanted, &packages)).collect()
        };
        if outstanding.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = outstanding.iter().map(|wanted| asked(wanted)).collect();
        let simulation = match self.simulate(&names) {
            // Lists that were never fetched, or long ago.
            Err(AptError::Missing { .. }) => {
                self.refresh()?;
                self.simulate(&names)?
            }
            simulation => simulation?,
        };
        self.refuse(&outstanding, &simulation)?;
        self.look_for_room(&simulation)?;
        let words: Vec<&str> = INSTALL.iter().copied().chain(names.iter().map(String::as_str)).collect();
        let ended = self.get(&words, INSTALLING)?;
        if ended.is_well() { Ok(()) } else { Err(classify("apt-get install", &names.join(" "), &ended)) }
    }

    /// Removes packages with their settings, unless others would go with them, which are named.
    ///
    /// # Errors
    /// What stands against it.
    pub fn purge(&mut self, names: &[String]) -> Result<(), AptError> {
        self.drop("purge", names)
    }

    /// Removes packages, and leaves their settings.
    ///
    /// # Errors
    /// What stands against it.
    pub fn remove(&mut self, names: &[String]) -> Result<(), AptError> {
        self.drop("remove", names)
    }

    fn drop(&mut self, verb: &str, names: &[String]) -> Result<(), AptError> {
        if names.is_empty() {
            return Ok(());
        }
        let words = |flags: &[&'static str]| -> Vec<String> {
            let flags = flags.iter().map(|flag| (*flag).to_owned());
            flags.chain([verb.to_owned()]).chain(names.iter().cloned()).collect()
        };
        let simulated = self.get_all(&words(&["--simulate"]), QUESTION)?;
        let others: Vec<String> = Simulation::parse(&simulated.output)
            .removes
            .into_iter()
            .filter(|name| !names.contains(name))
            .collect();
        if !simulated.is_well() {
            return Err(classify(&format!("apt-get {verb}"), &names.join(" "), &simulated));
        }
        if !others.is_empty() {
            return Err(AptError::Conflict { wanted: "what was there before".to_owned(), names: others });
        }
        let ended = self.get_all(&words(&["--yes", "--quiet"]), INSTALLING)?;
        if ended.is_well() {
            Ok(())
        } else {
            Err(classify(&format!("apt-get {verb}"), &names.join(" "), &ended))
        }
    }

    /// Puts a package back to an older version, if that is still to be had.
    ///
    /// # Errors
    /// What stands against it.
    pub fn downgrade(&mut self, name: &str, version: &str) -> Result<(), AptError> {
        let asked = format!("{name}={version}");
        let words = [
            "--yes",
            "--quiet",
            "--allow-downgrades",
            "--no-install-recommends",
            "--no-remove",
            "install",
            &asked,
        ];
        let ended = self.get(&words, INSTALLING)?;
        if ended.is_well() { Ok(()) } else { Err(classify("apt-get install", &asked, &ended)) }
    }

    /// Brings to its end what somebody else, or an earlier run of this program, has left half done.
    ///
    /// # Errors
    /// Another program holds the lock, or dpkg cannot go on.
    pub fn recover(&mut self) -> Result<(), AptError> {
        self.wait_for_others()?;
        let is_clean = |tree: &Tree| {
            let updates = tree.names("/var/lib/dpkg/updates");
            let whole = Packages::of(tree).known.values().all(|package| package.is_whole);
            whole && updates.iter().all(|name| name.parse::<u32>().is_err())
        };
        if is_clean(self.tree) {
            return Ok(());
        }
        let call = Call::new("dpkg", ["--force-confdef", "--force-confold", "--configure", "--pending"])
            .within(INSTALLING);
        let first = self.programs.run(&call, self.tap)?;
        if is_clean(self.tree) {
            return Ok(());
        }
        let ended = self.get(&["--yes", "--quiet", "--fix-broken", "--no-remove", "install"], INSTALLING)?;
        match ended.is_well() && is_clean(self.tree) {
            true => Ok(()),
            false if first.is_well() => Err(classify("apt-get --fix-broken install", "", &ended)),
            false => Err(classify("dpkg --configure --pending", "", &first)),
        }
    }

    /// Waits while another program works with packages. The lock is only looked at.
    fn wait_for_others(&self) -> Result<(), AptError> {
        let started = Instant::now();
        while self.tree.is_locked("/var/lib/dpkg/lock-frontend") || self.tree.is_locked("/var/lib/dpkg/lock")
        {
            if started.elapsed() > PATIENCE {
                return Err(AptError::Busy { waited: started.elapsed() });
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn simulate(&mut self, names: &[String]) -> Result<Simulation, AptError> {
        let words: Vec<String> = ["--simulate", "--no-install-recommends", "install"]
            .map(str::to_owned)
            .into_iter()
            .chain(names.iter().cloned())
            .collect();
        let ended = self.get_all(&words, QUESTION)?;
        match ended.is_well() {
            true => Ok(Simulation::parse(&ended.output)),
            false => Err(classify("apt-get --simulate install", &names.join(" "), &ended)),
        }
    }

    /// What apt would do and must not.
    fn refuse(&self, wanted: &[&Wanted], simulation: &Simulation) -> Result<(), AptError> {
        let packages = Packages::of(self.tree);
        let is_held = |name: &&String| packages.known.get(*name).is_some_and(|package| package.is_held);
        let changed = simulation.installs.iter().map(|(name, _)| name).chain(&simulation.removes);
        let held: Vec<String> = changed.filter(is_held).cloned().collect();
        if !held.is_empty() {
            return Err(AptError::Held { names: held });
        }
        if !simulation.removes.is_empty() {
            let wanted: Vec<String> = wanted.iter().map(|wanted| wanted.name.clone()).collect();
            return Err(AptError::Conflict { wanted: wanted.join(", "), names: simulation.removes.clone() });
        }
        for one in wanted {
            let Version::AtLeast(least) = &one.version else { continue };
            let offer = simulation.installs.iter().find(|(name, _)| *name == one.name);
            let found = offer.map(|(_, version)| version.as_str()).or_else(|| packages.version(&one.name));
            if let Some(found) = found.filter(|found| compare_versions(found, least).is_lt()) {
                return Err(AptError::TooOld {
                    name: one.name.clone(),
                    found: found.to_owned(),
                    least: least.clone(),
                });
            }
        }
        Ok(())
    }

    /// Adds up what the packages say of themselves.
    fn look_for_room(&mut self, simulation: &Simulation) -> Result<(), AptError> {
        let names = simulation.installs.iter().map(|(name, version)| format!("{name}={version}"));
        let call = Call::new("apt-cache", ["show".to_owned()].into_iter().chain(names));
        let told = self.programs.run(&call, &mut |_| ())?.output;
        let sum = |field: &str, unit: u64| -> u64 {
            let values = told.lines().filter_map(|line| line.strip_prefix(field)?.trim().parse::<u64>().ok());
            values.map(|value| value.saturating_mul(unit)).fold(0, u64::saturating_add)
        };
        let (installed, fetched) = (sum("Installed-Size:", 1024), sum("Size:", 1));
        for (place, needed) in [("/", installed), ("/usr", installed), ("/var/cache", fetched)] {
            let Ok(free) = self.tree.room(place) else { continue };
            // What is fetched lies beside what is installed, unless /var is a file system of its own.
            let needed = if place == "/" { needed.saturating_add(fetched) } else { needed };
            if free < needed {
                return Err(AptError::NoRoom { needed, free, place });
            }
        }
        Ok(())
    }

    fn get(&mut self, words: &[&str], deadline: Duration) -> Result<Ended, AptError> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        self.get_all(&words, deadline)
    }

    fn get_all(&mut self, words: &[String], deadline: Duration) -> Result<Ended, AptError> {
        let options = OPTIONS.iter().flat_map(|option| ["-o", *option]).map(str::to_owned);
        let call = Call::new("apt-get", options.chain(words.iter().cloned())).within(deadline);
        Ok(self.programs.run(&call, self.tap)?)
    }
}

/// Whether a package is there as it is wanted.
pub fn is_met(wanted: &Wanted, packages: &Packages) -> bool {
    packages.version(&wanted.name).is_some_and(|version| match &wanted.version {
        Version::Any => true,
        Version::Starts(start) => version.starts_with(start.as_str()),
        Version::AtLeast(least) => compare_versions(version, least).is_ge(),
    })
}

fn asked(wanted: &Wanted) -> String {
    match &wanted.version {
        Version::Starts(start) => format!("{}={start}*", wanted.name),
        _ => wanted.name.clone(),
    }
}

const OPTIONS: [&str; 6] = [
    "DPkg::Lock::Timeout=600",
    "Dpkg::Options::=--force-confdef",
    "Dpkg::Options::=--force-confold",
    "Dpkg::Use-Pty=0",
    "Acquire::Retries=3",
    "Acquire::http::Timeout=60",
];
const INSTALL: [&str; 5] = ["--yes", "--quiet", "--no-install-recommends", "--no-remove", "install"];
const QUESTION: Duration = Duration::from_secs(300);
const FETCHING: Duration = Duration::from_secs(1800);
const INSTALLING: Duration = Duration::from_secs(2 * 3600);
/// How long others may hold the lock on packages.
const PATIENCE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulations_are_read() {
        let text = "NOTE: This is only a simulation!\nInst a (1.0-1 Debian:12/stable [amd64])\nInst b [1] (2 x [amd64]) []\n\
                    Remv c [3]\nPurg d [4]\nConf a (1.0-1 x)\n";
        let found = Simulation::parse(text);
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(found.installs, [pair("a", "1.0-1"), pair("b", "2")]);
        assert_eq!(found.removes, ["c", "d"]);
    }
}
