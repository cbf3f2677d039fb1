//! Apache Guacamole beside a desktop: its proxy, and its web application, which shows the desktop through VNC.

use super::{Container, LOGINS, USER_NAME, quoted};
use crate::settings::VNC_PORT;

/// What runs beside a desktop.
pub(super) struct Beside {
    /// What is appended to the desktop's name.
    pub(super) suffix: &'static str,
    pub(super) image: &'static str,
    /// The port inside that is to be reached from outside.
    pub(super) web: Option<u16>,
    /// Variables, where the first value stands for the desktop's name and its suffix.
    pub(super) variables: &'static [(&'static str, Value)],
    /// Where the folder with the users is.
    pub(super) users: Option<&'static str>,
    pub(super) in_pod: InPod,
}

/// What a pod needs to be told of it.
pub(super) struct InPod {
    /// Its command, where the image's own opens a port to all that reach the pod.
    pub(super) command: &'static [&'static str],
    /// How much memory it is sure of, and how much it may take.
    pub(super) memory: [&'static str; 2],
}

/// A variable's value.
pub(super) enum Value {
    Plain(&'static str),
    /// The name of another one beside the desktop, by its suffix.
    NameOf(&'static str),
}

const PROXY: &str = "guacd";
const USERS: &str = "/users";
/// Both, the one that the other needs first.
pub(super) const GUACAMOLE: [Beside; 2] = [
    Beside {
        suffix: PROXY,
        image: "guacamole/guacd:1.6.0",
        web: None,
        variables: &[],
        users: None,
        in_pod: InPod {
            command: &["/opt/guacamole/sbin/guacd", "-f", "-b", LOOPBACK],
            memory: ["64Mi", "512Mi"],
        },
    },
    Beside {
        suffix: "guacamole",
        image: "guacamole/guacamole:1.6.0",
        web: Some(8080),
        variables: &[("GUACD_HOSTNAME", Value::NameOf(PROXY)), ("GUACAMOLE_HOME", Value::Plain(USERS))],
        users: Some(USERS),
        in_pod: InPod { command: &[], memory: ["512Mi", "1Gi"] },
    },
];
/// Where the containers of a pod reach each other, and nobody else does.
pub(super) const LOOPBACK: &str = "127.0.0.1";
/// Of guacd.
pub(super) const PROXY_PORT: u16 = 4822;
pub(super) const USERS_FILE: &str = "user-mapping.xml";
/// The user of the image, who alone may read the file of users.
pub(super) const READER: u16 = 1001;
pub(super) const LISTEN: &str = "COSMOS_VNC_LISTEN";

impl Container {
    /// The same with Guacamole beside it, which needs the desktop's port for VNC viewers; nobody else reaches that one.
    #[must_use]
    pub fn with_guacamole(mut self) -> Self {
        self.variables.retain(|(name, _)| *name != LISTEN);
        self.variables.push((LISTEN, format!("0.0.0.0:{VNC_PORT}")));
        self.guacamole = true;
        self
    }

    /// What runs beside the desktop.
    pub(super) fn beside(&self) -> &'static [Beside] {
        if self.guacamole { &GUACAMOLE } else { &[] }
    }

    /// The port outside at which the web application is found.
    pub(super) fn web_port(&self) -> u16 {
        if self.port == WEB { WEB + 1 } else { WEB }
    }

    /// The folder of Guacamole's users, outside.
    pub(super) fn users_folder(&self) -> String {
        format!("./{}-guacamole", self.place.name)
    }

    /// Guacamole has to know the password, so a file of it is made.
    pub(super) fn before_guacamole(&self) -> Option<String> {
        let (name, file) = (&self.place.name, format!("{}/{USERS_FILE}", self.users_folder()));
        let password = self.secrets.iter().find(|secret| LOGINS.contains(&secret.key));
        let key = password.map_or(LOGINS[0], |secret| secret.key);
        let path =
            password.map_or_else(|| format!("./{name}-secrets/password"), |secret| secret.file.clone());
        self.guacamole.then(|| {
            format!(
                "# First: sudo {} | sudo install -D -m 600 -o {READER} /dev/stdin {}\n",
                self.mapping_command(&name.to_string(), key, &path),
                quoted(&file)
            )
        })
    }

    /// The command that prints the file of users for a desktop at `host`. `path` holds the secret of the setting `key`.
    pub(super) fn mapping_command(&self, host: &str, key: &str, path: &str) -> String {
        let user = (self.user != USER_NAME).then(|| format!(" --user {}", quoted(&self.user)));
        let (user, flag) = (user.unwrap_or_default(), key.replace('_', "-"));
        format!("cosmos-launch guacamole --host {host}{user} --{flag}-file {}", quoted(path))
    }
}

impl Beside {
    /// Its name.
    pub(super) fn name(&self, container: &Container) -> String {
        format!("{}-{}", container.place.name, self.suffix)
    }

    /// Its variables.
    pub(super) fn variables(&self, container: &Container) -> impl Iterator<Item = (String, String)> {
        self.variables_at(|suffix| format!("{}-{suffix}", container.place.name))
    }

    /// Its variables, where `host` says by a suffix how that one is reached.
    pub(super) fn variables_at(
        &self,
        host: impl Fn(&str) -> String,
    ) -> impl Iterator<Item = (String, String)> {
        self.variables.iter().map(move |(name, value)| {
            let value = match value {
                Value::Plain(text) => (*text).to_owned(),
                Value::NameOf(suffix) => host(suffix),
            };
            ((*name).to_owned(), value)
        })
    }
}

const WEB: u16 = 8081;
