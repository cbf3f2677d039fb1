//! What is wrong with a machine, and what to do about it: pure functions of what was gathered.

mod container;
mod gpu;
mod screen;
mod video;

use serde::Serialize;

use crate::machine::Machine;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The name, which stays the same.
    pub id: &'static str,
    pub status: Status,
    /// What was seen.
    pub evidence: String,
    /// What to do, unless nothing is wrong.
    pub fix: Option<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nothing is wrong.
    Ok,
    /// Something works worse than it could.
    Warn,
    /// Something does not work.
    Fail,
    /// What it depends on is not known.
    Unknown,
    /// This machine has nothing that it could be about.
    NotApplicable,
}

/// All findings, always in the same order.
pub fn checks(machine: &Machine) -> Vec<Check> {
    CHECKS.iter().map(|(id, check)| check(machine).named(id)).collect()
}

/// What a check says before it has its name.
struct Finding {
    status: Status,
    evidence: String,
    fix: Option<String>,
}

impl Finding {
    fn ok(evidence: impl Into<String>) -> Self {
        Self { status: Status::Ok, evidence: evidence.into(), fix: None }
    }

    fn unknown(evidence: impl Into<String>) -> Self {
        Self { status: Status::Unknown, evidence: evidence.into(), fix: None }
    }

    fn not_applicable(evidence: impl Into<String>) -> Self {
        Self { status: Status::NotApplicable, evidence: evidence.into(), fix: None }
    }

    fn warn(evidence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status: Status::Warn, evidence: evidence.into(), fix: Some(fix.into()) }
    }

    fn fail(evidence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status: Status::Fail, evidence: evidence.into(), fix: Some(fix.into()) }
    }

    fn named(self, id: &'static str) -> Check {
        Check { id, status: self.status, evidence: self.evidence, fix: self.fix }
    }
}

type Known = (&'static str, fn(&Machine) -> Finding);

const CHECKS: [Known; 21] = [
    ("probe-failures", gpu::probe_failures),
    ("driver-versions", container::driver_versions),
    ("libraries", container::libraries),
    ("headless-variant", container::headless_variant),
    ("read-only-driver", container::read_only_driver),
    ("datacentre-download", container::datacentre_download),
    ("wsl", container::wsl),
    ("mig", gpu::mig),
    ("legacy-gpu", gpu::legacy_gpu),
    ("nvenc-engine", video::nvenc_engine),
    ("nvenc-sessions", video::nvenc_sessions),
    ("encoders", video::encoders),
    ("x-driver-files", screen::x_driver_files),
    ("headless-geforce", screen::headless_geforce),
    ("other-x-server", screen::other_x_server),
    ("consoles", screen::consoles),
    ("x-wrapper", screen::x_wrapper),
    ("vulkan-windows", screen::vulkan_windows),
    ("randr", screen::randr),
    ("pixel-clock", screen::pixel_clock),
    ("rounded-settings", screen::rounded_settings),
];

#[cfg(test)]
mod tests;
