//! Objects for Kubernetes: a workload, its volumes, a service, what lets people in, and what puts it to sleep.

mod account;
mod cluster;
mod desktop;
mod guacamole;
mod idle;
mod kustomize;
mod network;
mod object;
mod pod;
mod volumes;

pub use cluster::{
    Cluster, Exposure, Fleet, GpuResource, Gpus, Idle, ObjectName, Storage, StorageSize, UserName, Users,
    VolumeKind,
};
pub use kustomize::{ManifestFile, kustomize};

use super::{Container, ManifestError};
use desktop::{Desktop, desktops};
use object::Object;

/// The objects as one text of several documents, and what must be done before as comments.
///
/// # Errors
/// [`ManifestError::Long`], [`ManifestError::NodePort`], [`ManifestError::Print`], and
/// where Guacamole has no place [`ManifestError::GuacamolePassword`], [`ManifestError::GuacamoleOnNode`] and
/// [`ManifestError::GuacamolePort`].
pub fn kubernetes(container: &Container, cluster: &Cluster) -> Result<String, ManifestError> {
    let desktops = desktops(container, cluster)?;
    let mut objects = shared(container, cluster)?;
    for desktop in &desktops {
        objects.extend(desktop.objects()?);
        objects.extend(network::ingress(desktop).map(|ingress| Object::of(&ingress)).transpose()?);
    }
    objects.extend(idle::objects(&desktops)?);
    Ok(before(&desktops) + &object::documents(&objects)?)
}

/// What all desktops have in common.
fn shared(container: &Container, cluster: &Cluster) -> Result<Vec<Object>, ManifestError> {
    let account = account::of_desktops(container, cluster)?;
    Ok(std::iter::once(account).chain(guacamole::server(container, cluster)?).collect())
}

/// A command that makes a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretCommand {
    /// For a shell.
    pub text: String,
    /// Whether it waits for the secret at standard input; otherwise it finds it in the cluster.
    pub is_typed: bool,
}

/// The commands that make the secrets of all desktops, those first that others build upon.
///
/// # Errors
/// As [`kubernetes`].
pub fn secret_commands(
    container: &Container,
    cluster: &Cluster,
) -> Result<Vec<SecretCommand>, ManifestError> {
    Ok(commands(&desktops(container, cluster)?))
}

fn commands(desktops: &[Desktop<'_>]) -> Vec<SecretCommand> {
    let mut typed: Vec<String> = desktops.iter().flat_map(pod::secrets_to_make).collect();
    typed.sort();
    typed.dedup();
    let typed = typed.into_iter().map(|text| SecretCommand { text, is_typed: true });
    let found = desktops.iter().filter_map(guacamole::users_to_make);
    typed.chain(found.map(|text| SecretCommand { text, is_typed: false })).collect()
}

/// What must be done first, as comments.
fn before(desktops: &[Desktop<'_>]) -> String {
    let comment = |SecretCommand { text, is_typed }: SecretCommand| {
        let typed = if is_typed { "; type the secret and press Ctrl-D twice" } else { "" };
        format!("# First: {text}{typed}\n")
    };
    commands(desktops).into_iter().map(comment).collect()
}
