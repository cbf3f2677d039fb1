//! What the services find in their environment.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use crate::config::{Config, is_secret};

/// Marks every process of one desktop, by its runtime directory.
pub const MARK: &str = "COSMOS_DESKTOP";

/// The environment of a service: variables in the order of their names.
#[derive(Clone, Debug)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// Who finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The programs that the desktop is made of.
    Desktop,
    /// The stream, with the settings that are its own.
    Stream,
}

impl Environment {
    /// What every service gets: the base without secrets and without what belongs to another desktop, and the places
    /// of this one.
    pub fn new(config: &Config, reader: Reader, runtime: &Path, home: &Path) -> Self {
        let is_others = |name: &OsString| {
            let of_stream = name.as_bytes().starts_with(b"SELKIES_");
            FOREIGN.iter().any(|foreign| name == foreign) || of_stream && reader != Reader::Stream
        };
        let kept = |(name, _): &&(OsString, OsString)| !is_others(name) && !is_secret(name);
        let mut environment = Self(config.environment.iter().filter(kept).cloned().collect());
        environment.set("HOME", home).set("XDG_RUNTIME_DIR", runtime).set(MARK, runtime);
        environment.set("PATH", &config.installed.path).set("XDG_SESSION_TYPE", "x11");
        for (name, value) in [("LANG", "C.UTF-8"), ("USER", "user"), ("SHELL", "/bin/sh")] {
            environment.default(name, value);
        }
        // dbus-daemon asks for the account of its user to find this directory, and ends when there is none.
        environment.default("XDG_DATA_HOME", home.join(".local/share"));
        let user = environment.0["USER".as_ref() as &OsStr].clone();
        environment.default("LOGNAME", user);
        environment
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.0.insert(name.into(), value.as_ref().to_owned());
        self
    }

    /// Puts folders before those of a variable in the format of `PATH`.
    pub fn prepend(&mut self, name: &str, folders: &str) -> &mut Self {
        let mut value = OsString::from(folders);
        if let Some(known) = self.0.get(OsStr::new(name)).filter(|known| !known.is_empty()) {
            value.push(":");
            value.push(known);
        }
        self.set(name, value)
    }

    /// The variables.
    pub fn variables(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }

    fn default(&mut self, name: &str, value: impl Into<OsString>) {
        let slot = self.0.entry(name.into()).or_default();
        if slot.is_empty() {
            *slot = value.into();
        }
    }
}

/// Variables that point into another desktop, or into the manager of this process.
const FOREIGN: [&str; 20] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SESSION_MANAGER",
    "DBUS_SESSION_BUS_ADDRESS",
    "DBUS_SESSION_BUS_PID",
    "DBUS_STARTER_ADDRESS",
    "DBUS_STARTER_BUS_TYPE",
    "PULSE_SERVER",
    "PULSE_RUNTIME_PATH",
    "PIPEWIRE_REMOTE",
    "XDG_SESSION_ID",
    "XDG_SEAT",
    "XDG_VTNR",
    "XDG_CURRENT_DESKTOP",
    "DESKTOP_SESSION",
    "WINDOWID",
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_config;

    #[test]
    fn secrets_and_foreign_desktops_reach_nobody() {
        let pairs = [
            ("PASSWD", "x"),
            ("TURN_PASSWORD", "y"),
            ("SELKIES_FRAMERATE", "30"),
            ("DISPLAY", ":9"),
            ("LANG", ""),
            ("USER", "ann"),
        ];
        let mut config = test_config();
        config.environment = pairs.map(|(name, value)| (name.into(), value.into())).to_vec();
        let names = |reader| {
            let environment = Environment::new(&config, reader, Path::new("/run/x"), Path::new("/home/x"));
            let pair =
                |(name, value): (&OsString, &OsString)| format!("{}={}", name.display(), value.display());
            environment.variables().map(pair).collect::<Vec<_>>()
        };
        let common = [
            "COSMOS_DESKTOP=/run/x",
            "HOME=/home/x",
            "LANG=C.UTF-8",
            "LOGNAME=ann",
            "PATH=/usr/bin:/bin",
            "SHELL=/bin/sh",
            "USER=ann",
            "XDG_DATA_HOME=/home/x/.local/share",
            "XDG_RUNTIME_DIR=/run/x",
            "XDG_SESSION_TYPE=x11",
        ];
        assert_eq!(names(Reader::Desktop), common);
        let stream = names(Reader::Stream);
        assert!(stream.contains(&"SELKIES_FRAMERATE=30".into()));
        assert_eq!(stream.len(), common.len() + 1, "{stream:?}");
    }
}
