//! The mode, as a function of what is there and what is wanted.

use cosmos_nvidia_driver::{Agreement, DriverVersion, Gpu, GpuClass, Selection};

use super::{Facts, Mode, Reason, Wanted, Wish, screen};

/// How the desktop is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The best mode that is possible.
    pub mode: Mode,
    /// The GPU that is used; the one that would be, where it is not.
    pub gpu: Option<Gpu>,
    /// The modes that would be better, best first, and every reason against each.
    pub refused: Vec<Refusal>,
    /// What was assumed on the way.
    pub notes: Vec<String>,
}

/// A mode that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The mode.
    pub mode: Mode,
    /// Why. There is one reason at least.
    pub reasons: Vec<Reason>,
}

/// Chooses the mode. Before there is a display on which programs were seen to draw, rendering on the GPU counts as
/// possible where its libraries are there.
pub fn plan(facts: &Facts, wish: &Wish<'_>) -> Plan {
    let (gpu, notes, missing) = match choose(facts, wish) {
        Ok((gpu, notes)) => (Some(gpu), notes, None),
        Err(reason) => (None, Vec::new(), Some(reason)),
    };
    let mut refused = Vec::new();
    let ways: [(Mode, Against); 2] =
        [(Mode::GpuXServer, against_x_server), (Mode::GpuRendering, against_rendering)];
    for (mode, against) in ways {
        let reasons = match (&missing, &gpu) {
            (None, Some(gpu)) => against(facts, wish, gpu),
            (reason, _) => reason.iter().cloned().collect(),
        };
        if reasons.is_empty() {
            return Plan { mode, gpu, refused, notes };
        }
        refused.push(Refusal { mode, reasons });
    }
    Plan { mode: Mode::Software, gpu, refused, notes }
}

impl Plan {
    /// Whether there may be no desktop of this plan.
    pub fn is_refused(&self, wanted: Wanted) -> bool {
        wanted == Wanted::Required && self.mode == Mode::Software
    }

    /// The modes that are not taken and why, in lines for people.
    pub fn reasons(&self) -> String {
        let lines = self.refused.iter().map(|Refusal { mode, reasons }| {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            format!("no {}: {}", mode.to_string().trim_start_matches("an "), reasons.join("; "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

type Against = fn(&Facts, &Wish<'_>, &Gpu) -> Vec<Reason>;

/// The GPU to use, and what was guessed to find it.
fn choose(facts: &Facts, wish: &Wish<'_>) -> Result<(Gpu, Vec<String>), Reason> {
    if wish.graphics.wanted == Wanted::Software {
        return Err(Reason::NotWanted);
    }
    let told = |text: &dyn std::fmt::Display| format!("{}: {text}", wish.graphics.named_by);
    let failed = |error: &dyn std::error::Error| Reason::Selection(told(&error));
    let selection = Selection::of(&wish.graphics.gpu, &facts.gpus).map_err(|error| failed(&error))?;
    let gpu = selection.for_display().map_err(|error| failed(&error))?.cloned().ok_or(Reason::NoGpu)?;
    Ok((gpu, selection.guesses.iter().map(|guess| told(guess)).collect()))
}

fn against_x_server(facts: &Facts, wish: &Wish<'_>, gpu: &Gpu) -> Vec<Reason> {
    let mut reasons = against_driver(facts);
    let absent = [
        (facts.is_wsl, Reason::Wsl),
        (facts.xorg.is_none(), Reason::NoXorg),
        (facts.x_driver.driver.is_none(), Reason::NoXDriver),
        (!facts.has_modeset_device, Reason::NoModesetDevice),
        (!facts.has_modeset_module, Reason::NoModesetModule),
    ];
    reasons.extend(absent.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason));
    reasons.extend(against_glx_server(facts));
    reasons.extend(facts.driver.kernel().and_then(|version| headless_fault(version, gpu)));
    reasons.extend(screen::prepare(facts, wish, gpu).err().map(|error| Reason::Screen(error.to_string())));
    reasons.extend(facts.obstacle.clone());
    reasons
}

fn against_driver(facts: &Facts) -> Vec<Reason> {
    match facts.driver.agreement() {
        Agreement::Absent | Agreement::UserOnly { .. } => vec![Reason::NoKernelModule],
        mismatch @ Agreement::Mismatch { .. } => vec![Reason::Mismatch(mismatch.to_string())],
        _ => Vec::new(),
    }
}

fn against_glx_server(facts: &Facts) -> Option<Reason> {
    let found = &facts.x_driver.glx;
    let Some((first, _)) = found.first() else { return Some(Reason::NoGlxServer) };
    let kernel = facts.driver.kernel()?;
    let fits = found.iter().any(|(version, _)| version == kernel);
    (!fits).then(|| Reason::GlxServerVersion { found: first.clone(), kernel: kernel.clone() })
}

/// GeForce without a monitor: selkies-project/docker-selkies-glx-desktop, issue 41.
fn headless_fault(version: &DriverVersion, gpu: &Gpu) -> Option<Reason> {
    let has_monitor = gpu.connectors.iter().any(|connector| connector.connected == Some(true));
    if gpu.class() != GpuClass::Consumer || has_monitor {
        return None;
    }
    let position = (version.minor(), version.patch().unwrap_or(0));
    let fixed = match version.branch() {
        535 if ((86, 5)..(129, 3)).contains(&position) => "535.129.03",
        545 if position < (29, 2) => "545.29.02",
        _ => return None,
    };
    Some(Reason::HeadlessFault { version: version.clone(), fixed })
}

fn against_rendering(facts: &Facts, _: &Wish<'_>, _: &Gpu) -> Vec<Reason> {
    let mut reasons = against_driver(facts);
    if facts.userspace.is_empty() {
        reasons.push(Reason::NoLibraries);
    }
    match &facts.rendering {
        Some(Ok(seen)) if !seen.is_on_gpu() => reasons.extend(
            seen.interfaces()
                .map(|(interface, drawn)| Reason::NotOnGpu { interface, seen: drawn.words().to_owned() }),
        ),
        Some(Err(why)) => reasons.push(why.clone()),
        _ => {}
    }
    reasons
}
