//! The NVIDIA driver of a machine: what is installed, whether its halves fit together, which GPUs it drives, and
//! which driver a GPU needs.
//!
//! Nothing here starts a process.
//!
//! # What is there
//!
//! [`Sources::survey`] asks `/proc`, `/sys`, NVML and the names of the libraries, and whatever output of nvidia-smi and
//! modinfo it is given. A machine without a GPU is a normal answer.
//!
//! ```no_run
//! use cosmos_nvidia_driver::{Selection, Sources, VisibleDevices};
//!
//! let machine = Sources::default().survey();
//! println!("{}", machine.driver.agreement()); // driver 580.159.04
//!
//! let visible = machine.visible();
//! let asked = VisibleDevices::of_variable(Some("GPU-01234567-89ab-cdef-0123-456789abcdef"))?;
//! if let Some(gpu) = Selection::of(&asked, &visible)?.for_display()? {
//!     println!("BusID \"{}\"", gpu.address.xorg());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is needed
//!
//! [`Branch`] knows which GPUs a driver still drives, [`CudaVersion`] which driver a program needs,
//! [`UbuntuPackages`] and [`RunFileName`] where to get it.
//!
//! ```
//! use cosmos_nvidia_driver::{Architecture, Branch, Chip, CudaVersion, Support};
//!
//! let chip = Chip::of_device(0x1db4).expect("a V100 is in the table");
//! assert_eq!(chip.architecture(), Architecture::Volta);
//! assert_eq!(Branch(590).drives(chip.architecture()), Support::Dropped { last: Branch(580) });
//! assert_eq!(CudaVersion::new(12, 4).minimum_driver().unwrap().as_str(), "550.54.14");
//! ```
//!
//! With the feature `download`, the module `fetch` gets it: resumed, verified, once.
//!
//! [`run_file`] reads NVIDIA's installer without running it, and [`install`] puts its userspace under a prefix.

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

pub use branch::{Branch, Lifecycle, Support};
pub use chip::{Architecture, Chip};
pub use class::{Display, GpuClass};
pub use cuda::{CudaVersion, CudaVersionError};
pub use download::{Processor, RunFileName};
pub use driver::{Agreement, Driver, Observation, Side, Source};
pub use gpu::{Access, Connector, Gpu};
pub use nvenc::{NvencExpectation, nvenc_api_driver, nvenc_api_of};
pub use packages::{PackageError, UbuntuPackages, debian_driver_package};
pub use pci::{PciAddress, PciAddressError};
pub use proc_version::{Flavour, ProcGpu, ProcVersion, ProcVersionError};
pub use selection::{Guess, Selection, SelectionError};
pub use survey::{Finding, NvmlLibrary, NvmlProblem, Sources, Survey};
pub use tools::{Modinfo, NvidiaSmi};
pub use uuid::{GpuUuid, GpuUuidError};
pub use version::{DriverVersion, VersionError};
pub use visible::{DeviceEntry, MigUuid, VisibleDevices, VisibleDevicesError};
