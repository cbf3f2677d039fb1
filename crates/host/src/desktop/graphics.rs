//! The GPU of a desktop: arranging for it, seeing what programs draw with, and going on without it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use cosmos_nvidia_driver::{
    DriverVersion, Gpu, Processor, RunFileName,
    install::{Installed, Options, Store},
};
use rustix::process::{Pid, Signal};

use super::{Desktop, Report, leasing::Leasing};
use crate::{
    config::Config,
    error::HostError,
    gpu::{Arrangement, Graphics, Mode, Reason, Rendering, System, Wish, arrange},
    lease::{Holder, Lease, LeaseError},
    process,
    ready::StreamReady,
    roles,
    signals::Signals,
    xserver::{self, XServer},
};

/// How far the look at what programs draw with has come.
pub enum Look {
    /// It is to be taken when the X server serves.
    Due,
    /// The probe runs.
    Asking {
        /// Its process.
        pid: Pid,
        /// When it was started.
        since: Instant,
    },
    /// It was taken.
    Done,
}

/// Arranges for the GPU, and tells what was assumed.
pub fn arrange_for(
    config: &Config,
    display: u16,
    signals: &Signals,
    tell: &mut dyn FnMut(&Report),
) -> Result<Arrangement, HostError> {
    let mut warnings = Vec::new();
    let mut host = Host { config, display, signals, tell: &mut *tell, warnings: &mut warnings };
    let wish = Wish { graphics: &config.graphics, size: config.size };
    let mut arrangement = arrange(&mut host, &wish);
    arrangement.warnings.clone_from(&warnings);
    let screen = arrangement.screen().map(|screen| screen.notes).unwrap_or_default();
    // What is usual is no news.
    let screen = screen.into_iter().filter(|note| !note.starts_with("ConnectedMonitor"));
    for warning in warnings.into_iter().chain(arrangement.plan.notes.iter().cloned()).chain(screen) {
        tell(&Report::Warning(warning));
    }
    match arrangement.is_refused() {
        true => Err(refusal(&arrangement)),
        false => Ok(arrangement),
    }
}

/// The server for a mode.
pub fn server_of(arrangement: &Arrangement, config: &Config) -> Result<XServer, HostError> {
    match (&arrangement.facts.xorg, arrangement.plan.mode) {
        (Some(program), Mode::GpuXServer) => Ok(XServer::Nvidia {
            program: program.clone(),
            module_paths: arrangement.facts.module_paths.clone(),
        }),
        _ => XServer::choose(config.xserver, &config.installed),
    }
}

impl Desktop<'_> {
    /// Writes the configuration of the server.
    pub(super) fn write_config(&self) -> Result<(), HostError> {
        let path = self.places.file("xorg.conf");
        let text = match self.arrangement.screen() {
            Some(screen) => screen.config,
            None => xserver::dummy_config(self.config.size, self.config.graphics.refresh)?,
        };
        fs::write(&path, text).map_err(HostError::io("write", &path))
    }

    /// Goes on with a software X server, since the one on the GPU cannot be started.
    pub(super) fn leave_gpu(&mut self) {
        let why = self.causes().first().map_or_else(
            || "it said nothing that is known".to_owned(),
            |finding| format!("{} ({})", finding.line, finding.cause),
        );
        let words = self.last_words(roles::Role::XServer);
        self.warn(&format!("the X server on the GPU cannot be started; it said last:\n{words}"));
        self.arrangement.obstruct(Reason::ServerFailed(why));
        if self.arrangement.is_refused() {
            self.refusal = Some(refusal(&self.arrangement));
        }
        match server_of(&self.arrangement, self.config) {
            Ok(server) => self.take_server(server),
            Err(error) => self.refusal = Some(error),
        }
        if let Err(error) = self.write_config() {
            self.refusal = Some(error);
        }
    }

    /// A new X server may draw in another way.
    pub(super) fn look_again(&mut self) {
        if let Look::Asking { pid, .. } = self.look {
            process::signal_session(pid, Signal::KILL);
        }
        self.look = Look::Due;
        self.arrangement.forget();
        self.variables = self.arrangement.variables();
    }

    /// Whether it is known what programs draw with on the display, which serves.
    pub(super) fn is_looked_at(&mut self) -> bool {
        match self.look {
            Look::Done => {}
            Look::Due if self.arrangement.plan.mode == Mode::Software => self.settle(),
            Look::Due => self.begin_look(),
            Look::Asking { pid, since } if since.elapsed() > LONGEST_LOOK => {
                process::signal_session(pid, Signal::KILL);
                self.see(Err(Reason::ProbeFailed("did not answer in time".to_owned())));
            }
            Look::Asking { .. } => {}
        }
        matches!(self.look, Look::Done)
    }

    fn begin_look(&mut self) {
        let Some(program) = self.config.graphics.probe.clone() else { return self.see(Err(Reason::NoProbe)) };
        let started = File::create(self.places.probe()).and_then(|out| {
            let mut command = roles::probe_command(&program, &self.shared());
            command.stdout(out).stderr(Stdio::null());
            process::spawn(command, Vec::new())
        });
        match started {
            Ok(started) => {
                self.look = Look::Asking { pid: started.pid, since: Instant::now() };
                self.extension = LONGEST_LOOK;
            }
            Err(error) => {
                let why = format!("cannot be started: {}: {error}", program.display());
                self.see(Err(Reason::ProbeFailed(why)));
            }
        }
    }

    /// Takes in the answer of the probe when this process was it.
    pub(super) fn look_ended(&mut self, ended: Pid) {
        if matches!(self.look, Look::Asking { pid, .. } if pid == ended) {
            let answer = fs::read(self.places.probe()).unwrap_or_default();
            let seen = Rendering::of_probe(&answer);
            self.see(seen.map_err(|error| Reason::ProbeFailed(error.to_string())));
        }
    }

    fn see(&mut self, seen: Result<Rendering, Reason>) {
        self.arrangement.see(seen);
        self.settle();
    }

    /// Tells the mode, which is certain now.
    fn settle(&mut self) {
        self.look = Look::Done;
        self.variables = self.arrangement.variables();
        let report = self.arrangement.report();
        if let Err(error) = report.write(&self.places.graphics()) {
            self.warn(&format!("how the desktop is drawn cannot be written down: {error}"));
        }
        (self.tell)(&Report::Graphics(report));
        if self.arrangement.is_drawn_elsewhere() {
            self.warn(
                "programs draw on another GPU than the chosen one: let only that one into the container",
            );
        }
        if self.arrangement.is_refused() {
            self.refusal = Some(refusal(&self.arrangement));
        }
    }

    /// What the stream wrote when it served, with how the desktop is drawn.
    pub(super) fn complete_ready(&mut self) -> Option<StreamReady> {
        let path = self.places.ready();
        let ready = StreamReady { graphics: Some(self.arrangement.report()), ..StreamReady::read(&path)? };
        if let Err(error) = ready.write(&path) {
            self.warn(&format!("cannot write {}: {error}", path.display()));
        }
        Some(ready)
    }
}

/// This machine.
struct Host<'a> {
    config: &'a Config,
    display: u16,
    signals: &'a Signals,
    tell: &'a mut dyn FnMut(&Report),
    warnings: &'a mut Vec<String>,
}

impl Host<'_> {
    const fn graphics(&self) -> &Graphics {
        &self.config.graphics
    }
}

impl System for Host<'_> {
    fn root(&self) -> &Path {
        &self.graphics().root
    }

    fn xorg(&self) -> &[PathBuf] {
        &self.config.installed.xorg
    }

    fn userspace(&mut self, version: &DriverVersion) -> Result<Option<Installed>, Reason> {
        let Some(folder) = self.config.graphics.drivers.as_ref() else { return Ok(None) };
        let store = Store::new(folder.join("installed"));
        if let Some(installed) = store.find(version).into_iter().next() {
            return Ok(Some(installed));
        }
        let Some(path) = run_file(folder, version) else { return Ok(None) };
        (self.tell)(&Report::Warning(format!("driver {version} is being installed from {}", path.display())));
        let failed = |why: String| Reason::NotInstalled { path: path.clone(), why };
        let file = File::open(&path).map_err(|error| failed(error.to_string()))?;
        let may_go_on = || !self.signals.is_end_asked();
        let installed = store.install_while(&may_go_on, file, Options::default(), &mut |_| {});
        installed.map(Some).map_err(|error| failed(error.to_string()))
    }

    fn lease(&mut self, gpu: &Gpu) -> Result<Lease, LeaseError> {
        Leasing::of(self.config).take(gpu, &Holder::display(self.display, gpu), self.warnings)
    }
}

/// The `.run` file of a version for this processor.
fn run_file(folder: &Path, version: &DriverVersion) -> Option<PathBuf> {
    let name = RunFileName::new(version.clone(), Processor::here()?);
    let without = RunFileName { compat32: false, ..name.clone() };
    [name, without].map(|name| folder.join(name.to_string())).into_iter().find(|path| path.is_file())
}

fn refusal(arrangement: &Arrangement) -> HostError {
    HostError::NoGpu { reasons: arrangement.plan.reasons() }
}

/// The probe ends by itself before. The X server, which has to serve before, is given that much more time.
const LONGEST_LOOK: Duration = Duration::from_secs(9);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn the_run_file_of_a_version_is_found_with_and_without_32_bit_libraries() {
        let folder = tempfile::tempdir().unwrap();
        let version: DriverVersion = "580.95.05".parse().unwrap();
        assert_eq!(run_file(folder.path(), &version), None);
        let processor = Processor::here().unwrap().as_str();
        let path = folder.path().join(format!("NVIDIA-Linux-{processor}-580.95.05.run"));
        fs::write(&path, "").unwrap();
        assert_eq!(run_file(folder.path(), &version), Some(path));
        assert_eq!(run_file(folder.path(), &"580.95.06".parse().unwrap()), None);
    }
}
