//! One desktop in a cluster, and the workload that runs it.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, StatefulSet, StatefulSetSpec},
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};

use super::{Cluster, Exposure, Object, UserName, Users, VolumeKind, guacamole, network, pod, volumes};
use crate::manifest::{Container, ManifestError, Name};

/// One desktop in a cluster.
pub(super) struct Desktop<'a> {
    pub(super) container: &'a Container,
    pub(super) cluster: &'a Cluster,
    pub(super) name: Name,
    /// Whose it is, in a fleet.
    pub(super) user: Option<&'a UserName>,
    /// Of TCP and UDP, in the pod.
    pub(super) port: u16,
}

pub(super) fn desktops<'a>(
    container: &'a Container,
    cluster: &'a Cluster,
) -> Result<Vec<Desktop<'a>>, ManifestError> {
    let name = &container.place.name;
    let named: Vec<(Name, Option<&UserName>)> = match &cluster.users {
        Users::One => vec![(name.clone(), None)],
        Users::Each(fleet) => {
            let named = |user| Ok((name.of_user(user)?, Some(user)));
            fleet.users().iter().map(named).collect::<Result<_, ManifestError>>()?
        }
    };
    let ports = ports(container, cluster, named.len())?;
    let desktop = |((name, user), port): ((Name, _), u16)| Desktop { container, cluster, name, user, port };
    let desktops: Vec<Desktop<'_>> = named.into_iter().zip(ports).map(desktop).collect();
    desktops.iter().try_for_each(guacamole::fits)?;
    Ok(desktops)
}

/// Browsers are told the number inside, so a port of the nodes is that of the desktop.
fn ports(container: &Container, cluster: &Cluster, desktops: usize) -> Result<Vec<u16>, ManifestError> {
    let Exposure::NodePort(first) = cluster.exposure else { return Ok(vec![container.port; desktops]) };
    let ports: Vec<u16> = (first..=u16::MAX).take(desktops).collect();
    match first >= FIRST_UNPRIVILEGED && ports.len() == desktops {
        true => Ok(ports),
        false => Err(ManifestError::NodePort { first, desktops }),
    }
}

impl Desktop<'_> {
    /// Everything but what lets people in from outside.
    pub(super) fn objects(&self) -> Result<Vec<Object>, ManifestError> {
        let claims = volumes::claims(self);
        let mut objects: Vec<Object> = claims.iter().map(Object::of).collect::<Result<_, _>>()?;
        objects.push(self.workload()?);
        objects.push(Object::of(&network::service(self))?);
        objects.push(Object::of(&network::policy(self))?);
        Ok(objects)
    }

    pub(super) fn workload(&self) -> Result<Object, ManifestError> {
        if self.is_stateful() { Object::of(&self.stateful_set()) } else { Object::of(&self.deployment()) }
    }

    /// A StatefulSet keeps a claim to its pod, and a name to a user.
    pub(super) fn is_stateful(&self) -> bool {
        let storage = &self.cluster.storage;
        self.user.is_some() || [&storage.home, &storage.cache].contains(&&VolumeKind::Template)
    }

    /// Two pods of one desktop would fight over its GPU and its volumes, so the old one ends first.
    fn deployment(&self) -> Deployment {
        let strategy = DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None };
        let spec = DeploymentSpec {
            replicas: self.replicas(),
            selector: self.selector(),
            strategy: Some(strategy),
            template: pod::template(self),
            ..DeploymentSpec::default()
        };
        Deployment { metadata: self.metadata(&self.name.to_string()), spec: Some(spec), status: None }
    }

    fn stateful_set(&self) -> StatefulSet {
        let templates = volumes::claim_templates(self);
        let spec = StatefulSetSpec {
            replicas: self.replicas(),
            selector: self.selector(),
            service_name: Some(self.name.to_string()),
            template: pod::template(self),
            volume_claim_templates: (!templates.is_empty()).then_some(templates),
            ..StatefulSetSpec::default()
        };
        StatefulSet { metadata: self.metadata(&self.name.to_string()), spec: Some(spec), status: None }
    }

    /// Where desktops are put to sleep, applying the objects once more must not wake them; the first time makes one.
    fn replicas(&self) -> Option<i32> {
        self.cluster.idle.is_none().then_some(1)
    }

    /// As kubectl wants it, with a space before it.
    pub(super) fn namespace(&self) -> String {
        self.cluster.namespace.as_ref().map(|name| format!(" -n {name}")).unwrap_or_default()
    }

    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("app".to_owned(), self.name.to_string())])
    }

    pub(super) fn selector(&self) -> LabelSelector {
        LabelSelector { match_labels: Some(self.labels()), match_expressions: None }
    }

    pub(super) fn metadata(&self, name: &str) -> ObjectMeta {
        metadata(self.container, self.cluster, name, self.labels())
    }
}

/// All objects of a fleet are found by one label.
pub(super) fn metadata(
    container: &Container,
    cluster: &Cluster,
    name: &str,
    labels: BTreeMap<String, String>,
) -> ObjectMeta {
    let mut labels = labels;
    labels.insert("app.kubernetes.io/part-of".to_owned(), container.place.name.to_string());
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: cluster.namespace.as_ref().map(ToString::to_string),
        labels: Some(labels),
        ..ObjectMeta::default()
    }
}

/// Lower ones are refused to a user who is not root.
const FIRST_UNPRIVILEGED: u16 = 1024;
