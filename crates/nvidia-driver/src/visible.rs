//! The grammar of `NVIDIA_VISIBLE_DEVICES`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::uuid::{strip_prefix, uuid_digits};
use crate::{GpuUuid, GpuUuidStart, PciAddress};

/// What `NVIDIA_VISIBLE_DEVICES` asks for.
///
/// The grammar is that of NVIDIA's container toolkit: entries between commas, blanks around them and empty ones do
/// not count, and `all` among others stands for all.
///
/// ```
/// use cosmos_nvidia_driver::{DeviceEntry, VisibleDevices};
/// assert_eq!("all".parse(), Ok(VisibleDevices::All));
/// assert_eq!("void".parse(), Ok(VisibleDevices::Void));
/// let list = VisibleDevices::List(vec![DeviceEntry::Index(3), DeviceEntry::MigIndex { gpu: 0, instance: 1 }]);
/// assert_eq!("3, 0:1".parse(), Ok(list));
/// assert!("first".parse::<VisibleDevices>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisibleDevices {
    /// Not set, empty, or `void`: NVIDIA's runtime did nothing, or CDI has put the devices in.
    Void,
    /// `none`: the driver's files without a device.
    None,
    /// `all`.
    All,
    /// The path of a folder that stands for a list given by mounts.
    Mounts,
    /// One entry or more.
    List(Vec<DeviceEntry>),
}

impl VisibleDevices {
    /// Reads a variable that may not be set at all.
    ///
    /// # Errors
    /// As [`str::parse`].
    pub fn of_variable(value: Option<&str>) -> Result<Self, VisibleDevicesError> {
        value.map_or(Ok(Self::Void), str::parse)
    }
}

impl FromStr for VisibleDevices {
    type Err = VisibleDevicesError;

    fn from_str(text: &str) -> Result<Self, VisibleDevicesError> {
        let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        let word = |word: &str| entries.iter().any(|entry| entry.eq_ignore_ascii_case(word));
        match entries[..] {
            [] => Ok(Self::Void),
            [MOUNTS] => Ok(Self::Mounts),
            _ if word("all") || entries.contains(&CDI_ALL) => Ok(Self::All),
            [one] if one.eq_ignore_ascii_case("void") => Ok(Self::Void),
            [one] if one.eq_ignore_ascii_case("none") => Ok(Self::None),
            _ => entries.into_iter().map(str::parse).collect::<Result<_, _>>().map(Self::List),
        }
    }
}

/// As the variable may hold it; what is void is empty.
impl fmt::Display for VisibleDevices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::None => f.write_str("none"),
            Self::All => f.write_str("all"),
            Self::Mounts => f.write_str(MOUNTS),
            Self::List(entries) => {
                let texts: Vec<String> = entries.iter().map(DeviceEntry::to_string).collect();
                f.write_str(&texts.join(","))
            }
        }
    }
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceEntry {
    /// The index of a GPU *of the host*.
    Index(u32),
    /// The UUID of a GPU.
    Uuid(GpuUuid),
    /// The first digits of the UUID of a GPU.
    UuidStart(GpuUuidStart),
    /// The PCI address of a GPU.
    Pci(PciAddress),
    /// `MIG-` and a UUID.
    Mig(MigUuid),
    /// The index of a GPU of the host and that of a MIG instance in it.
    MigIndex {
        /// The GPU.
        gpu: u32,
        /// The instance.
        instance: u32,
    },
    /// A qualified CDI name of another vendor or class than `nvidia.com/gpu`, or of another kind of device in it.
    /// `nvidia.com/gpu=0` and `nvidia.com/gpu=gpu0` are [`Index`](Self::Index).
    Cdi(String),
}

impl DeviceEntry {
    /// Whether it is a slice of a GPU, which has neither graphics nor display.
    pub const fn is_mig(&self) -> bool {
        matches!(self, Self::Mig(_) | Self::MigIndex { .. })
    }
}

impl FromStr for DeviceEntry {
    type Err = VisibleDevicesError;

    fn from_str(text: &str) -> Result<Self, VisibleDevicesError> {
        let refused = || VisibleDevicesError { given: text.chars().take(SHOWN).collect() };
        match text.split_once('=') {
            Some((CDI_GPU, name)) if cdi_device(name).is_some() => cdi_device(name).ok_or_else(refused),
            Some((kind, name)) => is_cdi(kind, name).then(|| Self::Cdi(text.to_owned())).ok_or_else(refused),
            None => device(text).ok_or_else(refused),
        }
    }
}

/// As the variable may hold it.
impl fmt::Display for DeviceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Uuid(uuid) => write!(f, "{uuid}"),
            Self::UuidStart(start) => write!(f, "{start}"),
            Self::Pci(address) => write!(f, "{address}"),
            Self::Mig(mig) => write!(f, "{mig}"),
            Self::MigIndex { gpu, instance } => write!(f, "{gpu}:{instance}"),
            Self::Cdi(name) => f.write_str(name),
        }
    }
}

/// The name of a MIG instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MigUuid {
    /// `MIG-<uuid>`, from driver 470 on. It does not say which GPU.
    Own(u128),
    /// `MIG-GPU-<uuid>/<gpu instance>/<compute instance>` of older drivers.
    Of {
        /// The GPU.
        gpu: GpuUuid,
        /// The GPU instance.
        instance: u32,
        /// The compute instance.
        compute: u32,
    },
}

impl fmt::Display for MigUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(number) => {
                let uuid = GpuUuid::from_bytes(number.to_be_bytes()).to_string();
                write!(f, "MIG-{}", uuid.trim_start_matches("GPU-"))
            }
            Self::Of { gpu, instance, compute } => write!(f, "MIG-{gpu}/{instance}/{compute}"),
        }
    }
}

/// An entry that NVIDIA's runtime would refuse to start a container with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "NVIDIA_VISIBLE_DEVICES: {given:?}: expected all, none or void, or a list of indexes, GPU- and MIG- UUIDs, PCI \
     addresses, GPU:MIG index pairs and CDI names as nvidia.com/gpu=0"
)]
pub struct VisibleDevicesError {
    /// The entry, cut after 80 characters.
    pub given: String,
}

/// An entry that is no CDI name, or the last part of one.
fn device(text: &str) -> Option<DeviceEntry> {
    if let Some(index) = index(text) {
        return Some(DeviceEntry::Index(index));
    }
    if let Some(rest) = strip_prefix(text, "MIG-") {
        return mig(rest).map(DeviceEntry::Mig);
    }
    if let Some((Some(gpu), Some(instance))) = text.split_once(':').map(|(gpu, mig)| (index(gpu), index(mig)))
    {
        return Some(DeviceEntry::MigIndex { gpu, instance });
    }
    let uuid = text.parse().ok().map(DeviceEntry::Uuid);
    let uuid = uuid.or_else(|| text.parse().ok().map(DeviceEntry::UuidStart));
    uuid.or_else(|| text.parse().ok().map(DeviceEntry::Pci))
}

/// The name of a device of NVIDIA's: as in a list, or `gpu0` and `mig0:1`, which the toolkit's CDI generator gives on
/// demand.
fn cdi_device(name: &str) -> Option<DeviceEntry> {
    let gpu = || index(name.strip_prefix("gpu")?).map(DeviceEntry::Index);
    let mig =
        || device(name.strip_prefix("mig")?).filter(|entry| matches!(entry, DeviceEntry::MigIndex { .. }));
    device(name).or_else(gpu).or_else(mig)
}

fn mig(text: &str) -> Option<MigUuid> {
    if let Some(number) = uuid_digits(text) {
        return Some(MigUuid::Own(number));
    }
    let parts: Vec<&str> = text.splitn(4, '/').collect();
    let [gpu, instance, compute] = parts[..] else { return None };
    Some(MigUuid::Of { gpu: gpu.parse().ok()?, instance: index(instance)?, compute: index(compute)? })
}

fn index(text: &str) -> Option<u32> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// `vendor.example/class` and the name of a device, in the alphabet of the CDI specification.
fn is_cdi(kind: &str, name: &str) -> bool {
    let Some((vendor, class)) = kind.split_once('/') else { return false };
    let word = |text: &str, signs: &[u8]| {
        let (first, last) = (text.bytes().next(), text.bytes().next_back());
        first.is_some_and(|sign| sign.is_ascii_alphanumeric())
            && last.is_some_and(|sign| sign.is_ascii_alphanumeric())
            && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || signs.contains(&sign))
    };
    word(vendor, b".-_") && word(class, b"-_") && word(name, b".-_:")
}

const MOUNTS: &str = "/var/run/nvidia-container-devices";
const CDI_GPU: &str = "nvidia.com/gpu";
const CDI_ALL: &str = "nvidia.com/gpu=all";
const SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn whole_values() {
        use VisibleDevices::{All, Mounts, None, Void};
        for (text, meaning) in [
            ("", Void),
            (" , ,", Void),
            ("void", Void),
            ("none", None),
            ("all", All),
            ("ALL", All),
            ("0,all", All),
            ("nvidia.com/gpu=all", All),
            (MOUNTS, Mounts),
        ] {
            assert_eq!(text.parse(), Ok(meaning), "{text}");
        }
        assert_eq!(VisibleDevices::of_variable(Option::None), Ok(Void));
    }

    #[test]
    fn entries() {
        let gpu: GpuUuid = format!("GPU-{UUID}").parse().unwrap();
        let own = MigUuid::Own(u128::from_be_bytes(gpu.bytes()));
        let of = MigUuid::Of { gpu, instance: 1, compute: 0 };
        for (text, entry) in [
            ("0".to_owned(), DeviceEntry::Index(0)),
            ("007".to_owned(), DeviceEntry::Index(7)),
            (format!("GPU-{UUID}"), DeviceEntry::Uuid(gpu)),
            (format!("gpu-{}", UUID.to_uppercase()), DeviceEntry::Uuid(gpu)),
            ("GPU-01234567".to_owned(), DeviceEntry::UuidStart("GPU-01234567".parse().unwrap())),
            ("nvidia.com/gpu=GPU-0123".to_owned(), DeviceEntry::UuidStart("GPU-0123".parse().unwrap())),
            ("00000000:3B:00.0".to_owned(), DeviceEntry::Pci("3b:00.0".parse().unwrap())),
            ("0000:3b:00".to_owned(), DeviceEntry::Pci("3b:00.0".parse().unwrap())),
            (format!("MIG-{UUID}"), DeviceEntry::Mig(own)),
            (format!("MIG-GPU-{UUID}/1/0"), DeviceEntry::Mig(of)),
            ("0:1".to_owned(), DeviceEntry::MigIndex { gpu: 0, instance: 1 }),
            ("nvidia.com/gpu=2".to_owned(), DeviceEntry::Index(2)),
            ("nvidia.com/gpu=0:1".to_owned(), DeviceEntry::MigIndex { gpu: 0, instance: 1 }),
            (format!("nvidia.com/gpu=GPU-{UUID}"), DeviceEntry::Uuid(gpu)),
            ("nvidia.com/gpu=gpu7".to_owned(), DeviceEntry::Index(7)),
            ("nvidia.com/gpu=mig0:1".to_owned(), DeviceEntry::MigIndex { gpu: 0, instance: 1 }),
            ("nvidia.com/gpu=gpua".to_owned(), DeviceEntry::Cdi("nvidia.com/gpu=gpua".to_owned())),
            ("example.org/gpu=gpu0".to_owned(), DeviceEntry::Cdi("example.org/gpu=gpu0".to_owned())),
            ("example.org/nic=a".to_owned(), DeviceEntry::Cdi("example.org/nic=a".to_owned())),
        ] {
            let entry = VisibleDevices::List(vec![entry]);
            assert_eq!(text.parse(), Ok(entry.clone()), "{text}");
            assert_eq!(entry.to_string().parse(), Ok(entry), "{text}");
        }
    }

    #[test]
    fn what_the_runtime_would_refuse_is_refused_by_name() {
        for text in [
            "first",
            "-1",
            "GPU-",
            "GPU-0123-4",
            "MIG-1",
            "0,none",
            "0,void",
            "1:2:3:4",
            "/gpu=0",
            "a/b=",
            "a=b",
            "0x1",
        ] {
            let refused = text.parse::<VisibleDevices>().unwrap_err();
            assert!(text.contains(&refused.given), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_prints_as_it_reads(text in "(GPU-|MIG-|[0-9a-f:.,=/ ]|\\PC){0,40}") {
            if let Ok(devices) = text.parse::<VisibleDevices>() {
                prop_assert_eq!(devices.to_string().parse(), Ok(devices));
            }
        }
    }
}
