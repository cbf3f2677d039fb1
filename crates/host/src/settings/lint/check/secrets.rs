//! Passwords, secrets, and who may come in.

use std::collections::HashSet;

use super::{View, Winner};
use crate::settings::{
    Value,
    conflict::{self, Conflict, DEFAULT_PASSWORD},
    lint::{
        finding::{Draft, Level, Rule},
        model::Given,
        steps,
    },
    table::FILE,
};

pub(super) fn check(view: &View<'_>) -> Vec<Draft> {
    let given = view.container.given.iter().filter(|given| given.is_secret());
    let mut drafts: Vec<Draft> = given.filter_map(|given| secret(view, given)).collect();
    let set = view.container.given.iter().filter(|given| given.is_secret() && given.is_set());
    let set: HashSet<&str> = set.map(|given| given.name.text.as_str()).collect();
    steps::add(view.container.given.len());
    drafts.extend(view.container.given.iter().filter_map(|given| twice(&set, given)));
    drafts.extend(turn(view));
    drafts.extend(open_door(view));
    drafts
}

fn secret(view: &View<'_>, given: &Given) -> Option<Draft> {
    let value = given.here().filter(|value| !value.text.is_empty())?;
    let (setting, _) = super::setting_of(given)?;
    let login = ["password", "account_password"].contains(&setting.key);
    if login && value.text == DEFAULT_PASSWORD {
        let what = format!("{} is the password of the manual", given.name.text);
        let fix = "choose another, or leave it out and one is made at the first start".to_owned();
        let draft = Draft::new(Rule::DefaultPassword, value.span.clone(), what, fix);
        let outdone = setting.key == "account_password" && view.winner("password").is_some();
        return Some(Draft { level: if outdone { Level::Warning } else { draft.level }, ..draft });
    }
    if view.container.private {
        return None;
    }
    let what = format!("the value of {} stands in the text", given.name.text);
    let fix = format!(
        "name a file that holds it in {}_FILE, take it from a secret of the cluster, or from a file with --env-file",
        setting.variable
    );
    Some(Draft::new(Rule::SecretInPlainText, value.span.clone(), what, fix))
}

/// `set` are the secrets that are set themselves.
fn twice(set: &HashSet<&str>, file: &Given) -> Option<Draft> {
    let name = file.name.text.strip_suffix(FILE)?;
    (set.contains(name) && file.is_set()).then_some(())?;
    let what = format!("{name} and {} are both given", file.name.text);
    Some(Draft::new(Rule::SecretTwice, file.name.span.clone(), what, "keep one of them".to_owned()))
}

fn turn(view: &View<'_>) -> Option<Draft> {
    let conflict = conflict::turn(|key| view.winner(key).is_some())?;
    let keys = [conflict.key(), "turn_username", "turn_password", "turn_shared_secret"];
    let place = keys.iter().find_map(|key| view.winner(key))?.given.name.span.clone();
    let rule = if conflict == Conflict::TurnBoth { Rule::TurnBoth } else { Rule::TurnIncomplete };
    let text = conflict.to_string();
    let (what, fix) = text.split_once("; ").unwrap_or((&text, "see docs/settings.md"));
    Some(Draft::new(rule, place, what.to_owned(), fix.to_owned()))
}

fn open_door(view: &View<'_>) -> Option<Draft> {
    let winner: Winner<'_> = view.winner("basic_auth")?;
    let loopback = matches!(view.value("listen"), Some(Value::Listen(place)) if place.ip().is_loopback());
    if view.value("basic_auth") != Some(Value::Boolean(false)) || loopback {
        return None;
    }
    let what = format!("{} lets everybody in", winner.given.name.text);
    let fix = "leave it out; where a proxy asks for the password, set COSMOS_ALLOW_INSECURE too".to_owned();
    let draft = Draft::new(Rule::NoLogin, winner.given.here()?.span.clone(), what, fix);
    Some(Draft { level: if view.is("allow_insecure") { Level::Warning } else { draft.level }, ..draft })
}
