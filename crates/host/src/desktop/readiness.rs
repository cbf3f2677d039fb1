//! Asking services that were started whether they serve.

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    time::Duration,
};

use super::Desktop;
use crate::{
    ready::StreamReady,
    roles::Role,
    signals,
    sound::{SINK, SoundServer},
    x11wire::Client,
};

impl Desktop<'_> {
    pub(super) fn is_ready(&mut self, role: Role) -> bool {
        match role {
            Role::XServer => self.server_is_ready(),
            Role::Bus => self.bus_is_ready(),
            Role::Sound => {
                let name = self.sound.as_ref().map_or("", SoundServer::name);
                self.detail(role, format!("{name}, sink {SINK}"));
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
        if !self.is_looked_at() {
            return false;
        }
        let wanted = self.arrangement.screen().map_or(self.config.size, |screen| screen.size);
        let size = client.size();
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
    pub(super) fn listen(&mut self, role: Role) -> bool {
        let slot = &mut self.processes[role.id().0];
        let mut buffer = [0; 512];
        while let Some(stdout) = &mut slot.stdout {
            if !signals::is_readable(stdout) {
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
}

/// How long an X server may take to answer one request.
const ANSWER: Duration = Duration::from_secs(1);
/// How long a session without a window manager must live to count as up.
const SETTLED: Duration = Duration::from_secs(10);
