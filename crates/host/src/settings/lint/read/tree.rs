//! What compose files and manifests have in common.

use std::ops::Range;

use crate::settings::lint::{
    finding::{Draft, Rule},
    lines::Lines,
    model::Spanned,
    yaml::{self, Content, Documents, Id},
};

/// A file and its tree.
pub(super) struct Tree<'a> {
    pub text: &'a str,
    pub lines: Lines<'a>,
    pub documents: Documents,
}

impl<'a> Tree<'a> {
    /// The tree as far as it can be read, and what cannot.
    pub fn of(text: &'a str) -> (Self, Option<Draft>) {
        let (documents, broken) = yaml::parse(text);
        let draft = broken.map(|broken| {
            let fix =
                "indent with spaces, close quotes and brackets, put a space after each colon".to_owned();
            Draft::new(Rule::Syntax, broken.at..broken.at, format!("this is no YAML: {}", broken.reason), fix)
        });
        (Self { text, lines: Lines::of(text), documents }, draft)
    }

    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        self.documents.get(id, key)
    }

    pub fn text_at(&self, id: Id, keys: &[&str]) -> Option<&str> {
        self.documents.text(self.documents.at(id, keys)?)
    }

    pub fn is_true(&self, id: Id, keys: &[&str]) -> Option<Range<usize>> {
        let node = self.documents.at(id, keys)?;
        (self.documents.text(node) == Some("true")).then(|| self.span(node))
    }

    /// The place of a scalar; that of a collection is where it begins.
    pub fn span(&self, id: Id) -> Range<usize> {
        let span = self.documents.node(id).span.clone();
        let shown = self.text.get(span.clone()).unwrap_or_default().trim_end();
        span.start..span.start + shown.len()
    }

    /// The place of a node with everything in it.
    pub fn extent(&self, id: Id) -> Range<usize> {
        let node = self.documents.node(id);
        let whole = self.text.get(node.span.start..node.end.max(node.span.end)).unwrap_or_default();
        node.span.start..node.span.start + whole.trim_end().len()
    }

    /// A scalar as text.
    pub fn scalar(&self, id: Id) -> Option<Spanned> {
        match &self.documents.node(id).content {
            Content::Scalar { text, inner, .. } => {
                let span = inner.clone().unwrap_or_else(|| self.span(id));
                Some(Spanned { text: text.clone(), span, exact: inner.is_some() })
            }
            _ => None,
        }
    }

    /// What a plain scalar is to YAML, where that is no text.
    pub fn other_type(&self, id: Id) -> Option<&'static str> {
        let Content::Scalar { text, plain: true, .. } = &self.documents.node(id).content else { return None };
        match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Some("nothing"),
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Some("a boolean"),
            "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => {
                Some("a boolean of YAML 1.1")
            }
            number if is_number(number) => Some("a number"),
            _ => None,
        }
    }

    /// The lines of an entry that starts and ends with these nodes, where nothing else stands on them but a comment,
    /// which stays.
    pub fn removal(&self, first: Id, last: Id) -> Option<Range<usize>> {
        let start = self.documents.node(first).span.start;
        let end = self.span(last).end.max(self.span(first).end);
        let whole = self.lines.whole(&(start..end));
        let before = self.text.get(whole.start..start)?;
        let after = self.text.get(end..whole.end)?;
        let inside = self.text.get(start..end)?;
        let alone = before.chars().all(|sign| sign == ' ' || sign == '-') && !inside.contains('#');
        match after.trim() {
            "" if alone => Some(whole),
            comment if alone && comment.starts_with('#') => {
                let indent = before.find('-').unwrap_or(before.len());
                Some(whole.start + indent..whole.end - after.trim_start().len())
            }
            _ => None,
        }
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let decimal = digits.starts_with(|sign: char| sign.is_ascii_digit() || sign == '.');
    decimal && digits.parse::<f64>().is_ok()
        || ["0x", "0o"].iter().any(|prefix| {
            digits
                .strip_prefix(prefix)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
}
