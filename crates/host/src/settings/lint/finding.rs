//! What can be wrong, and where.

use std::{fmt, ops::Range};

use super::lines::Walk;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub rule: Rule,
    /// How grave it is.
    pub level: Level,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The place, in bytes of the text.
    #[serde(skip)]
    pub span: Range<usize>,
    /// What is wrong here. Never holds a secret.
    pub what: String,
    /// Why that is wrong.
    pub why: &'static str,
    /// What to write instead.
    pub fix: String,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It works, and there is a better way.
    Note,
    /// It works in part, or it is dangerous.
    Warning,
    /// It cannot work.
    Error,
}

/// The kinds of things that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// The text cannot be read.
    Syntax,
    /// There is no desktop in it.
    NoDesktop,
    /// Ports are published beside the host's network.
    PublishWithHostNetwork,
    /// The container is given the whole machine.
    Privileged,
    /// A secret stands in the text.
    SecretInPlainText,
    /// A secret and the name of a file with the same secret.
    SecretTwice,
    /// The password is that of the manual.
    DefaultPassword,
    /// Everybody may come in.
    NoLogin,
    /// Both ways to log in to TURN are set.
    TurnBoth,
    /// A part of the way to log in to TURN is missing.
    TurnIncomplete,
    /// The driver's display part stays outside of the container.
    DisplayCapability,
    /// Only slices of GPUs are asked for.
    GpuSlice,
    /// The screen is larger than its output can show.
    SizeBeyondPort,
    /// The encoder needs an engine that the GPU lacks.
    EncoderNotOnGpu,
    /// A name is an older one.
    DeprecatedName,
    /// Two names of one setting are given.
    SeveralNames,
    /// A name means nothing any more.
    RetiredName,
    /// A name is no setting.
    UnknownName,
    /// A value is not understood.
    BadValue,
    /// A value is no text where only texts are accepted.
    NotText,
    /// Quotes that will be part of the value.
    LiteralQuotes,
    /// A value and a reference to a secret at once.
    ValueAndReference,
}

/// A finding whose line is not counted yet.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub rule: Rule,
    pub level: Level,
    pub span: Range<usize>,
    pub what: String,
    pub fix: String,
}

impl Rule {
    /// Its name in reports.
    pub const fn id(self) -> &'static str {
        self.row().0
    }

    /// How grave it is as a rule.
    pub const fn level(self) -> Level {
        self.row().1
    }

    /// Why it matters.
    pub const fn why(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (&'static str, Level, &'static str) {
        use Level::{Error, Note, Warning};
        match self {
            Self::Syntax => ("syntax", Error, "what cannot be read cannot be started"),
            Self::NoDesktop => ("no-desktop", Warning, "nothing was checked"),
            Self::PublishWithHostNetwork => (
                "publish-with-host-network",
                Warning,
                "a container in the host's network has the host's ports; publishing has no effect there",
            ),
            Self::Privileged => {
                ("privileged", Warning, "a privileged container owns the host; a desktop needs no privilege")
            }
            Self::SecretInPlainText => (
                "secret-in-plain-text",
                Warning,
                "whoever reads the text, the list of processes or the container's description reads the secret",
            ),
            Self::SecretTwice => {
                ("secret-twice", Error, "nobody could say which of the two holds, so both are refused")
            }
            Self::DefaultPassword => {
                ("default-password", Error, "everybody knows the password of the manual, so it is refused")
            }
            Self::NoLogin => {
                ("no-login", Error, "whoever reaches the port would own the desktop, so it is refused")
            }
            Self::TurnBoth => ("turn-both", Error, "only one way to log in can be meant"),
            Self::TurnIncomplete => ("turn-incomplete", Error, "half a login lets nobody in"),
            Self::DisplayCapability => (
                "display-capability",
                Warning,
                "without graphics and display the container gets no GLX, no Vulkan and no X driver, and the CPU draws",
            ),
            Self::GpuSlice => {
                ("gpu-slice", Warning, "a slice of a GPU has neither graphics nor display, and the CPU draws")
            }
            Self::SizeBeyondPort => {
                ("size-beyond-port", Warning, "the driver refuses a mode that its output cannot carry")
            }
            Self::EncoderNotOnGpu => (
                "encoder-not-on-gpu",
                Warning,
                "the CPU encodes in the place of a circuit that the GPU does not have",
            ),
            Self::DeprecatedName => {
                ("deprecated-name", Note, "older names are understood, and newer ones win")
            }
            Self::SeveralNames => ("several-names", Warning, "the newest name wins, whatever the others say"),
            Self::RetiredName => ("retired-name", Warning, "nothing reads it"),
            Self::UnknownName => {
                ("unknown-name", Warning, "nothing reads it, so what it was to set is not set")
            }
            Self::BadValue => ("bad-value", Error, "a value that is not understood is refused at the start"),
            Self::NotText => {
                ("not-text", Error, "only texts are accepted here, so the whole file is refused")
            }
            Self::LiteralQuotes => {
                ("literal-quotes", Warning, "docker takes quotes in such a file as part of the value")
            }
            Self::ValueAndReference => {
                ("value-and-reference", Error, "Kubernetes refuses a variable with both")
            }
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl Draft {
    pub fn new(rule: Rule, span: Range<usize>, what: String, fix: String) -> Self {
        Self { rule, level: rule.level(), span, what, fix }
    }

    /// A value that is told may hold what nobody may see: then only its name is told.
    pub fn hide(&mut self, hidden: &[Range<usize>]) {
        let at = hidden.partition_point(|place| place.end <= self.span.start);
        if self.rule == Rule::BadValue && hidden.get(at).is_some_and(|place| place.start < self.span.end) {
            let name = self.what.split([' ', ':']).next().unwrap_or_default();
            self.what = format!("{name} is not understood");
        }
    }

    pub fn at(self, walk: &mut Walk<'_>) -> Finding {
        let (line, column) = walk.position(self.span.start);
        let Self { rule, level, span, what, fix } = self;
        Finding { rule, level, line, column, span, what, why: rule.why(), fix }
    }
}
