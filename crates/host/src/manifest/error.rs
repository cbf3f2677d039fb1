//! Why there is nothing to run.

use std::net::SocketAddr;

/// Why there is nothing to run for these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A text that is no name.
    #[error(
        "{0:?} is no name; expected 1 to 40 small letters, digits and hyphens, a letter first and no hyphen last"
    )]
    Name(String),
    /// A text that names no image.
    #[error("{0:?} names no image; expected one as registry.example/cosmos:24.04, without spaces")]
    Image(String),
    /// A text that names no host.
    #[error(
        "{0:?} names no host; expected one as desktop.example.org, in small letters, at most 200 characters"
    )]
    Host(String),
    /// Where to serve makes no sense in a container.
    #[error("a container cannot serve on {place}: {reason}")]
    Listen {
        /// The place.
        place: SocketAddr,
        /// Why not.
        reason: &'static str,
    },
    /// A GPU is required and none is given.
    #[error("COSMOS_REQUIRE_GPU is true and --gpus is none; expected at least one GPU, or no requirement")]
    NoGpu,
    /// A value that no text can carry.
    #[error("{name} holds a control character; expected a value of one line")]
    Control {
        /// The variable.
        name: &'static str,
    },
    /// A path that cannot be mounted.
    #[error(
        "{name}: {path:?} cannot be mounted; expected a path without commas, colons, quotes and line breaks"
    )]
    Path {
        /// The variable whose value it is.
        name: &'static str,
        /// The path.
        path: String,
    },
    /// The printer refused.
    #[error("cannot print: {0}")]
    Print(#[source] Box<dyn std::error::Error + Send + Sync>),
}
