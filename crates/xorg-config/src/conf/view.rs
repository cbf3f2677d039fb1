//! Looking at a document: sections, entries and values, where they stand.

use super::grammar::SectionKind;
use super::lexer::{Kind, Token};
use super::name::same_name;
use super::tree::{Body, Entry, Section};

/// A section, a subsection or a `Mode` of a document.
#[derive(Clone, Copy, Debug)]
pub struct SectionView<'a> {
    source: &'a str,
    kind: Option<SectionKind>,
    start: Token,
    body: &'a Body,
}

impl<'a> SectionView<'a> {
    pub(super) fn new(source: &'a str, section: &'a Section) -> Self {
        Self { source, kind: Some(section.kind), start: section.start, body: &section.body }
    }

    /// What it is; `None` for a subsection and a `Mode`.
    ///
    /// ```
    /// # use cosmos_xorg_config::{Document, SectionKind};
    /// let document = Document::parse("Section \"Files\"\nEndSection")?;
    /// assert_eq!(document.sections().next().and_then(|section| section.kind()), Some(SectionKind::Files));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn kind(&self) -> Option<SectionKind> {
        self.kind
    }

    /// The name behind `Section`, `SubSection` or `Mode`, as it is written.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"server_flags\"\nEndSection")?;
    /// assert_eq!(document.sections().next().map(|section| section.name()), Some("server_flags"));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn name(&self) -> &'a str {
        self.body.name.text(self.source)
    }

    /// The line on which it begins, from 1.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("\nSection \"Files\"\nEndSection")?;
    /// assert_eq!(document.sections().next().map(|section| section.line()), Some(2));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn line(&self) -> u32 {
        self.start.line
    }

    /// What stands in it, in order.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"Module\"\nLoad \"glx\"\nDisable \"dri\"\nEndSection")?;
    /// let keywords: Vec<_> = document.sections().flat_map(|s| s.entries().map(|e| e.keyword())).collect();
    /// assert_eq!(keywords, ["Load", "Disable"]);
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = EntryView<'a>> + use<'a> {
        let source = self.source;
        self.body.entries.iter().map(move |entry| EntryView { source, entry })
    }

    /// Its `Identifier`; a screen may have a `Driver` in its place.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"Device\"\nIdentifier \"gpu\"\nEndSection")?;
    /// assert_eq!(document.sections().next().and_then(|section| section.identifier()), Some("gpu"));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn identifier(&self) -> Option<&'a str> {
        let old_screen = || self.text("Driver").filter(|_| self.kind == Some(SectionKind::Screen));
        self.text("Identifier").or_else(old_screen)
    }

    /// The first value of a keyword. Where a keyword stands twice, the later one counts.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let text = "Section \"Device\"\nIdentifier \"gpu\"\nDriver \"nv\"\nDriver \"nvidia\"\nEndSection";
    /// let document = Document::parse(text)?;
    /// assert_eq!(document.sections().next().and_then(|section| section.text("Driver")), Some("nvidia"));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn text(&self, keyword: &str) -> Option<&'a str> {
        let mut found = self.entries().filter(|entry| same_name(entry.keyword(), keyword));
        found.next_back().and_then(|entry| entry.values().next()).map(Value::as_str)
    }

    /// The value of an option, empty where it has none. Where an option stands twice, the first one counts.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let text = "Section \"ServerFlags\"\nOption \"DontZap\" \"yes\"\nOption \"dont_zap\" \"no\"\nEndSection";
    /// let document = Document::parse(text)?;
    /// assert_eq!(document.sections().next().and_then(|section| section.option("DontZap")), Some("yes"));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn option(&self, name: &str) -> Option<&'a str> {
        let mut options = self.entries().filter_map(|entry| entry.option());
        options.find(|(found, _)| same_name(found, name)).map(|(_, value)| value.unwrap_or_default())
    }
}

/// A keyword of a section, with its values.
#[derive(Clone, Copy, Debug)]
pub struct EntryView<'a> {
    source: &'a str,
    entry: &'a Entry,
}

impl<'a> EntryView<'a> {
    pub(super) fn new(source: &'a str, entry: &'a Entry) -> Self {
        Self { source, entry }
    }

    /// The keyword, spelled as in the manual page.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"Files\"\nfont_path \"/f\"\nEndSection")?;
    /// let keyword = document.sections().flat_map(|section| section.entries()).map(|entry| entry.keyword()).next();
    /// assert_eq!(keyword, Some("FontPath"));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn keyword(&self) -> &'static str {
        self.entry.keyword
    }

    /// The line of the keyword, from 1.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"Files\"\nFontPath \"/f\"\nEndSection")?;
    /// assert_eq!(document.sections().flat_map(|s| s.entries()).map(|entry| entry.line()).next(), Some(2));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn line(&self) -> u32 {
        self.entry.token.line
    }

    /// What follows the keyword.
    ///
    /// ```
    /// # use cosmos_xorg_config::{Document, Value};
    /// let document = Document::parse("Section \"Device\"\nIdentifier \"gpu\"\nVideoRam 256000\nEndSection")?;
    /// let value = document.sections().flat_map(|s| s.entries()).last().and_then(|entry| entry.values().next());
    /// assert_eq!(value, Some(Value::Number("256000")));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let source = self.source;
        self.entry.values.iter().map(move |token| match token.kind {
            Kind::Text => Value::Text(token.text(source)),
            Kind::Number => Value::Number(token.text(source)),
            _ => Value::Word(token.text(source)),
        })
    }

    /// Name and value, where this is an option that the server keeps.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"Monitor\"\nIdentifier \"m\"\nOption \"DPMS\"\nEndSection")?;
    /// let option = document.sections().flat_map(|section| section.entries()).find_map(|entry| entry.option());
    /// assert_eq!(option, Some(("DPMS", None)));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn option(&self) -> Option<(&'a str, Option<&'a str>)> {
        let mut values = self.values().filter(|_| self.entry.keyword == "Option");
        match (values.next(), values.next()) {
            (Some(Value::Text(name)), value) => Some((name, value.map(Value::as_str))),
            _ => None,
        }
    }

    /// What a `SubSection` or a `Mode` holds.
    ///
    /// ```
    /// # use cosmos_xorg_config::Document;
    /// let text = "Section \"Screen\"\nIdentifier \"s\"\nSubSection \"Display\"\nDepth 24\nEndSubSection\nEndSection";
    /// let document = Document::parse(text)?;
    /// let display = document.sections().flat_map(|s| s.entries()).find_map(|entry| entry.section());
    /// assert_eq!(display.and_then(|display| display.text("Depth")), Some("24"));
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn section(&self) -> Option<SectionView<'a>> {
        let (source, start) = (self.source, self.entry.token);
        self.entry.body.as_ref().map(|body| SectionView { source, kind: None, start, body })
    }
}

/// A value behind a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text in quotes, without them.
    Text(&'a str),
    /// A number as it is written.
    Number(&'a str),
    /// A bare word, or the dash of a range.
    Word(&'a str),
}

impl<'a> Value<'a> {
    /// The text, the digits or the word.
    ///
    /// ```
    /// use cosmos_xorg_config::Value;
    /// assert_eq!(Value::Word("+hsync").as_str(), "+hsync");
    /// ```
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Word(text) => text,
        }
    }
}
