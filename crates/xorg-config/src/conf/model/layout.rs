//! Layouts: which screens and input devices make up a desktop.

use super::field::quoted;
use super::{Options, part};
use crate::conf::name::same_name;
use crate::conf::number::whole;
use crate::conf::view::{EntryView, Value};

part! {
    /// Which screens and input devices make up a desktop.
    ServerLayout {
        /// What `-layout` calls it.
        "Identifier" identifier: String = identifier,
        /// The seat for which this section is.
        "MatchSeat" match_seat: Option<String> = text,
        /// Screens.
        "Screen" screens: Vec<LayoutScreen> = screens,
        /// Input devices.
        "InputDevice" inputs: Vec<LayoutInput> = inputs,
        /// Boards that are set up and not used.
        "Inactive" inactive: Vec<String> = each,
        /// Options.
        "Option" options: Options = options,
    }
}

/// A screen of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutScreen {
    /// Its number, where it is given.
    pub number: Option<u32>,
    /// The `Identifier` of the screen.
    pub screen: String,
    /// Where it lies.
    pub position: Position,
}

/// Where a screen of a layout lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// At the server's choice.
    #[default]
    Unset,
    /// At these coordinates, in pixels.
    Absolute(u32, u32),
    /// Right of another screen.
    RightOf(String),
    /// Left of another screen.
    LeftOf(String),
    /// Above another screen.
    Above(String),
    /// Below another screen.
    Below(String),
    /// So far from the top left corner of another screen, in pixels.
    Relative(String, u32, u32),
    /// The old form: the screens at the top, the bottom, the left and the right.
    Neighbours([String; 4]),
}

/// An input device of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutInput {
    /// The `Identifier` of the input device.
    pub device: String,
    /// What it is used for: `CoreKeyboard`, `CorePointer`, `SendCoreEvents`.
    pub options: Vec<String>,
}

impl LayoutScreen {
    pub(super) fn read(entry: &EntryView<'_>) -> Option<Self> {
        let values: Vec<Value<'_>> = entry.values().collect();
        let (number, rest) = match values.split_first()? {
            (Value::Number(number), rest) => (Some(whole(number)), rest),
            _ => (None, &values[..]),
        };
        let (screen, rest) = rest.split_first()?;
        Some(Self { number, screen: screen.as_str().to_owned(), position: Position::read(rest) })
    }

    pub(super) fn print(&self) -> String {
        let number = self.number.map(|number| format!("{number} ")).unwrap_or_default();
        format!("{number}{} {}", quoted(&self.screen), self.position.print())
    }
}

impl Position {
    fn read(values: &[Value<'_>]) -> Self {
        let words: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
        let is = |name| matches!(values.first(), Some(Value::Word(word)) if same_name(name, word));
        let own = |text: &str| text.to_owned();
        match words[..] {
            [x, y] if matches!(values[0], Value::Number(_)) => Self::Absolute(whole(x), whole(y)),
            [_, x, y] if is("Absolute") => Self::Absolute(whole(x), whole(y)),
            [_, screen] if is("RightOf") => Self::RightOf(own(screen)),
            [_, screen] if is("LeftOf") => Self::LeftOf(own(screen)),
            [_, screen] if is("Above") => Self::Above(own(screen)),
            [_, screen] if is("Below") => Self::Below(own(screen)),
            [_, screen, x, y] if is("Relative") => Self::Relative(own(screen), whole(x), whole(y)),
            [top, bottom, left, right] => Self::Neighbours([top, bottom, left, right].map(own)),
            _ => Self::Unset,
        }
    }

    fn print(&self) -> String {
        match self {
            Self::Unset => String::new(),
            Self::Absolute(x, y) => format!("Absolute {x} {y}"),
            Self::RightOf(screen) => format!("RightOf {}", quoted(screen)),
            Self::LeftOf(screen) => format!("LeftOf {}", quoted(screen)),
            Self::Above(screen) => format!("Above {}", quoted(screen)),
            Self::Below(screen) => format!("Below {}", quoted(screen)),
            Self::Relative(screen, x, y) => format!("Relative {} {x} {y}", quoted(screen)),
            Self::Neighbours(screens) => screens.each_ref().map(|screen| quoted(screen)).join(" "),
        }
    }
}

impl LayoutInput {
    pub(super) fn read(entry: &EntryView<'_>) -> Option<Self> {
        let mut values = entry.values().map(|value| value.as_str().to_owned());
        let device = values.next()?;
        let mut options: Vec<String> = Vec::new();
        for option in values {
            match options.iter_mut().find(|old| same_name(old, &option)) {
                Some(old) => *old = option,
                None => options.push(option),
            }
        }
        Some(Self { device, options })
    }

    pub(super) fn print(&self) -> String {
        let options = self.options.iter().map(|option| quoted(option));
        [quoted(&self.device)].into_iter().chain(options).collect::<Vec<_>>().join(" ")
    }
}
