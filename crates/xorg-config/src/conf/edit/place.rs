//! Where an edit takes place, and why it is refused.

use thiserror::Error;

use crate::conf::ParseError;
use crate::conf::document::Document;
use crate::conf::grammar::SectionKind;
use crate::conf::name::same_name;
use crate::conf::tree::Section;

/// Where an edit takes place.
///
/// ```
/// use cosmos_xorg_config::{Document, Place, SectionKind, Value};
/// let mut document = Document::new();
/// let screen = Place::named(SectionKind::Screen, "Screen0");
/// document.ensure_section(screen.display(24))?;
/// document.set(screen.display(24), "Modes", &[Value::Text("1920x1080")])?;
/// assert!(document.as_str().contains("Modes          \"1920x1080\""));
/// # Ok::<(), cosmos_xorg_config::EditError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub(super) kind: SectionKind,
    pub(super) identifier: Option<&'a str>,
    pub(super) depth: Option<u32>,
}

impl<'a> Place<'a> {
    /// A section of which there is one, or the first of its kind.
    ///
    /// ```
    /// use cosmos_xorg_config::{Place, SectionKind};
    /// assert_eq!(Place::only(SectionKind::ServerFlags).to_string(), "ServerFlags");
    /// ```
    pub const fn only(kind: SectionKind) -> Self {
        Self { kind, identifier: None, depth: None }
    }

    /// The section with an identifier.
    ///
    /// ```
    /// use cosmos_xorg_config::{Place, SectionKind};
    /// assert_eq!(Place::named(SectionKind::Device, "gpu").to_string(), "Device \"gpu\"");
    /// ```
    pub const fn named(kind: SectionKind, identifier: &'a str) -> Self {
        Self { kind, identifier: Some(identifier), depth: None }
    }

    /// The subsection `Display` with a depth, in bits, of this section.
    ///
    /// ```
    /// use cosmos_xorg_config::{Place, SectionKind};
    /// let place = Place::named(SectionKind::Screen, "s").display(24);
    /// assert_eq!(place.to_string(), "Screen \"s\", Display of depth 24");
    /// ```
    #[must_use]
    pub const fn display(self, depth: u32) -> Self {
        Self { depth: Some(depth), ..self }
    }

    pub(super) fn fits(&self, document: &Document, section: &Section) -> bool {
        let named = |name| same_name(name, identifier(document, section).unwrap_or_default());
        section.kind == self.kind && self.identifier.is_none_or(named)
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        self.identifier.iter().try_for_each(|name| write!(f, " {name:?}"))?;
        self.depth.iter().try_for_each(|depth| write!(f, ", Display of depth {depth}"))
    }
}

/// Why an edit was refused. The document is then as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such section.
    #[error("there is no section {place}; expected one, which `ensure_section` adds")]
    NoSection {
        /// The place.
        place: String,
    },
    /// A section of this kind cannot be added without a name.
    #[error("a section {kind} needs an identifier; expected one")]
    NoIdentifier {
        /// The kind.
        kind: SectionKind,
    },
    /// Text for which a file has no form.
    #[error("{text:?} cannot stand in a file; expected text without double quotes, line ends and NUL")]
    Text {
        /// The text, cut after 40 characters.
        text: String,
    },
    /// What would come out is no configuration file.
    #[error("the result would be refused: {0}")]
    Result(#[from] ParseError),
}

fn identifier<'a>(document: &'a Document, section: &Section) -> Option<&'a str> {
    let last = |keyword: &str| section.body.entries.iter().rev().find(|entry| entry.keyword == keyword);
    let driver = || last("Driver").filter(|_| section.kind == SectionKind::Screen);
    let entry = last("Identifier").or_else(driver)?;
    entry.values.first().map(|value| value.text(document.as_str()))
}
