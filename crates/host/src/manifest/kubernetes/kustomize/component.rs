//! What can be done to the base, each computed from the objects before and after.

use serde_json::json;

use super::{
    super::{Cluster, Exposure, Object, desktop::desktops, guacamole, idle, network},
    bare,
    patch::{Operation, Patch, patches},
};
use crate::manifest::{Container, ManifestError};

/// One thing that can be done to the base.
pub(super) struct Component {
    pub(super) name: &'static str,
    /// What people should know before they use it.
    pub(super) note: &'static str,
    /// Components that must come before it.
    pub(super) needs: &'static [&'static str],
    /// Whether it was asked for.
    pub(super) is_chosen: bool,
    /// Objects to add, by their files.
    pub(super) resources: Vec<(String, Vec<Object>)>,
    pub(super) patches: Vec<Patch>,
}

/// Those that do not contradict the settings, in the order in which they are applied.
pub(super) fn components(container: &Container, cluster: &Cluster) -> Result<Vec<Component>, ManifestError> {
    let base = bare(container, cluster);
    let mut components = Vec::new();
    if !container.is_software() {
        components.extend(on_gpus(container, cluster, &base)?);
    }
    if !(container.is_software() || container.requires_gpu()) {
        components.push(software(&base)?);
    }
    components.extend(ingress(cluster, &base)?);
    components.extend(exposures(container, cluster, &base)?);
    components.push(sleep(cluster, &base)?);
    Ok(components)
}

type Base = (Container, Cluster);

fn on_gpus(container: &Container, cluster: &Cluster, base: &Base) -> Result<[Component; 2], ManifestError> {
    let mut with = base.clone();
    with.0.place.gpus = container.place.gpus.max(1);
    let mut shared = with.clone();
    shared.1.gpus.shared = true;
    let is_chosen = container.place.gpus > 0;
    let gpu = Component { is_chosen, ..changed("gpu", GPU, base, &with)? };
    let sharing = Component {
        is_chosen: is_chosen && cluster.gpus.shared,
        needs: &["gpu"],
        ..changed("shared-gpu", SHARED_GPU, &with, &shared)?
    };
    Ok([gpu, sharing])
}

fn software(base: &Base) -> Result<Component, ManifestError> {
    let set = json!({ "name": "COSMOS_SOFTWARE", "value": "true" });
    let add = Operation::add("/spec/template/spec/containers/0/env/-", set);
    let kind = workload(base)?;
    let patch = Patch { kind, name: None, operations: vec![add] };
    Ok(Component { patches: vec![patch], ..Component::named("software", SOFTWARE) })
}

/// The kind of all of them.
fn workload((container, cluster): &Base) -> Result<&'static str, ManifestError> {
    let desktops = desktops(container, cluster)?;
    let is_stateful = desktops.first().is_some_and(|desktop| desktop.is_stateful());
    Ok(if is_stateful { "StatefulSet" } else { "Deployment" })
}

/// None where no host is known.
fn ingress(cluster: &Cluster, base: &Base) -> Result<Option<Component>, ManifestError> {
    if cluster.host.is_none() {
        return Ok(None);
    }
    let with = Cluster { host: cluster.host.clone(), ..base.1.clone() };
    let desktops = desktops(&base.0, &with)?;
    let objects: Result<Vec<Object>, _> =
        desktops.iter().filter_map(network::ingress).map(|ingress| Object::of(&ingress)).collect();
    let resources = vec![("ingress.yaml".to_owned(), objects?)];
    Ok(Some(Component { is_chosen: true, resources, ..Component::named("ingress", INGRESS) }))
}

fn exposures(container: &Container, cluster: &Cluster, base: &Base) -> Result<Vec<Component>, ManifestError> {
    let first = if let Exposure::NodePort(first) = cluster.exposure { first } else { FIRST_NODE_PORT };
    [
        ("nodeport", NODE_PORT, Exposure::NodePort(first)),
        ("loadbalancer", LOAD_BALANCER, Exposure::LoadBalancer),
        ("hostnetwork", HOST_NETWORK, Exposure::HostNetwork),
    ]
    .into_iter()
    .filter(|(.., exposure)| guacamole::may_be_shown(container, *exposure))
    .map(|(name, note, exposure)| {
        let with = (base.0.clone(), Cluster { exposure, ..base.1.clone() });
        let is_chosen = cluster.exposure == exposure;
        Ok(Component { is_chosen, ..changed(name, note, base, &with)? })
    })
    .collect()
}

fn sleep(cluster: &Cluster, base: &Base) -> Result<Component, ManifestError> {
    let idle = Some(cluster.idle.clone().unwrap_or_default());
    let with = (base.0.clone(), Cluster { idle, ..base.1.clone() });
    let objects = idle::objects(&desktops(&with.0, &with.1)?)?;
    let resources = vec![("idle.yaml".to_owned(), objects)];
    Ok(Component { is_chosen: cluster.idle.is_some(), resources, ..changed("idle", IDLE, base, &with)? })
}

/// What leads from the objects of one to those of the other.
fn changed(
    name: &'static str,
    note: &'static str,
    before: &Base,
    after: &Base,
) -> Result<Component, ManifestError> {
    let patches = patches(&objects(before)?, &objects(after)?);
    Ok(Component { patches, ..Component::named(name, note) })
}

fn objects((container, cluster): &Base) -> Result<Vec<Object>, ManifestError> {
    let mut objects = Vec::new();
    for desktop in desktops(container, cluster)? {
        objects.extend(desktop.objects()?);
    }
    Ok(objects)
}

impl Component {
    fn named(name: &'static str, note: &'static str) -> Self {
        Self { name, note, needs: &[], is_chosen: false, resources: Vec::new(), patches: Vec::new() }
    }
}

const FIRST_NODE_PORT: u16 = 30080;
const GPU: &str = "Gives each desktop GPUs of NVIDIA. Needs NVIDIA's device plugin in the cluster.";
const SHARED_GPU: &str = "\
For GPUs that several pods get: their X servers mark the GPU they drive in a directory of the node.
Needs that directory on each node, open to all: install -d -m 1777 /run/lock/cosmos-gpu
Directories of nodes are refused by the Pod Security Standards baseline and restricted.";
const SOFTWARE: &str = "Draws and encodes on the CPU, also where there is a GPU.";
const INGRESS: &str = "\
HTTPS for the page, by the ingress controller of NGINX; WebSockets stay open for a day.
Needs the secret of the certificate that it names: kubectl create secret tls
UDP does not pass an ingress: the picture comes over a WebSocket, unless the browser reaches the address of the pod.";
const NODE_PORT: &str = "\
Opens one port, TCP and UDP, on all nodes.
UDP needs that browsers reach the address of the pod, which is the one they are told. Otherwise the picture comes
over a WebSocket, for which browsers want HTTPS.";
const LOAD_BALANCER: &str = "\
Asks the cloud for a load balancer. TCP and UDP on one need Kubernetes 1.26 and a cloud that offers both.
UDP needs that browsers reach the address of the pod, which is the one they are told. Otherwise the picture comes
over a WebSocket, for which browsers want HTTPS.";
const HOST_NETWORK: &str = "\
Opens the port, TCP and UDP, on the node that runs the desktop: one desktop for each node and port.
UDP needs that browsers reach the addresses of that node, and that a firewall lets UDP of that port in.
The network of nodes is refused by the Pod Security Standards baseline and restricted, and no network policy
holds there.";
const IDLE: &str = "\
Puts desktops to sleep that nobody watches: every five minutes a job asks each of them for its viewers.
To wake one: kubectl scale, with --replicas=1";
