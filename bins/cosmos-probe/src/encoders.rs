//! What is told of video encoders by the program that tries them, which is apart from `cosmos-probe` so that this
//! starts fast, and where GStreamer is not installed.

#![allow(dead_code, reason = "two programs share this file, and neither needs all of it")]

use serde::{Deserialize, Serialize};

/// What was found of the video encoders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EncoderFacts {
    /// Why no encoder was chosen.
    pub error: Option<String>,
    /// All that are known, best first; those that are not installed last.
    pub encoders: Vec<Encoder>,
    /// The encoder that streams would have.
    pub chosen: Option<String>,
    /// Why this one.
    pub reason: Option<String>,
}

/// One element of GStreamer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Encoder {
    /// Its name, such as `x264enc`.
    pub element: String,
    /// What it codes; `None` where it is not installed.
    pub codec: Option<String>,
    /// Whether it is a circuit of the GPU; `None` where it is not installed.
    pub hardware: Option<bool>,
    /// Whether it encoded pictures; `None` when it had not ended when this was told.
    pub works: Option<bool>,
    /// Why it is not the chosen one.
    pub reason: Option<String>,
}

impl EncoderFacts {
    /// The encoder that was chosen; the first that works when the choice was not reached.
    pub fn chosen(&self) -> Option<&Encoder> {
        let is_chosen = |encoder: &&Encoder| match &self.chosen {
            Some(name) => encoder.element == *name,
            None => self.error.is_none() && encoder.works == Some(true),
        };
        self.encoders.iter().find(is_chosen)
    }
}

/// The name of the task.
pub const TASK: &str = "encoders";
/// Debian's and Ubuntu's packages with GStreamer itself, and with the encoder that every machine can run.
pub const GSTREAMER: &str = "libgstreamer1.0-0 libgstreamer-plugins-base1.0-0 gstreamer1.0-plugins-ugly";
/// The program that does it, which lies beside this one.
pub const PROGRAM: &str = "cosmos-probe-encoders";
