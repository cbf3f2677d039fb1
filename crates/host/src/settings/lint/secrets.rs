//! Where nobody may look: the places of secrets in a text, whether the text is understood or not.

use std::{iter::once, ops::Range};

use super::{
    InputKind, Rule,
    lines::Lines,
    model::{Deployment, Given, Text, is_private},
    steps,
};
use crate::settings::known;

/// The places of secrets, in the order of the text and apart from each other: the values of private names, what
/// follows `=` or `:` behind a private name to the end of its line, and what could not be read where a secret may go on.
pub(super) fn places(text: &str, kind: Option<InputKind>, deployment: &Deployment) -> Vec<Range<usize>> {
    let given = deployment.containers.iter().flat_map(|container| &container.given);
    let private = given.clone().filter(|given| given.is_private());
    let mut values: Vec<Range<usize>> = match kind {
        Some(InputKind::Compose | InputKind::Kubernetes) => {
            let lines = Lines::of(text);
            // What else stands on the line may be a part of it that YAML takes for a comment or for another value.
            let with_rest = |place: Range<usize>| {
                block_start(text, place.start)..lines.line(place.end).end.max(place.end)
            };
            // A private name that names no variable is a part of something else, as of the key of a mapping.
            let mut names: Vec<_> = given.map(|given| given.name.span.clone()).collect();
            names.sort_by_key(|name| name.start);
            let is_stray = |word: &Range<usize>| {
                let before = names[..names.partition_point(|name| name.start <= word.start)].last();
                before.is_none_or(|name| name.end < word.end)
            };
            let stray = private_words(text).filter(is_stray);
            let ends = private.clone().map(|given| given.name.span.clone()).chain(stray);
            let ends = ends.map(|name| name.end..name.end);
            private.flat_map(Given::places).chain(ends).map(with_rest).collect()
        }
        _ => private.flat_map(Given::places).collect(),
    };
    values.sort_by_key(|place| place.start);
    // On the line of a command other options follow, which are no secrets where the command is understood.
    let understood = if kind == Some(InputKind::Docker) { values.as_slice() } else { &[] };
    let mut places = behind_names(text, understood);
    places.extend(unread(text, kind, deployment));
    places.extend(values);
    merged(places)
}

/// Where a value begins, with the line of its `|` or `>` when it is a block: what stands there behind `#` may be meant
/// for a part of it.
fn block_start(text: &str, start: usize) -> usize {
    let before = text[..start].trim_end();
    if !text[before.len()..start].contains('\n') {
        return start;
    }
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    before[line..].find(':').map_or(start, |colon| line + colon + 1)
}

fn behind_names(text: &str, understood: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut at = 0;
    let rest = |line: &str| {
        let place = at..at + line.trim_end().len();
        at += line.len();
        rest_of_line(text, place, understood)
    };
    text.split_inclusive('\n').filter_map(rest).collect()
}

/// What follows the first private name of a line whose value is not understood.
fn rest_of_line(text: &str, line: Range<usize>, understood: &[Range<usize>]) -> Option<Range<usize>> {
    steps::add(line.len());
    let mut from = line.start;
    while let Some(sign) = separator(text, from..line.end) {
        match value_at(text, sign + 1, understood) {
            Some(value) if is_closed(text.get(value.end..line.end).unwrap_or_default()) => from = value.end,
            _ => return Some(sign + 1..line.end),
        }
    }
    None
}

/// The value that begins here, quotes left aside.
fn value_at<'a>(text: &str, byte: usize, values: &'a [Range<usize>]) -> Option<&'a Range<usize>> {
    let value = values.get(values.partition_point(|value| value.start < byte))?;
    let between = text.get(byte..value.start).filter(|between| between.len() <= QUOTES)?;
    between.chars().all(|sign| "'\"\\".contains(sign)).then_some(value).filter(|value| !value.is_empty())
}

/// Whether the line ends behind a value, or another option follows. A space or a sign of the shell may be a part of a
/// secret that was to stand in quotes.
fn is_closed(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['\'', '"']);
    let next = rest.trim_start();
    next.is_empty() || next == "\\" || next.len() < rest.len() && next.starts_with('-')
}

/// The first `=` or `:` that follows a private name, with nothing but spaces and quotes between them.
fn separator(text: &str, range: Range<usize>) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut word = range.start..range.start;
    for at in range {
        match bytes[at] {
            byte if byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) => {
                let start = if word.end == at { word.start } else { at };
                word = start..at + 1;
            }
            b'=' | b':' if text.get(word.clone()).is_some_and(is_private) => return Some(at),
            b' ' | b'\t' | b'\'' | b'"' | b'\\' => {}
            _ => word = at..at,
        }
    }
    None
}

/// What was not understood may be a part of a secret: in a text with a private name nothing of it is shown. That is
/// the whole text where no container was found in it.
fn unread(text: &str, kind: Option<InputKind>, deployment: &Deployment) -> Vec<Range<usize>> {
    let Some(first) = private_words(text).next() else { return Vec::new() };
    let lines = Lines::of(text);
    let broken = deployment.drafts.iter().filter(|draft| draft.rule == Rule::Syntax);
    let broken = broken.map(|draft| lines.line(draft.span.start));
    match kind.filter(|_| !deployment.containers.is_empty()) {
        None => once(0..text.len()).collect(),
        Some(InputKind::Env) => {
            let given = deployment.containers.iter().flat_map(|container| &container.given);
            let doubtful =
                given.filter(|given| is_doubtful(given)).map(|given| lines.line(given.name.span.start));
            broken.filter(|line| !is_plain(&text[line.clone()])).chain(doubtful).collect()
        }
        Some(InputKind::Docker) => broken.map(|line| line.start..text.len()).collect(),
        // YAML notices a bracket or quote that is not closed lines later, and all from there may be a value.
        Some(_) => broken.map(|line| line.start.min(first.end)..text.len()).collect(),
    }
}

/// Where private names stand, understood or not.
fn private_words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || "_-.".contains(sign);
    let mut at = 0;
    text.split_inclusive(move |sign: char| !is_part(sign)).filter_map(move |with_sign| {
        let word = with_sign.trim_end_matches(|sign: char| !is_part(sign));
        let place = at..at + word.len();
        at += with_sign.len();
        is_private(word).then_some(place)
    })
}

/// Whether a line of a file of variables may be the next one of a secret in several lines, though it reads like the
/// name of a variable or an assignment: the base64 of a key does.
fn is_doubtful(given: &Given) -> bool {
    let small = given.name.text.bytes().any(|byte| byte.is_ascii_lowercase());
    given.known().is_none() && (small || matches!(given.value, Text::Inherited))
}

/// Whether a line without a meaning is an assignment to settings all the same, as `export SIZEW=800`.
fn is_plain(line: &str) -> bool {
    let (head, _) = line.split_once(['=', ':']).unwrap_or((line, ""));
    let mut words = head.split_whitespace().skip_while(|word| ["export", "set"].contains(word)).peekable();
    words.peek().is_some() && words.all(|word| known(word).is_some())
}

fn merged(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.retain(|place| !place.is_empty());
    places.sort_by_key(|place| (place.start, place.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for place in places {
        match apart.last_mut().filter(|last| last.end >= place.start) {
            Some(last) => last.end = last.end.max(place.end),
            None => apart.push(place),
        }
    }
    apart
}

/// So many quotes may stand between a sign and its value.
const QUOTES: usize = 4;
