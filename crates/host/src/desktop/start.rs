//! Starting the services.

use std::{
    fs::{self, File},
    io,
    os::fd::AsRawFd,
    process::{Command, Stdio},
};

use super::Desktop;
use crate::{
    config::XServerChoice,
    lease::Lease,
    logs::XORG,
    process::{self, Started},
    roles::{self, Role, Shared},
    xserver::{XServer, XStart},
};

impl Desktop<'_> {
    pub(super) fn spawn(&mut self, role: Role) -> io::Result<Started> {
        let log = self.open_log(role)?;
        let mut kept = Vec::new();
        let mut command = match role {
            Role::XServer => return self.spawn_server(log),
            Role::Bus => roles::bus_command(&self.bus, &self.shared())?,
            Role::Sound => {
                let server = self.sound.as_ref().ok_or(io::ErrorKind::NotFound)?;
                roles::sound_command(server, &self.shared())?
            }
            Role::Session => roles::session_command(&self.shared()),
            Role::Stream => {
                let _ = fs::remove_file(self.places.ready());
                let login = self.config.login.as_ref().map(|login| (roles::PASSWORD_FLAG, &login.password));
                let secrets = self.config.secrets.iter().map(|(flag, secret)| (*flag, secret));
                let mut flags = Vec::new();
                for (flag, secret) in login.into_iter().chain(secrets) {
                    let handed = process::readable_once(secret.expose())?;
                    flags.push((flag, handed.as_raw_fd()));
                    kept.push(handed);
                }
                roles::stream_command(&self.shared(), &flags)
            }
        };
        match role {
            Role::Bus => command.stdout(Stdio::piped()),
            _ => command.stdout(log.try_clone()?),
        };
        process::spawn(with_errors_to(command, log), kept)
    }

    fn spawn_server(&mut self, log: File) -> io::Result<Started> {
        if self.was_tried && !self.processes[Role::XServer.id().0].has_served {
            self.fall_back();
        }
        self.was_tried = true;
        self.look_again();
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
        // It outlives us for a moment when we are killed, and so must its right to the GPU.
        let lease = self.arrangement.lease.as_ref().map(Lease::share).transpose()?;
        process::spawn(with_errors_to(command, log), lease.into_iter().collect())
    }

    /// Takes the next X server when the first one could not be started.
    fn fall_back(&mut self) {
        match &self.server {
            XServer::Nvidia { .. } => self.leave_gpu(),
            XServer::Dummy(_) if self.config.xserver == XServerChoice::Auto => self.leave_xorg(),
            _ => {}
        }
    }

    fn leave_xorg(&mut self) {
        if let Ok(xvfb) = XServer::choose(XServerChoice::Xvfb, &self.config.installed) {
            let words = self.last_words(Role::XServer);
            self.warn(&format!("Xorg cannot be started, Xvfb is tried; Xorg said last:\n{words}"));
            self.take_server(xvfb);
        }
    }

    /// Nothing is known of another server yet.
    pub(super) fn take_server(&mut self, server: XServer) {
        self.server = server;
        self.was_tried = false;
        self.processes[Role::XServer.id().0].has_served = false;
        self.tell_of_rate();
    }

    /// What Xvfb cannot do.
    pub(super) fn tell_of_rate(&mut self) {
        if let (XServer::Xvfb(_), Some(rate)) = (&self.server, self.config.graphics.refresh) {
            self.warn(&format!(
                "a refresh rate of {rate} Hz was asked for, and Xvfb has none: install Xorg's dummy driver"
            ));
        }
    }

    pub(super) fn shared(&self) -> Shared<'_> {
        Shared {
            config: self.config,
            places: &self.places,
            display: self.display.number(),
            session: &self.session,
            has_sound: self.sound.is_some(),
            variables: &self.variables,
        }
    }

    fn open_log(&self, role: Role) -> io::Result<File> {
        if self.processes[role.id().0].starts == 0 {
            self.logs.begin(role.name())?;
        }
        self.logs.append(role.name())
    }
}

fn with_errors_to(mut command: Command, log: File) -> Command {
    command.stderr(log);
    command
}
