//! How an edit changes the text: what is found, where a line goes, and what is taken away.

use std::ops::Range;

use super::{EditError, Edited, Place};
use crate::conf::document::Document;
use crate::conf::lexer::{Kind, Token};
use crate::conf::name::{excerpt, same_name};
use crate::conf::number::whole;
use crate::conf::tree::{Body, Entry, Section};
use crate::conf::view::Value;

impl Document {
    pub(super) fn remove_where(&mut self, place: Place<'_>, fits: impl Fn(&Self, &Entry) -> bool) -> Edited {
        let mut changed = false;
        loop {
            let body = self.find(place)?;
            let Some(entry) = body.entries.iter().find(|entry| fits(self, entry)) else { return Ok(changed) };
            changed |= self.remove_entry(&entry.clone())?;
        }
    }

    /// Comments on the same line, and between the values, stay.
    pub(super) fn remove_entry(&mut self, entry: &Entry) -> Edited {
        let range = entry.token.start..entry.end();
        if entry.body.is_some() || !self.as_str()[range.clone()].contains('#') {
            return self.replace(self.whole_lines(range), "");
        }
        let mut text = self.as_str().to_owned();
        let mut tokens: Vec<Token> = [entry.token].into_iter().chain(entry.values.iter().copied()).collect();
        tokens.sort_by_key(|token| std::cmp::Reverse(token.start));
        tokens.iter().for_each(|token| text.replace_range(token.start..token.end, ""));
        self.become_text(text)
    }

    pub(super) fn find_section(&self, place: Place<'_>) -> Option<&Section> {
        let mut fitting = self.tree().iter().filter(|section| place.fits(self, section));
        match place.kind.is_singleton() {
            true => fitting.next_back(),
            false => fitting.next(),
        }
    }

    pub(super) fn find(&self, place: Place<'_>) -> Result<&Body, EditError> {
        let section = self.find_section(place).map(|section| &section.body);
        let display = |body: &'_ Body| -> Option<usize> {
            body.entries.iter().position(|entry| depth_of(self, entry) == place.depth && entry.body.is_some())
        };
        let found = match (section, place.depth) {
            (Some(body), Some(_)) => display(body).and_then(|at| body.entries[at].body.as_ref()),
            (section, _) => section,
        };
        found.ok_or_else(|| EditError::NoSection { place: place.to_string() })
    }

    pub(super) fn section_range(&self, place: Place<'_>) -> Option<Range<usize>> {
        let section = self.find_section(place)?;
        let Some(depth) = place.depth else { return Some(section.start.start..section.body.end.end) };
        let display = section.body.entries.iter().find(|entry| depth_of(self, entry) == Some(depth))?;
        Some(display.token.start..display.end())
    }

    pub(super) fn add_line(&mut self, body: &Body, keyword: &str, values: &str) -> Edited {
        let indent = self.indent(body);
        let line = line(&indent, keyword, values, self.line_end());
        self.append(body, &line, &indent)
    }

    /// Puts whole lines behind the last entry: below its line, or where that line goes on, in the middle of it.
    pub(super) fn append(&mut self, body: &Body, lines: &str, indent: &str) -> Edited {
        let last = body.entries.last().map_or(body.name.end, Entry::end);
        let below = self.as_str()[last..body.end.start].find('\n').map(|at| last + at + 1);
        match below {
            Some(at) => self.replace(at..at, lines),
            None => {
                let closing = indent.strip_suffix("    ").unwrap_or_default();
                let gap = self.as_str()[last..body.end.start].trim_end_matches([' ', '\t']).len();
                self.replace(last + gap..body.end.start, &format!("{}{lines}{closing}", self.line_end()))
            }
        }
    }

    /// The blanks before the last entry that begins a line, else one step more than before the section.
    pub(super) fn indent(&self, body: &Body) -> String {
        let before = |token: Token| {
            let line = self.as_str()[..token.start].rsplit('\n').next().unwrap_or_default();
            line.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then(|| line.to_owned())
        };
        let entries = body.entries.iter().rev().filter_map(|entry| before(entry.token));
        let outer = || format!("{}    ", before(body.end).unwrap_or_default());
        entries.into_iter().next().unwrap_or_else(outer)
    }

    pub(super) fn line_end(&self) -> &'static str {
        match self.as_str().split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The range with its blanks and its line end, where nothing else stands on these lines.
    pub(super) fn whole_lines(&self, range: Range<usize>) -> Range<usize> {
        let blank = [' ', '\t', '\r'];
        let before = self.as_str()[..range.start].trim_end_matches(blank);
        let after = self.as_str()[range.end..].trim_start_matches(blank);
        let starts_line = before.is_empty() || before.ends_with('\n');
        match after.strip_prefix('\n') {
            Some(rest) if starts_line => before.len()..self.as_str().len() - rest.len(),
            None if starts_line && after.is_empty() => before.len()..self.as_str().len(),
            _ => range,
        }
    }

    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) -> Edited {
        let mut text = self.as_str().to_owned();
        text.replace_range(range, with);
        self.become_text(text)
    }

    pub(super) fn become_text(&mut self, text: String) -> Edited {
        *self = Self::parse(text)?;
        Ok(true)
    }
}

pub(super) fn is_option(document: &Document, entry: &Entry, name: &str) -> bool {
    let first = entry.values.first().filter(|_| entry.keyword == "Option");
    first.is_some_and(|first| first.kind == Kind::Text && same_name(first.text(document.as_str()), name))
}

fn depth_of(document: &Document, entry: &Entry) -> Option<u32> {
    let body = entry.body.as_ref()?;
    let depth = body.entries.iter().rev().find(|entry| entry.keyword == "Depth")?;
    depth.values.first().map(|value| whole(value.text(document.as_str())))
}

pub(super) fn same_values(document: &Document, entry: &Entry, values: &[Value<'_>]) -> bool {
    let old = entry.values.iter().map(|value| value.text(document.as_str()));
    old.eq(values.iter().map(|value| value.as_str()))
}

pub(super) fn print(values: &[Value<'_>]) -> Result<String, EditError> {
    let printed = values.iter().map(|value| match value {
        Value::Text(text) => quoted(text),
        Value::Number(word) | Value::Word(word) => bare(word),
    });
    Ok(printed.collect::<Result<Vec<_>, _>>()?.join(" "))
}

pub(super) fn quoted(text: &str) -> Result<String, EditError> {
    match text.contains(['"', '\n', '\r', '\0']) {
        true => Err(EditError::Text { text: excerpt(text) }),
        false => Ok(format!("\"{text}\"")),
    }
}

fn bare(word: &str) -> Result<String, EditError> {
    match word.is_empty() || word.contains(['"', '#', '\0']) || word.contains(char::is_whitespace) {
        true => Err(EditError::Text { text: excerpt(word) }),
        false => Ok(word.to_owned()),
    }
}

pub(super) fn line(indent: &str, keyword: &str, values: &str, end: &str) -> String {
    format!("{indent}{keyword:<14} {values}{end}")
}
