//! What was typed for the users of Guacamole.

use cosmos_host::settings::{Sources, resolve, user_mapping};

use super::{
    Unusable,
    desktop::{environment, read},
    docker::NothingToRun,
    flags::SettingFlags,
};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Guacamole {
    /// Where Guacamole finds the desktop.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    host: String,
    /// There is an SSH server as well: show a shell, and the files of the home folder.
    #[arg(long)]
    ssh: bool,
    #[command(flatten)]
    flags: SettingFlags,
}

/// What may stand beside a desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum With {
    /// Apache Guacamole, whose web application shows the desktop through VNC.
    Guacamole,
}

impl Guacamole {
    /// The text of `user-mapping.xml`, which holds the password.
    ///
    /// # Errors
    /// The first value that cannot be used; also where no password was set.
    pub fn text(self) -> Result<String, NothingToRun> {
        let environment = environment().map_err(NothingToRun::Setting)?;
        let sources = Sources { flags: &self.flags.0, environment: &environment, file: None, read: &read };
        let settings = resolve(&sources).map_err(|error| NothingToRun::Setting(Unusable::Setting(error)))?;
        let (_, password) = settings.login().ok_or(NothingToRun::NoPassword)?;
        let user = settings.text("user").unwrap_or("user");
        Ok(user_mapping(user, password, &self.host, self.ssh).expose().to_owned())
    }
}
