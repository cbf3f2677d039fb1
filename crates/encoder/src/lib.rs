//! Low-latency encoders: a picture goes in, an access unit comes out of the same call.
//!
//! [`open`] picks a video encoder by what [`Capabilities`] found to work on this machine and returns a
//! [`VideoEncoder`], which is called from one thread, once per picture. [`AudioCapture`] turns what a PulseAudio
//! source plays into Opus packets.
//!
//! The encoders are elements of GStreamer, driven pad to pad in the caller's thread: no queue, no thread and no
//! clock of GStreamer's lies between a picture and its access unit. What differs between them is data, in one table.

mod audio;
mod capabilities;
pub mod child;
mod choice;
mod convert;
mod element;
mod encoder;
mod error;
mod properties;
mod table;
mod video;

pub use audio::{AudioCapture, AudioConfig, AudioPacket};
pub use capabilities::{Capabilities, Working};
pub use choice::open;
pub use convert::I420;
pub use error::{AudioError, EncodeError};
pub use video::{Choice, Codec, Demand, EncodedFrame, EncoderConfig, EncoderInfo, VideoEncoder};
