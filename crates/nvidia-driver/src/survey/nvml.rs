//! NVML, through whatever libnvidia-ml can be loaded.

use std::ffi::OsStr;

use nvml_wrapper::enum_wrappers::device::Brand;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use super::{NvmlLibrary, NvmlProblem};
use crate::{Access, CudaVersion, DriverVersion, Gpu, GpuClass, PciAddress};

/// What NVML says.
pub(super) struct Answer {
    pub driver: Option<DriverVersion>,
    pub cuda: Option<CudaVersion>,
    pub gpus: Vec<Gpu>,
    /// Whether every GPU that it counts gave its address.
    pub complete: bool,
}

/// Asks NVML; `Err(None)` where that is not wanted.
pub(super) fn survey(library: &NvmlLibrary) -> Result<Answer, Option<NvmlProblem>> {
    let nvml = match library {
        NvmlLibrary::Off => return Err(None),
        NvmlLibrary::File(path) => open(path.as_os_str()),
        NvmlLibrary::System => match open(OsStr::new(NAME)) {
            Err(NvmlProblem::Missing { library }) => {
                or_missing(open(OsStr::new(NAME_OF_DEVELOPERS)), library)
            }
            first => first,
        },
    };
    nvml.map(|nvml| answer(&nvml)).map_err(Some)
}

/// Says of what is missing the name that it should have.
fn or_missing(second: Result<Nvml, NvmlProblem>, library: String) -> Result<Nvml, NvmlProblem> {
    second.map_err(|problem| match problem {
        NvmlProblem::Missing { .. } => NvmlProblem::Missing { library },
        other => other,
    })
}

fn open(library: &OsStr) -> Result<Nvml, NvmlProblem> {
    let nvml = Nvml::builder().lib_path(library).init();
    let nvml = nvml.map_err(|error| problem(&library.to_string_lossy(), &error))?;
    if nvml.lib().nvmlShutdown.is_ok() {
        return Ok(nvml);
    }
    // Its destructor would call the function that is not there.
    std::mem::forget(nvml);
    Err(NvmlProblem::Incomplete {
        library: library.to_string_lossy().into_owned(),
        reason: "no nvmlShutdown".to_owned(),
    })
}

fn problem(library: &str, error: &NvmlError) -> NvmlProblem {
    let (library, reason) = (library.to_owned(), error.to_string());
    match error {
        NvmlError::LibloadingError(_) if reason.contains("No such file") && reason.contains(&library) => {
            NvmlProblem::Missing { library }
        }
        NvmlError::LibloadingError(_) => NvmlProblem::Unloadable { library, reason },
        NvmlError::FailedToLoadSymbol(_) | NvmlError::FunctionNotFound => {
            NvmlProblem::Incomplete { library, reason }
        }
        NvmlError::LibRmVersionMismatch => NvmlProblem::WrongVersion,
        NvmlError::DriverNotLoaded => NvmlProblem::NotLoaded,
        NvmlError::NoPermission => NvmlProblem::NoPermission,
        _ => NvmlProblem::Failed { reason },
    }
}

fn answer(nvml: &Nvml) -> Answer {
    let count = nvml.device_count();
    let wanted = count.as_ref().map_or(0, |count| (*count).min(MOST_GPUS));
    let gpus: Vec<Gpu> =
        (0..wanted).filter_map(|index| gpu(&nvml.device_by_index(index).ok()?, index)).collect();
    Answer {
        driver: nvml.sys_driver_version().ok().and_then(|text| text.parse().ok()),
        cuda: nvml.sys_cuda_driver_version().ok().and_then(CudaVersion::from_nvml),
        complete: count.is_ok_and(|count| usize::try_from(count) == Ok(gpus.len())),
        gpus,
    }
}

/// `None` where not even its address is known.
fn gpu(device: &Device<'_>, index: u32) -> Option<Gpu> {
    let pci = device.pci_info().ok()?;
    let part = |number: u32| u8::try_from(number).ok();
    let address = PciAddress::new(pci.domain, part(pci.bus)?, part(pci.device)?, 0).ok()?;
    let compute = device.cuda_compute_capability().ok();
    Some(Gpu {
        name: device.name().ok().filter(|name| !name.is_empty()),
        uuid: device.uuid().ok().and_then(|uuid| uuid.parse().ok()),
        minor: device.minor_number().ok(),
        index: Some(index),
        device_id: Some(halves(pci.pci_device_id).1),
        subsystem: pci.pci_sub_system_id.map(halves),
        compute_capability: compute.and_then(|version| {
            Some((u32::try_from(version.major).ok()?, u32::try_from(version.minor).ok()?))
        }),
        brand: device.brand().ok().and_then(class_of_brand),
        mig: device.mig_mode().ok().map(|mode| mode.current == MIG_ENABLED),
        display_active: device.is_display_active().ok(),
        access: Access::Nvml,
        ..Gpu::at(address)
    })
}

/// Vendor and device of an id in which the device is the upper half.
fn halves(id: u32) -> (u16, u16) {
    let [a, b, c, d] = id.to_be_bytes();
    (u16::from_be_bytes([c, d]), u16::from_be_bytes([a, b]))
}

fn class_of_brand(brand: Brand) -> Option<GpuClass> {
    match brand {
        Brand::GeForce | Brand::GeForceRTX | Brand::Titan | Brand::TitanRTX => Some(GpuClass::Consumer),
        Brand::Quadro | Brand::QuadroRTX | Brand::NvidiaRTX | Brand::NVS => Some(GpuClass::Professional),
        Brand::Tesla | Brand::GRID | Brand::VApps | Brand::VPC | Brand::VCS | Brand::VWS => {
            Some(GpuClass::DataCentre)
        }
        Brand::CloudGaming | Brand::VGaming => Some(GpuClass::DataCentre),
        Brand::Unknown | Brand::Nvidia => None,
    }
}

/// What installations bring.
const NAME: &str = "libnvidia-ml.so.1";
/// What only development packages add, though it is the default of the bindings.
const NAME_OF_DEVELOPERS: &str = "libnvidia-ml.so";
const MOST_GPUS: u32 = 256;
const MIG_ENABLED: u32 = 1;
