//! From the machine to a plan: what is missing is installed, and the GPU is leased.

use std::path::{Path, PathBuf};

use cosmos_nvidia_driver::{Agreement, DriverVersion, Gpu, install::Installed};

use super::{
    Facts, Graphics, GraphicsReport, Mode, Plan, Reason, Rendering, Screen, Wanted, Wish, plan, screen,
};
use crate::lease::{Lease, LeaseError};

/// The machine, as far as the choice of a mode looks at it and changes it.
pub trait System {
    /// The folder that stands for `/`: `/proc`, `/sys`, `/dev` and what is installed are looked for below it.
    fn root(&self) -> &Path;

    /// Where the Xorg program may be.
    fn xorg(&self) -> &[PathBuf];

    /// The driver's libraries of exactly this version, installed by us now or before.
    ///
    /// # Errors
    /// [`Reason::NotInstalled`] where there is a `.run` file that cannot be used. `Ok(None)` where there is none.
    fn userspace(&mut self, version: &DriverVersion) -> Result<Option<Installed>, Reason>;

    /// Takes the right to run an X server on a GPU.
    ///
    /// # Errors
    /// [`LeaseError`] says who has it, or why that cannot be known.
    fn lease(&mut self, gpu: &Gpu) -> Result<Lease, LeaseError>;
}

/// A plan, and what belongs to it.
#[derive(Debug)]
pub struct Arrangement {
    /// What is there.
    pub facts: Facts,
    /// The mode.
    pub plan: Plan,
    /// The right to the GPU, for an X server on it.
    pub lease: Option<Lease>,
    /// What does not work as it should in any mode.
    pub warnings: Vec<String>,
    graphics: Graphics,
    size: cosmos_desktop::Size,
}

/// Looks at the machine, installs what a better mode lacks where it can be had, and leases the GPU.
pub fn arrange(system: &mut dyn System, wish: &Wish<'_>) -> Arrangement {
    let mut notes = Vec::new();
    let facts = look(system, wish, &mut notes);
    let graphics = wish.graphics.clone();
    let plan = plan(&facts, wish);
    let mut arrangement =
        Arrangement { facts, plan, lease: None, warnings: Vec::new(), graphics, size: wish.size };
    if let (Mode::GpuXServer, Some(gpu)) = (arrangement.plan.mode, arrangement.plan.gpu.clone()) {
        match system.lease(&gpu) {
            Ok(lease) => arrangement.lease = Some(lease),
            Err(error) => arrangement.obstruct(Reason::Lease(with_sources(&error))),
        }
    }
    arrangement.plan.notes.extend(notes);
    arrangement
}

impl Arrangement {
    /// Goes down to the next mode, since this stands against an X server on the GPU. The lease is given back.
    pub fn obstruct(&mut self, reason: Reason) {
        self.facts.obstacle = Some(reason);
        self.lease = None;
        self.warnings.clear();
        self.again();
    }

    /// Forgets what programs were seen to draw with, since there is a new display.
    pub fn forget(&mut self) {
        self.facts.rendering = None;
        self.again();
    }

    /// Takes in what programs were seen to draw with.
    pub fn see(&mut self, seen: Result<Rendering, Reason>) {
        self.facts.rendering = Some(seen);
        self.again();
    }

    /// The screen of an X server on the GPU; none in other modes.
    pub fn screen(&self) -> Option<Screen> {
        let gpu = self.plan.gpu.as_ref().filter(|_| self.plan.mode == Mode::GpuXServer)?;
        screen::prepare(&self.facts, &self.wish(), gpu).ok()
    }

    /// The variables that programs need: what might work before it was seen, what works afterwards.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        match &self.facts.rendering {
            _ if self.plan.mode == Mode::Software => Vec::new(),
            None => self.facts.userspace.variables(None),
            Some(Ok(seen)) => self.facts.userspace.variables(Some(seen)),
            Some(Err(_)) => Vec::new(),
        }
    }

    /// Whether there may be no desktop of this kind.
    pub fn is_refused(&self) -> bool {
        self.plan.is_refused(self.graphics.wanted)
    }

    /// Whether programs draw on another GPU than the one that was chosen.
    pub fn is_drawn_elsewhere(&self) -> bool {
        let uuid = self.plan.gpu.as_ref().and_then(|gpu| gpu.uuid);
        let seen = self.facts.rendering.as_ref().and_then(|seen| seen.as_ref().ok());
        uuid.zip(seen).is_some_and(|(uuid, seen)| seen.is_elsewhere(&uuid.to_string()))
    }

    /// What others are told.
    pub fn report(&self) -> GraphicsReport {
        let seen = self.facts.rendering.as_ref().and_then(|seen| seen.as_ref().ok());
        GraphicsReport::new(&self.plan, seen, self.warnings.clone())
    }

    fn wish(&self) -> Wish<'_> {
        Wish { graphics: &self.graphics, size: self.size }
    }

    fn again(&mut self) {
        let notes = std::mem::take(&mut self.plan.notes);
        self.plan = Plan { notes, ..plan(&self.facts, &self.wish()) };
    }
}

/// The facts, once more after an installation.
fn look(system: &mut dyn System, wish: &Wish<'_>, notes: &mut Vec<String>) -> Facts {
    let facts = Facts::gather(system.root(), system.xorg(), None);
    let Some(version) = lacking(&facts).filter(|_| wish.graphics.wanted != Wanted::Software) else {
        return facts;
    };
    match system.userspace(&version) {
        Ok(Some(installed)) => {
            notes.push(format!("driver {version} is used from {}", installed.prefix().display()));
            Facts::gather(system.root(), system.xorg(), Some(&installed))
        }
        Ok(None) => facts,
        Err(reason) => {
            notes.push(reason.to_string());
            facts
        }
    }
}

/// The version of the kernel module, where its libraries or X modules are missing and would be of use.
fn lacking(facts: &Facts) -> Option<DriverVersion> {
    let version = facts.driver.kernel().filter(|_| !facts.gpus.is_empty() && !facts.is_wsl)?;
    let could_serve = facts.xorg.is_some() && facts.has_modeset_device && facts.has_modeset_module;
    let lacks_server = could_serve && facts.x_driver.fits(version).is_err();
    let lacks_libraries =
        facts.userspace.is_empty() || !matches!(facts.driver.agreement(), Agreement::Match { .. });
    (lacks_server || lacks_libraries).then(|| version.clone())
}

/// The text of an error and of all that caused it.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
