//! What encoding can fail with.

use std::time::Duration;

use cosmos_desktop::Size;

/// What a video encoder can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// GStreamer itself could not be started.
    #[error("cannot start GStreamer")]
    Start(#[source] gstreamer::glib::Error),
    /// No encoder of that name is known.
    #[error("unknown encoder {name:?}: accepted are auto, {accepted}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The known names, separated by commas.
        accepted: String,
    },
    /// The encoder that was asked for does not work on this machine.
    #[error("encoder {name} does not work here: {reason}; {works}")]
    NotWorking {
        /// What was asked for.
        name: String,
        /// What was found.
        reason: String,
        /// What would work instead.
        works: String,
    },
    /// No encoder works on this machine.
    #[error(
        "no video encoder works here ({findings}); install one of the Debian or Ubuntu packages {packages}"
    )]
    NoneWorks {
        /// Each reason, after the encoders that it stands against.
        findings: String,
        /// The packages that hold encoders.
        packages: String,
    },
    /// The frame cannot be encoded.
    #[error("a frame of {size} with rows of {stride} bytes and {len} bytes in all cannot be encoded")]
    Frame {
        /// What the frame claims to measure.
        size: Size,
        /// Bytes from one row to the next.
        stride: usize,
        /// The bytes it has.
        len: usize,
    },
    /// The picture is smaller than what the encoder takes.
    #[error("{element} takes pictures of {least} and larger, not of {size}")]
    TooSmall {
        /// Which element.
        element: &'static str,
        /// The picture.
        size: Size,
        /// The smallest that it takes.
        least: Size,
    },
    /// The element failed.
    #[error("{element} failed to {doing}: {reason}")]
    Element {
        /// Which element.
        element: &'static str,
        /// What it was asked to do.
        doing: &'static str,
        /// What it said, or what became of the call.
        reason: String,
        /// The error it posted, where it posted one.
        source: Option<gstreamer::glib::Error>,
    },
}

/// What audio capture can fail with, or end with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// GStreamer itself could not be started.
    #[error("cannot start GStreamer")]
    Start(#[source] gstreamer::glib::Error),
    /// An element is not installed.
    #[error("no GStreamer element {element}; install the Debian or Ubuntu package {package}")]
    NotInstalled {
        /// Which element.
        element: &'static str,
        /// The package that holds it.
        package: &'static str,
    },
    /// A setting cannot be understood by the elements.
    #[error("cannot capture audio from {device:?} at {bitrate} bit/s: {reason}")]
    Config {
        /// The source that was asked for.
        device: String,
        /// The bitrate that was asked for.
        bitrate: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// The audio server did not answer in time.
    #[error("the audio server did not answer within {0:?}")]
    Timeout(Duration),
    /// An element failed; most often the audio server is gone.
    #[error("{element} failed: {reason}")]
    Element {
        /// Which element.
        element: String,
        /// What it said.
        reason: String,
        /// The error it posted.
        source: gstreamer::glib::Error,
    },
    /// The source ended without an error.
    #[error("the audio source ended")]
    Ended,
}
