//! Volumes of a pod, and claims on persistent ones.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        EmptyDirVolumeSource, HostPathVolumeSource, PersistentVolumeClaim, PersistentVolumeClaimSpec,
        PersistentVolumeClaimVolumeSource, Volume, VolumeMount, VolumeResourceRequirements,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};

use super::{StorageSize, VolumeKind, desktop::Desktop, guacamole};
use crate::manifest::HOME;

/// What a desktop keeps beyond its container.
struct Kept<'a> {
    name: String,
    path: &'static str,
    kind: &'a VolumeKind,
    size: &'a StorageSize,
}

pub(super) fn volumes(desktop: &Desktop<'_>) -> Vec<Volume> {
    let shared = EmptyDirVolumeSource {
        medium: Some("Memory".to_owned()),
        size_limit: Some(Quantity("1Gi".to_owned())),
    };
    let mut volumes = vec![empty("dshm", shared), empty("tmp", EmptyDirVolumeSource::default())];
    volumes.extend(kept(desktop).iter().filter_map(|kept| volume(desktop, kept)));
    volumes.extend(guacamole::volumes(desktop));
    volumes.extend(marks_gpus(desktop).then(|| leases(desktop)));
    volumes
}

pub(super) fn mounts(desktop: &Desktop<'_>) -> Vec<VolumeMount> {
    let mut mounts = vec![mount("dshm", "/dev/shm"), mount("tmp", "/tmp")];
    mounts.extend(kept(desktop).iter().map(|kept| mount(&kept.name, kept.path)));
    mounts.extend(marks_gpus(desktop).then(|| mount("leases", &desktop.container.leases)));
    mounts
}

/// Claims that are ours to make.
pub(super) fn claims(desktop: &Desktop<'_>) -> Vec<PersistentVolumeClaim> {
    let claim = |kept: Kept<'_>| {
        let metadata = desktop.metadata(&kept.name);
        PersistentVolumeClaim { metadata, spec: Some(claim_spec(desktop, &kept)), status: None }
    };
    kept(desktop).into_iter().filter(|kept| *kept.kind == VolumeKind::Claim).map(claim).collect()
}

/// Claims that the cluster makes with the pod.
pub(super) fn claim_templates(desktop: &Desktop<'_>) -> Vec<PersistentVolumeClaim> {
    let claim = |kept: Kept<'_>| {
        let labels = Some(desktop.labels());
        let metadata = ObjectMeta { name: Some(kept.name.clone()), labels, ..ObjectMeta::default() };
        PersistentVolumeClaim { metadata, spec: Some(claim_spec(desktop, &kept)), status: None }
    };
    kept(desktop).into_iter().filter(|kept| *kept.kind == VolumeKind::Template).map(claim).collect()
}

fn kept<'a>(desktop: &'a Desktop<'_>) -> [Kept<'a>; 2] {
    let storage = &desktop.cluster.storage;
    let named = |part: &str| format!("{}-{part}-vol", desktop.name);
    [
        Kept { name: named("cache"), path: "/cache", kind: &storage.cache, size: &storage.cache_size },
        Kept { name: named("root"), path: HOME, kind: &storage.home, size: &storage.home_size },
    ]
}

/// A template brings its own.
fn volume(desktop: &Desktop<'_>, kept: &Kept<'_>) -> Option<Volume> {
    let claimed = |claim_name: String| {
        let claim = PersistentVolumeClaimVolumeSource { claim_name, read_only: None };
        Volume { name: kept.name.clone(), persistent_volume_claim: Some(claim), ..Volume::default() }
    };
    match (kept.kind, desktop.user) {
        (VolumeKind::Template, _) => None,
        (VolumeKind::Empty, _) => Some(empty(&kept.name, EmptyDirVolumeSource::default())),
        (VolumeKind::Claim, _) => Some(claimed(kept.name.clone())),
        (VolumeKind::Existing(name), None) => Some(claimed(name.to_string())),
        (VolumeKind::Existing(name), Some(user)) => Some(claimed(format!("{name}-{user}"))),
    }
}

/// Where a GPU belongs to one pod, nobody else needs to see who drives it; and a volume of a pod, which all of its
/// users may rename files in, is no place for leases.
pub(super) fn marks_gpus(desktop: &Desktop<'_>) -> bool {
    desktop.container.place.gpus > 0 && desktop.cluster.gpus.shared
}

fn leases(desktop: &Desktop<'_>) -> Volume {
    let path = desktop.container.leases.clone();
    let source = HostPathVolumeSource { path, type_: Some("Directory".to_owned()) };
    Volume { name: "leases".to_owned(), host_path: Some(source), ..Volume::default() }
}

fn claim_spec(desktop: &Desktop<'_>, kept: &Kept<'_>) -> PersistentVolumeClaimSpec {
    let requests = BTreeMap::from([("storage".to_owned(), Quantity(kept.size.to_string()))]);
    PersistentVolumeClaimSpec {
        access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
        resources: Some(VolumeResourceRequirements { limits: None, requests: Some(requests) }),
        storage_class_name: desktop.cluster.storage.class.as_ref().map(ToString::to_string),
        ..PersistentVolumeClaimSpec::default()
    }
}

pub(super) fn empty(name: &str, source: EmptyDirVolumeSource) -> Volume {
    Volume { name: name.to_owned(), empty_dir: Some(source), ..Volume::default() }
}

pub(super) fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}
