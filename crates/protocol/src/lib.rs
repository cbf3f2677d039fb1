//! The messages between the page and the server.
//!
//! One message is one data channel (or WebSocket) message: a kind in the first byte, then its fields in network
//! byte order, then, where there is one, a tail that runs to the end. Strings are UTF-8; a short one has one byte of
//! length before it, a tail has none. `web/js/protocol.js` is the other half; both are held to `testdata/messages.txt`.
//!
//! [`rfb`] is another protocol, that of VNC, for viewers of others.
//!
//! Decoding never allocates more than the message itself holds, never panics, and never does any I/O.

mod client;
mod clipboard;
mod error;
mod person;
pub mod rfb;
mod server;
mod wire;

pub use client::ClientMessage;
pub use clipboard::{Assembler, MAX_CLIPBOARD, PART, parts};
pub use error::DecodeError;
pub use person::{MAX_PEOPLE, Person, Standing};
pub use server::{DesktopState, Level, ServerMessage, Stats, VideoCodec, audio_message, video_message};

/// The version that [`ServerMessage::Hello`] tells. A page of another version reloads itself.
pub const VERSION: u8 = 1;
