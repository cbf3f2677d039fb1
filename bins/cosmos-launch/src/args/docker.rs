//! What was typed for a docker command, and for all that runs a desktop in a container.

use std::{fmt, path::PathBuf};

use cosmos_host::{
    manifest::{self, Container, Image, ManifestError, Name, Place, WriteError},
    settings::{Origin, Settings, Sources, resolve, settings as table},
};

use super::{
    Unusable,
    desktop::{environment, read},
    flags::SettingFlags,
    guacamole::With,
};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Docker {
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    beside: Beside,
}

/// What is to run beside a desktop.
#[derive(Debug, clap::Args)]
pub struct Beside {
    /// Run this beside the desktop.
    #[arg(long, value_name = "WHAT")]
    with: Option<With>,
}

impl Beside {
    /// The desktop with it.
    pub fn add(&self, container: Container) -> Container {
        match self.with {
            Some(With::Guacamole) => container.with_guacamole(),
            None => container,
        }
    }
}

impl Docker {
    /// The command.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn text(self) -> Result<String, NothingToRun> {
        Ok(manifest::docker(&self.beside.add(self.outside.container()?)))
    }
}

/// What is needed wherever a desktop runs in a container.
#[derive(Debug, clap::Args)]
pub struct Outside {
    /// A TOML file of settings; the environment wins over it.
    #[arg(long, env = "COSMOS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The image.
    #[arg(long, default_value = "cosmos:latest")]
    image: Image,
    /// The name of the container, and the beginning of the names of its volumes.
    #[arg(long, default_value = "cosmos")]
    name: Name,
    /// How many GPUs it is given: a number from 1 to 64, or none [default: 1, with --software none].
    #[arg(long, value_name = "NUMBER", value_parser = gpus)]
    gpus: Option<u16>,
    #[command(flatten)]
    flags: SettingFlags,
}

/// Why there is nothing to run.
#[derive(Debug)]
pub enum NothingToRun {
    /// A setting cannot be used.
    Setting(Unusable),
    /// It cannot be used in a container.
    Container(ManifestError),
    /// Guacamole has to know the password.
    NoPassword,
    /// A fleet of nobody.
    NoUsers,
    /// More or fewer desktops than users.
    Replicas {
        /// How many desktops.
        replicas: u16,
        /// How many users.
        users: usize,
    },
    /// The files of the objects.
    Files(WriteError),
}

impl fmt::Display for NothingToRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(error) => error.fmt(f),
            Self::Container(error) => error.fmt(f),
            Self::NoPassword => f.write_str(
                "Guacamole has to know the password; give the file that holds it with --password-file",
            ),
            Self::NoUsers => {
                f.write_str("--per-user names nobody; expected names joined by commas, or --replicas NUMBER")
            }
            Self::Replicas { replicas, users } => {
                write!(
                    f,
                    "--replicas {replicas} but --per-user names {users}; expected as many, or no --replicas"
                )
            }
            Self::Files(error) => error.fmt(f),
        }
    }
}

impl NothingToRun {
    /// 2 where the machine is at fault, 64 where what was typed is.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Files(_)) { 2 } else { 64 }
    }
}

impl From<ManifestError> for NothingToRun {
    fn from(error: ManifestError) -> Self {
        Self::Container(error)
    }
}

impl Outside {
    /// The desktop, with what people should know before on standard error.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn container(self) -> Result<Container, NothingToRun> {
        let environment = environment().map_err(NothingToRun::Setting)?;
        let settings = self.settings(&environment).map_err(NothingToRun::Setting)?;
        settings.warnings().iter().for_each(|warning| eprintln!("cosmos-launch: {warning}"));
        let gpus = self.gpus.unwrap_or(if settings.is("software") { 0 } else { 1 });
        let files = self.files(&settings, &environment);
        let place = Place { name: self.name, image: self.image, gpus };
        Ok(Container::new(&settings, place, &files)?)
    }

    fn settings(&self, environment: &[(String, String)]) -> Result<Settings, Unusable> {
        let path = self.config.as_deref().filter(|path| !path.as_os_str().is_empty());
        let text = path.map(|path| read(path).map_err(|error| Unusable::File(path.to_owned(), error)));
        let text = text.transpose()?;
        let name = path.map(|path| path.display().to_string()).unwrap_or_default();
        let file = text.as_deref().map(|text| (name.as_str(), text));
        // A secret is read where it is used; here its file need not be there yet.
        let sources = Sources { flags: &self.flags.0, environment, file, read: &|_| Ok("unread".to_owned()) };
        resolve(&sources).map_err(Unusable::Setting)
    }

    /// The files of secrets that were typed or set.
    fn files(&self, settings: &Settings, environment: &[(String, String)]) -> Vec<(&'static str, String)> {
        let last = |name: &str| environment.iter().rev().find(|(set, _)| set == name);
        let file = |key: &'static str| match settings.origin(key) {
            Origin::Flag(_) => self.flags.0.iter().rev().find(|(typed, _)| *typed == key).cloned(),
            Origin::Environment(name) if name.ends_with("_FILE") => {
                last(name).map(|(_, path)| (key, path.clone()))
            }
            _ => None,
        };
        table().filter(|setting| setting.is_secret()).filter_map(|setting| file(setting.key)).collect()
    }
}

fn gpus(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (1..=64).contains(number));
    let none = (text == "none").then_some(0);
    number.or(none).ok_or_else(|| "expected a number from 1 to 64, or none".to_owned())
}
