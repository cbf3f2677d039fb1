//! What Vulkan, GLX, EGL and NVENC really do on this machine.
//!
//! Graphics drivers hang, crash and abort, in a loader's enumeration as well as in a library's constructor. Each
//! [`Area`] is therefore probed in a child process of its own: it has a session of its own, a deadline, and tells
//! what it found line by line. However it ends, the parent returns in time with what was found until then and how
//! it ended; other areas are not harmed.
//!
//! ```no_run
//! use cosmos_vulkan_probe::{Area, Config, child, probe};
//!
//! fn main() -> std::io::Result<()> {
//!     child::main(); // returns at once, unless this process was started as a child
//!     let config = Config::new(std::env::current_exe()?);
//!     let report = probe(&config, &[Area::Vulkan]);
//!     for device in report.vulkan.and_then(|answer| answer.facts).iter().flat_map(|facts| &facts.devices) {
//!         println!("{} is {}", device.name, device.verdict);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! No library is linked: a machine without any of them gets a report that says so.

#![deny(missing_docs)]

mod answer;
mod area;
pub mod child;
mod egl;
mod gl;
mod library;
mod manifest;
mod nvenc;
mod parent;
mod uuid;
mod verdict;
mod vulkan;

pub use answer::{Answer, Failure};
pub use area::{Area, Config, Report, UnknownArea, probe};
pub use egl::{EglDevice, EglFacts, EglPlatform};
pub use gl::GlFacts;
pub use manifest::{Manifest, egl_manifests, vulkan_manifests};
pub use nvenc::{NvencCodec, NvencDevice, NvencFacts, nvenc_meaning};
pub use uuid::same_uuid;
pub use verdict::Verdict;
pub use vulkan::{QueueFamily, Surfaces, VulkanDevice, VulkanFacts};
