//! The NVIDIA driver of a machine: what is installed, whether its halves fit together, which GPUs it drives, and
//! which driver a GPU needs.
//!
//! Nothing here starts a process.

#![deny(missing_docs)]

pub mod install;
pub mod run_file;
mod version;

pub use version::{DriverVersion, VersionError};
