#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod branch;
mod chip;
mod class;
mod cuda;
mod download;
mod driver;
#[cfg(feature = "download")]
pub mod fetch;
mod gpu;
pub mod install;
mod lifecycle;
mod nvenc;
mod packages;
mod pci;
mod proc_version;
pub mod run_file;
mod selection;
#[cfg(feature = "serde")]
mod serde_text;
mod survey;
mod tools;
mod uuid;
mod version;
mod visible;

pub use branch::{Branch, Support};
pub use chip::{Architecture, Chip};
pub use class::{Display, GpuClass};
pub use cuda::{CudaVersion, CudaVersionError};
pub use download::{Processor, RunFileName};
pub use driver::{Agreement, Driver, Observation, Side, Source};
pub use gpu::{Access, Connector, Gpu};
pub use lifecycle::Lifecycle;
pub use nvenc::{NvencExpectation, nvenc_api_driver, nvenc_api_of};
pub use packages::{PackageError, UbuntuPackages, debian_driver_packages};
pub use pci::{PciAddress, PciAddressError};
pub use proc_version::{Flavour, ProcGpu, ProcVersion, ProcVersionError};
pub use selection::{Guess, Selection, SelectionError};
pub use survey::{Finding, NvmlLibrary, NvmlProblem, Sources, Survey};
pub use tools::{Modinfo, NvidiaSmi};
pub use uuid::{GpuUuid, GpuUuidError, GpuUuidStart};
pub use version::{DriverVersion, VersionError};
pub use visible::{DeviceEntry, MigUuid, VisibleDevices, VisibleDevicesError};
