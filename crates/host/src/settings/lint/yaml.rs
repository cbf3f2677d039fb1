//! YAML as a tree whose nodes know their places.

use std::{collections::HashMap, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// A node of the tree.
pub(super) type Id = usize;

/// All documents of a file. An alias is the number of the node that it stands for, so that no file grows.
#[derive(Debug, Default)]
pub(super) struct Documents {
    nodes: Vec<Node>,
    roots: Vec<Id>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub content: Content,
    /// In bytes of the file, quotes included; that of a collection is where it begins.
    pub span: Range<usize>,
    /// The byte at which a collection ends.
    pub end: usize,
}

#[derive(Debug)]
pub(super) enum Content {
    Scalar {
        text: String,
        /// Whether it stands without quotes, so that it may be a number, a boolean or nothing.
        plain: bool,
        /// The place of the text without quotes, where it stands there letter for letter.
        inner: Option<Range<usize>>,
    },
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
}

/// What the parser did not understand, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub at: usize,
    pub reason: String,
}

impl Documents {
    pub fn roots(&self) -> impl Iterator<Item = Id> {
        self.roots.iter().copied()
    }

    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The value of a key, merged mappings included.
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        self.entries(id)
            .into_iter()
            .rev()
            .find(|(name, _)| self.text(*name) == Some(key))
            .map(|(_, value)| value)
    }

    /// The value below several keys.
    pub fn at(&self, id: Id, keys: &[&str]) -> Option<Id> {
        keys.iter().try_fold(id, |id, key| self.get(id, key))
    }

    /// The keys and values of a mapping: those that it merges (`<<`) first, as its own win.
    pub fn entries(&self, id: Id) -> Vec<(Id, Id)> {
        let (mut found, mut left) = (Vec::new(), MOST_MERGED);
        self.collect(id, MOST_MERGES, &mut left, &mut found);
        found
    }

    pub fn items(&self, id: Id) -> &[Id] {
        match &self.node(id).content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self, id: Id) -> Option<&str> {
        match &self.node(id).content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// All nodes in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = Id> + use<> {
        0..self.nodes.len()
    }

    /// `left` counts the mappings that may still be merged: those without entries are many soon, and add nothing.
    fn collect(&self, id: Id, merges: usize, left: &mut usize, found: &mut Vec<(Id, Id)>) {
        let Content::Mapping(entries) = &self.node(id).content else { return };
        for (key, value) in entries.iter().filter(|(key, _)| self.text(*key) == Some("<<")) {
            let _ = key;
            let sources =
                if self.items(*value).is_empty() { vec![*value] } else { self.items(*value).to_vec() };
            for source in sources.into_iter().rev() {
                if merges > 0 && *left > 0 && found.len() < MOST_ENTRIES {
                    *left -= 1;
                    self.collect(source, merges - 1, left, found);
                }
            }
        }
        found.extend(entries.iter().filter(|(key, _)| self.text(*key) != Some("<<")).copied());
    }
}

/// Reads a file as far as it can be understood.
pub(super) fn parse(text: &str) -> (Documents, Option<Broken>) {
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let at = builder.byte(error.marker().index());
                builder.close(at);
                return (builder.documents, Some(Broken { at, reason: error.info().to_owned() }));
            }
        }
    }
    (builder.documents, None)
}

struct Builder<'a> {
    text: &'a str,
    /// The byte of each character.
    bytes: Vec<usize>,
    documents: Documents,
    /// Collections that are not closed yet, and the key of each that waits for its value.
    open: Vec<(Id, Option<Id>)>,
    anchors: HashMap<usize, Id>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        let ends = std::iter::once(text.len());
        let bytes = text.char_indices().map(|(at, _)| at).chain(ends).collect();
        Self { text, bytes, documents: Documents::default(), open: Vec::new(), anchors: HashMap::new() }
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).copied().unwrap_or(self.text.len())
    }

    fn take(&mut self, event: Event<'_>, span: Span) {
        let start = self.byte(span.start.index());
        let range = start..self.byte(span.end.index()).max(start);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let range = start..self.end(style, &range);
                let scalar = self.scalar(text.into_owned(), style, &range);
                self.add(scalar, range, anchor);
            }
            Event::SequenceStart(anchor, _) => self.open(Content::Sequence(Vec::new()), range, anchor),
            Event::MappingStart(anchor, _) => self.open(Content::Mapping(Vec::new()), range, anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((id, _)) = self.open.pop() {
                    self.documents.nodes[id].end = range.end;
                }
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(id) => self.attach(*id),
                None => {
                    let nothing = Content::Scalar { text: String::new(), plain: true, inner: None };
                    self.add(nothing, range, 0);
                }
            },
            Event::DocumentStart(_) => self.anchors.clear(),
            _ => {}
        }
    }

    /// What is open still ends here.
    fn close(&mut self, at: usize) {
        for (id, _) in self.open.drain(..) {
            self.documents.nodes[id].end = at;
        }
    }

    /// Where a scalar ends. The parser's end of a quoted one may lie behind the comment that follows it.
    fn end(&self, style: ScalarStyle, range: &Range<usize>) -> usize {
        let quote = match style {
            ScalarStyle::SingleQuoted => '\'',
            ScalarStyle::DoubleQuoted => '"',
            _ => return range.end,
        };
        let inside = self.text.get(range.start + 1..range.end).unwrap_or_default();
        let mut signs = inside.char_indices().peekable();
        while let Some((at, sign)) = signs.next() {
            let doubled =
                quote == '\'' && sign == quote && signs.peek().is_some_and(|(_, next)| *next == quote);
            if doubled || quote == '"' && sign == '\\' {
                signs.next();
            } else if sign == quote {
                return range.start + 1 + at + 1;
            }
        }
        range.end
    }

    fn scalar(&self, text: String, style: ScalarStyle, range: &Range<usize>) -> Content {
        let inner = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if range.len() >= 2 => {
                Some(range.start + 1..range.end - 1)
            }
            ScalarStyle::Plain => Some(range.start..range.start + text.len()),
            _ => None,
        };
        let inner = inner.filter(|inner| self.text.get(inner.clone()) == Some(&text));
        Content::Scalar { text, plain: style == ScalarStyle::Plain, inner }
    }

    fn add(&mut self, content: Content, span: Range<usize>, anchor: usize) -> Id {
        let id = self.documents.nodes.len();
        let end = span.end;
        self.documents.nodes.push(Node { content, span, end });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        self.attach(id);
        id
    }

    fn open(&mut self, content: Content, span: Range<usize>, anchor: usize) {
        let id = self.add(content, span, anchor);
        self.open.push((id, None));
    }

    fn attach(&mut self, id: Id) {
        let Some((parent, key)) = self.open.last_mut() else {
            self.documents.roots.push(id);
            return;
        };
        match &mut self.documents.nodes[*parent].content {
            Content::Sequence(items) => items.push(id),
            Content::Mapping(entries) => match key.take() {
                Some(key) => entries.push((key, id)),
                None => *key = Some(id),
            },
            Content::Scalar { .. } => {}
        }
    }
}

/// How deep mappings may merge others.
const MOST_MERGES: usize = 8;
/// How many mappings one may merge, those that these merge included.
const MOST_MERGED: usize = 4096;
/// How many entries a mapping may get that way.
const MOST_ENTRIES: usize = 4096;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_found_with_their_places() {
        let text = "# ä\na:\n  b: 'x y'\n  c: [1, \"2\"]\n---\nd: &e {f: g}\nh:\n  <<: *e\n  i: \"a\\nb\"\n";
        let (documents, broken) = parse(text);
        assert_eq!(broken, None);
        let roots: Vec<Id> = documents.roots().collect();
        let shown = |root: usize, keys: &[&str]| {
            let node = documents.node(documents.at(roots[root], keys).unwrap());
            match &node.content {
                Content::Scalar { text: value, plain, inner } => (
                    value.clone(),
                    *plain,
                    inner.clone().map(|inner| text[inner].to_owned()),
                    text[node.span.clone()].trim_end().to_owned(),
                ),
                _ => panic!("{keys:?}"),
            }
        };
        let (value, plain, inner, whole) = shown(0, &["a", "b"]);
        assert_eq!((&*value, plain, inner.as_deref(), &*whole), ("x y", false, Some("x y"), "'x y'"));
        let (value, plain, inner, _) = shown(1, &["h", "f"]);
        assert_eq!((&*value, plain, inner.as_deref()), ("g", true, Some("g")));
        let (value, _, inner, whole) = shown(1, &["h", "i"]);
        assert_eq!((&*value, inner, &*whole), ("a\nb", None, "\"a\\nb\""));
        let items = documents.items(documents.at(roots[0], &["a", "c"]).unwrap());
        assert_eq!(items.iter().map(|id| documents.text(*id).unwrap()).collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn what_is_broken_is_told_with_its_place() {
        let (documents, broken) = parse("a: b\nc: [d\n");
        assert!(broken.is_some_and(|broken| broken.at >= 8));
        assert!(documents.roots().count() == 1);
    }

    #[test]
    fn aliases_do_not_grow() {
        let mut text = "a0: &a0 {x: y}\n".to_owned();
        for at in 1..40 {
            text.push_str(&format!("a{at}: &a{at} {{<<: [*a{0}, *a{0}, *a{0}]}}\n", at - 1));
        }
        let (documents, broken) = parse(&text);
        assert_eq!(broken, None);
        let root = documents.roots().next().unwrap();
        let last = documents.get(root, "a39").unwrap();
        assert!(documents.entries(last).len() <= MOST_ENTRIES * 2);
    }

    #[test]
    fn mappings_without_entries_are_merged_so_often_and_no_more() {
        let mut text = "a0: &a0 {}\n".to_owned();
        for at in 1..=8 {
            let sources = vec![format!("*a{}", at - 1); 50].join(", ");
            text.push_str(&format!("a{at}: &a{at} {{<<: [{sources}]}}\n"));
        }
        let (documents, broken) = parse(&text);
        assert_eq!(broken, None);
        let root = documents.roots().next().unwrap();
        let last = documents.get(root, "a8").unwrap();
        assert!(documents.entries(last).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|[-:#&*!|>'\"%@{}\\[\\], \n\t]){0,60}") {
            let (documents, broken) = parse(&text);
            for id in documents.all() {
                prop_assert!(text.get(documents.node(id).span.clone()).is_some());
                documents.entries(id);
            }
            prop_assert!(broken.is_none_or(|broken| broken.at <= text.len()));
        }
    }
}
