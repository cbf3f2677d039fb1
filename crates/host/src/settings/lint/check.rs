//! The rules, over one container.

use std::collections::HashMap;

use super::{
    Options,
    finding::{Draft, Rule},
    model::{Container, Given},
    steps,
};
use crate::settings::{Known, Setting, Value, settings, table::FILE};

mod machine;
mod names;
mod secrets;

pub(super) use names::{Decision, decisions};

/// What is wrong with a container.
pub(super) fn check(container: &Container, options: &Options) -> Vec<Draft> {
    let view = View::of(container, options);
    let mut drafts = around(container);
    drafts.extend(names::check(&view));
    drafts.extend(values(&view));
    drafts.extend(secrets::check(&view));
    drafts.extend(machine::check(&view));
    drafts
}

/// A container, and which of its variables decides each setting.
struct View<'a> {
    container: &'a Container,
    options: &'a Options,
    winners: Vec<Winner<'a>>,
}

/// The variable that decides a setting.
#[derive(Clone, Copy)]
struct Winner<'a> {
    setting: &'static Setting,
    given: &'a Given,
    /// It names a file with the value.
    names_file: bool,
}

impl<'a> View<'a> {
    fn of(container: &'a Container, options: &'a Options) -> Self {
        Self { container, options, winners: winners(container) }
    }

    fn winner(&self, key: &str) -> Option<Winner<'a>> {
        self.winners.iter().find(|winner| winner.setting.key == key).copied()
    }

    /// The value of a setting as far as the text tells: that which is given, else the default. `None` where it is
    /// given elsewhere or is not understood.
    fn value(&self, key: &str) -> Option<Value> {
        match self.winner(key) {
            Some(winner) => winner.setting.kind.parse(self.text(winner)?).ok(),
            None => {
                crate::settings::setting(key).and_then(|setting| setting.kind.parse(setting.default?).ok())
            }
        }
    }

    fn is(&self, key: &str) -> bool {
        self.value(key) == Some(Value::Boolean(true))
    }

    /// The text of a value, without the quotes of which another rule tells.
    fn text(&self, winner: Winner<'a>) -> Option<&'a str> {
        let text = winner.given.here().filter(|_| !winner.names_file)?.text.as_str();
        let inside = |sign| text.strip_prefix(sign).and_then(|text: &str| text.strip_suffix(sign));
        let quoted = if self.container.private { inside('"').or_else(|| inside('\'')) } else { None };
        Some(quoted.unwrap_or(text))
    }
}

/// The variables that decide the settings, at most one for each.
fn winners(container: &Container) -> Vec<Winner<'_>> {
    // Of several of one name the last counts.
    let last: HashMap<&str, &Given> =
        container.given.iter().map(|given| (given.name.text.as_str(), given)).collect();
    steps::add(container.given.len());
    settings().filter_map(|setting| winner(setting, &last)).collect()
}

/// The newest name that is set to something.
fn winner<'a>(setting: &'static Setting, last: &HashMap<&str, &'a Given>) -> Option<Winner<'a>> {
    let set = |name: &str| last.get(name).copied().filter(|given| given.is_set());
    setting.variables().find_map(|(name, _)| {
        let plain = set(name).map(|given| Winner { setting, given, names_file: false });
        let file = || set(&format!("{name}{FILE}")).filter(|_| setting.is_secret());
        plain.or_else(|| file().map(|given| Winner { setting, given, names_file: true }))
    })
}

/// What surrounds the settings.
fn around(container: &Container) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if let Some(first) = container.published.first().filter(|_| container.host_network) {
        let what = "a port is published beside the host's network".to_owned();
        let fix = "leave one of the two out".to_owned();
        drafts.push(Draft::new(Rule::PublishWithHostNetwork, first.clone(), what, fix));
    }
    if let Some(place) = &container.privileged {
        let what = "the container is privileged".to_owned();
        let fix = "leave it out; ask for GPUs with --gpus, a device reservation or nvidia.com/gpu".to_owned();
        drafts.push(Draft::new(Rule::Privileged, place.clone(), what, fix));
    }
    drafts
}

/// Values that are not understood.
fn values(view: &View<'_>) -> Vec<Draft> {
    use crate::settings::Invalid;
    let check = |winner: &Winner<'_>| {
        let text = view.text(*winner).filter(|_| !winner.setting.is_secret())?;
        let invalid = winner.setting.kind.parse(text).err()?;
        let name = &winner.given.name.text;
        let shown: String = text.chars().take(SHOWN).collect();
        let what = match invalid {
            Invalid::Because(reason) => format!("{name}: {reason}"),
            Invalid::Not(_) => format!("{name} is {shown:?}"),
        };
        let fix = format!("write {}", winner.setting.kind.accepted());
        Some(Draft::new(Rule::BadValue, winner.given.here()?.span.clone(), what, fix))
    };
    view.winners.iter().filter_map(check).collect()
}

/// The setting and its name without what makes it the name of a file.
fn setting_of(given: &Given) -> Option<(&'static Setting, &str)> {
    let name = given.name.text.as_str();
    match given.known()? {
        Known::Today(setting) | Known::Older(setting, _) => Some((setting, name)),
        Known::File(setting) | Known::OlderFile(setting, _) => Some((setting, name.strip_suffix(FILE)?)),
        Known::Retired(_) => None,
    }
}

/// So much of a value is shown.
const SHOWN: usize = 80;
