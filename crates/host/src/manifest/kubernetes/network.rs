//! How browsers reach a desktop.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort, ServiceSpec},
        networking::v1::{
            HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
            IngressServiceBackend, IngressSpec, IngressTLS, NetworkPolicy, NetworkPolicyIngressRule,
            NetworkPolicyPort, NetworkPolicySpec, ServiceBackendPort,
        },
    },
    apimachinery::pkg::util::intstr::IntOrString,
};

use super::Desktop;

/// TCP and UDP of one number.
pub(super) fn service(desktop: &Desktop<'_>) -> Service {
    let port = |name: &str, protocol: &str| ServicePort {
        name: Some(name.to_owned()),
        port: desktop.container.port.into(),
        protocol: Some(protocol.to_owned()),
        target_port: Some(IntOrString::String(name.to_owned())),
        ..ServicePort::default()
    };
    let spec = ServiceSpec {
        ports: Some(vec![port("http", "TCP"), port("webrtc", "UDP")]),
        selector: Some(desktop.labels()),
        ..ServiceSpec::default()
    };
    Service { metadata: desktop.metadata(&desktop.name.to_string()), spec: Some(spec), status: None }
}

/// Nothing but the one port is open, and a desktop may go wherever its user goes.
pub(super) fn policy(desktop: &Desktop<'_>) -> NetworkPolicy {
    let port = |protocol: &str| NetworkPolicyPort {
        port: Some(IntOrString::Int(desktop.container.port.into())),
        protocol: Some(protocol.to_owned()),
        end_port: None,
    };
    let rule = NetworkPolicyIngressRule { from: None, ports: Some(vec![port("TCP"), port("UDP")]) };
    let spec = NetworkPolicySpec {
        ingress: Some(vec![rule]),
        pod_selector: Some(desktop.selector()),
        policy_types: Some(vec!["Ingress".to_owned()]),
        egress: None,
    };
    NetworkPolicy { metadata: desktop.metadata(&desktop.name.to_string()), spec: Some(spec) }
}

/// For HTTPS and WebSocket; UDP goes past it. A WebSocket of a desktop is open for as long as somebody works there.
pub(super) fn ingress(desktop: &Desktop<'_>) -> Option<Ingress> {
    let host = desktop.cluster.host.as_ref()?;
    let host = if desktop.in_fleet { format!("{}.{host}", desktop.name) } else { host.to_string() };
    let tls =
        IngressTLS { hosts: Some(vec![host.clone()]), secret_name: Some(format!("{}-tls", desktop.name)) };
    let rule =
        IngressRule { host: Some(host), http: Some(HTTPIngressRuleValue { paths: vec![path(desktop)] }) };
    let spec = IngressSpec { rules: Some(vec![rule]), tls: Some(vec![tls]), ..IngressSpec::default() };
    let mut metadata = desktop.metadata(&desktop.name.to_string());
    let annotation =
        |(name, value): (&str, &str)| (format!("nginx.ingress.kubernetes.io/{name}"), value.to_owned());
    let annotations: BTreeMap<String, String> = ANNOTATIONS.into_iter().map(annotation).collect();
    metadata.annotations = Some(annotations);
    Some(Ingress { metadata, spec: Some(spec), status: None })
}

fn path(desktop: &Desktop<'_>) -> HTTPIngressPath {
    let port = ServiceBackendPort { name: Some("http".to_owned()), number: None };
    let service = IngressServiceBackend { name: desktop.name.to_string(), port: Some(port) };
    HTTPIngressPath {
        backend: IngressBackend { service: Some(service), resource: None },
        path: Some("/".to_owned()),
        path_type: "Prefix".to_owned(),
    }
}

/// In seconds where they are times; the usual minute would end the WebSocket of an idle desktop.
const ANNOTATIONS: [(&str, &str); 4] = [
    ("proxy-body-size", "0"),
    ("proxy-buffering", "off"),
    ("proxy-read-timeout", "86400"),
    ("proxy-send-timeout", "86400"),
];
