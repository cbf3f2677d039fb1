//! Manifests of Kubernetes.

use super::tree::Tree;
use crate::settings::lint::{
    finding::{Draft, Rule},
    model::{Container, Deployment, Given, Text, label},
    yaml::Id,
};

pub(super) fn read(text: &str) -> Deployment {
    let (tree, broken) = Tree::of(text);
    let mut deployment = Deployment { containers: Vec::new(), drafts: broken.into_iter().collect() };
    // The description of a pod stands at another depth in each kind of object.
    let pods = tree.documents.all().filter(|id| tree.get(*id, "containers").is_some());
    for pod in pods {
        let containers =
            tree.get(pod, "containers").map(|list| tree.documents.items(list)).unwrap_or_default();
        for id in containers {
            let container = container(&tree, pod, *id, &mut deployment.drafts);
            deployment.containers.push(container);
        }
    }
    if deployment.containers.is_empty() && deployment.drafts.is_empty() {
        let what = "no container is described here".to_owned();
        let fix = "look through the file with the Deployment, StatefulSet or Pod".to_owned();
        deployment.drafts.push(Draft::new(Rule::NoDesktop, 0..0, what, fix));
    }
    deployment
}

fn container(tree: &Tree<'_>, pod: Id, id: Id, drafts: &mut Vec<Draft>) -> Container {
    let list = |key| tree.get(id, key).map(|list| tree.documents.items(list)).unwrap_or_default();
    let published =
        list("ports").iter().filter_map(|port| tree.get(*port, "hostPort")).map(|port| tree.span(port));
    Container {
        image: tree.text_at(id, &["image"]).unwrap_or_default().to_owned(),
        given: list("env").iter().filter_map(|item| variable(tree, *item, drafts)).collect(),
        privileged: tree.is_true(id, &["securityContext", "privileged"]),
        host_network: tree.is_true(pod, &["hostNetwork"]).is_some(),
        published: published.collect(),
        gpu: tree
            .text_at(pod, &["nodeSelector", "nvidia.com/gpu.product"])
            .map(|product| product.replace('-', " ")),
        private: false,
    }
}

fn variable(tree: &Tree<'_>, item: Id, drafts: &mut Vec<Draft>) -> Option<Given> {
    let entries = tree.documents.entries(item);
    let (first, _) = *entries.first()?;
    let (_, last) = *entries.last()?;
    let name = tree.scalar(tree.get(item, "name")?)?;
    let (value, reference) = (tree.get(item, "value"), tree.get(item, "valueFrom"));
    if let (Some(value), Some(_)) = (value, reference) {
        let what = format!("{} has both a value and a reference", label(&name.text));
        drafts.push(Draft::new(
            Rule::ValueAndReference,
            tree.span(value),
            what,
            "keep one of them".to_owned(),
        ));
    }
    let other =
        value.and_then(|value| Some((value, tree.other_type(value).filter(|other| *other != "nothing")?)));
    if let Some((value, other)) = other {
        let what = format!("the value of {} is {other}", label(&name.text));
        drafts.push(Draft::new(Rule::NotText, tree.span(value), what, "put it in quotes".to_owned()));
    }
    let remove = value.filter(|_| reference.is_none()).and_then(|_| tree.removal(first, last));
    let place = value.map(|value| tree.extent(value));
    let value = match value.and_then(|value| tree.scalar(value)) {
        // Kubernetes puts other variables in the place of $(NAME).
        Some(value) if reference.is_none() && !value.text.contains("$(") => Text::Here(value),
        _ => Text::Elsewhere(place),
    };
    Some(Given { name, value, remove })
}
