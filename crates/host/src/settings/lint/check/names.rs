//! Names: older ones, several for one setting, those without a meaning, and slips.

use std::collections::HashMap;

use super::{View, Winner, setting_of, winners};
use crate::settings::{
    Known, Meaning, Project, boolean,
    lint::{
        finding::{Draft, Rule},
        model::{Container, Given, label},
        steps,
    },
    retired, settings, suggest,
    table::FILE,
};

/// What is to become of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::settings::lint) enum Decision {
    /// It stays.
    Keep,
    /// It gets today's name, and the value in the second place where the old one meant the opposite.
    Rename(String, Option<&'static str>),
    /// It goes, as another name wins.
    Outdone(String),
    /// It goes, as nothing reads it.
    Useless,
}

/// What is to become of each variable of a container.
pub(in crate::settings::lint) fn decisions(container: &Container) -> Vec<(&Given, Decision)> {
    let winners = winners(container);
    let winners: HashMap<&str, &Winner<'_>> =
        winners.iter().map(|winner| (winner.setting.key, winner)).collect();
    steps::add(container.given.len());
    container.given.iter().map(|given| (given, decide(&winners, given))).collect()
}

fn decide(winners: &HashMap<&str, &Winner<'_>>, given: &Given) -> Decision {
    if matches!(given.known(), Some(Known::Retired(_))) {
        return Decision::Useless;
    }
    let Some((setting, base)) = setting_of(given) else { return Decision::Keep };
    if let Some(winner) = winners.get(setting.key) {
        let (_, winning) = setting_of(winner.given).unwrap_or((setting, base));
        if winning != base {
            return Decision::Outdone(winner.given.name.text.clone());
        }
    }
    match given.known() {
        Some(Known::Older(_, older)) if older.meaning == Meaning::Inverted => {
            let opposite_of = |given| opposite(given).is_some();
            match winners.get(setting.key) {
                // The winner gets another name, and then wins against this one, which cannot get it.
                Some(winner) if !opposite_of(given) && opposite_of(winner.given) => {
                    Decision::Outdone(winner.given.name.text.clone())
                }
                _ => Decision::Rename(setting.variable.to_owned(), opposite(given)),
            }
        }
        Some(Known::Older(..)) => Decision::Rename(setting.variable.to_owned(), None),
        Some(Known::OlderFile(..)) => Decision::Rename(format!("{}{FILE}", setting.variable), None),
        _ => Decision::Keep,
    }
}

fn opposite(given: &Given) -> Option<&'static str> {
    let value = boolean::parse(&given.here().filter(|value| value.exact)?.text)?;
    Some(if value { "false" } else { "true" })
}

pub(super) fn check(view: &View<'_>) -> Vec<Draft> {
    decisions(view.container).into_iter().filter_map(|(given, decision)| draft(given, decision)).collect()
}

fn draft(given: &Given, decision: Decision) -> Option<Draft> {
    let (name, span) = (label(&given.name.text), given.name.span.clone());
    Some(match decision {
        Decision::Keep if given.known().is_none() => return unknown(given),
        Decision::Keep => return None,
        Decision::Rename(today, _) => {
            let inverted =
                matches!(given.known(), Some(Known::Older(_, older)) if older.meaning == Meaning::Inverted);
            let fix = match inverted {
                true => format!("write {today}, with the opposite value"),
                false => format!("write {today}"),
            };
            Draft::new(Rule::DeprecatedName, span, format!("{name} is {} name of {today}", whose(given)), fix)
        }
        Decision::Outdone(winner) => {
            let what = match winner == given.name.text {
                true => format!("{name} has no effect where it is set again"),
                false => format!("{name} has no effect beside {winner}, the newer name"),
            };
            Draft::new(Rule::SeveralNames, span, what, format!("leave {name} out"))
        }
        Decision::Useless => {
            let advice = match given.known() {
                Some(Known::Retired(retired)) => retired.advice,
                _ => "leave it out",
            };
            Draft::new(Rule::RetiredName, span, format!("{name} means nothing any more"), advice.to_owned())
        }
    })
}

fn whose(given: &Given) -> &'static str {
    match given.known() {
        Some(Known::Older(_, older) | Known::OlderFile(_, older)) if older.project == Project::Seed => {
            "the first"
        }
        _ => "an older",
    }
}

/// A name that nobody knows is told of when it looks like one of ours or has its beginning.
fn unknown(given: &Given) -> Option<Draft> {
    let name = given.name.text.as_str();
    let names = || {
        let ours = settings().flat_map(|setting| setting.variables().map(|(name, _)| name));
        ours.chain(retired().map(|retired| retired.name))
    };
    let base = name.strip_suffix(FILE).unwrap_or(name);
    let ending = &name[base.len()..];
    let meant = suggest::nearest(name, names()).map(str::to_owned).or_else(|| {
        suggest::nearest(base, names()).filter(|_| !ending.is_empty()).map(|meant| format!("{meant}{ending}"))
    });
    let ours = PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !OTHERS.contains(&name);
    let fix = match &meant {
        _ if OTHERS.contains(&name) => return None,
        Some(meant) => format!("did you mean {meant}?"),
        None if ours => "leave it out, or look for its name in docs/settings.md".to_owned(),
        None => return None,
    };
    let what = format!("{} is no setting", label(name));
    Some(Draft::new(Rule::UnknownName, given.name.span.clone(), what, fix))
}

const PREFIXES: [&str; 8] =
    ["COSMOS_", "SELKIES_", "WEBRTC_", "TURN_", "COTURN_", "NOVNC_", "KASMVNC_", "BASIC_AUTH_"];

/// Names of others that look like ours, and our own that are no settings.
const OTHERS: [&str; 7] =
    ["DISPLAY", "COSMOS_CONFIG", "COSMOS_LOG", "RUST_LOG", "LANGS", "PASSWORDS", "TURN_REALM"];
