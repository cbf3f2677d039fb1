//! Apache Guacamole in the pod of a desktop. It reaches its proxy and the desktop's port for VNC viewers at the loopback
//! of the pod, so that nothing but its web application is open.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container as PodContainer, EmptyDirVolumeSource, EnvVar, KeyToPath,
    Probe, ResourceRequirements, SecretVolumeSource, SecurityContext, Volume, VolumeMount,
};

use super::{
    Cluster, Exposure, Object,
    desktop::{Desktop, metadata},
    pod, volumes,
};
use crate::{
    manifest::{
        Container, ManifestError,
        guacamole::{Beside, LISTEN, LOOPBACK, PROXY_PORT, READER, USERS_FILE},
    },
    settings::VNC_PORT,
};

/// Whether Guacamole, where it is wanted, has a place in the pod.
pub(super) fn fits(desktop: &Desktop<'_>) -> Result<(), ManifestError> {
    let Some(web) = web(desktop) else { return Ok(()) };
    if !may_be_shown(desktop.container, desktop.cluster.exposure) {
        return Err(ManifestError::GuacamoleOnNode);
    }
    if pod::login(desktop).is_none() {
        return Err(ManifestError::GuacamolePassword);
    }
    // The port of the settings as well: files for kustomize begin with a desktop that has it.
    let mut ports = [desktop.port, desktop.container.port].into_iter();
    match ports.find(|port| [web, PROXY_PORT, VNC_PORT].contains(port)) {
        Some(port) => Err(ManifestError::GuacamolePort(port)),
        None => Ok(()),
    }
}

/// The loopback of a node belongs to all programs on it, and guacd asks nobody who they are.
pub(super) fn may_be_shown(container: &Container, exposure: Exposure) -> bool {
    !(container.guacamole && exposure == Exposure::HostNetwork)
}

/// The port of the web application.
pub(super) fn web(desktop: &Desktop<'_>) -> Option<u16> {
    desktop.container.guacamole.then(|| desktop.container.web_port())
}

/// The command that makes the file of users, from the password that the cluster has.
pub(super) fn users_to_make(desktop: &Desktop<'_>) -> Option<String> {
    let login = pod::login(desktop).filter(|_| desktop.container.guacamole)?;
    let (name, key, namespace) = (&login.name, &login.key, desktop.namespace());
    let print = desktop.container.mapping_command(LOOPBACK, login.setting, "/dev/stdin");
    let make = pod::secret_to_make(desktop, &users(desktop), USERS_FILE);
    Some(format!(
        "kubectl get secret {name}{namespace} -o 'jsonpath={{.data.{key}}}' | base64 -d | {print} | {make}"
    ))
}

/// Puts the desktop's port for VNC viewers where only its own pod reaches it.
pub(super) fn keep_to_pod(desktop: &Desktop<'_>, variables: &mut [EnvVar]) {
    let listen = variables.iter_mut().find(|variable| variable.name == LISTEN);
    if let Some(variable) = listen.filter(|_| desktop.container.guacamole) {
        variable.value = Some(format!("{LOOPBACK}:{VNC_PORT}"));
    }
}

pub(super) fn containers(desktop: &Desktop<'_>) -> impl Iterator<Item = PodContainer> {
    desktop.container.beside().iter().map(|beside| container(beside, desktop))
}

fn container(beside: &Beside, desktop: &Desktop<'_>) -> PodContainer {
    let words: Vec<String> = beside.in_pod.command.iter().map(|word| (*word).to_owned()).collect();
    let variables: Vec<EnvVar> =
        beside.variables_at(|_| LOOPBACK.to_owned()).map(|(name, value)| pod::plain(&name, &value)).collect();
    let port = beside.web.and(web(desktop));
    PodContainer {
        name: format!("{}-{}", desktop.name, beside.suffix),
        image: Some(beside.image.to_owned()),
        command: (!words.is_empty()).then_some(words),
        env: (!variables.is_empty()).then_some(variables),
        ports: port.map(|number| vec![pod::port(number, PORT, "TCP")]),
        resources: Some(resources(beside)),
        security_context: Some(security()),
        // Not one of readiness: without Guacamole the desktop can still be seen.
        liveness_probe: port.map(|_| probe()),
        volume_mounts: beside.users.map(mounts),
        ..PodContainer::default()
    }
}

fn resources(beside: &Beside) -> ResourceRequirements {
    let [sure, most] = beside.in_pod.memory;
    ResourceRequirements {
        claims: None,
        limits: Some(pod::quantities(&[("memory", most)])),
        requests: Some(pod::quantities(&[("cpu", "100m"), ("memory", sure)])),
    }
}

/// As the desktop's, for another user: programs of the desktop are none of its business.
fn security() -> SecurityContext {
    SecurityContext {
        run_as_user: Some(READER.into()),
        run_as_group: Some(READER.into()),
        ..pod::of_container()
    }
}

/// Java takes its time to start.
fn probe() -> Probe {
    Probe { initial_delay_seconds: Some(60), ..pod::probe(PORT, &format!("{PATH}/"), 10, 6) }
}

pub(super) fn volumes(desktop: &Desktop<'_>) -> Vec<Volume> {
    if !desktop.container.guacamole {
        return Vec::new();
    }
    let item = KeyToPath { key: USERS_FILE.to_owned(), path: USERS_FILE.to_owned(), mode: None };
    let users = SecretVolumeSource {
        // The group of all volumes of the pod reads it; no other container has it.
        default_mode: Some(0o440),
        items: Some(vec![item]),
        secret_name: Some(users(desktop)),
        ..SecretVolumeSource::default()
    };
    let server =
        ConfigMapVolumeSource { name: server_name(desktop.container), ..ConfigMapVolumeSource::default() };
    let volume = |name: &str| Volume { name: name.to_owned(), ..Volume::default() };
    vec![
        Volume { secret: Some(users), ..volume(USERS_VOLUME) },
        Volume { config_map: Some(server), ..volume(SERVER_VOLUME) },
        volumes::empty(TMP_VOLUME, EmptyDirVolumeSource::default()),
    ]
}

fn mounts(users: &str) -> Vec<VolumeMount> {
    let fixed = |name, path| VolumeMount { read_only: Some(true), ..volumes::mount(name, path) };
    let path = format!("/usr/local/tomcat/conf/{SERVER_FILE}");
    vec![
        fixed(USERS_VOLUME, users),
        // One file among others of the image.
        VolumeMount { sub_path: Some(SERVER_FILE.to_owned()), ..fixed(SERVER_VOLUME, &path) },
        volumes::mount(TMP_VOLUME, "/tmp"),
    ]
}

/// The name of the secret that holds the file of users.
fn users(desktop: &Desktop<'_>) -> String {
    format!("{}-guacamole", desktop.name)
}

/// What the web server of the web application reads: its image serves on the very port that a desktop usually has, and the
/// two share a network. There is no port that ends it, for programs of the desktop would reach that.
pub(super) fn server(container: &Container, cluster: &Cluster) -> Result<Option<Object>, ManifestError> {
    if !container.guacamole {
        return Ok(None);
    }
    let text = SERVER.replace("PORT", &container.web_port().to_string());
    let map = ConfigMap {
        metadata: metadata(container, cluster, &server_name(container), BTreeMap::new()),
        data: Some(BTreeMap::from([(SERVER_FILE.to_owned(), text)])),
        ..ConfigMap::default()
    };
    Object::of(&map).map(Some)
}

fn server_name(container: &Container) -> String {
    format!("{}-guacamole", container.place.name)
}

/// The name of the web application's port.
pub(super) const PORT: &str = "guacamole";
/// Where the web application is found below its port.
pub(super) const PATH: &str = "/guacamole";
const SERVER: &str = include_str!("guacamole.xml");
const SERVER_FILE: &str = "server.xml";
const USERS_VOLUME: &str = "guacamole-users";
const SERVER_VOLUME: &str = "guacamole-server";
const TMP_VOLUME: &str = "guacamole-tmp";
