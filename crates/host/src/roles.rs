//! The services of a desktop: the table of rules, and how each is started.

use std::{
    io,
    os::fd::RawFd,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    bus,
    config::Config,
    environment::{Environment, Reader},
    gpu::LIBRARY_PATH,
    service::{Comeback, ServiceId, Spec, Tie},
    session::Session,
    sound::SoundServer,
};

/// What a service is to the desktop, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The X server.
    XServer,
    /// The session bus of D-Bus.
    Bus,
    /// The sound server.
    Sound,
    /// The desktop session.
    Session,
    /// The program that streams.
    Stream,
}

/// All of them; a service's [`ServiceId`] is its place here.
pub const ROLES: [Role; 5] = [Role::XServer, Role::Bus, Role::Sound, Role::Session, Role::Stream];

impl Role {
    /// The place in the table.
    pub const fn id(self) -> ServiceId {
        ServiceId(self as usize)
    }

    /// The name people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XServer => "X server",
            Self::Bus => "session bus",
            Self::Sound => "sound",
            Self::Session => "session",
            Self::Stream => "stream",
        }
    }
}

/// The rules of a desktop. The stream opens a display that went away again by itself, so it lives through all
/// restarts of the X server, which comes back under the same number.
pub fn table(sound: Option<&SoundServer>) -> Vec<Spec> {
    ROLES.iter().map(|role| spec(*role, sound)).collect()
}

fn spec(role: Role, sound: Option<&SoundServer>) -> Spec {
    use Role::{Bus, Session, Sound, Stream, XServer};
    let needs: &[(Role, Tie)] = match role {
        Sound if matches!(sound, Some(SoundServer::PipeWire { .. })) => &[(Bus, Tie::With)],
        XServer | Sound => &[],
        Bus => &[(XServer, Tie::With)],
        Session => &[(XServer, Tie::With), (Bus, Tie::With), (Sound, Tie::After)],
        Stream => &[(XServer, Tie::After), (Sound, Tie::After)],
    };
    let needs = needs.iter().map(|(role, tie)| (role.id(), *tie)).collect();
    let usual = Spec::new(role.name(), needs);
    match role {
        XServer => Spec { start_bound: Duration::from_secs(20), comeback: Comeback::RestartAll, ..usual },
        Bus => usual,
        Sound => Spec { required: false, ..usual },
        Session => Spec { start_bound: Duration::from_secs(60), ..usual },
        Stream => Spec { start_bound: Duration::from_secs(20), final_codes: &[2, 64], ..usual },
    }
}

/// The files of one desktop, all below its runtime directory.
#[derive(Clone, Debug)]
pub struct Places {
    /// The directory.
    pub runtime: PathBuf,
    /// Where the services are at home.
    pub home: PathBuf,
}

impl Places {
    /// A file in the runtime directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.runtime.join(name)
    }

    /// The cookie of the display.
    pub fn authority(&self) -> PathBuf {
        self.file("Xauthority")
    }

    /// The socket of the session bus.
    pub fn bus(&self) -> PathBuf {
        self.file("bus")
    }

    /// The socket of the sound server.
    pub fn pulse(&self) -> PathBuf {
        self.file("pulse-native")
    }

    /// How the desktop is drawn, as JSON.
    pub fn graphics(&self) -> PathBuf {
        self.file("graphics.json")
    }

    /// What is set, as JSON.
    pub fn settings(&self) -> PathBuf {
        self.file("settings.json")
    }

    /// What programs draw with, as the probe wrote it.
    pub fn probe(&self) -> PathBuf {
        self.file("probe.json")
    }

    /// What the stream writes when it serves.
    pub fn ready(&self) -> PathBuf {
        self.file("ready.json")
    }
}

/// A command with the environment of its role; standard streams are the caller's business.
pub fn command(program: &Path, role: Role, shared: &Shared<'_>) -> Command {
    let reader = if role == Role::Stream { Reader::Stream } else { Reader::Desktop };
    let mut environment =
        Environment::new(shared.config, reader, &shared.places.runtime, &shared.places.home);
    environment.set("DISPLAY", format!(":{}", shared.display)).set("XAUTHORITY", shared.places.authority());
    environment.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", shared.places.bus().display()));
    if shared.has_sound {
        environment.set("PULSE_SERVER", format!("unix:{}", shared.places.pulse().display()));
    }
    if !bus::has_account() {
        // The bus of the accessibility tools lets nobody without an account in.
        environment.set("NO_AT_BRIDGE", "1").set("GTK_A11Y", "none");
    }
    environment.set("DESKTOP_SESSION", &shared.session.id).set("XDG_SESSION_DESKTOP", &shared.session.id);
    if let Some(names) = &shared.session.desktop_names {
        environment.set("XDG_CURRENT_DESKTOP", names);
    }
    for (name, value) in shared.variables {
        match *name {
            LIBRARY_PATH => environment.prepend(name, value),
            // The server draws by itself, with its own modules.
            _ if role == Role::XServer => &mut environment,
            _ => environment.set(name, value),
        };
    }
    let mut command = Command::new(program);
    command.env_clear().envs(environment.variables()).current_dir(&shared.places.home);
    command
}

/// What the services of one desktop have in common.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// What the caller wants.
    pub config: &'a Config,
    /// Where the files are.
    pub places: &'a Places,
    /// The display number.
    pub display: u16,
    /// The session that is started.
    pub session: &'a Session,
    /// Whether there is a sound server.
    pub has_sound: bool,
    /// The variables that lead programs to the driver of the GPU.
    pub variables: &'a [(&'static str, String)],
}

/// The program that sees what programs draw with, given the same environment as theirs.
pub fn probe_command(program: &Path, shared: &Shared<'_>) -> Command {
    let mut command = command(program, Role::Session, shared);
    command.args(["--gl", "--egl", "--vulkan", "--json", "--timeout", "6s", "--display"]);
    command.arg(format!(":{}", shared.display));
    command
}

/// The session bus on its socket.
///
/// # Errors
/// What the file system says about the files it needs.
pub fn bus_command(program: &Path, shared: &Shared<'_>) -> io::Result<Command> {
    let mut command = command(program, Role::Bus, shared);
    command.args(bus::arguments(&shared.places.runtime, &shared.places.bus())?);
    Ok(command)
}

/// The sound server on its socket.
///
/// # Errors
/// What the file system says about the files it needs.
pub fn sound_command(server: &SoundServer, shared: &Shared<'_>) -> io::Result<Command> {
    let mut command = command(server.program(), Role::Sound, shared);
    server.prepare(&mut command, &shared.places.runtime, &shared.places.pulse())?;
    Ok(command)
}

/// The desktop session.
pub fn session_command(shared: &Shared<'_>) -> Command {
    let mut command = command(Path::new(&shared.session.command[0]), Role::Session, shared);
    command.args(&shared.session.command[1..]);
    command
}

/// The stream, which is to read a secret from each of these descriptors.
pub fn stream_command(shared: &Shared<'_>, secrets: &[(&str, RawFd)]) -> Command {
    let mut command = command(&shared.config.stream, Role::Stream, shared);
    command.arg("--listen").arg(shared.config.listen.to_string());
    command.arg("--ready-file").arg(shared.places.ready());
    for (flag, number) in secrets {
        command.arg(flag).arg(number.to_string());
    }
    if let Some(login) = &shared.config.login {
        // One word: the source may be the name of a flag.
        command.arg(format!("--password-source={}", login.source));
    }
    command.env(GRAPHICS_FILE, shared.places.graphics());
    if shared.config.settings.is_some() {
        command.env(SETTINGS_FILE, shared.places.settings());
    }
    command.args(&shared.config.stream_arguments);
    command
}

/// Takes the number of the descriptor behind which the password is.
pub const PASSWORD_FLAG: &str = "--password-fd";
/// Tells the stream where the file is that says how the desktop is drawn.
const GRAPHICS_FILE: &str = "COSMOS_GRAPHICS_FILE";
/// Tells the stream where the file is that says what is set.
const SETTINGS_FILE: &str = "COSMOS_SETTINGS_FILE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_table_are_the_ids() {
        for (place, role) in ROLES.iter().enumerate() {
            assert_eq!(role.id(), ServiceId(place));
            assert_eq!(table(None)[place].name, role.name());
        }
    }
}
