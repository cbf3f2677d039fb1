//! A file of environment variables, as `docker run --env-file` reads it: no quotes, no escapes, no substitution.

use std::ops::Range;

use crate::settings::lint::{
    finding::{Draft, Rule},
    lines::Lines,
    model::{Container, Deployment, Given, Spanned, Text},
};

pub(super) fn read(text: &str) -> Deployment {
    let lines = Lines::of(text);
    let mut container = Container { private: true, ..Container::default() };
    let mut drafts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match assignment(text, start..start + content.len()) {
            Ok(given) => {
                drafts.extend(quotes(&given));
                let remove = Some(lines.whole(&given.name.span));
                container.given.push(Given { remove, ..given });
            }
            Err(draft) => drafts.push(draft),
        }
    }
    Deployment { containers: vec![container], drafts }
}

/// `NAME=VALUE`, or `NAME` alone, which takes the value from the environment of docker.
fn assignment(text: &str, span: Range<usize>) -> Result<Given, Draft> {
    let content = &text[span.clone()];
    let name = content.split_once('=').map_or(content, |(name, _)| name);
    if !is_name(name) {
        let what = "this line is no assignment".to_owned();
        let fix = "write NAME=VALUE, without export and without spaces around the equals sign".to_owned();
        return Err(Draft::new(Rule::Syntax, span, what, fix));
    }
    let after = span.start + name.len();
    let spanned =
        |range: Range<usize>| Spanned { text: text[range.clone()].to_owned(), span: range, exact: true };
    let value = match content.len() > name.len() {
        true => Text::Here(spanned(after + 1..span.end)),
        false => Text::Inherited,
    };
    Ok(Given { name: spanned(span.start..after), value, remove: None })
}

/// Whether this may be the name of a variable.
pub(in crate::settings::lint) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|sign: char| sign.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn quotes(given: &Given) -> Option<Draft> {
    let value = given.here()?;
    let quoted = ['"', '\'']
        .iter()
        .any(|sign| value.text.len() > 1 && value.text.starts_with(*sign) && value.text.ends_with(*sign));
    quoted.then(|| {
        // What nobody knows may be a line of a secret.
        let of = given.known().map_or_else(String::new, |_| format!(" of {}", given.name.text));
        let what = format!("the quotes around the value{of} are part of it");
        Draft::new(Rule::LiteralQuotes, value.span.clone(), what, "leave the quotes out".to_owned())
    })
}
