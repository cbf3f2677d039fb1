//! The shell around the supervisor: it starts, watches and ends real processes, on one thread.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Read},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{ChildStdin, ChildStdout, Stdio},
    time::{Duration, Instant, SystemTime},
};

use rustix::process::{Pid, Signal};

use crate::{
    config::{Config, XServerChoice, is_writable},
    display::Display,
    error::HostError,
    logs::{BOUND, Logs, XORG},
    process::{self, Started},
    ready::StreamReady,
    roles::{self, Places, ROLES, Role, Shared},
    runtime::Runtime,
    service::{Exit, ServiceId},
    session::Session,
    signals::Signals,
    supervisor::{Action, Event, Notice, Outcome, Supervisor},
    x11wire::Client,
    xauth::Cookie,
    xserver::{self, XServer, XStart},
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
    let mut desktop = Desktop::prepare(config, tell)?;
    let mut supervisor = Supervisor::new(roles::table());
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
    session: Session,
    bus: PathBuf,
    sound: Option<PathBuf>,
    processes: [Slot; ROLES.len()],
    began: SystemTime,
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
    fn prepare(config: &'a Config, tell: &'a mut dyn FnMut(&Report)) -> Result<Self, HostError> {
        let installed = &config.installed;
        let server = XServer::choose(config.xserver, installed)?;
        let session = Session::choose(config.session.as_deref(), installed)?;
        let bus = installed.program("dbus-daemon").ok_or_else(|| missing("dbus-daemon", "dbus-daemon"))?;
        let runtime = Runtime::create(&config.runtime_base)?;
        let display = Display::reserve(config.display, FIRST_DISPLAY)?;
        let logs = open_logs(config, &runtime, display.number())?;
        let places = Places { runtime: runtime.path().to_owned(), home: home(config, &runtime)? };
        let cookie = Cookie::random().map_err(HostError::io("read random bytes for", &places.authority()))?;
        let sound = config.audio.then(|| installed.program("pulseaudio")).flatten();
        let began = SystemTime::now();
        let mut desktop = Self {
            config,
            tell,
            display,
            runtime,
            places,
            logs,
            cookie,
            server,
            session,
            bus,
            sound,
            processes: Default::default(),
            began,
            looked_after_logs: Instant::now(),
            told_serving: false,
            guard: None,
        };
        if config.audio && desktop.sound.is_none() {
            desktop.warn("there is no sound: pulseaudio is not installed");
        }
        desktop.announce_display()?;
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
        let conf = self.places.file("xorg.conf");
        fs::write(&conf, xserver::dummy_config(self.config.size)).map_err(HostError::io("write", &conf))
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
        let slot = &mut self.processes[service.0];
        slot.running = Some(started.pid);
        slot.leader = Some(started.pid);
        slot.stdout = started.stdout;
        slot.said.clear();
        slot.starts += 1;
        slot.started = Some(Instant::now());
    }

    fn spawn(&mut self, role: Role) -> io::Result<Started> {
        let log = self.open_log(role)?;
        let mut command = match role {
            Role::XServer => return self.spawn_server(log),
            Role::Bus => roles::bus_command(&self.bus, &self.shared()),
            Role::Sound => roles::sound_command(self.sound.as_deref().unwrap_or("".as_ref()), &self.shared()),
            Role::Session => roles::session_command(&self.shared()),
            Role::Stream => {
                let _ = fs::remove_file(self.places.ready());
                roles::stream_command(&self.shared())
            }
        };
        match role {
            Role::Bus => command.stdout(Stdio::piped()),
            _ => command.stdout(log.try_clone()?),
        };
        process::spawn(with_errors_to(command, log))
    }

    fn spawn_server(&mut self, log: File) -> io::Result<Started> {
        let slot = &self.processes[Role::XServer.id().0];
        if slot.starts == 1 && !slot.has_served && self.config.xserver == XServerChoice::Auto {
            self.fall_back();
        }
        if self.display.connect().is_ok() {
            let taken = format!("another server took display :{}", self.display.number());
            return Err(io::Error::other(taken));
        }
        let listen_abstract = !self.display.can_listen_in_file_system();
        if listen_abstract {
            self.warn(
                "/tmp/.X11-unix belongs to someone else: the X server listens on its abstract socket only",
            );
            self.display.release_abstract();
        }
        let start = XStart {
            config: self.config,
            display: self.display.number(),
            authority: &self.places.authority(),
            xorg_conf: &self.places.file("xorg.conf"),
            xorg_log: &self.logs.path(XORG),
            listen_abstract,
        };
        let mut command = roles::command(self.server.program(), Role::XServer, &self.shared());
        command.args(self.server.arguments(&start)).stdout(Stdio::piped());
        process::spawn(with_errors_to(command, log))
    }

    /// Takes the other X server when the first one could not be started.
    fn fall_back(&mut self) {
        if let (XServer::Dummy(_), Ok(xvfb)) =
            (&self.server, XServer::choose(XServerChoice::Xvfb, &self.config.installed))
        {
            let words = self.last_words(Role::XServer);
            self.warn(&format!("Xorg cannot be started, Xvfb is tried; Xorg said last:\n{words}"));
            self.server = xvfb;
        }
    }

    fn shared(&self) -> Shared<'_> {
        Shared {
            config: self.config,
            places: &self.places,
            display: self.display.number(),
            session: &self.session,
            has_sound: self.sound.is_some(),
        }
    }

    fn open_log(&self, role: Role) -> io::Result<File> {
        if self.processes[role.id().0].starts == 0 {
            self.logs.begin(role.name())?;
        }
        self.logs.append(role.name())
    }

    fn signal(&self, service: ServiceId, signal: Signal) {
        if let Some(leader) = self.processes[service.0].leader {
            process::signal_session(leader, signal);
        }
    }

    /// Takes another number, where another server took ours.
    fn reset(&mut self) {
        self.warn("the X server does not come back under its number: everything starts again");
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
                self.warn(&format!("{name} {what}; it is started again in {} s", delay.as_secs()));
            }
            Notice::Without(service) => {
                let name = supervisor.name(*service);
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
            if let Some(ready) = StreamReady::read(&self.places.ready()) {
                let new_password = self.new_password(&ready);
                (self.tell)(&Report::Serving { ready, new_password });
            }
        }
    }

    /// The password, when its file was written since this start.
    fn new_password(&self, ready: &StreamReady) -> Option<String> {
        let path = ready.password_file.as_ref()?;
        let is_new = path.metadata().ok()?.modified().ok()? >= self.began;
        is_new.then(|| fs::read_to_string(path).ok()).flatten().map(|text| text.trim_end().to_owned())
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
            }
        }
        for role in ROLES.into_iter().filter(|role| supervisor.is_starting(role.id())) {
            if self.processes[role.id().0].running.is_some() && self.is_ready(role) {
                events.push_back(Event::Ready { service: role.id() });
            }
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

    fn is_ready(&mut self, role: Role) -> bool {
        match role {
            Role::XServer => self.server_is_ready(),
            Role::Bus => self.bus_is_ready(),
            Role::Sound => {
                self.detail(role, format!("PulseAudio, sink {}", crate::sound::SINK));
                UnixStream::connect(self.places.pulse()).is_ok()
            }
            Role::Session => self.session_is_ready(),
            Role::Stream => self.stream_is_ready(),
        }
    }

    /// The server has announced its number and lets a client with the cookie in.
    fn server_is_ready(&mut self) -> bool {
        if !self.listen(Role::XServer) {
            return false;
        }
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => {
                tracing::debug!("no answer from the X server yet: {error}");
                return false;
            }
        };
        let (size, wanted) = (client.size(), self.config.size);
        let number = self.display.number();
        if size != wanted {
            self.warn(&format!("the X server came up with {size} instead of {wanted}: it refused the mode"));
        }
        self.detail(Role::XServer, format!("{} :{number} {size}", self.server.name()));
        true
    }

    fn bus_is_ready(&mut self) -> bool {
        let socket = self.places.bus();
        self.detail(Role::Bus, format!("unix:path={}", socket.display()));
        self.listen(Role::Bus) && UnixStream::connect(socket).is_ok()
    }

    /// A window manager runs; a session without one counts when it has lived for a while.
    fn session_is_ready(&mut self) -> bool {
        self.detail(Role::Session, self.session.name.clone());
        let started = self.processes[Role::Session.id().0].started;
        started.is_some_and(|at| at.elapsed() >= SETTLED)
            || self.client().and_then(|mut client| client.has_window_manager()).unwrap_or(false)
    }

    fn stream_is_ready(&mut self) -> bool {
        let ready = StreamReady::read(&self.places.ready());
        if let Some(ready) = &ready {
            self.detail(Role::Stream, ready.url.clone());
        }
        ready.is_some()
    }

    fn client(&self) -> io::Result<Client> {
        Client::open(self.display.connect()?, &self.cookie, ANSWER)
    }

    fn detail(&mut self, role: Role, detail: String) {
        self.processes[role.id().0].detail = detail;
    }

    /// Takes in what a service wrote to its pipe; whether a whole line is there.
    fn listen(&mut self, role: Role) -> bool {
        let slot = &mut self.processes[role.id().0];
        let mut buffer = [0; 512];
        while let Some(stdout) = &mut slot.stdout {
            if !crate::signals::is_readable(stdout) {
                break;
            }
            match stdout.read(&mut buffer) {
                Ok(length) if length > 0 && slot.said.len() < 4096 => {
                    slot.said.extend_from_slice(&buffer[..length]);
                }
                Ok(length) if length > 0 => {}
                _ => slot.stdout = None,
            }
        }
        slot.said.contains(&b'\n')
    }

    fn gave_up(&self, service: ServiceId, how: Option<&Exit>) -> HostError {
        let name = ROLES[service.0].name();
        let words = self.last_words(ROLES[service.0]);
        HostError::GaveUp { service: name, why: describe(how), log: self.logs.path(name), words }
    }

    /// Xorg tells why it refused a screen in its own log only.
    fn last_words(&self, role: Role) -> String {
        let is_xorg = role == Role::XServer && matches!(self.server, XServer::Dummy(_));
        let errors = if is_xorg { self.logs.xorg_errors() } else { String::new() };
        errors + &self.logs.last_words(role.name())
    }
}

fn describe(how: Option<&Exit>) -> String {
    how.map_or_else(|| "was not ready in time".to_owned(), ToString::to_string)
}

fn with_errors_to(mut command: std::process::Command, log: File) -> std::process::Command {
    command.stderr(log);
    command
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
/// How long an X server may take to answer one request.
const ANSWER: Duration = Duration::from_secs(1);
/// How long a session without a window manager must live to count as up.
const SETTLED: Duration = Duration::from_secs(10);
/// How long orphans may take to end on their own.
const LAST_GRACE: Duration = Duration::from_millis(300);
