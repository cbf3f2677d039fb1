//! Every encoding is undone by a decoder that was written from the specification, and every message of a viewer is read
//! as the conformance table says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod conformance;
mod decoder;
mod encodings;
mod extensions;
mod pictures;
mod tiles;
