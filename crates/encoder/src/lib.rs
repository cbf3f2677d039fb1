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
mod h264;
mod headers;
mod jpeg;
mod motion;
mod patch;
mod plan;
mod properties;
mod rate;
mod registry;
mod table;
mod threads;
mod trouble;
mod video;

pub use audio::{AudioCapture, AudioConfig, AudioPacket};
pub use capabilities::{Capabilities, Working};
pub use choice::open;
pub use convert::{Format, Layout};
pub use error::{AudioError, EncodeError};
pub use fallover::Switch;
pub use jpeg::Jpeg;
pub use video::{Choice, Codec, Demand, EncodedFrame, EncoderConfig, EncoderInfo, Sampling, VideoEncoder};
