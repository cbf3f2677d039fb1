//! The pod: the container of the desktop, and those beside it, all without privileges.

use std::{collections::BTreeMap, net::SocketAddr};

use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, PodSecurityContext,
        PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecretKeySelector,
        SecurityContext,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};

use super::{Exposure, desktop::Desktop, guacamole, volumes};
use crate::manifest::{CAPABILITIES, LOGINS, USER};

/// A variable, and the name and the key of the secret that holds its value.
pub(super) struct Reference {
    variable: &'static str,
    pub(super) name: String,
    pub(super) key: String,
    /// The key of its setting.
    pub(super) setting: &'static str,
}

pub(super) fn template(desktop: &Desktop<'_>) -> PodTemplateSpec {
    let on_node = desktop.cluster.exposure == Exposure::HostNetwork;
    let spec = PodSpec {
        automount_service_account_token: Some(false),
        containers: std::iter::once(container(desktop)).chain(guacamole::containers(desktop)).collect(),
        // The names of the cluster are still wanted there.
        dns_policy: on_node.then(|| "ClusterFirstWithHostNet".to_owned()),
        // A service named cosmos would set variables that begin as those of the settings do.
        enable_service_links: Some(false),
        host_network: on_node.then_some(true),
        hostname: Some(desktop.name.to_string()),
        security_context: Some(of_pod()),
        service_account_name: Some(desktop.container.place.name.to_string()),
        volumes: Some(volumes::volumes(desktop)),
        ..PodSpec::default()
    };
    let metadata = ObjectMeta { labels: Some(desktop.labels()), ..ObjectMeta::default() };
    PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) }
}

/// The commands that make the secrets, which are typed into them.
pub(super) fn secrets_to_make(desktop: &Desktop<'_>) -> Vec<String> {
    secrets(desktop).iter().map(|secret| secret_to_make(desktop, &secret.name, &secret.key)).collect()
}

/// The command that makes a secret of what it reads.
pub(super) fn secret_to_make(desktop: &Desktop<'_>, name: &str, key: &str) -> String {
    format!("kubectl create secret generic {name}{} --from-file={key}=/dev/stdin", desktop.namespace())
}

/// What the user of a desktop logs in with; none where nobody is asked.
pub(super) fn login(desktop: &Desktop<'_>) -> Option<Reference> {
    secrets(desktop)
        .into_iter()
        .filter(|_| desktop.container.asks_password)
        .find(|secret| LOGINS.contains(&secret.setting))
}

/// The secrets of a desktop. Without a password each start of the pod would make another, so there is always one. The
/// desktops of a fleet share all secrets but those that let in.
fn secrets(desktop: &Desktop<'_>) -> Vec<Reference> {
    let set = desktop.container.secrets.iter().map(|secret| (secret.key, secret.variable));
    let mut wanted: Vec<(&'static str, &'static str)> = set.collect();
    let has_login = wanted.iter().any(|(key, _)| LOGINS.contains(key));
    if desktop.container.asks_password && !has_login {
        wanted.push((LOGINS[0], "COSMOS_PASSWORD"));
    }
    let reference = |(setting, variable): (&'static str, &'static str)| {
        let plain = if setting == LOGINS[0] { "my-pass".to_owned() } else { setting.replace('_', "-") };
        let own = desktop.user.is_some() && (LOGINS.contains(&setting) || setting == "view_password");
        let name = if own { format!("{}-{plain}", desktop.name) } else { plain.clone() };
        Reference { variable, setting, name, key: plain }
    };
    wanted.into_iter().map(reference).collect()
}

fn container(desktop: &Desktop<'_>) -> Container {
    Container {
        name: desktop.name.to_string(),
        image: Some(desktop.container.place.image.to_string()),
        env: Some(variables(desktop)),
        ports: Some(vec![port(desktop.port, "http", "TCP"), port(desktop.port, "webrtc", "UDP")]),
        resources: Some(resources(desktop)),
        security_context: Some(of_container()),
        startup_probe: Some(probe("http", SERVES, 2, 90)),
        readiness_probe: Some(probe("http", READY, 5, 2)),
        liveness_probe: Some(probe("http", SERVES, 10, 6)),
        volume_mounts: Some(volumes::mounts(desktop)),
        ..Container::default()
    }
}

fn variables(desktop: &Desktop<'_>) -> Vec<EnvVar> {
    let secret = |Reference { variable, name, key, .. }: Reference| {
        let selector = SecretKeySelector { name, key, optional: None };
        let source = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
        EnvVar { name: variable.to_owned(), value: None, value_from: Some(source) }
    };
    let gpu = (desktop.container.place.gpus > 0)
        .then(|| plain("NVIDIA_DRIVER_CAPABILITIES", &CAPABILITIES.join(",")));
    let (leases, set): (Vec<_>, Vec<_>) =
        desktop.container.variables.iter().partition(|(name, _)| *name == "COSMOS_LEASE_DIR");
    let printed = |variables: Vec<&(&str, String)>| -> Vec<EnvVar> {
        variables.into_iter().map(|(name, value)| plain(name, value)).collect()
    };
    let mut variables = printed(set);
    variables.extend(secrets(desktop).into_iter().map(secret));
    variables.extend(gpu);
    if volumes::marks_gpus(desktop) {
        variables.extend(printed(leases));
    }
    if desktop.port != desktop.container.port {
        listen(desktop.port, &mut variables);
    }
    guacamole::keep_to_pod(desktop, &mut variables);
    variables
}

pub(super) fn plain(name: &str, value: &str) -> EnvVar {
    // Kubernetes puts variables in the place of $(NAME), and a dollar sign in that of $$.
    EnvVar { name: name.to_owned(), value: Some(value.replace('$', "$$")), value_from: None }
}

/// Puts the port where the settings have none, or another.
fn listen(port: u16, variables: &mut Vec<EnvVar>) {
    let set = variables.iter_mut().find(|variable| variable.name == "COSMOS_LISTEN");
    let place = set.as_ref().and_then(|variable| variable.value.as_deref()?.parse::<SocketAddr>().ok());
    let mut place = place.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], port)));
    place.set_port(port);
    let value = Some(place.to_string());
    match set {
        Some(variable) => variable.value = value,
        None => variables.push(EnvVar { name: "COSMOS_LISTEN".to_owned(), value, value_from: None }),
    }
}

pub(super) fn port(number: u16, name: &str, protocol: &str) -> ContainerPort {
    ContainerPort {
        container_port: number.into(),
        name: Some(name.to_owned()),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    }
}

fn resources(desktop: &Desktop<'_>) -> ResourceRequirements {
    let mut limits = quantities(&[("memory", "8Gi")]);
    let gpus = desktop.container.place.gpus;
    if gpus > 0 {
        limits.insert(desktop.cluster.gpus.resource.to_string(), Quantity(gpus.to_string()));
    }
    let requests = quantities(&[("cpu", "1"), ("memory", "2Gi")]);
    ResourceRequirements { claims: None, limits: Some(limits), requests: Some(requests) }
}

pub(super) fn quantities(pairs: &[(&str, &str)]) -> BTreeMap<String, Quantity> {
    pairs.iter().map(|(name, quantity)| ((*name).to_owned(), Quantity((*quantity).to_owned()))).collect()
}

/// Asks the port of that name for a path.
pub(super) fn probe(port: &str, path: &str, period_s: i32, failures: i32) -> Probe {
    let port = IntOrString::String(port.to_owned());
    let get = HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() };
    Probe {
        http_get: Some(get),
        period_seconds: Some(period_s),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

fn of_pod() -> PodSecurityContext {
    let seccomp = SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None };
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(USER.into()),
        run_as_group: Some(USER.into()),
        fs_group: Some(USER.into()),
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(seccomp),
        ..PodSecurityContext::default()
    }
}

pub(super) fn of_container() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

/// Answers as soon as the page is served.
const SERVES: &str = "/healthz";
/// Answers well while the desktop can be seen.
const READY: &str = "/readyz";
