//! What the parser found, as places in the text.

use super::grammar::SectionKind;
use super::lexer::Token;

/// A section.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub kind: SectionKind,
    /// The word `Section`.
    pub start: Token,
    pub body: Body,
}

/// What stands between a name and the word that closes.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// The name of the section, subsection or mode.
    pub name: Token,
    pub entries: Vec<Entry>,
    /// The closing word.
    pub end: Token,
}

/// A keyword with its values.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// As the manual page spells it.
    pub keyword: &'static str,
    pub token: Token,
    pub values: Vec<Token>,
    /// Of a subsection or a mode. `None` with values where the server gave up a subsection.
    pub body: Option<Body>,
}

impl Entry {
    /// Where the entry ends.
    pub fn end(&self) -> usize {
        match (&self.body, self.values.last()) {
            (Some(body), _) => body.end.end,
            (None, Some(value)) => value.end,
            (None, None) => self.token.end,
        }
    }
}
