//! What was typed for the objects of Kubernetes.

use cosmos_host::manifest::{self, Cluster, HostName, Users};

use super::{NothingToRun, docker::Outside};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Kubernetes {
    #[command(flatten)]
    outside: Outside,
    /// One desktop for each user, with a name, a password and volumes of its own.
    #[arg(long, requires = "replicas")]
    per_user: bool,
    /// How many desktops; needs --per-user, for a desktop is no service that several could give alike.
    #[arg(long, value_name = "NUMBER", requires = "per_user", value_parser = clap::value_parser!(u16).range(1..=1000))]
    replicas: Option<u16>,
    /// Keep home and cache in claims on persistent volumes.
    #[arg(long)]
    pvc: bool,
    /// The host under which an ingress shows the desktop; with --per-user, NAME-0.HOST and so on.
    #[arg(long, value_name = "NAME")]
    host: Option<HostName>,
}

impl Kubernetes {
    /// The objects.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn text(self) -> Result<String, NothingToRun> {
        let users = self.replicas.map_or(Users::One, Users::Each);
        let cluster = Cluster { users, claims: self.pvc, host: self.host };
        Ok(manifest::kubernetes(&self.outside.container()?, &cluster)?)
    }
}
