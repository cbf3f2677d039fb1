//! The objects as files for `kubectl apply -k`: a base without anything special to a cluster, components that change
//! it, an overlay for each, and on top what was asked for.

mod component;
mod patch;

use serde::Serialize;

use super::{Cluster, Exposure, Gpus, account, before, desktop::desktops, guacamole, object::documents};
use crate::manifest::{Container, ManifestError, compose::yaml, files::marked};
use component::{Component, components};

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Relative, with slashes.
    pub path: String,
    /// With the line by which it is known as ours.
    pub text: String,
}

/// A file by the name of `kustomization.yaml`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patches: Vec<PatchFile>,
}

#[derive(Serialize)]
struct PatchFile {
    path: String,
    target: Target,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    label_selector: String,
}

/// The files, the one on top first. What it builds is what [`super::kubernetes`] prints.
///
/// # Errors
/// As [`super::kubernetes`].
pub fn kustomize(container: &Container, cluster: &Cluster) -> Result<Vec<ManifestFile>, ManifestError> {
    let components = components(container, cluster)?;
    let commands = before(&desktops(container, cluster)?);
    let chosen = components.iter().filter(|component| component.is_chosen);
    let chosen: Vec<String> = chosen.map(|component| format!("components/{}", component.name)).collect();
    let top = Kustomization::over("base", chosen);
    let mut files = vec![file("kustomization.yaml", &(commands + &yaml(&top)?))];
    files.extend(base(container, cluster)?);
    for component in &components {
        files.extend(component.files(container)?);
        files.push(component.overlay()?);
    }
    Ok(files)
}

/// What each component starts from.
fn bare(container: &Container, cluster: &Cluster) -> (Container, Cluster) {
    let mut container = container.clone();
    container.place.gpus = 0;
    let gpus = Gpus { shared: false, ..cluster.gpus.clone() };
    let cluster = Cluster { gpus, exposure: Exposure::ClusterIp, host: None, idle: None, ..cluster.clone() };
    (container, cluster)
}

fn base(container: &Container, cluster: &Cluster) -> Result<Vec<ManifestFile>, ManifestError> {
    let (container, cluster) = bare(container, cluster);
    let mut contents = vec![("account".to_owned(), vec![account::of_desktops(&container, &cluster)?])];
    contents.extend(
        guacamole::server(&container, &cluster)?.map(|server| ("guacamole".to_owned(), vec![server])),
    );
    for desktop in desktops(&container, &cluster)? {
        contents.push((format!("desktop-{}", desktop.name), desktop.objects()?));
    }
    let mut top = Kustomization::new(false);
    top.resources = contents.iter().map(|(name, _)| format!("{name}.yaml")).collect();
    let mut files = vec![file("base/kustomization.yaml", &yaml(&top)?)];
    for (name, objects) in contents {
        files.push(file(&format!("base/{name}.yaml"), &documents(&objects)?));
    }
    Ok(files)
}

impl Kustomization {
    fn new(is_component: bool) -> Self {
        let (api_version, kind) = match is_component {
            true => ("kustomize.config.k8s.io/v1alpha1", "Component"),
            false => ("kustomize.config.k8s.io/v1beta1", "Kustomization"),
        };
        Self { api_version, kind, resources: Vec::new(), components: Vec::new(), patches: Vec::new() }
    }

    fn over(base: &str, components: Vec<String>) -> Self {
        Self { resources: vec![base.to_owned()], components, ..Self::new(false) }
    }
}

impl Component {
    fn files(&self, container: &Container) -> Result<Vec<ManifestFile>, ManifestError> {
        let path = |name: &str| format!("components/{}/{name}", self.name);
        let mut top = Kustomization::new(true);
        let mut files = Vec::new();
        for (name, objects) in &self.resources {
            top.resources.push(name.clone());
            files.push(file(&path(name), &documents(objects)?));
        }
        for patch in &self.patches {
            let name = patch.name.as_ref().map(|name| format!("-{name}")).unwrap_or_default();
            let name = format!("{}{name}.yaml", patch.kind.to_ascii_lowercase());
            files.push(file(&path(&name), &yaml(&patch.operations)?));
            let label_selector = format!("app.kubernetes.io/part-of={}", container.place.name);
            let target = Target { kind: patch.kind, name: patch.name.clone(), label_selector };
            top.patches.push(PatchFile { path: name, target });
        }
        files.insert(0, file(&path("kustomization.yaml"), &(self.note() + &yaml(&top)?)));
        Ok(files)
    }

    fn overlay(&self) -> Result<ManifestFile, ManifestError> {
        let names = self.needs.iter().chain([&self.name]);
        let components = names.map(|name| format!("../../components/{name}")).collect();
        let top = Kustomization::over("../../base", components);
        let path = format!("overlays/{}/kustomization.yaml", self.name);
        Ok(file(&path, &(self.note() + &yaml(&top)?)))
    }

    fn note(&self) -> String {
        self.note.lines().map(|line| format!("# {line}\n")).collect()
    }
}

fn file(path: &str, text: &str) -> ManifestFile {
    ManifestFile { path: path.to_owned(), text: marked(text) }
}
