//! RFB, the protocol of VNC (RFC 6143 and its extensions), from the side of the server: bytes and pictures go in, bytes
//! come out.
//!
//! [`Handshake`] agrees on a version and lets a viewer in; after it [`ClientMessage`] reads what the viewer says,
//! [`Wishes`] remembers what it understands, and [`Update`] writes pictures by an [`Encoder`] that keeps the streams of
//! one viewer. Nothing a viewer says makes this allocate more than the limits named here.

mod audio;
mod client;
mod clipboard;
mod cursor;
mod encode;
mod error;
mod format;
mod handshake;
mod samples;
mod secret;
mod server;
mod update;
mod wishes;

pub use audio::{AudioFormat, AudioRequest, SampleType, audio_begin, audio_end};
pub use client::{ClientMessage, MAX_CUT_TEXT, MAX_MESSAGE, Screen};
pub use clipboard::{ClipboardFlags, ClipboardMessage};
pub use encode::{Encoder, Encoding, H264Reset, JpegWriter, Picture};
pub use error::RfbError;
pub use format::{PixelFormat, Pixels};
pub use handshake::{Handshake, Offer, Plain, Proof, Step};
pub use samples::Samples;
pub use secret::{PASSWORD_BYTES, vnc_response};
pub use server::{bell, colour_map, cut_text, end_of_continuous_updates, fence, server_init};
pub use update::{ResizeReason, ResizeStatus, Update};
pub use wishes::{Pseudo, Wishes};
