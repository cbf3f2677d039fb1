//! The pod: one container without privileges.

use std::{collections::BTreeMap, net::SocketAddr};

use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, PodSecurityContext,
        PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecretKeySelector,
        SecurityContext,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};

use super::{Exposure, desktop::Desktop, volumes};
use crate::manifest::{CAPABILITIES, USER};

/// A variable, and the name and the key of the secret that holds its value.
pub(super) struct Reference {
    variable: &'static str,
    pub(super) name: String,
    pub(super) key: String,
    /// Whether it lets its owner in.
    lets_in: bool,
}

pub(super) fn template(desktop: &Desktop<'_>) -> PodTemplateSpec {
    let on_node = desktop.cluster.exposure == Exposure::HostNetwork;
    let spec = PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container(desktop)],
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
    let namespace = desktop.cluster.namespace.as_ref().map(|name| format!(" -n {name}")).unwrap_or_default();
    let make = |Reference { name, key, .. }: Reference| {
        format!("kubectl create secret generic {name}{namespace} --from-file={key}=/dev/stdin")
    };
    secrets(desktop).into_iter().map(make).collect()
}

/// What the user of a desktop logs in with; none where nobody is asked.
pub(super) fn login(desktop: &Desktop<'_>) -> Option<Reference> {
    secrets(desktop).into_iter().filter(|_| desktop.container.asks_password).find(|secret| secret.lets_in)
}

/// The secrets of a desktop. Without a password each start of the pod would make another, so there is always one. The
/// desktops of a fleet share all secrets but those that let in.
fn secrets(desktop: &Desktop<'_>) -> Vec<Reference> {
    let set = desktop.container.secrets.iter().map(|secret| (secret.key, secret.variable));
    let mut wanted: Vec<(&str, &'static str)> = set.collect();
    let has_login = wanted.iter().any(|(key, _)| LOGINS.contains(key));
    if desktop.container.asks_password && !has_login {
        wanted.push((LOGINS[0], "COSMOS_PASSWORD"));
    }
    let reference = |(key, variable): (&str, &'static str)| {
        let lets_in = LOGINS.contains(&key);
        let plain = if key == LOGINS[0] { "my-pass".to_owned() } else { key.replace('_', "-") };
        let own = desktop.user.is_some() && (lets_in || key == "view_password");
        let name = if own { format!("{}-{plain}", desktop.name) } else { plain.clone() };
        Reference { variable, name, key: plain, lets_in }
    };
    wanted.into_iter().map(reference).collect()
}

fn container(desktop: &Desktop<'_>) -> Container {
    Container {
        name: desktop.name.to_string(),
        image: Some(desktop.container.place.image.to_string()),
        env: Some(variables(desktop)),
        ports: Some(vec![port(desktop, "http", "TCP"), port(desktop, "webrtc", "UDP")]),
        resources: Some(resources(desktop)),
        security_context: Some(of_container()),
        startup_probe: Some(probe(SERVES, 2, 90)),
        readiness_probe: Some(probe(READY, 5, 2)),
        liveness_probe: Some(probe(SERVES, 10, 6)),
        volume_mounts: Some(volumes::mounts(desktop)),
        ..Container::default()
    }
}

fn variables(desktop: &Desktop<'_>) -> Vec<EnvVar> {
    let plain = |name: &str, value: &str| EnvVar {
        name: name.to_owned(),
        // Kubernetes puts variables in the place of $(NAME), and a dollar sign in that of $$.
        value: Some(value.replace('$', "$$")),
        value_from: None,
    };
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
    variables
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

fn port(desktop: &Desktop<'_>, name: &str, protocol: &str) -> ContainerPort {
    ContainerPort {
        container_port: desktop.port.into(),
        name: Some(name.to_owned()),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    }
}

fn resources(desktop: &Desktop<'_>) -> ResourceRequirements {
    let quantities = |pairs: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        pairs.iter().map(|(name, quantity)| ((*name).to_owned(), Quantity((*quantity).to_owned()))).collect()
    };
    let mut limits = quantities(&[("memory", "8Gi")]);
    let gpus = desktop.container.place.gpus;
    if gpus > 0 {
        limits.insert(desktop.cluster.gpus.resource.to_string(), Quantity(gpus.to_string()));
    }
    let requests = quantities(&[("cpu", "1"), ("memory", "2Gi")]);
    ResourceRequirements { claims: None, limits: Some(limits), requests: Some(requests) }
}

fn probe(path: &str, period_s: i32, failures: i32) -> Probe {
    let port = IntOrString::String("http".to_owned());
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

fn of_container() -> SecurityContext {
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
/// The settings that let people in, the usual one first.
const LOGINS: [&str; 2] = ["password", "account_password"];
