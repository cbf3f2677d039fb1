#![doc = include_str!("../README.md")]
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
pub use parent::{ask, output};
pub use uuid::same_uuid;
pub use verdict::Verdict;
pub use vulkan::present::{PresentDevice, PresentFacts, PresentFamily};
pub use vulkan::{QueueFamily, Surfaces, VulkanDevice, VulkanFacts};
