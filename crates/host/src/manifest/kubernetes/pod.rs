//! The pod: one container without privileges.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, PodSecurityContext,
        PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecretKeySelector,
        SecurityContext,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};

use super::{Desktop, volumes};
use crate::manifest::{CAPABILITIES, USER};

pub(super) fn template(desktop: &Desktop<'_>) -> PodTemplateSpec {
    let spec = PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container(desktop)],
        // A service named cosmos would set variables that begin as those of the settings do.
        enable_service_links: Some(false),
        hostname: Some(desktop.name.to_string()),
        security_context: Some(of_pod()),
        volumes: Some(volumes::volumes(desktop)),
        ..PodSpec::default()
    };
    let metadata = ObjectMeta { labels: Some(desktop.labels()), ..ObjectMeta::default() };
    PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) }
}

/// The commands that make the secrets, as comments.
pub(super) fn secrets_to_make(desktop: &Desktop<'_>) -> Vec<String> {
    let make = |(_, name, key): (&str, String, String)| {
        format!(
            "# First: kubectl create secret generic {name} --from-file={key}=/dev/stdin; type the secret and press \
             Ctrl-D twice\n"
        )
    };
    secrets(desktop).into_iter().map(make).collect()
}

/// Variables, and the names and keys of the secrets that hold their values. Without a password each start of the pod
/// would make another, so there is always one. The desktops of a fleet share all secrets but those that let in.
fn secrets(desktop: &Desktop<'_>) -> Vec<(&'static str, String, String)> {
    let set = desktop.container.secrets.iter().map(|secret| (secret.key, secret.variable));
    let mut wanted: Vec<(&str, &'static str)> = set.collect();
    let has_login = wanted.iter().any(|(key, _)| LOGINS.contains(key));
    if desktop.container.asks_password && !has_login {
        wanted.push((LOGINS[0], "COSMOS_PASSWORD"));
    }
    let reference = |(key, variable): (&str, &'static str)| {
        let plain = if key == LOGINS[0] { "my-pass".to_owned() } else { key.replace('_', "-") };
        let own = desktop.in_fleet && (LOGINS.contains(&key) || key == "view_password");
        let name = if own { format!("{}-{plain}", desktop.name) } else { plain.clone() };
        (variable, name, plain)
    };
    wanted.into_iter().map(reference).collect()
}

fn container(desktop: &Desktop<'_>) -> Container {
    Container {
        name: desktop.name.to_string(),
        image: Some(desktop.container.place.image.to_string()),
        env: Some(variables(desktop)),
        ports: Some(vec![port(desktop, "http", "TCP"), port(desktop, "webrtc", "UDP")]),
        resources: Some(resources(desktop.container.place.gpus)),
        security_context: Some(of_container()),
        startup_probe: Some(probe(2, 90)),
        readiness_probe: Some(probe(5, 2)),
        liveness_probe: Some(probe(10, 6)),
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
    let secret = |(variable, name, key): (&str, String, String)| {
        let selector = SecretKeySelector { name, key, optional: None };
        let source = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
        EnvVar { name: variable.to_owned(), value: None, value_from: Some(source) }
    };
    let gpu = (desktop.container.place.gpus > 0)
        .then(|| plain("NVIDIA_DRIVER_CAPABILITIES", &CAPABILITIES.join(",")));
    let set = desktop.container.variables.iter().map(|(name, value)| plain(name, value));
    set.chain(gpu).chain(secrets(desktop).into_iter().map(secret)).collect()
}

fn port(desktop: &Desktop<'_>, name: &str, protocol: &str) -> ContainerPort {
    ContainerPort {
        container_port: desktop.container.port.into(),
        name: Some(name.to_owned()),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    }
}

fn resources(gpus: u16) -> ResourceRequirements {
    let quantities = |pairs: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        pairs.iter().map(|(name, quantity)| ((*name).to_owned(), Quantity((*quantity).to_owned()))).collect()
    };
    let mut limits = quantities(&[("memory", "8Gi")]);
    if gpus > 0 {
        limits.insert("nvidia.com/gpu".to_owned(), Quantity(gpus.to_string()));
    }
    let requests = quantities(&[("cpu", "1"), ("memory", "2Gi")]);
    ResourceRequirements { claims: None, limits: Some(limits), requests: Some(requests) }
}

fn probe(period_s: i32, failures: i32) -> Probe {
    let port = IntOrString::String("http".to_owned());
    let get = HTTPGetAction { path: Some("/healthz".to_owned()), port, ..HTTPGetAction::default() };
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

/// The settings that let people in, the usual one first.
const LOGINS: [&str; 2] = ["password", "account_password"];
