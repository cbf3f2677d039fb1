//! Volumes of a pod, and claims on persistent ones.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        EmptyDirVolumeSource, PersistentVolumeClaim, PersistentVolumeClaimSpec,
        PersistentVolumeClaimVolumeSource, Volume, VolumeMount, VolumeResourceRequirements,
    },
    apimachinery::pkg::api::resource::Quantity,
};

use super::Desktop;
use crate::manifest::HOME;

pub(super) fn volumes(desktop: &Desktop<'_>) -> Vec<Volume> {
    let shared = EmptyDirVolumeSource {
        medium: Some("Memory".to_owned()),
        size_limit: Some(Quantity("1Gi".to_owned())),
    };
    let mut volumes = vec![empty("dshm", shared), empty("tmp", EmptyDirVolumeSource::default())];
    // The cluster gives each GPU to one pod, so nobody else needs to see who drives it.
    if desktop.container.place.gpus > 0 {
        volumes.push(empty("leases", EmptyDirVolumeSource::default()));
    }
    volumes.extend(kept(desktop).map(|(name, ..)| match desktop.cluster.claims {
        false => empty(&name, EmptyDirVolumeSource::default()),
        true => {
            let claim = PersistentVolumeClaimVolumeSource { claim_name: name.clone(), read_only: None };
            Volume { name, persistent_volume_claim: Some(claim), ..Volume::default() }
        }
    }));
    volumes
}

pub(super) fn mounts(desktop: &Desktop<'_>) -> Vec<VolumeMount> {
    let leases = (desktop.container.place.gpus > 0).then_some(("leases", desktop.container.leases.as_str()));
    let fixed = [("dshm", "/dev/shm"), ("tmp", "/tmp")].into_iter().chain(leases);
    let fixed = fixed.map(|(name, path)| mount(name.to_owned(), path));
    fixed.chain(kept(desktop).map(|(name, path, _)| mount(name, path))).collect()
}

/// What outlives the pod; none where it need not.
pub(super) fn claims(desktop: &Desktop<'_>) -> Vec<PersistentVolumeClaim> {
    let claim = |(name, _, size): (String, &str, &str)| {
        let requests = BTreeMap::from([("storage".to_owned(), Quantity(size.to_owned()))]);
        let spec = PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements { limits: None, requests: Some(requests) }),
            ..PersistentVolumeClaimSpec::default()
        };
        PersistentVolumeClaim { metadata: desktop.metadata(&name), spec: Some(spec), status: None }
    };
    kept(desktop).filter(|_| desktop.cluster.claims).map(claim).collect()
}

/// Name, path and size.
fn kept(desktop: &Desktop<'_>) -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let named = |part: &str| format!("{}-{part}-vol", desktop.name);
    [(named("cache"), "/cache", "10Gi"), (named("root"), HOME, "20Gi")].into_iter()
}

fn empty(name: &str, source: EmptyDirVolumeSource) -> Volume {
    Volume { name: name.to_owned(), empty_dir: Some(source), ..Volume::default() }
}

fn mount(name: String, path: &str) -> VolumeMount {
    VolumeMount { name, mount_path: path.to_owned(), ..VolumeMount::default() }
}
