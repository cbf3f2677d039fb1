//! What a viewer understands and prefers, as its list of encodings tells.

use super::Encoding;

/// An extension that a viewer may understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pseudo {
    /// The pointer's shape, in the viewer's pixels.
    Cursor,
    /// The pointer's shape, in two colours.
    XCursor,
    /// The pointer's shape, with transparency.
    CursorWithAlpha,
    /// The screen's size may change.
    DesktopSize,
    /// It may be changed by the viewer.
    ExtendedDesktopSize,
    /// The desktop's name may change.
    DesktopName,
    /// An update may end before the number of its rectangles is known.
    LastRect,
    /// Marks in the stream.
    Fence,
    /// Updates without requests.
    ContinuousUpdates,
    /// The extended clipboard.
    ExtendedClipboard,
    /// Keys with their places, by QEMU.
    ExtendedKey,
    /// Sound, by QEMU.
    Audio,
    /// More than eight buttons of the pointer.
    ExtendedMouseButtons,
}

/// Pseudo-encodings by number.
const PSEUDO: [(i32, Pseudo); 13] = [
    (-239, Pseudo::Cursor),
    (-240, Pseudo::XCursor),
    (-314, Pseudo::CursorWithAlpha),
    (-223, Pseudo::DesktopSize),
    (-308, Pseudo::ExtendedDesktopSize),
    (-307, Pseudo::DesktopName),
    (-224, Pseudo::LastRect),
    (-312, Pseudo::Fence),
    (-313, Pseudo::ContinuousUpdates),
    (0xc0a1_e5ce_u32.cast_signed(), Pseudo::ExtendedClipboard),
    (-258, Pseudo::ExtendedKey),
    (-259, Pseudo::Audio),
    (-316, Pseudo::ExtendedMouseButtons),
];

impl Pseudo {
    /// Its number.
    pub fn number(self) -> i32 {
        PSEUDO.iter().find(|(_, pseudo)| *pseudo == self).expect("the table has them all").0
    }
}

/// What a viewer understands and prefers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// The encoding of pictures that it likes best.
    pub encoding: Encoding,
    /// Whether it can copy from one place of its picture to another.
    pub copy_rect: bool,
    /// How good lossy pictures shall be, 0 to 9; `None` for lossless ones only.
    pub quality: Option<u8>,
    /// How much time compression may take, 0 to 9.
    pub compression: u8,
    pseudo: u32,
}

/// What it is where the viewer does not say.
const COMPRESSION: u8 = 2;

impl Default for Wishes {
    fn default() -> Self {
        Self { encoding: Encoding::Raw, copy_rect: false, quality: None, compression: COMPRESSION, pseudo: 0 }
    }
}

impl Wishes {
    /// Reads the list. Numbers that mean nothing here are passed over; the first encoding that is known is preferred,
    /// unless `usable` does not take it.
    pub fn new(numbers: &[i32], usable: impl Fn(Encoding) -> bool) -> Self {
        let mut wishes = Self::default();
        let mut preferred = None;
        for number in numbers {
            match number {
                1 => wishes.copy_rect = true,
                -32..=-23 => wishes.quality = Some((number + 32) as u8),
                -256..=-247 => wishes.compression = (number + 256) as u8,
                number => match Encoding::from_number(*number).filter(|encoding| usable(*encoding)) {
                    Some(encoding) => _ = preferred.get_or_insert(encoding),
                    None => wishes.pseudo |= bit(*number),
                },
            }
        }
        wishes.encoding = preferred.unwrap_or(Encoding::Raw);
        wishes
    }

    /// The same, of pictures as they are.
    #[must_use]
    pub fn lossless(&self) -> Self {
        Self { quality: None, ..self.clone() }
    }

    /// Whether it understands this extension.
    pub fn has(&self, pseudo: Pseudo) -> bool {
        self.pseudo & bit(pseudo.number()) != 0
    }
}

fn bit(number: i32) -> u32 {
    PSEUDO.iter().position(|(known, _)| *known == number).map_or(0, |at| 1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_encoding_is_preferred() {
        for (numbers, encoding) in [
            (&[][..], Encoding::Raw),
            (&[1, 7, 16], Encoding::Tight),
            (&[-999, 16, 7], Encoding::Zrle),
            (&[50, 5], Encoding::Hextile),
            (&[0, 7], Encoding::Raw),
        ] {
            let wishes = Wishes::new(numbers, |encoding| encoding != Encoding::H264);
            assert_eq!(wishes.encoding, encoding, "{numbers:?}");
        }
    }

    #[test]
    fn levels_and_extensions_are_remembered() {
        let wishes = Wishes::new(&[-26, -247, 1, -239, 0xc0a1_e5ce_u32.cast_signed()], |_| true);
        assert_eq!((wishes.quality, wishes.compression, wishes.copy_rect), (Some(6), 9, true));
        for (number, pseudo) in PSEUDO {
            assert_eq!(wishes.has(pseudo), [Pseudo::Cursor, Pseudo::ExtendedClipboard].contains(&pseudo));
            assert!(Wishes::new(&[number], |_| true).has(pseudo), "{number}");
        }
    }
}
