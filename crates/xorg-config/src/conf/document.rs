//! A configuration file as it is written.

use std::fmt;
use std::str::FromStr;

use super::parser::Parser;
use super::tree::{Entry, Section};
use super::view::{EntryView, SectionView};
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
        self.sections.iter().map(|section| SectionView::new(&self.text, section))
    }

    pub(super) fn view<'a>(&'a self, entry: &'a Entry) -> EntryView<'a> {
        EntryView::new(&self.text, entry)
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
