//! Apache Guacamole beside a desktop: its proxy, and its web application, which shows the desktop through VNC.

use super::{Container, quoted};
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
    Beside { suffix: PROXY, image: "guacamole/guacd:1.6.0", web: None, variables: &[], users: None },
    Beside {
        suffix: "guacamole",
        image: "guacamole/guacamole:1.6.0",
        web: Some(8080),
        variables: &[("GUACD_HOSTNAME", Value::NameOf(PROXY)), ("GUACAMOLE_HOME", Value::Plain(USERS))],
        users: Some(USERS),
    },
];
/// The user of the image, who alone may read the file of users.
const READER: u16 = 1001;
const LISTEN: &str = "COSMOS_VNC_LISTEN";

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
        let (name, file) = (&self.place.name, format!("{}/user-mapping.xml", self.users_folder()));
        let password =
            self.secrets.iter().find(|secret| ["password", "account_password"].contains(&secret.key));
        let flag = password.map_or("password", |secret| secret.key).replace('_', "-");
        let path =
            password.map_or_else(|| format!("./{name}-secrets/password"), |secret| secret.file.clone());
        self.guacamole.then(|| {
            format!(
                "# First: sudo cosmos-launch guacamole --host {name} --{flag}-file {} | sudo install -D -m 600 -o {READER} \
                 /dev/stdin {}\n",
                quoted(&path),
                quoted(&file)
            )
        })
    }
}

impl Beside {
    /// Its name.
    pub(super) fn name(&self, container: &Container) -> String {
        format!("{}-{}", container.place.name, self.suffix)
    }

    /// Its variables.
    pub(super) fn variables(&self, container: &Container) -> impl Iterator<Item = (String, String)> {
        self.variables.iter().map(|(name, value)| {
            let value = match value {
                Value::Plain(text) => (*text).to_owned(),
                Value::NameOf(suffix) => format!("{}-{suffix}", container.place.name),
            };
            ((*name).to_owned(), value)
        })
    }
}

const WEB: u16 = 8081;
