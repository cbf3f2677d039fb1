//! What a person does with a keyboard and a pointer.

use crate::Point;

/// An X11 keysym (X Window System Protocol, appendix A): what is engraved on a key, not where the key is.
/// Characters outside Latin-1 are `0x0100_0000 + code point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Keysym(pub u32);

impl Keysym {
    /// The keysym that stands for a character. Latin-1 characters are their own keysyms.
    pub const fn from_char(character: char) -> Self {
        let code = character as u32;
        match code {
            0x08 | 0x09 | 0x0d | 0x1b => Self(0xff00 | code),
            0x0a => Self(0xff0d),
            0x7f => Self(0xffff),
            0x20..=0x7e | 0xa0..=0xff => Self(code),
            _ => Self(0x0100_0000 | code),
        }
    }
}

/// A pointer button, by the place it has on a mouse for the right hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Button {
    /// The main button.
    Left,
    /// The wheel pressed.
    Middle,
    /// The button that opens context menus.
    Right,
    /// The thumb button that goes back.
    Back,
    /// The thumb button that goes forward.
    Forward,
}

/// One thing done by the person in front of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputEvent {
    /// A key went down or up. The keysym of the release is the one of the press, whatever happened to the
    /// modifiers in between.
    Key {
        /// What the key means in the person's own layout, modifiers included.
        keysym: Keysym,
        /// Down, or up.
        pressed: bool,
    },
    /// Text that was composed on the person's side (an input method, a touch keyboard, a paste as typing).
    Text(String),
    /// The pointer is at this pixel of the desktop.
    PointerTo(Point),
    /// The pointer moved by so many pixels, right and down being positive.
    PointerBy {
        /// Columns to the right.
        dx: i16,
        /// Rows down.
        dy: i16,
    },
    /// A button went down or up.
    Button {
        /// Which.
        button: Button,
        /// Down, or up.
        pressed: bool,
    },
    /// The wheel turned, in 120ths of a notch; right and down are positive.
    Scroll {
        /// To the right.
        dx: i16,
        /// Down.
        dy: i16,
    },
    /// The person's window lost the focus, or the person is gone: nothing stays pressed.
    ReleaseAll,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_their_keysyms() {
        for (character, keysym) in [
            ('a', 0x61),
            ('é', 0xe9),
            ('ß', 0xdf),
            ('漢', 0x0100_6f22),
            ('😀', 0x0101_f600),
            ('\n', 0xff0d),
            ('\t', 0xff09),
            ('\u{7f}', 0xffff),
        ] {
            assert_eq!(Keysym::from_char(character), Keysym(keysym), "{character:?}");
        }
    }
}
