//! What a viewer says after the handshake (RFC 6143, section 7.5, and its extensions).

use cosmos_desktop::{Point, Rect, Size};

use super::{AudioFormat, AudioRequest, ClipboardMessage, PixelFormat, RfbError};

/// The longest text of a clipboard that is taken, in bytes as they travel.
pub const MAX_CUT_TEXT: u32 = 4 * 1024 * 1024;
/// The longest message. Whoever keeps more bytes than this without finding a message in them made a mistake.
pub const MAX_MESSAGE: usize = MAX_CUT_TEXT as usize + 8;
/// The longest payload of a fence.
const MAX_FENCE: u8 = 64;

/// What a viewer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Pixels shall have this form.
    SetPixelFormat(PixelFormat),
    /// The viewer understands these encodings, the best first.
    SetEncodings(Vec<i32>),
    /// The viewer wants to see this part.
    Request {
        /// Only what has changed.
        incremental: bool,
        /// The part.
        area: Rect,
    },
    /// A key went down or up.
    Key {
        /// Down, or up.
        pressed: bool,
        /// What it means, as an X11 keysym.
        keysym: u32,
        /// Where it is, as a scancode of the PC's first set; 0 where the viewer does not tell.
        scancode: u32,
    },
    /// The pointer is here, with these buttons pressed, the lowest bit being the first button.
    Pointer {
        /// The buttons.
        buttons: u16,
        /// The pixel.
        at: Point,
    },
    /// Text was copied, in Latin-1.
    CutText(Vec<u8>),
    /// The clipboard is spoken of, in the extended way.
    Clipboard(ClipboardMessage),
    /// Updates of this part shall come without being asked for, or no longer.
    ContinuousUpdates {
        /// Whether they shall.
        enable: bool,
        /// The part.
        area: Rect,
    },
    /// A mark in the stream, to be answered or being the answer.
    Fence {
        /// What is asked for.
        flags: u32,
        /// What is to come back unchanged.
        payload: Vec<u8>,
    },
    /// The screen shall have this size.
    SetDesktopSize {
        /// The whole.
        size: Size,
        /// Its screens.
        screens: Vec<Screen>,
    },
    /// Sound is asked for, or what it shall be like.
    Audio(AudioRequest),
}

/// One screen of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its number.
    pub id: u32,
    /// Where it lies.
    pub area: Rect,
    /// Without meaning, and to be kept.
    pub flags: u32,
}

impl ClientMessage {
    /// Reads the first message in `bytes`, and tells how long it is; `None` while it is not there whole.
    /// `extended_buttons` says whether the viewer was told that pointers may have more than eight buttons.
    ///
    /// # Errors
    /// [`RfbError`] for what is no message, or longer than is taken; known before its bytes are there.
    pub fn read(bytes: &[u8], extended_buttons: bool) -> Result<Option<(Self, usize)>, RfbError> {
        let Some(kind) = bytes.first() else { return Ok(None) };
        let mut fields = Fields { bytes, at: 1 };
        let message = match kind {
            0 => fields.pixel_format()?,
            2 => fields.encodings(),
            3 => fields.request(),
            4 => fields.key(),
            5 => fields.pointer(extended_buttons),
            6 => fields.cut_text()?,
            150 => fields.continuous_updates(),
            248 => fields.fence()?,
            251 => fields.desktop_size()?,
            255 => fields.qemu()?,
            kind => return Err(RfbError::Message(*kind)),
        };
        Ok(message.map(|message| (message, fields.at)))
    }
}

/// Takes fields off the front. A field that is not there yet is `None`.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let field = self.bytes.get(self.at..)?.get(..length)?;
        self.at += length;
        Some(field)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn point(&mut self) -> Option<Point> {
        Some(Point { x: self.u16()?, y: self.u16()? })
    }

    fn rect(&mut self) -> Option<Rect> {
        let Point { x, y } = self.point()?;
        Some(Rect { x, y, width: self.u16()?, height: self.u16()? })
    }

    fn pixel_format(&mut self) -> Result<Option<ClientMessage>, RfbError> {
        let format = self.take(3).and_then(|_| self.array());
        format.map(|bytes| PixelFormat::decode(bytes).map(ClientMessage::SetPixelFormat)).transpose()
    }

    fn encodings(&mut self) -> Option<ClientMessage> {
        self.take(1)?;
        let count = usize::from(self.u16()?);
        let numbers = self.take(4 * count)?.as_chunks::<4>().0;
        Some(ClientMessage::SetEncodings(numbers.iter().map(|bytes| i32::from_be_bytes(*bytes)).collect()))
    }

    fn request(&mut self) -> Option<ClientMessage> {
        Some(ClientMessage::Request { incremental: self.u8()? != 0, area: self.rect()? })
    }

    fn key(&mut self) -> Option<ClientMessage> {
        let pressed = self.u8()? != 0;
        self.take(2)?;
        Some(ClientMessage::Key { pressed, keysym: self.u32()?, scancode: 0 })
    }

    fn pointer(&mut self, extended: bool) -> Option<ClientMessage> {
        let low = self.u8()?;
        let at = self.point()?;
        let buttons = match extended && low & 0x80 != 0 {
            true => u16::from(low & 0x7f) | u16::from(self.u8()?) << 7,
            false => low.into(),
        };
        Some(ClientMessage::Pointer { buttons, at })
    }

    fn cut_text(&mut self) -> Result<Option<ClientMessage>, RfbError> {
        let Some(length) = self.take(3).and_then(|_| self.u32()) else { return Ok(None) };
        // A negative length marks the extended clipboard.
        let extended = length.cast_signed() < 0;
        let length = length.cast_signed().unsigned_abs();
        if length > MAX_CUT_TEXT {
            return Err(RfbError::Long { field: "text", length, most: MAX_CUT_TEXT });
        }
        let Some(text) = self.take(length as usize) else { return Ok(None) };
        match extended {
            true => ClipboardMessage::decode(text).map(|message| Some(ClientMessage::Clipboard(message))),
            false => Ok(Some(ClientMessage::CutText(text.to_vec()))),
        }
    }

    fn continuous_updates(&mut self) -> Option<ClientMessage> {
        Some(ClientMessage::ContinuousUpdates { enable: self.u8()? != 0, area: self.rect()? })
    }

    fn fence(&mut self) -> Result<Option<ClientMessage>, RfbError> {
        let Some(flags) = self.take(3).and_then(|_| self.u32()) else { return Ok(None) };
        let Some(length) = self.u8() else { return Ok(None) };
        if length > MAX_FENCE {
            return Err(RfbError::Long { field: "fence", length: length.into(), most: MAX_FENCE.into() });
        }
        let payload = self.take(length.into());
        Ok(payload.map(|payload| ClientMessage::Fence { flags, payload: payload.to_vec() }))
    }

    fn desktop_size(&mut self) -> Result<Option<ClientMessage>, RfbError> {
        let Some(size) = self.take(1).and_then(|_| self.point()) else { return Ok(None) };
        let Some(count) = self.u8() else { return Ok(None) };
        if size.x == 0 || size.y == 0 {
            return Err(RfbError::Value("size"));
        }
        let Some(fields) = self.take(1).and_then(|_| self.take(16 * usize::from(count))) else {
            return Ok(None);
        };
        let screens = fields.as_chunks::<16>().0.iter().filter_map(screen).collect();
        Ok(Some(ClientMessage::SetDesktopSize { size: Size::new(size.x, size.y), screens }))
    }

    fn qemu(&mut self) -> Result<Option<ClientMessage>, RfbError> {
        match self.u8() {
            None => Ok(None),
            Some(0) => Ok(self.qemu_key()),
            Some(1) => self.qemu_audio(),
            Some(kind) => Err(RfbError::Submessage(kind)),
        }
    }

    fn qemu_key(&mut self) -> Option<ClientMessage> {
        let pressed = self.u16()? != 0;
        Some(ClientMessage::Key { pressed, keysym: self.u32()?, scancode: self.u32()? })
    }

    fn qemu_audio(&mut self) -> Result<Option<ClientMessage>, RfbError> {
        let request = match self.u16() {
            None => return Ok(None),
            Some(0) => Some(AudioRequest::Enable),
            Some(1) => Some(AudioRequest::Disable),
            Some(2) => match self.array() {
                None => None,
                Some(bytes) => Some(AudioRequest::Format(AudioFormat::decode(bytes)?)),
            },
            Some(_) => return Err(RfbError::Value("audio operation")),
        };
        Ok(request.map(ClientMessage::Audio))
    }
}

fn screen(bytes: &[u8; 16]) -> Option<Screen> {
    let mut fields = Fields { bytes, at: 0 };
    Some(Screen { id: fields.u32()?, area: fields.rect()?, flags: fields.u32()? })
}
