//! From tokens to sections. What the server refuses is refused here, on the same line.

use super::grammar::{Grammar, SectionKind, Shape};
use super::lexer::{Kind, Lexer, Token};
use super::name::{excerpt, same_name};
use super::tree::{Body, Entry, Section};
use super::{ParseError, Problem};

/// A parser over one text.
pub(super) struct Parser<'a> {
    pub source: &'a str,
    pub lexer: Lexer<'a>,
    section: Option<Token>,
    last: Option<Token>,
    pub warnings: Vec<ParseError>,
}

/// What the shapes of a section count up.
#[derive(Default)]
pub(super) struct Counts {
    pub clocks: usize,
    pub horizontal_ranges: usize,
    pub vertical_ranges: usize,
    pub gpu_devices: usize,
}

impl<'a> Parser<'a> {
    pub fn new(source: &'a str) -> Self {
        Self { source, lexer: Lexer::new(source), section: None, last: None, warnings: Vec::new() }
    }

    pub fn sections(&mut self) -> Result<Vec<Section>, ParseError> {
        let mut sections = Vec::new();
        loop {
            self.section = None;
            let start = self.next();
            match start.kind {
                Kind::End => return Ok(sections),
                Kind::Word if same_name("section", start.text(self.source)) => {
                    sections.push(self.section(start)?);
                }
                _ => return Err(self.error(start, Problem::Outside { found: self.show(start) })),
            }
        }
    }

    fn section(&mut self, start: Token) -> Result<Section, ParseError> {
        let name = self.expect(Kind::Text, "Section", "its name in quotes")?;
        let kind: Result<SectionKind, ParseError> = name.text(self.source).parse();
        let kind = kind.map_err(|unknown| self.error(name, unknown.problem))?;
        self.section = Some(name);
        Ok(Section { kind, start, body: self.body(kind.grammar(), start, name)? })
    }

    /// Entries up to the closing word.
    pub fn body(&mut self, grammar: &'static Grammar, start: Token, name: Token) -> Result<Body, ParseError> {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut counts, mut named) = (Counts::default(), false);
        loop {
            let token = self.next();
            let word = token.text(self.source);
            match token.kind {
                Kind::Word if same_name(grammar.closing, word) => {
                    return match named || !grammar.needs_identifier {
                        true => Ok(Body { name, entries, end: token }),
                        false => Err(self.error(token, Problem::NoIdentifier)),
                    };
                }
                Kind::Word => {}
                Kind::End => return Err(self.unclosed(grammar, start, token)),
                _ => return Err(self.unknown(grammar, token)),
            }
            let Some((keyword, shape)) = grammar.find(word) else {
                return Err(self.unknown(grammar, token));
            };
            if matches!(shape, Shape::Never) {
                return Err(self.unknown(grammar, token));
            }
            let mut entry = Entry { keyword, token, values: Vec::new(), body: None };
            self.shape(shape, &mut entry, &mut counts)?;
            if matches!(shape, Shape::Identifier) && std::mem::replace(&mut named, true) {
                let at = entry.values.last().copied().unwrap_or(token);
                return Err(self.error(at, Problem::SecondIdentifier { keyword }));
            }
            entries.push(entry);
        }
    }

    /// The next token.
    pub fn next(&mut self) -> Token {
        let token = self.lexer.next();
        let fresh = self.last.is_none_or(|last| last.start < token.start);
        if fresh && token.is_unclosed(self.source) {
            self.warn(token, Problem::UnclosedQuote { found: excerpt(token.text(self.source)) });
        }
        self.last = Some(token);
        token
    }

    /// The token that was read last.
    pub fn last(&self) -> Option<Token> {
        self.last
    }

    /// The next token, of one kind.
    pub fn expect(
        &mut self,
        kind: Kind,
        keyword: &'static str,
        accepted: &'static str,
    ) -> Result<Token, ParseError> {
        let token = self.next();
        match token.kind == kind {
            true => Ok(token),
            false => Err(self.argument(token, keyword, accepted)),
        }
    }

    /// The next token where it is of one kind.
    pub fn accept(&mut self, kind: Kind) -> Option<Token> {
        let token = self.next();
        if token.kind == kind {
            return Some(token);
        }
        self.lexer.put_back(token);
        None
    }

    pub fn warn(&mut self, token: Token, problem: Problem) {
        let warning = self.error(token, problem);
        self.warnings.push(warning);
    }

    pub fn error(&self, token: Token, problem: Problem) -> ParseError {
        let section = self.section.map(|name| excerpt(name.text(self.source)));
        ParseError { line: token.line, section, problem }
    }

    pub fn argument(&self, token: Token, keyword: &'static str, accepted: &'static str) -> ParseError {
        self.error(token, Problem::Argument { keyword, found: self.show(token), accepted })
    }

    pub fn unknown(&self, grammar: &Grammar, token: Token) -> ParseError {
        let (found, accepted) = (self.show(token), grammar.accepted());
        self.error(token, Problem::UnknownKeyword { found, accepted })
    }

    pub fn unclosed(&self, grammar: &Grammar, start: Token, end: Token) -> ParseError {
        self.error(end, Problem::Unclosed { opened: start.line, closing: grammar.closing })
    }

    /// A token as a message shows it.
    pub fn show(&self, token: Token) -> String {
        match token.kind {
            Kind::End => "the end of the file".to_owned(),
            _ => format!("{:?}", excerpt(token.text(self.source))),
        }
    }
}
