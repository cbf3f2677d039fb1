//! The shell around the supervisor: it starts, watches and ends real processes, on one thread.

pub(crate) mod graphics;
mod leasing;
mod readiness;
mod start;

use std::{
    collections::VecDeque,
    fs, io,
    path::PathBuf,
    process::{ChildStdin, ChildStdout},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};

use self::graphics::Look;
use crate::{
    account,
    config::{Config, is_writable},
    display::Display,
    error::HostError,
    gpu::{Arrangement, GraphicsReport},
    logs::{BOUND, Logs},
    process::{self, Started},
    ready::StreamReady,
    roles::{self, Places, ROLES, Role},
    runtime::Runtime,
    service::{Exit, ServiceId},
    session::Session,
    signals::Signals,
    sound::SoundServer,
    supervisor::{Action, Event, Notice, Outcome, Supervisor},
    surroundings,
    xauth::Cookie,
    xorg_log,
    xserver::XServer,
};

/// What people are told while a desktop comes up and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A service is being started.
    Starting(&'static str),
    /// A service serves.
    Up {
        /// Its name.
        service: &'static str,
        /// What it is.
        detail: String,
        /// How long it took.
        took: Duration,
    },
    /// A service ended, or was not ready in time.
    Down(&'static str),
    /// How the desktop is drawn, and why no better.
    Graphics(GraphicsReport),
    /// Something does not work as it should; the desktop goes on.
    Warning(String),
    /// The desktop can be reached.
    Serving {
        /// Where, and who may enter.
        ready: StreamReady,
        /// The password, when it was made in this start.
        new_password: Option<String>,
    },
    /// The desktop is being stopped.
    Stopping,
}

/// Brings a desktop up and keeps it up until SIGTERM, SIGINT or SIGHUP asks for its end; then nothing of it is left.
/// Every descendant of this process is ended at that time, and every child of it is reaped before.
///
/// # Errors
/// [`HostError`] says what is missing or what could not be brought up; nothing is left running then either.
pub fn run(config: &Config, tell: &mut dyn FnMut(&Report)) -> Result<(), HostError> {
    let mut signals =
        Signals::catch().map_err(HostError::io("catch signals through", "/proc/self".as_ref()))?;
    process::adopt_orphans().map_err(HostError::io("adopt orphans in", "/proc/self".as_ref()))?;
    tell_who_shows_password(config, tell);
    let not_given = config.account_password.as_ref().and_then(account::set);
    not_given.into_iter().for_each(|why| tell(&Report::Warning(why)));
    let mut desktop = Desktop::prepare(config, &signals, tell)?;
    let mut supervisor = Supervisor::new(roles::table(desktop.sound.as_ref()));
    let mut events = VecDeque::from([Event::Tick]);
    let outcome = loop {
        let event = events.pop_front().unwrap_or(Event::Tick);
        if let Some(outcome) =
            desktop.perform(supervisor.step(event, Instant::now()), &mut supervisor, &mut events)
        {
            break outcome;
        }
        if events.is_empty() {
            let wait = desktop.patience(&supervisor);
            signals.wait(wait);
            desktop.gather(&mut signals, &supervisor, &mut events);
        }
        if let Some(error) = desktop.refusal.take() {
            process::end_descendants(LAST_GRACE);
            return Err(error);
        }
    };
    process::end_descendants(LAST_GRACE);
    match outcome {
        Outcome::Asked => Ok(()),
        Outcome::GaveUp(service, how) => Err(desktop.gave_up(service, how.as_ref())),
    }
}

/// Everything the shell holds while the desktop runs.
struct Desktop<'a> {
    config: &'a Config,
    tell: &'a mut dyn FnMut(&Report),
    // Dropped first to last: the lock of the display is given back before the directory goes.
    display: Display,
    runtime: Runtime,
    places: Places,
    logs: Logs,
    cookie: Cookie,
    server: XServer,
    /// Whether the server of this kind was started before.
    was_tried: bool,
    arrangement: Arrangement,
    look: Look,
    /// How much more time the X server needs for it, where the supervisor does not know yet.
    extension: Duration,
    /// What leads programs to the driver of the GPU.
    variables: Vec<(&'static str, String)>,
    /// Why there may be no desktop after all.
    refusal: Option<HostError>,
    session: Session,
    bus: PathBuf,
    sound: Option<SoundServer>,
    processes: [Slot; ROLES.len()],
    looked_after_logs: Instant,
    told_serving: bool,
    /// Open as long as this process lives.
    guard: Option<ChildStdin>,
}

/// What is known of a service's process.
#[derive(Default)]
struct Slot {
    running: Option<Pid>,
    /// The leader of the session whose other members may still be there.
    leader: Option<Pid>,
    stdout: Option<ChildStdout>,
    said: Vec<u8>,
    starts: u32,
    started: Option<Instant>,
    has_served: bool,
    /// What people read when it serves.
    detail: String,
}

impl<'a> Desktop<'a> {
    fn prepare(
        config: &'a Config,
        signals: &Signals,
        tell: &'a mut dyn FnMut(&Report),
    ) -> Result<Self, HostError> {
        let installed = &config.installed;
        let runtime = Runtime::create(&config.runtime_base)?;
        let display = Display::reserve(config.display, FIRST_DISPLAY)?;
        let logs = open_logs(config, &runtime, display.number())?;
        let arrangement = graphics::arrange_for(config, display.number(), signals, tell)?;
        let server = graphics::server_of(&arrangement, config)?;
        let session = Session::choose(config.session.as_deref(), installed)?;
        let bus = installed.program("dbus-daemon").ok_or_else(|| missing("dbus-daemon", "dbus-daemon"))?;
        let places = Places { runtime: runtime.path().to_owned(), home: home(config, &runtime)? };
        let cookie = Cookie::random().map_err(HostError::io("read random bytes for", &places.authority()))?;
        let sound = config.audio.then(|| SoundServer::choose(installed)).flatten();
        let mut desktop = Self {
            config,
            tell,
            display,
            runtime,
            places,
            logs,
            cookie,
            server,
            was_tried: false,
            arrangement,
            look: Look::Due,
            extension: Duration::ZERO,
            variables: Vec::new(),
            refusal: None,
            session,
            bus,
            sound,
            processes: Default::default(),
            looked_after_logs: Instant::now(),
            told_serving: false,
            guard: None,
        };
        if config.audio && desktop.sound.is_none() {
            desktop.warn("there is no sound: neither pulseaudio nor pipewire with wireplumber is installed");
        }
        surroundings::warnings(&config.environment).iter().for_each(|warning| desktop.warn(warning));
        desktop.tell_of_rate();
        desktop.announce_display()?;
        desktop.announce_settings()?;
        desktop.post_guard();
        Ok(desktop)
    }

    /// Process number 1 needs no guard: the kernel ends everything with it.
    fn post_guard(&mut self) {
        let guard = self.config.guard.as_ref().filter(|_| !rustix::process::getpid().is_init());
        match guard.map(|program| process::spawn_guard(program, self.runtime.path())).transpose() {
            Ok(guard) => self.guard = guard,
            Err(error) => self.warn(&format!("nothing will clean up if this process is killed: {error}")),
        }
    }

    /// Writes down what the display number goes with.
    fn announce_display(&self) -> Result<(), HostError> {
        let number = self.display.number();
        let authority = self.places.authority();
        self.cookie.write(&authority, number).map_err(HostError::io("write", &authority))?;
        self.runtime.note_display(number).map_err(HostError::io("write in", self.runtime.path()))?;
        self.write_config()
    }

    /// Writes down what is set.
    fn announce_settings(&self) -> Result<(), HostError> {
        let Some(settings) = &self.config.settings else { return Ok(()) };
        let path = self.places.settings();
        let text = serde_json::to_vec(settings).map_err(io::Error::from);
        text.and_then(|text| fs::write(&path, text)).map_err(HostError::io("write", &path))
    }

    /// Does what the supervisor wants; what comes of it at once goes to `events`.
    fn perform(
        &mut self,
        actions: Vec<Action>,
        supervisor: &mut Supervisor,
        events: &mut VecDeque<Event>,
    ) -> Option<Outcome> {
        for action in actions {
            match action {
                Action::Start(service) => self.start(service, events),
                // Its whole session: what a desktop started need not wait for its parent to tell it.
                Action::Terminate(service) => self.signal(service, Signal::TERM),
                Action::Kill(service) => self.signal(service, Signal::KILL),
                Action::Reset => self.reset(),
                Action::Report(notice) => self.report(&notice, supervisor),
                Action::Finish(outcome) => return Some(outcome),
            }
        }
        None
    }

    fn start(&mut self, service: ServiceId, events: &mut VecDeque<Event>) {
        let role = ROLES[service.0];
        if role == Role::Sound && self.sound.is_none() {
            events.push_back(Event::Exited { service, how: Exit::NotStarted("not wanted".to_owned()) });
            return;
        }
        if let Some(leader) = self.processes[service.0].leader.take() {
            process::signal_session(leader, Signal::KILL);
        }
        (self.tell)(&Report::Starting(role.name()));
        match self.spawn(role) {
            Ok(started) => self.remember(service, started),
            Err(error) => {
                events.push_back(Event::Exited { service, how: Exit::NotStarted(error.to_string()) });
            }
        }
    }

    fn remember(&mut self, service: ServiceId, started: Started) {
        if let Err(error) = self.runtime.note_process(started.pid) {
            tracing::warn!("cannot note the process of {}: {error}", ROLES[service.0].name());
        }
        let slot = &mut self.processes[service.0];
        slot.running = Some(started.pid);
        slot.leader = Some(started.pid);
        slot.stdout = started.stdout;
        slot.said.clear();
        slot.starts += 1;
        slot.started = Some(Instant::now());
    }

    fn signal(&self, service: ServiceId, signal: Signal) {
        if let Some(leader) = self.processes[service.0].leader {
            process::signal_session(leader, signal);
        }
    }

    /// Takes another number, where another server took ours.
    fn reset(&mut self) {
        self.warn("the X server does not come back under its number: everything starts again");
        if matches!(self.server, XServer::Nvidia { .. }) {
            self.leave_gpu();
        }
        if let Ok(display) = Display::reserve(None, FIRST_DISPLAY) {
            self.display = display;
        }
        if let Err(error) = self.announce_display() {
            self.warn(&error.to_string());
        }
    }

    fn report(&mut self, notice: &Notice, supervisor: &Supervisor) {
        match notice {
            Notice::Up(service, took) => self.report_up(*service, *took, supervisor),
            Notice::Again(service, how, delay) => {
                let name = supervisor.name(*service);
                let what = describe(how.as_ref());
                (self.tell)(&Report::Down(name));
                self.warn(&format!("{name} {what}; it is started again in {} s", delay.as_secs()));
            }
            Notice::Without(service) => {
                let name = supervisor.name(*service);
                (self.tell)(&Report::Down(name));
                if ROLES[service.0] != Role::Sound || self.sound.is_some() {
                    let words = self.last_words(ROLES[service.0]);
                    self.warn(&format!("the desktop goes on without {name}; it said last:\n{words}"));
                }
                self.sound = None;
            }
        }
    }

    fn report_up(&mut self, service: ServiceId, took: Duration, supervisor: &Supervisor) {
        let slot = &mut self.processes[service.0];
        slot.has_served = true;
        let detail = slot.detail.clone();
        (self.tell)(&Report::Up { service: ROLES[service.0].name(), detail, took });
        if supervisor.is_complete() && !self.told_serving {
            self.told_serving = true;
            if let Some(ready) = self.complete_ready() {
                let new_password = new_password(&ready);
                (self.tell)(&Report::Serving { ready, new_password });
            }
        }
    }

    fn warn(&mut self, text: &str) {
        (self.tell)(&Report::Warning(text.to_owned()));
    }

    /// How long nothing needs to be looked at.
    fn patience(&self, supervisor: &Supervisor) -> Duration {
        let bound =
            if ROLES.iter().any(|role| supervisor.is_starting(role.id())) { PROBE } else { LOG_PERIOD };
        let due = supervisor.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        due.map_or(bound, |due| due.min(bound))
    }

    /// Turns what happened outside into events.
    fn gather(&mut self, signals: &mut Signals, supervisor: &Supervisor, events: &mut VecDeque<Event>) {
        let requests = signals.requests();
        if requests > 0 {
            (self.tell)(&Report::Stopping);
        }
        events.extend((0..requests).map(|_| Event::Signal));
        for (pid, how) in process::reap() {
            if let Some(place) = self.processes.iter().position(|slot| slot.running == Some(pid)) {
                self.processes[place].running = None;
                process::signal_session(pid, Signal::TERM);
                events.push_back(Event::Exited { service: ServiceId(place), how });
            } else {
                self.look_ended(pid);
            }
        }
        for role in ROLES.into_iter().filter(|role| supervisor.is_starting(role.id())) {
            if self.processes[role.id().0].running.is_some() && self.is_ready(role) {
                events.push_back(Event::Ready { service: role.id() });
            }
        }
        let by = std::mem::take(&mut self.extension);
        if by > Duration::ZERO {
            events.push_back(Event::Extended { service: Role::XServer.id(), by });
        }
        self.look_after_logs();
    }

    fn look_after_logs(&mut self) {
        if self.looked_after_logs.elapsed() < LOG_PERIOD {
            return;
        }
        self.looked_after_logs = Instant::now();
        for role in ROLES {
            self.listen(role);
            if let Err(error) = self.logs.rotate(role.name(), BOUND) {
                tracing::warn!("cannot rotate the log of {}: {error}", role.name());
            }
        }
    }

    fn gave_up(&self, service: ServiceId, how: Option<&Exit>) -> HostError {
        let name = ROLES[service.0].name();
        let words = self.last_words(ROLES[service.0]);
        HostError::GaveUp { service: name, why: describe(how), log: self.logs.path(name), words }
    }

    /// Xorg tells why it refused a screen in its own log only.
    fn last_words(&self, role: Role) -> String {
        let words = self.logs.last_words(role.name());
        if role != Role::XServer || !self.server.is_xorg() {
            return words;
        }
        let causes = self.causes().into_iter().map(|finding| finding.explained());
        self.logs.xorg_errors() + &words + &causes.collect::<String>()
    }

    /// What is known of the failure of Xorg: at most two things, the nearest to the cause first.
    fn causes(&self) -> Vec<xorg_log::Finding> {
        let mut found = xorg_log::findings(&self.logs.of_xorg(Role::XServer.name()));
        found.truncate(2);
        found
    }
}

fn tell_who_shows_password(config: &Config, tell: &mut dyn FnMut(&Report)) {
    if let Some(shown_by) = config.login.as_ref().and_then(|login| process::shown_by(login.password.expose()))
    {
        tell(&Report::Warning(format!(
            "programs of the desktop can read the password in the environment of {shown_by}, which started this one: \
             give it in a file (PASSWD_FILE), or start this program directly, in a container without --init"
        )));
    }
}

fn new_password(ready: &StreamReady) -> Option<String> {
    let path = ready.password_file.as_ref().filter(|_| ready.password_made)?;
    fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned())
}

fn describe(how: Option<&Exit>) -> String {
    how.map_or_else(|| "was not ready in time".to_owned(), ToString::to_string)
}

fn missing(program: &str, package: &'static str) -> HostError {
    HostError::NoProgram { program: program.to_owned(), package }
}

fn open_logs(config: &Config, runtime: &Runtime, display: u16) -> Result<Logs, HostError> {
    let directory = match &config.state_dir {
        Some(state) => state.join(format!("display-{display}")),
        None => runtime.file("log"),
    };
    Logs::open(&directory).map_err(HostError::io("make the log directory", &directory))
}

/// The home of the environment if it can be written to, else one of our own.
fn home(config: &Config, runtime: &Runtime) -> Result<PathBuf, HostError> {
    let given =
        config.environment.iter().find(|(name, _)| name == "HOME").map(|(_, value)| PathBuf::from(value));
    if let Some(home) = given.filter(|path| is_writable(path)) {
        return Ok(home);
    }
    let home = config.state_dir.as_ref().map_or_else(|| runtime.file("home"), |state| state.join("home"));
    fs::create_dir_all(&home).map_err(HostError::io("make the home directory", &home))?;
    Ok(home)
}

const FIRST_DISPLAY: u16 = 20;
/// How often a service that starts is asked whether it serves.
const PROBE: Duration = Duration::from_millis(50);
/// How often the sizes of the logs are looked at.
const LOG_PERIOD: Duration = Duration::from_secs(2);
/// How long orphans may take to end on their own.
const LAST_GRACE: Duration = Duration::from_millis(300);
