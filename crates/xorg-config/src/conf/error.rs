//! What can be wrong with a configuration file.

use thiserror::Error;

/// What ends the server's parser, or what it complains about and passes over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}{}: {problem}", within(.section.as_deref()))]
pub struct ParseError {
    /// The line, from 1, of the token that did not fit: where a value is missing, this is what stands in its place.
    pub line: u32,
    /// The section around it, as it is written; none between sections.
    pub section: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// More than a configuration can need.
    #[error("the file has {bytes} bytes; expected at most {}", super::MAX_BYTES)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Bytes that are no UTF-8, or a NUL.
    #[error("byte {byte:#04x} is no text; expected a text file in UTF-8")]
    NotText {
        /// The first byte that does not fit.
        byte: u8,
    },
    /// The mark that some editors put before UTF-8.
    #[error("the file begins with a byte order mark, which the server takes for a keyword; expected none")]
    ByteOrderMark,
    /// Between sections there may only be sections.
    #[error("{found} stands outside of all sections; expected `Section \"name\"`")]
    Outside {
        /// The token.
        found: String,
    },
    /// A section that the server does not know.
    #[error("section {found:?} is unknown; expected {}", super::SectionKind::list())]
    UnknownSection {
        /// Its name.
        found: String,
    },
    /// A word that has no meaning in its section, or a value too many.
    #[error("{found} is no keyword of this section; expected {accepted}")]
    UnknownKeyword {
        /// The token.
        found: String,
        /// All keywords of the section.
        accepted: String,
    },
    /// A keyword without what must follow it.
    #[error("{keyword} is followed by {found}; expected {accepted}")]
    Argument {
        /// The keyword.
        keyword: &'static str,
        /// The token in the place of the value.
        found: String,
        /// What must follow.
        accepted: &'static str,
    },
    /// More values than the server has room for.
    #[error("{keyword} has too many values; expected at most {limit}")]
    TooMany {
        /// The keyword.
        keyword: &'static str,
        /// The most that fit.
        limit: usize,
    },
    /// The file ends inside a section.
    #[error("the file ends inside what line {opened} began; expected {closing}")]
    Unclosed {
        /// Where it begins, from 1.
        opened: u32,
        /// The word that would end it.
        closing: &'static str,
    },
    /// A section without a name.
    #[error("this section has no Identifier; expected `Identifier \"name\"`")]
    NoIdentifier,
    /// A section with two names.
    #[error("this section has a second {keyword}; expected one")]
    SecondIdentifier {
        /// The keyword.
        keyword: &'static str,
    },
    /// A `Mode` without what makes it one.
    #[error("this Mode has no {missing}; expected DotClock, HTimings and VTimings")]
    IncompleteMode {
        /// The keyword.
        missing: &'static str,
    },
    /// The server ends such text with the line. Not fatal.
    #[error("the quote before {found:?} is never closed; expected a second quote on the same line")]
    UnclosedQuote {
        /// The text behind it, cut after 40 characters.
        found: String,
    },
    /// The server drops such an option. Not fatal.
    #[error("Option is followed by {found}; expected its name in quotes")]
    UnquotedOption {
        /// The token, which is dropped too.
        found: String,
    },
    /// A keyword that the server ignores with its value. Not fatal.
    #[error("{keyword} is obsolete and ignored; expected no such line")]
    Obsolete {
        /// The keyword.
        keyword: &'static str,
    },
}

/// What makes the server refuse sections that it could read: they name others that are not there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}line {line}: {problem}", place(*.document))]
pub struct ValidationError {
    /// Which of the documents, from 0.
    pub document: usize,
    /// The line, from 1, on which the section begins.
    pub line: u32,
    /// What is wrong.
    pub problem: ValidationProblem,
}

/// What does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValidationProblem {
    /// An input device without a driver.
    #[error("InputDevice {identifier:?} has no driver; expected `Driver \"name\"`")]
    NoDriver {
        /// The input device.
        identifier: String,
    },
    /// A section names another one that does not exist.
    #[error("{kind} {identifier:?} names {wanted} {name:?}; expected the Identifier of a {wanted} section")]
    Undefined {
        /// The section that names: `ServerLayout`, `Monitor` or `Screen`.
        kind: &'static str,
        /// Its identifier.
        identifier: String,
        /// What is missing: `Screen`, `Device`, `InputDevice`, `Modes` or `VideoAdaptor`.
        wanted: &'static str,
        /// The name that nothing has.
        name: String,
    },
    /// Two screens share a video adaptor.
    #[error(
        "VideoAdaptor {adaptor:?} belongs to Screen {first:?} and to Screen {second:?}; expected one of them"
    )]
    SharedAdaptor {
        /// The adaptor.
        adaptor: String,
        /// The screen that had it first.
        first: String,
        /// The screen that wants it too.
        second: String,
    },
}

fn within(section: Option<&str>) -> String {
    section.map_or_else(String::new, |name| format!(", section {name:?}"))
}

fn place(document: usize) -> String {
    match document {
        0 => String::new(),
        number => format!("document {}, ", number + 1),
    }
}
