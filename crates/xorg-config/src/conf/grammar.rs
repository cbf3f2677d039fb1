//! Which keywords a section knows, and what must follow each (the parser of xorg-server 21.1).

use std::fmt;
use std::str::FromStr;

use super::name::{excerpt, same_name};
use super::{ParseError, Problem};

mod tables;

pub(super) use tables::{MODE_FLAGS, VERBOSE_MODE};

/// What follows a keyword.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// One text in quotes.
    Text,
    /// One text, and only once in a section.
    Identifier,
    /// A text that says `yes` or `no`.
    Boolean,
    /// This many numbers.
    Numbers(u8),
    /// One number that 31 bits hold.
    Positive,
    /// One number, written in octal.
    Octal,
    /// One text or one number.
    TextOrNumber,
    /// Nothing.
    Nothing,
    /// Any number of texts, none included.
    Texts,
    /// One text, and any number of texts behind it.
    TextThenTexts,
    /// A name, and perhaps a value.
    Option,
    /// One to four numbers of megahertz.
    DacSpeeds,
    /// Any number of numbers, 128 at most in a section.
    Clocks,
    /// Numbers and ranges with commas between, 8 at most in a section.
    Ranges,
    /// One number or three.
    Gamma,
    /// A mode on one line.
    ModeLine,
    /// A mode over several lines.
    Mode,
    /// Texts that say the flags of a mode.
    ModeFlags,
    /// A screen of a layout, and where it lies.
    Placement,
    /// Two numbers, or `X` or `Y`.
    ZAxis,
    /// A name, and keywords up to `EndSubSection`.
    Subsection(&'static Grammar),
    /// The same; what does not fit ends the subsection and is passed over.
    ForgivingSubsection(&'static Grammar),
    /// One value of any kind, and the keyword is ignored.
    Obsolete,
    /// The server knows the word and takes it nowhere.
    Never,
}

/// The keywords of a section.
pub(super) struct Grammar {
    pub keywords: &'static [(&'static str, Shape)],
    pub closing: &'static str,
    pub needs_identifier: bool,
}

impl Grammar {
    pub fn find(&self, word: &str) -> Option<(&'static str, Shape)> {
        self.keywords.iter().find(|(keyword, _)| same_name(keyword, word)).copied()
    }

    pub fn accepted(&self) -> String {
        let names =
            self.keywords.iter().filter(|(_, shape)| !matches!(shape, Shape::Never | Shape::Obsolete));
        names.map(|(keyword, _)| *keyword).chain([self.closing]).collect::<Vec<_>>().join(", ")
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $grammar:ident $singleton:literal,)*) => {
        /// The sections of a configuration file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum SectionKind {
            $($(#[$doc])* $kind,)*
        }

        impl SectionKind {
            /// All of them.
            ///
            /// ```
            /// use cosmos_xorg_config::SectionKind;
            /// assert!(SectionKind::ALL.contains(&SectionKind::Device));
            /// ```
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name as the manual page of `xorg.conf` spells it.
            ///
            /// ```
            /// use cosmos_xorg_config::SectionKind;
            /// assert_eq!(SectionKind::ServerFlags.name(), "ServerFlags");
            /// ```
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind)),* }
            }

            /// Whether there is one of its kind: a later section of that name replaces an earlier one whole.
            ///
            /// ```
            /// use cosmos_xorg_config::SectionKind;
            /// assert!(SectionKind::ServerFlags.is_singleton() && !SectionKind::Device.is_singleton());
            /// ```
            pub const fn is_singleton(self) -> bool {
                match self { $(Self::$kind => $singleton),* }
            }

            pub(super) const fn grammar(self) -> &'static Grammar {
                match self { $(Self::$kind => &tables::$grammar),* }
            }
        }
    };
}

kinds! {
    /// Which screens and input devices make up a desktop.
    ServerLayout LAYOUT false,
    /// Where fonts, modules and the log are.
    Files FILES true,
    /// Modules to load, or not to load.
    Module MODULE true,
    /// Options of the whole server.
    ServerFlags FLAGS true,
    /// X extensions to switch on or off.
    Extensions EXTENSIONS true,
    /// Who may use direct rendering.
    DRI DRI true,
    /// A keyboard, a mouse or the like.
    InputDevice INPUT_DEVICE false,
    /// The old form of a mouse.
    Pointer POINTER false,
    /// Options for input devices that are found at run time.
    InputClass INPUT_CLASS false,
    /// Options for graphics boards that are found at run time.
    OutputClass OUTPUT_CLASS false,
    /// A graphics board, or one head of it.
    Device DEVICE false,
    /// A video overlay.
    VideoAdaptor VIDEO_ADAPTOR false,
    /// What a monitor can show.
    Monitor MONITOR false,
    /// Modes that several monitors share.
    Modes MODES false,
    /// A board and a monitor together.
    Screen SCREEN false,
    /// What only one vendor's driver understands.
    Vendor VENDOR false,
}

impl SectionKind {
    pub(super) fn list() -> String {
        Self::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// As the server compares names: in any case, with `_` and blanks passed over.
impl FromStr for SectionKind {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let found = Self::ALL.iter().find(|kind| same_name(kind.name(), text));
        let problem = || Problem::UnknownSection { found: excerpt(text) };
        found.copied().ok_or_else(|| ParseError { line: 1, section: None, problem: problem() })
    }
}
