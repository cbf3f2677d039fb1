//! What the page tells the server.

use cosmos_desktop::{Button, InputEvent, Keysym, Point, Size};

use crate::{
    DecodeError,
    clipboard::PART,
    wire::{Reader, Writer},
};

/// The longest composed text of one message, in bytes.
const MAX_TEXT: usize = 4096;

/// What the page tells the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Something was done with keyboard or pointer (kinds 0x01 to 0x07).
    Input(InputEvent),
    /// The picture's place in the page has this size in physical pixels.
    Resize(Size),
    /// A clipboard text of so many bytes begins.
    ClipboardBegin(u32),
    /// The next bytes of it, at most [`PART`].
    ClipboardPart(Vec<u8>),
    /// Asks for a [`Pong`](crate::ServerMessage::Pong) with this number.
    Ping(u32),
    /// Whether the picture is looked at. A hidden page asks for none.
    Video(bool),
    /// Whether the sound is listened to.
    Audio(bool),
    /// What the person allows the picture to cost.
    Quality {
        /// Upper bound of the video bitrate in kbit/s; 0 leaves it to the server.
        max_kbps: u32,
        /// Upper bound of the frame rate in frames per second; 0 leaves it to the server.
        max_fps: u8,
    },
    /// So many bytes of messages have arrived over the WebSocket since it was opened, modulo 2^32. Told at once after
    /// each message of 1000 bytes or more, and with each ping.
    Received(u32),
    /// Asks those who drive for the control, or no longer.
    AskControl(bool),
    /// Lets the person of this number drive, and nobody else.
    GiveControl(u32),
    /// Lets this page drive, and nobody else.
    TakeControl,
    /// Lets everybody drive again who may.
    ReleaseControl,
}

impl ClientMessage {
    /// Reads one message.
    ///
    /// # Errors
    /// [`DecodeError`], for every input that [`encode`](Self::encode) does not make.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = Reader(message);
        let message = match fields.u8()? {
            kind @ 0x01..=0x07 => Self::Input(decode_input(kind, &mut fields)?),
            0x10 => Self::Resize(decode_size(&mut fields)?),
            0x11 => Self::ClipboardBegin(fields.u32()?),
            0x12 => Self::ClipboardPart(decode_part(&mut fields)?),
            0x13 => Self::Ping(fields.u32()?),
            0x14 => Self::Video(fields.bool("wanted")?),
            0x15 => Self::Audio(fields.bool("wanted")?),
            0x16 => Self::Quality { max_kbps: fields.u32()?, max_fps: fields.u8()? },
            0x17 => Self::Received(fields.u32()?),
            0x20 => Self::AskControl(fields.bool("asks")?),
            0x21 => Self::GiveControl(fields.u32()?),
            0x22 => Self::TakeControl,
            0x23 => Self::ReleaseControl,
            kind => return Err(DecodeError::Kind(kind)),
        };
        fields.end(message)
    }

    /// The message as bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Input(event) => encode_input(event),
            Self::Resize(size) => Writer::new(0x10).u16(size.width).u16(size.height).done(),
            Self::ClipboardBegin(bytes) => Writer::new(0x11).u32(*bytes).done(),
            Self::ClipboardPart(bytes) => Writer::new(0x12).put(bytes).done(),
            Self::Ping(number) => Writer::new(0x13).u32(*number).done(),
            Self::Video(wanted) => Writer::new(0x14).u8((*wanted).into()).done(),
            Self::Audio(wanted) => Writer::new(0x15).u8((*wanted).into()).done(),
            Self::Received(total) => Writer::new(0x17).u32(*total).done(),
            Self::AskControl(asks) => Writer::new(0x20).u8((*asks).into()).done(),
            Self::GiveControl(person) => Writer::new(0x21).u32(*person).done(),
            Self::TakeControl => Writer::new(0x22).done(),
            Self::ReleaseControl => Writer::new(0x23).done(),
            Self::Quality { max_kbps, max_fps } => Writer::new(0x16).u32(*max_kbps).u8(*max_fps).done(),
        }
    }
}

fn decode_input(kind: u8, fields: &mut Reader<'_>) -> Result<InputEvent, DecodeError> {
    Ok(match kind {
        0x01 => InputEvent::Key { pressed: fields.bool("pressed")?, keysym: Keysym(fields.u32()?) },
        0x02 => InputEvent::Text(decode_text(fields)?),
        0x03 => InputEvent::PointerTo(Point { x: fields.u16()?, y: fields.u16()? }),
        0x04 => InputEvent::PointerBy { dx: fields.i16()?, dy: fields.i16()? },
        0x05 => InputEvent::Button { button: decode_button(fields)?, pressed: fields.bool("pressed")? },
        0x06 => InputEvent::Scroll { dx: fields.i16()?, dy: fields.i16()? },
        0x07 => InputEvent::ReleaseAll,
        kind => return Err(DecodeError::Kind(kind)),
    })
}

fn encode_input(event: &InputEvent) -> Vec<u8> {
    match event {
        InputEvent::Key { keysym, pressed } => Writer::new(0x01).u8((*pressed).into()).u32(keysym.0),
        InputEvent::Text(text) => Writer::new(0x02).put(text.as_bytes()),
        InputEvent::PointerTo(point) => Writer::new(0x03).u16(point.x).u16(point.y),
        InputEvent::PointerBy { dx, dy } => Writer::new(0x04).i16(*dx).i16(*dy),
        InputEvent::Button { button, pressed } => Writer::new(0x05).u8(*button as u8).u8((*pressed).into()),
        InputEvent::Scroll { dx, dy } => Writer::new(0x06).i16(*dx).i16(*dy),
        InputEvent::ReleaseAll => Writer::new(0x07),
    }
    .done()
}

fn decode_button(fields: &mut Reader<'_>) -> Result<Button, DecodeError> {
    let buttons = [Button::Left, Button::Middle, Button::Right, Button::Back, Button::Forward];
    buttons.get(usize::from(fields.u8()?)).copied().ok_or(DecodeError::Value("button"))
}

fn decode_text(fields: &mut Reader<'_>) -> Result<String, DecodeError> {
    let text = fields.text_tail()?;
    if text.len() > MAX_TEXT { Err(DecodeError::Value("text")) } else { Ok(text.to_owned()) }
}

fn decode_size(fields: &mut Reader<'_>) -> Result<Size, DecodeError> {
    let size = Size::new(fields.u16()?, fields.u16()?);
    if size.area() == 0 { Err(DecodeError::Value("size")) } else { Ok(size) }
}

fn decode_part(fields: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let part = fields.tail();
    if part.len() > PART { Err(DecodeError::Value("part")) } else { Ok(part.to_owned()) }
}
