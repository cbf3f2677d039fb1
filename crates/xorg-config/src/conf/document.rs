//! A configuration file as it is written.

use std::fmt;
use std::str::FromStr;

use super::grammar::SectionKind;
use super::lexer::{Kind, Token};
use super::name::same_name;
use super::parser::Parser;
use super::tree::{Body, Entry, Section};
use super::{ParseError, Problem};

/// The largest file that is read: 4 MiB. The server itself has no limit.
pub const MAX_BYTES: usize = 4 << 20;

/// A configuration file: every byte of it, and what it means.
///
/// What the server's parser refuses is refused here, with the line and what would be accepted; what the server
/// passes over is a [warning](Self::warnings). Printing gives the text back byte for byte, and an edit changes
/// nothing but what it says.
///
/// ```
/// use cosmos_xorg_config::{Document, Place, SectionKind};
/// let text = "Section \"Device\" # the only one\n\tIdentifier \"gpu\"\n\tDriver \"nvidia\"\nEndSection\n";
/// let mut document: Document = text.parse()?;
/// assert_eq!(document.to_string(), text);
/// document.set_option(Place::named(SectionKind::Device, "gpu"), "ProbeAllGpus", Some("False"))?;
/// assert!(document.as_str().contains("# the only one"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Three things are stricter than in the server. A NUL and bytes that are no UTF-8 are refused. A ninth range of
/// `VertRefresh` is refused, for which the server has no room. A section must end in the file in which it begins; the
/// server reads on in the next one.
#[derive(Clone, Debug, Default)]
pub struct Document {
    text: String,
    sections: Vec<Section>,
    warnings: Vec<ParseError>,
}

impl Document {
    /// A document without a section.
    ///
    /// ```
    /// use cosmos_xorg_config::Document;
    /// assert_eq!(Document::new().to_string(), "");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads what the server would read.
    ///
    /// ```
    /// use cosmos_xorg_config::Document;
    /// let refused = Document::parse("Section \"Monitor\"\n  HorizSync 30-70 kHz\nEndSection\n").unwrap_err();
    /// assert!(refused.to_string().starts_with("line 2, section \"Monitor\": \"kHz\" is no keyword"));
    /// ```
    ///
    /// # Errors
    /// The first thing that ends the server's parser, or a text of more than [`MAX_BYTES`].
    pub fn parse(text: impl Into<String>) -> Result<Self, ParseError> {
        let text = text.into();
        check_text(text.as_bytes())?;
        let mut parser = Parser::new(&text);
        let sections = parser.sections()?;
        let warnings = parser.warnings;
        Ok(Self { text, sections, warnings })
    }

    /// Like [`parse`](Self::parse), for bytes of which nobody knows whether they are text.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Problem};
    /// let refused = Document::parse_bytes(b"\x7fELF\x02\x01\x01\x00").unwrap_err();
    /// assert_eq!(refused.problem, Problem::NotText { byte: 0 });
    /// ```
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and [`Problem::NotText`] with the line of the first byte that is no text.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        check_size(bytes)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                Err(check_text(bytes).err().unwrap_or_else(|| not_text(bytes, error.valid_up_to())))
            }
        }
    }

    /// Like [`parse`](Self::parse), but what the server would pass over is an error too: a quote that is never
    /// closed, an option without quotes, an obsolete keyword.
    ///
    /// ```
    /// use cosmos_xorg_config::Document;
    /// let text = "Section \"Device\"\n  Identifier \"gpu\n  Driver \"nvidia\"\nEndSection\n";
    /// assert!(Document::parse(text).is_ok());
    /// let refused = Document::parse_strict(text).unwrap_err();
    /// assert!(refused.to_string().contains("line 2, section \"Device\": the quote before \"gpu\" is never closed"));
    /// ```
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and the first warning.
    pub fn parse_strict(text: impl Into<String>) -> Result<Self, ParseError> {
        let document = Self::parse(text)?;
        match document.warnings.first() {
            Some(warning) => Err(warning.clone()),
            None => Ok(document),
        }
    }

    /// What the server complains about and passes over, in the order of the lines.
    ///
    /// ```
    /// use cosmos_xorg_config::Document;
    /// let document = Document::parse("Section \"ServerFlags\"\n  Option DontZap\nEndSection\n")?;
    /// assert_eq!(document.warnings()[0].line, 2);
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn warnings(&self) -> &[ParseError] {
        &self.warnings
    }

    /// The text.
    ///
    /// ```
    /// use cosmos_xorg_config::Document;
    /// assert_eq!(Document::parse("# nothing")?.as_str(), "# nothing");
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// All sections, in order.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, SectionKind};
    /// let document = Document::parse("Section \"server flags\"\nEndSection\n")?;
    /// let kinds: Vec<_> = document.sections().map(|section| section.kind()).collect();
    /// assert_eq!(kinds, [Some(SectionKind::ServerFlags)]);
    /// # Ok::<(), cosmos_xorg_config::ParseError>(())
    /// ```
    pub fn sections(&self) -> impl DoubleEndedIterator<Item = SectionView<'_>> {
        self.sections.iter().map(|section| SectionView {
            source: &self.text,
            kind: Some(section.kind),
            start: section.start,
            body: &section.body,
        })
    }

    pub(super) fn view<'a>(&'a self, entry: &'a Entry) -> EntryView<'a> {
        EntryView { source: &self.text, entry }
    }

    pub(super) fn tree(&self) -> &[Section] {
        &self.sections
    }
}

/// The text, byte for byte.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// [`Document::parse`].
impl FromStr for Document {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// Two documents are equal when their texts are.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Document {}

/// A section, a subsection or a `Mode` of a document.
#[derive(Clone, Copy, Debug)]
pub struct SectionView<'a> {
    source: &'a str,
    kind: Option<SectionKind>,
    start: Token,
    body: &'a Body,
}

impl<'a> SectionView<'a> {
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

fn check_size(bytes: &[u8]) -> Result<(), ParseError> {
    match bytes.len() > MAX_BYTES {
        true => Err(at_line(1, Problem::TooLarge { bytes: bytes.len() })),
        false => Ok(()),
    }
}

fn check_text(bytes: &[u8]) -> Result<(), ParseError> {
    check_size(bytes)?;
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(at_line(1, Problem::ByteOrderMark));
    }
    match bytes.iter().position(|&byte| byte == 0) {
        Some(at) => Err(not_text(bytes, at)),
        None => Ok(()),
    }
}

fn not_text(bytes: &[u8], at: usize) -> ParseError {
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    at_line(line as u32, Problem::NotText { byte: bytes[at] })
}

fn at_line(line: u32, problem: Problem) -> ParseError {
    ParseError { line, section: None, problem }
}
