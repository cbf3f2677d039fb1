#![doc = include_str!("../README.md")]

// The tests share what is outside with those within.
#[cfg(test)]
extern crate self as cosmos_encoder;

mod audio;
mod capabilities;
pub mod child;
mod choice;
mod convert;
mod element;
mod encoder;
mod error;
mod fallover;
mod ffi;
mod headers;
mod motion;
mod plan;
mod properties;
mod rate;
mod registry;
mod table;
mod trouble;
mod video;

pub use audio::{AudioCapture, AudioConfig, AudioPacket};
pub use capabilities::{Capabilities, Working};
pub use choice::open;
pub use convert::{Format, Layout};
pub use error::{AudioError, EncodeError};
pub use fallover::Switch;
pub use video::{Choice, Codec, Demand, EncodedFrame, EncoderConfig, EncoderInfo, VideoEncoder};
