//! Objects for Kubernetes: a workload, its volumes, a service, and what lets people in.

mod network;
mod pod;
mod volumes;

use std::collections::BTreeMap;

use super::{Container, HostName, ManifestError, Name, compose::yaml};
use k8s_openapi::{
    api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, StatefulSet, StatefulSetSpec},
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};

/// What a cluster gives to desktops.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// How many desktops.
    pub users: Users,
    /// Whether home and cache outlive the pod, in claims on persistent volumes.
    pub claims: bool,
    /// The host under which browsers find it; those of a fleet have the name of the desktop before it.
    pub host: Option<HostName>,
}

/// How many desktops there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Users {
    /// One, as a Deployment.
    #[default]
    One,
    /// One for each of so many users, each a StatefulSet with a name, a password and volumes of its own.
    Each(u16),
}

/// One desktop in a cluster.
struct Desktop<'a> {
    container: &'a Container,
    cluster: &'a Cluster,
    name: Name,
    in_fleet: bool,
}

/// The objects as one text of several documents, and what must be done before as comments.
///
/// # Errors
/// [`ManifestError::Print`].
pub fn kubernetes(container: &Container, cluster: &Cluster) -> Result<String, ManifestError> {
    let desktops = desktops(container, cluster);
    let mut commands: Vec<String> = desktops.iter().flat_map(pod::secrets_to_make).collect();
    commands.sort();
    commands.dedup();
    let mut documents = Vec::new();
    for desktop in &desktops {
        documents.extend(desktop.documents()?);
    }
    Ok(commands.concat() + &documents.join("---\n"))
}

fn desktops<'a>(container: &'a Container, cluster: &'a Cluster) -> Vec<Desktop<'a>> {
    let desktop = |name, in_fleet| Desktop { container, cluster, name, in_fleet };
    let name = &container.place.name;
    match cluster.users {
        Users::One => vec![desktop(name.clone(), false)],
        Users::Each(users) => (0..users).map(|user| desktop(name.numbered(user), true)).collect(),
    }
}

impl Desktop<'_> {
    fn documents(&self) -> Result<Vec<String>, ManifestError> {
        let mut documents = Vec::new();
        for claim in volumes::claims(self) {
            documents.push(yaml(&claim)?);
        }
        documents.push(self.workload()?);
        documents.push(yaml(&network::service(self))?);
        documents.push(yaml(&network::policy(self))?);
        documents.extend(network::ingress(self).map(|ingress| yaml(&ingress)).transpose()?);
        Ok(documents)
    }

    fn workload(&self) -> Result<String, ManifestError> {
        if self.in_fleet { yaml(&self.stateful_set()) } else { yaml(&self.deployment()) }
    }

    /// Two pods of one desktop would fight over its GPU and its volumes, so the old one ends first.
    fn deployment(&self) -> Deployment {
        let strategy = DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None };
        let spec = DeploymentSpec {
            replicas: Some(1),
            selector: self.selector(),
            strategy: Some(strategy),
            template: pod::template(self),
            ..DeploymentSpec::default()
        };
        Deployment { metadata: self.metadata(&self.name.to_string()), spec: Some(spec), status: None }
    }

    fn stateful_set(&self) -> StatefulSet {
        let spec = StatefulSetSpec {
            replicas: Some(1),
            selector: self.selector(),
            service_name: Some(self.name.to_string()),
            template: pod::template(self),
            ..StatefulSetSpec::default()
        };
        StatefulSet { metadata: self.metadata(&self.name.to_string()), spec: Some(spec), status: None }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("app".to_owned(), self.name.to_string())])
    }

    fn selector(&self) -> LabelSelector {
        LabelSelector { match_labels: Some(self.labels()), match_expressions: None }
    }

    fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta { name: Some(name.to_owned()), labels: Some(self.labels()), ..ObjectMeta::default() }
    }
}
