//! Objects for Kubernetes: a workload, its volumes, a service, what lets people in, and what puts it to sleep.

mod account;
mod cluster;
mod desktop;
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
/// [`ManifestError::Long`], [`ManifestError::NodePort`], [`ManifestError::Print`].
pub fn kubernetes(container: &Container, cluster: &Cluster) -> Result<String, ManifestError> {
    let desktops = desktops(container, cluster)?;
    let mut objects = vec![account::of_desktops(container, cluster)?];
    for desktop in &desktops {
        objects.extend(desktop.objects()?);
        objects.extend(network::ingress(desktop).map(|ingress| Object::of(&ingress)).transpose()?);
    }
    objects.extend(idle::objects(&desktops)?);
    Ok(before(&desktops) + &object::documents(&objects)?)
}

/// The commands that make the secrets of all desktops; each reads its secret from standard input.
///
/// # Errors
/// As [`kubernetes`].
pub fn secret_commands(container: &Container, cluster: &Cluster) -> Result<Vec<String>, ManifestError> {
    Ok(commands(&desktops(container, cluster)?))
}

fn commands(desktops: &[Desktop<'_>]) -> Vec<String> {
    let mut commands: Vec<String> = desktops.iter().flat_map(pod::secrets_to_make).collect();
    commands.sort();
    commands.dedup();
    commands
}

/// What must be done first, as comments.
fn before(desktops: &[Desktop<'_>]) -> String {
    let comment = |command: String| format!("# First: {command}; type the secret and press Ctrl-D twice\n");
    commands(desktops).into_iter().map(comment).collect()
}
