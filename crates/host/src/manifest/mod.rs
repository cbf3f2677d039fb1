//! What to run for a desktop in a container: a `docker run` command, a compose file, or objects for Kubernetes.
//!
//! All three run it as it should be: without privileges, with a root file system that cannot be written, and without
//! a secret in the text.
//!
//! ```
//! use cosmos_host::{manifest::{Container, Place, docker}, settings::{Sources, resolve}};
//! let flags = [("size", "2560x1440".to_owned())];
//! let settings = resolve(&Sources { flags: &flags, ..Sources::default() })?;
//! let place = Place { name: "cosmos".parse()?, image: "cosmos:latest".parse()?, gpus: 1 };
//! let command = docker(&Container::new(&settings, place, &[])?);
//! assert!(command.contains("  -e COSMOS_SIZE=2560x1440 \\\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compose;
mod docker;
mod error;
mod files;
mod guacamole;
mod kubernetes;
mod names;
mod variables;

use std::{borrow::Cow, path::Path};

pub use compose::compose;
pub use docker::docker;
pub use error::ManifestError;
pub use files::{WriteError, Written, write_files};
pub use kubernetes::{
    Cluster, Exposure, Fleet, GpuResource, Gpus, Idle, ManifestFile, ObjectName, SecretCommand, Storage,
    StorageSize, UserName, Users, VolumeKind, kubernetes, kustomize, secret_commands,
};
pub use names::{HostName, Image, Name};

use crate::settings::{Settings, settings as table};

/// What to run, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the container, and the beginning of the names of all that belongs to it.
    pub name: Name,
    /// The image.
    pub image: Image,
    /// The number of GPUs that it is given; with 0 the CPU draws.
    pub gpus: u16,
}

/// A desktop in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    place: Place,
    /// Of TCP and UDP, inside and outside: browsers are told the number inside.
    port: u16,
    variables: Vec<(&'static str, String)>,
    secrets: Vec<Secret>,
    /// The directory in which X servers mark their GPUs.
    leases: String,
    asks_password: bool,
    /// The name to log in with.
    user: String,
    /// Whether Guacamole stands beside it.
    guacamole: bool,
}

/// A setting whose value never stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret {
    key: &'static str,
    variable: &'static str,
    /// The file that holds it where the text is used.
    file: String,
}

impl Container {
    /// Everything that was set, but for the variables of the container runtime, which follow from the GPUs, and a
    /// locale of the environment, which is that of somebody's terminal. `files` are the files of secrets as far as
    /// they are known, by the keys of their settings.
    ///
    /// # Errors
    /// The first setting that cannot hold in a container.
    pub fn new(
        settings: &Settings,
        place: Place,
        files: &[(&'static str, String)],
    ) -> Result<Self, ManifestError> {
        if settings.is("require_gpu") && place.gpus == 0 {
            return Err(ManifestError::NoGpu);
        }
        let leases = settings.text("lease_dir").unwrap_or(LEASES);
        Ok(Self {
            port: port(settings)?,
            variables: variables::of(settings)?,
            secrets: secrets(settings, &place.name, files)?,
            leases: mountable("COSMOS_LEASE_DIR", leases)?,
            asks_password: settings.is("basic_auth"),
            user: settings.text("user").unwrap_or(USER_NAME).to_owned(),
            guacamole: false,
            place,
        })
    }

    fn is_software(&self) -> bool {
        self.sets("COSMOS_SOFTWARE")
    }

    fn requires_gpu(&self) -> bool {
        self.sets("COSMOS_REQUIRE_GPU")
    }

    fn sets(&self, variable: &str) -> bool {
        self.variables.iter().any(|(name, value)| *name == variable && value == "true")
    }

    /// Where a desktop keeps what is to outlive its container.
    fn home_volume(&self) -> String {
        format!("{}-home", self.place.name)
    }

    /// What must be done on the host before, as comments.
    fn before(&self) -> Vec<String> {
        let leases = (self.place.gpus > 0).then(|| {
            let directory = quoted(&self.leases);
            format!("# First, after each start of the host: sudo install -d -m 1777 {directory}\n")
        });
        let secrets = self.secrets.iter().map(|secret| {
            let file = quoted(&secret.file);
            format!(
                "# First: sudo install -D -m 600 -o {USER} /dev/stdin {file}; type the secret and press Ctrl-D twice\n"
            )
        });
        leases.into_iter().chain(secrets).chain(self.before_guacamole()).collect()
    }
}

impl Secret {
    /// The variable that names the file, and its path in the container.
    fn variable(&self) -> (String, String) {
        (format!("{}_FILE", self.variable), self.target())
    }

    fn target(&self) -> String {
        format!("{SECRETS}/{}", self.key)
    }
}

/// A desktop that only its own container reaches is of no use, and neither is a port that nobody knows before.
fn port(settings: &Settings) -> Result<u16, ManifestError> {
    let listen = settings.listen();
    match listen.port() {
        0 => Err(ManifestError::Listen { place: listen, reason: "a port from 1 to 65535 is needed" }),
        _ if listen.ip().is_loopback() => {
            Err(ManifestError::Listen { place: listen, reason: "nobody outside the container reaches it" })
        }
        port => Ok(port),
    }
}

fn secrets(
    settings: &Settings,
    name: &Name,
    files: &[(&'static str, String)],
) -> Result<Vec<Secret>, ManifestError> {
    let set = table().filter(|setting| setting.is_secret() && settings.is_set(setting.key));
    let secret = |setting: &'static crate::settings::Setting| {
        let known = files.iter().rev().find(|(key, _)| *key == setting.key).map(|(_, path)| path.clone());
        let path = known.unwrap_or_else(|| format!("./{name}-secrets/{}", setting.key));
        // A source that begins otherwise is the name of a volume.
        let path =
            if Path::new(&path).is_absolute() || path.starts_with('.') { path } else { format!("./{path}") };
        let file = mountable(setting.variable, &path)?;
        Ok(Secret { key: setting.key, variable: setting.variable, file })
    };
    set.map(secret).collect()
}

/// A path that the options for mounts can carry.
fn mountable(name: &'static str, path: &str) -> Result<String, ManifestError> {
    let cannot = |sign: char| sign.is_control() || matches!(sign, ',' | ':' | '"');
    match path.is_empty() || path.contains(cannot) {
        true => Err(ManifestError::Path { name, path: path.to_owned() }),
        false => Ok(path.to_owned()),
    }
}

/// As a shell reads it, without quotes where people would write none.
fn quoted(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.into() } else { shell_words::quote(text) }
}

/// Parts of the driver that an X server and encoders on a GPU need.
const CAPABILITIES: [&str; 5] = ["compute", "utility", "graphics", "video", "display"];
/// The user of the image, and the group.
const USER: u16 = 1000;
/// The name to log in with where none is set.
const USER_NAME: &str = "user";
/// The settings that let people in, the usual one first.
const LOGINS: [&str; 2] = ["password", "account_password"];
const HOME: &str = "/home/user";
const LEASES: &str = "/run/lock/cosmos-gpu";
const SECRETS: &str = "/run/secrets";
