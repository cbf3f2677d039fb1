//! How browsers reach a desktop, and where it may go.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort, ServiceSpec},
        networking::v1::{
            HTTPIngressPath, HTTPIngressRuleValue, IPBlock, Ingress, IngressBackend, IngressRule,
            IngressServiceBackend, IngressSpec, IngressTLS, NetworkPolicy, NetworkPolicyEgressRule,
            NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
            ServiceBackendPort,
        },
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};

use super::{Exposure, desktop::Desktop, guacamole};

/// TCP and UDP of one number, and the web application beside the desktop.
pub(super) fn service(desktop: &Desktop<'_>) -> Service {
    let at_node = matches!(desktop.cluster.exposure, Exposure::NodePort(_)).then_some(desktop.port.into());
    let port = |name: &str, protocol: &str| ServicePort {
        name: Some(name.to_owned()),
        node_port: at_node,
        port: desktop.container.port.into(),
        protocol: Some(protocol.to_owned()),
        target_port: Some(IntOrString::String(name.to_owned())),
        ..ServicePort::default()
    };
    // Nobody is told the number of this one, so any port of the nodes will do.
    let beside = guacamole::web(desktop).map(|number| ServicePort {
        node_port: None,
        port: number.into(),
        ..port(guacamole::PORT, "TCP")
    });
    let (kind, policy) = match desktop.cluster.exposure {
        Exposure::ClusterIp | Exposure::HostNetwork => (None, None),
        Exposure::NodePort(_) => (Some("NodePort"), None),
        // Otherwise all viewers seem to come from the nodes, and share one limit on guessing passwords.
        Exposure::LoadBalancer => (Some("LoadBalancer"), Some("Local")),
    };
    let spec = ServiceSpec {
        external_traffic_policy: policy.map(str::to_owned),
        ports: Some([port("http", "TCP"), port("webrtc", "UDP")].into_iter().chain(beside).collect()),
        selector: Some(desktop.labels()),
        type_: kind.map(str::to_owned),
        ..ServiceSpec::default()
    };
    Service { metadata: desktop.metadata(&desktop.name.to_string()), spec: Some(spec), status: None }
}

/// Nothing but what browsers need is open. A desktop may go wherever its user goes, but not to the service of a cloud that
/// gives the rights of the node to whoever asks.
pub(super) fn policy(desktop: &Desktop<'_>) -> NetworkPolicy {
    let port = |number: u16, protocol: &str| NetworkPolicyPort {
        port: Some(IntOrString::Int(number.into())),
        protocol: Some(protocol.to_owned()),
        end_port: None,
    };
    let beside = guacamole::web(desktop).map(|number| port(number, "TCP"));
    let ports = [port(desktop.port, "TCP"), port(desktop.port, "UDP")].into_iter().chain(beside).collect();
    let ingress = NetworkPolicyIngressRule { from: None, ports: Some(ports) };
    // Addresses of pods are part of no block to some plugins.
    let pods = NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector::default()),
        ..NetworkPolicyPeer::default()
    };
    let block = |(cidr, except): (&str, &str)| {
        let block = IPBlock { cidr: cidr.to_owned(), except: Some(vec![except.to_owned()]) };
        NetworkPolicyPeer { ip_block: Some(block), ..NetworkPolicyPeer::default() }
    };
    let to = BLOCKS.into_iter().map(block).chain([pods]).collect();
    let spec = NetworkPolicySpec {
        ingress: Some(vec![ingress]),
        egress: Some(vec![NetworkPolicyEgressRule { ports: None, to: Some(to) }]),
        pod_selector: Some(desktop.selector()),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
    };
    NetworkPolicy { metadata: desktop.metadata(&desktop.name.to_string()), spec: Some(spec) }
}

/// For HTTPS and WebSocket; UDP goes past it. A WebSocket of a desktop is open for as long as somebody works there.
pub(super) fn ingress(desktop: &Desktop<'_>) -> Option<Ingress> {
    let host = desktop.cluster.host.as_ref()?;
    let host = if desktop.user.is_some() { format!("{}.{host}", desktop.name) } else { host.to_string() };
    let tls =
        IngressTLS { hosts: Some(vec![host.clone()]), secret_name: Some(format!("{}-tls", desktop.name)) };
    let beside = guacamole::web(desktop).map(|_| path(desktop, guacamole::PATH, guacamole::PORT));
    let paths = std::iter::once(path(desktop, "/", "http")).chain(beside).collect();
    let rule = IngressRule { host: Some(host), http: Some(HTTPIngressRuleValue { paths }) };
    let spec = IngressSpec { rules: Some(vec![rule]), tls: Some(vec![tls]), ..IngressSpec::default() };
    let mut metadata = desktop.metadata(&desktop.name.to_string());
    let annotation =
        |(name, value): (&str, &str)| (format!("nginx.ingress.kubernetes.io/{name}"), value.to_owned());
    let annotations: BTreeMap<String, String> = ANNOTATIONS.into_iter().map(annotation).collect();
    metadata.annotations = Some(annotations);
    Some(Ingress { metadata, spec: Some(spec), status: None })
}

fn path(desktop: &Desktop<'_>, path: &str, port: &str) -> HTTPIngressPath {
    let port = ServiceBackendPort { name: Some(port.to_owned()), number: None };
    let service = IngressServiceBackend { name: desktop.name.to_string(), port: Some(port) };
    HTTPIngressPath {
        backend: IngressBackend { service: Some(service), resource: None },
        path: Some(path.to_owned()),
        path_type: "Prefix".to_owned(),
    }
}

/// Everything, and the services for metadata of AWS, Google and Azure.
const BLOCKS: [(&str, &str); 2] = [("0.0.0.0/0", "169.254.169.254/32"), ("::/0", "fd00:ec2::254/128")];
/// In seconds where they are times; the usual minute would end the WebSocket of an idle desktop.
const ANNOTATIONS: [(&str, &str); 4] = [
    ("proxy-body-size", "0"),
    ("proxy-buffering", "off"),
    ("proxy-read-timeout", "86400"),
    ("proxy-send-timeout", "86400"),
];
