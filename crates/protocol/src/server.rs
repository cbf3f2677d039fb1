//! What the server tells the page.

use cosmos_desktop::{Point, Size};

use crate::{
    DecodeError, Person,
    clipboard::PART,
    person,
    wire::{Reader, Writer},
};

/// What the server tells the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// The first message.
    Hello {
        /// [`VERSION`](crate::VERSION) of the server.
        version: u8,
        /// Whether the server takes this page's keyboard and pointer.
        control: bool,
        /// Whether there is sound.
        audio: bool,
        /// The name that was used to log in.
        user: String,
    },
    /// The pointer's shape: see [`CursorImage`](cosmos_desktop::CursorImage), whose fields these are.
    Cursor {
        /// Columns and rows, each at most 128.
        size: Size,
        /// The pixel that points.
        hot: Point,
        /// `4 * size.area()` bytes of red, green, blue, alpha.
        rgba: Vec<u8>,
    },
    /// A clipboard text of so many bytes begins.
    ClipboardBegin(u32),
    /// The next bytes of it, at most [`PART`].
    ClipboardPart(Vec<u8>),
    /// The answer to a [`Ping`](crate::ClientMessage::Ping).
    Pong {
        /// The number that was sent.
        number: u32,
        /// The server's clock, in microseconds since 1970.
        server_us: u64,
    },
    /// Figures of the last second.
    Stats(Stats),
    /// Whether there is a desktop.
    Desktop {
        /// Up, or lost.
        state: DesktopState,
        /// Why it is lost; empty when it is up.
        message: String,
    },
    /// The screen has this size now.
    Resized(Size),
    /// Something the person should know.
    Notice {
        /// How bad it is.
        level: Level,
        /// The text.
        text: String,
    },
    /// What encodes the picture now.
    Encoder {
        /// The GStreamer element.
        element: String,
        /// The codec's name.
        codec: String,
        /// Why this one.
        reason: String,
    },
    /// Everybody who is connected.
    People(Vec<Person>),
    /// Whether the server takes this page's keyboard and pointer from now on.
    Control(bool),
    /// Somebody points there.
    Pointer {
        /// The number of the person.
        id: u32,
        /// The pixel of the desktop.
        at: Point,
    },
    /// Why this page is not shown the picture: there is no codec that everybody here decodes. Empty when it is shown from
    /// now on.
    Unseen(String),
    /// A picture. Over WebRTC pictures have a track of their own.
    Video {
        /// Whether decoding can begin here.
        keyframe: bool,
        /// How `data` is coded.
        codec: VideoCodec,
        /// When the change that led to it became known, by the server's clock, in microseconds since 1970.
        captured_us: u64,
        /// One access unit; of H.264 and H.265 in Annex B form.
        data: Vec<u8>,
    },
    /// A packet of sound. Over WebRTC sound has a track of its own.
    Audio {
        /// The first sample, in samples of 48 kHz since the sound began.
        pts: u64,
        /// One packet of Opus (RFC 6716), two channels.
        data: Vec<u8>,
    },
}

/// How a picture is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoCodec {
    /// H.264.
    H264,
    /// H.265.
    H265,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// AV1.
    Av1,
}

/// [`ServerMessage::Video`] as bytes, of a picture that stays where it is.
pub fn video_message(keyframe: bool, codec: VideoCodec, captured_us: u64, data: &[u8]) -> Vec<u8> {
    Writer::with_room(0x90, 10 + data.len())
        .u8(keyframe.into())
        .u8(codec as u8)
        .u64(captured_us)
        .put(data)
        .done()
}

/// [`ServerMessage::Audio`] as bytes, of a packet that stays where it is.
pub fn audio_message(pts: u64, data: &[u8]) -> Vec<u8> {
    Writer::with_room(0x91, 8 + data.len()).u64(pts).put(data).done()
}

/// Figures of the last second, as the server sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// What the encoder was asked for, in kbit/s.
    pub target_kbps: u32,
    /// What left for this page, in kbit/s.
    pub sent_kbps: u32,
    /// What the network to this page is thought to carry, in kbit/s; 0 while unknown.
    pub estimate_kbps: u32,
    /// Frames encoded, per second, times ten.
    pub fps_x10: u16,
    /// Mean time from the change on the screen to the picture in memory, in microseconds.
    pub capture_us: u32,
    /// Mean time of the colour conversion, in microseconds.
    pub convert_us: u32,
    /// Mean time of the encoder, in microseconds.
    pub encode_us: u32,
    /// Frames this page was not sent because it was too slow, since it connected.
    pub skipped: u32,
    /// Pages connected.
    pub viewers: u16,
}

/// Whether there is a desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DesktopState {
    /// Its picture is being streamed.
    Up,
    /// It is gone, and being looked for.
    Lost,
}

/// How bad a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Info,
    /// Something is less than it could be.
    Warning,
    /// Something does not work.
    Error,
}

impl ServerMessage {
    /// The message as bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { version, control, audio, user } => {
                Writer::new(0x81).u8(*version).u8((*control).into()).u8((*audio).into()).put(user.as_bytes())
            }
            Self::Cursor { size, hot, rgba } => {
                Writer::new(0x82).u16(size.width).u16(size.height).u16(hot.x).u16(hot.y).put(rgba)
            }
            Self::ClipboardBegin(bytes) => Writer::new(0x83).u32(*bytes),
            Self::ClipboardPart(bytes) => Writer::new(0x84).put(bytes),
            Self::Pong { number, server_us } => Writer::new(0x85).u32(*number).u64(*server_us),
            Self::Stats(stats) => encode_stats(stats),
            Self::Desktop { state, message } => Writer::new(0x87).u8(*state as u8).put(message.as_bytes()),
            Self::Resized(size) => Writer::new(0x88).u16(size.width).u16(size.height),
            Self::Notice { level, text } => Writer::new(0x89).u8(*level as u8).put(text.as_bytes()),
            Self::Encoder { element, codec, reason } => {
                Writer::new(0x8a).short_text(element).short_text(codec).put(reason.as_bytes())
            }
            Self::People(people) => person::encode(people),
            Self::Control(mine) => Writer::new(0x8c).u8((*mine).into()),
            Self::Pointer { id, at } => Writer::new(0x8d).u32(*id).u16(at.x).u16(at.y),
            Self::Unseen(why) => Writer::new(0x8e).put(why.as_bytes()),
            Self::Video { keyframe, codec, captured_us, data } => {
                return video_message(*keyframe, *codec, *captured_us, data);
            }
            Self::Audio { pts, data } => return audio_message(*pts, data),
        }
        .done()
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`DecodeError`], for every input that [`encode`](Self::encode) does not make.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = Reader(message);
        let message = match fields.u8()? {
            0x81 => decode_hello(&mut fields)?,
            0x82 => decode_cursor(&mut fields)?,
            0x83 => Self::ClipboardBegin(fields.u32()?),
            0x84 => decode_part(&mut fields)?,
            0x85 => Self::Pong { number: fields.u32()?, server_us: fields.u64()? },
            0x86 => Self::Stats(decode_stats(&mut fields)?),
            0x87 => {
                Self::Desktop { state: decode_state(&mut fields)?, message: fields.text_tail()?.to_owned() }
            }
            0x88 => Self::Resized(Size::new(fields.u16()?, fields.u16()?)),
            0x89 => Self::Notice { level: decode_level(&mut fields)?, text: fields.text_tail()?.to_owned() },
            0x8a => decode_encoder(&mut fields)?,
            0x8b => Self::People(person::decode(&mut fields)?),
            0x8c => Self::Control(fields.bool("control")?),
            0x8d => Self::Pointer { id: fields.u32()?, at: Point { x: fields.u16()?, y: fields.u16()? } },
            0x8e => Self::Unseen(fields.text_tail()?.to_owned()),
            0x90 => Self::Video {
                keyframe: fields.bool("keyframe")?,
                codec: decode_codec(&mut fields)?,
                captured_us: fields.u64()?,
                data: fields.tail().to_owned(),
            },
            0x91 => Self::Audio { pts: fields.u64()?, data: fields.tail().to_owned() },
            kind => return Err(DecodeError::Kind(kind)),
        };
        fields.end(message)
    }
}

fn decode_hello(fields: &mut Reader<'_>) -> Result<ServerMessage, DecodeError> {
    Ok(ServerMessage::Hello {
        version: fields.u8()?,
        control: fields.bool("control")?,
        audio: fields.bool("audio")?,
        user: fields.text_tail()?.to_owned(),
    })
}

fn decode_cursor(fields: &mut Reader<'_>) -> Result<ServerMessage, DecodeError> {
    let size = Size::new(fields.u16()?, fields.u16()?);
    let hot = Point { x: fields.u16()?, y: fields.u16()? };
    let rgba = fields.tail().to_owned();
    if rgba.len() == 4 * size.area() {
        Ok(ServerMessage::Cursor { size, hot, rgba })
    } else {
        Err(DecodeError::Value("rgba"))
    }
}

fn decode_part(fields: &mut Reader<'_>) -> Result<ServerMessage, DecodeError> {
    let part = fields.tail();
    if part.len() > PART {
        Err(DecodeError::Value("part"))
    } else {
        Ok(ServerMessage::ClipboardPart(part.to_owned()))
    }
}

fn decode_state(fields: &mut Reader<'_>) -> Result<DesktopState, DecodeError> {
    Ok(if fields.bool("state")? { DesktopState::Lost } else { DesktopState::Up })
}

fn decode_level(fields: &mut Reader<'_>) -> Result<Level, DecodeError> {
    let levels = [Level::Info, Level::Warning, Level::Error];
    levels.get(usize::from(fields.u8()?)).copied().ok_or(DecodeError::Value("level"))
}

fn decode_codec(fields: &mut Reader<'_>) -> Result<VideoCodec, DecodeError> {
    let codecs = [VideoCodec::H264, VideoCodec::H265, VideoCodec::Vp8, VideoCodec::Vp9, VideoCodec::Av1];
    codecs.get(usize::from(fields.u8()?)).copied().ok_or(DecodeError::Value("codec"))
}

fn decode_encoder(fields: &mut Reader<'_>) -> Result<ServerMessage, DecodeError> {
    Ok(ServerMessage::Encoder {
        element: fields.short_text()?,
        codec: fields.short_text()?,
        reason: fields.text_tail()?.to_owned(),
    })
}

fn encode_stats(stats: &Stats) -> Writer {
    Writer::new(0x86)
        .u32(stats.target_kbps)
        .u32(stats.sent_kbps)
        .u32(stats.estimate_kbps)
        .u16(stats.fps_x10)
        .u32(stats.capture_us)
        .u32(stats.convert_us)
        .u32(stats.encode_us)
        .u32(stats.skipped)
        .u16(stats.viewers)
}

fn decode_stats(fields: &mut Reader<'_>) -> Result<Stats, DecodeError> {
    Ok(Stats {
        target_kbps: fields.u32()?,
        sent_kbps: fields.u32()?,
        estimate_kbps: fields.u32()?,
        fps_x10: fields.u16()?,
        capture_us: fields.u32()?,
        convert_us: fields.u32()?,
        encode_us: fields.u32()?,
        skipped: fields.u32()?,
        viewers: fields.u16()?,
    })
}
