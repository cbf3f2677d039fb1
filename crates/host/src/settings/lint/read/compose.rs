//! Compose files.

use super::tree::Tree;
use crate::settings::lint::{
    finding::{Draft, Rule},
    model::{Container, Deployment, Given, Spanned, Text, label},
    yaml::Id,
};

pub(super) fn read(text: &str) -> Deployment {
    let (tree, broken) = Tree::of(text);
    let mut deployment = Deployment { containers: Vec::new(), drafts: broken.into_iter().collect() };
    let services: Vec<Id> = tree.documents.roots().filter_map(|root| tree.get(root, "services")).collect();
    for (_, service) in services.iter().flat_map(|services| tree.documents.entries(*services)) {
        let container = container(&tree, service, &mut deployment.drafts);
        deployment.containers.push(container);
    }
    if deployment.containers.is_empty() && deployment.drafts.is_empty() {
        let what = "no service is described here".to_owned();
        let fix = "describe the desktop below services:".to_owned();
        deployment.drafts.push(Draft::new(Rule::NoDesktop, 0..0, what, fix));
    }
    deployment
}

fn container(tree: &Tree<'_>, service: Id, drafts: &mut Vec<Draft>) -> Container {
    let ports = tree.get(service, "ports");
    Container {
        image: tree.text_at(service, &["image"]).unwrap_or_default().to_owned(),
        given: tree
            .get(service, "environment")
            .map(|list| environment(tree, list, drafts))
            .unwrap_or_default(),
        privileged: tree.is_true(service, &["privileged"]),
        host_network: tree.text_at(service, &["network_mode"]) == Some("host"),
        published: ports
            .iter()
            .flat_map(|ports| tree.documents.items(*ports))
            .map(|port| tree.span(*port))
            .collect(),
        gpu: None,
        private: false,
    }
}

/// A mapping, or a list of `NAME=VALUE`.
fn environment(tree: &Tree<'_>, list: Id, drafts: &mut Vec<Draft>) -> Vec<Given> {
    let items = tree.documents.items(list).iter().filter_map(|item| item_of_list(tree, *item));
    let mut given: Vec<Given> = items.collect();
    for (key, value) in tree.documents.entries(list) {
        let Some(name) = tree.scalar(key) else { continue };
        if tree.other_type(value) == Some("a boolean") {
            let what = format!("the value of {} is a boolean", label(&name.text));
            drafts.push(Draft::new(Rule::NotText, tree.span(value), what, "put it in quotes".to_owned()));
        }
        let remove = tree.removal(key, value);
        given.push(Given { name, value: value_of(tree, value), remove });
    }
    given
}

fn value_of(tree: &Tree<'_>, value: Id) -> Text {
    match tree.scalar(value) {
        Some(_) if tree.other_type(value) == Some("nothing") => Text::Inherited,
        Some(value) => substituted(value),
        None => Text::Elsewhere(Some(tree.extent(value))),
    }
}

fn item_of_list(tree: &Tree<'_>, item: Id) -> Option<Given> {
    let whole = tree.scalar(item)?;
    let remove = tree.removal(item, item);
    let Some((name, value)) = whole.text.split_once('=') else {
        return Some(Given { name: whole, value: Text::Inherited, remove });
    };
    let part = |text: &str, from: usize| {
        let start = whole.span.start + from;
        let span = if whole.exact { start..start + text.len() } else { whole.span.clone() };
        Spanned { text: text.to_owned(), span, exact: whole.exact }
    };
    let value = substituted(part(value, name.len() + 1));
    Some(Given { name: part(name, 0), value, remove })
}

/// Compose puts variables in the place of `$NAME`; `$$` is a dollar sign.
fn substituted(value: Spanned) -> Text {
    match value.text.replace("$$", "").contains('$') {
        true => Text::Elsewhere(Some(value.span)),
        false => Text::Here(value),
    }
}
