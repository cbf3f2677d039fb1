//! The extended clipboard: texts in UTF-8, told of before they travel.

use std::{io::Read, ops::BitOr};

use flate2::{Compression, FlushCompress, read::ZlibDecoder};

use super::{RfbError, encode::deflate};
use crate::MAX_CLIPBOARD;

/// Formats and actions, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClipboardFlags(pub u32);

impl ClipboardFlags {
    /// Text in UTF-8, with carriage returns.
    pub const TEXT: Self = Self(1);
    /// What is understood is told.
    pub const CAPABILITIES: Self = Self(1 << 24);
    /// The text is asked for.
    pub const REQUEST: Self = Self(1 << 25);
    /// What there is is asked for.
    pub const PEEK: Self = Self(1 << 26);
    /// What there is is told.
    pub const NOTIFY: Self = Self(1 << 27);
    /// The text itself.
    pub const PROVIDE: Self = Self(1 << 28);

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for ClipboardFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One message about the clipboard; both sides say the same ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClipboardMessage {
    /// These formats and actions are understood.
    Capabilities(ClipboardFlags),
    /// The text is asked for, if there is one.
    Request(ClipboardFlags),
    /// What there is is asked for.
    Peek,
    /// There is this.
    Notify(ClipboardFlags),
    /// The text, where there is one.
    Provide(Option<String>),
}

/// The largest text that a viewer may send without being asked for.
const UNSOLICITED: u32 = 0;

impl ClipboardMessage {
    /// Reads what follows the length. A text loses its carriage returns and the zero at its end.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, RfbError> {
        let (flags, rest) = bytes.split_first_chunk().ok_or(RfbError::Value("clipboard"))?;
        let flags = ClipboardFlags(u32::from_be_bytes(*flags));
        if flags.has(ClipboardFlags::CAPABILITIES) {
            return Ok(Self::Capabilities(flags));
        }
        match ACTIONS.iter().find(|action| flags.has(**action)) {
            Some(&ClipboardFlags::REQUEST) => Ok(Self::Request(flags)),
            Some(&ClipboardFlags::PEEK) => Ok(Self::Peek),
            Some(&ClipboardFlags::NOTIFY) => Ok(Self::Notify(flags)),
            Some(_) if flags.has(ClipboardFlags::TEXT) => unpack(rest).map(Some).map(Self::Provide),
            Some(_) => Ok(Self::Provide(None)),
            None => Err(RfbError::Value("clipboard")),
        }
    }

    /// The whole message of the server.
    pub fn encode(&self) -> Vec<u8> {
        let (flags, rest) = match self {
            Self::Capabilities(flags) => {
                (*flags | ClipboardFlags::CAPABILITIES, UNSOLICITED.to_be_bytes().to_vec())
            }
            Self::Request(flags) => (*flags | ClipboardFlags::REQUEST, Vec::new()),
            Self::Peek => (ClipboardFlags::PEEK, Vec::new()),
            Self::Notify(flags) => (*flags | ClipboardFlags::NOTIFY, Vec::new()),
            Self::Provide(None) => (ClipboardFlags::PROVIDE, Vec::new()),
            Self::Provide(Some(text)) => (ClipboardFlags::PROVIDE | ClipboardFlags::TEXT, pack(text)),
        };
        let length = -((4 + rest.len()) as i32);
        [&[3, 0, 0, 0][..], &length.to_be_bytes(), &flags.0.to_be_bytes(), &rest].concat()
    }

    /// What this server understands.
    pub fn understood() -> Self {
        let actions = ACTIONS.into_iter().fold(ClipboardFlags::TEXT, |flags, action| flags | action);
        Self::Capabilities(actions)
    }
}

const ACTIONS: [ClipboardFlags; 4] =
    [ClipboardFlags::REQUEST, ClipboardFlags::PEEK, ClipboardFlags::NOTIFY, ClipboardFlags::PROVIDE];

fn pack(text: &str) -> Vec<u8> {
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let mut plain = Vec::with_capacity(text.len() + 5);
    plain.extend_from_slice(&(text.len() as u32 + 1).to_be_bytes());
    plain.extend_from_slice(text.as_bytes());
    plain.push(0);
    let mut packed = Vec::new();
    let mut stream = flate2::Compress::new(Compression::default(), true);
    deflate(&mut stream, &plain, FlushCompress::Finish, &mut packed);
    packed
}

/// Never more than the longest text is unpacked, whatever it claims.
fn unpack(packed: &[u8]) -> Result<String, RfbError> {
    let mut stream = ZlibDecoder::new(packed);
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(|_| RfbError::Compressed)?;
    let length = u32::from_be_bytes(length);
    if length as usize > MAX_CLIPBOARD {
        return Err(RfbError::Long { field: "clipboard", length, most: MAX_CLIPBOARD as u32 });
    }
    let mut text = Vec::new();
    stream.take(length.into()).read_to_end(&mut text).map_err(|_| RfbError::Compressed)?;
    if text.len() != length as usize {
        return Err(RfbError::Compressed);
    }
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    text.truncate(end);
    Ok(String::from_utf8_lossy(&text).replace("\r\n", "\n"))
}
