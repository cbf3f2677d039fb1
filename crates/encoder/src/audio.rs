//! What a PulseAudio source plays, as Opus packets of 10 ms.

use std::{sync::Arc, time::Duration};

use crate::AudioError;

/// What is to be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    /// The PulseAudio source, for example `cosmos.monitor` or `@DEFAULT_MONITOR@`.
    pub device: String,
    /// The address of the PulseAudio server; the one of the environment when absent.
    pub server: Option<String>,
    /// Bits per second, 6000 to 510000.
    pub bitrate: u32,
}

/// One Opus packet (RFC 6716), two channels.
#[derive(Clone, Debug)]
pub struct AudioPacket {
    /// The packet.
    pub data: Arc<[u8]>,
    /// Samples at 48 kHz from the first packet to this one.
    pub pts: u64,
    /// How long it plays.
    pub duration: Duration,
}

/// A running capture; it stops when it is dropped.
pub struct AudioCapture {}

impl AudioCapture {
    /// Starts capturing. `on_packet` gets each packet and must not block; `on_end` is called once when the capture
    /// ends by itself, and not when it is dropped. Both are called on a thread of the capture, which must not drop it.
    ///
    /// # Errors
    /// [`AudioError`] when the server cannot be reached or has no such source. Takes at most five seconds.
    pub fn start(
        _config: &AudioConfig,
        _on_packet: impl FnMut(AudioPacket) + Send + 'static,
        _on_end: impl FnOnce(AudioError) + Send + 'static,
    ) -> Result<Self, AudioError> {
        Err(AudioError::Ended)
    }
}
