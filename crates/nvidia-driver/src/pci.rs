//! Where a GPU sits on the PCI bus.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A PCI address: domain, bus, device and function.
///
/// It reads every form that Linux and NVIDIA's tools write: hexadecimal with a domain of up to eight digits (NVML and
/// nvidia-smi), four (`/sys`, `/proc`) or none (lspci), with the function or without (`NVIDIA_VISIBLE_DEVICES`), and
/// the decimal `PCI:bus@domain:device:function` of `xorg.conf`. It prints the form of `/sys/bus/pci/devices`.
///
/// ```
/// use cosmos_nvidia_driver::PciAddress;
/// for form in ["00000000:3B:00.0", "0000:3b:00.0", "0000:3b:00", "3b:00.0", "PCI:59@0:0:0", "PCI:59:0:0"] {
///     assert_eq!(form.parse::<PciAddress>()?.to_string(), "0000:3b:00.0", "{form}");
/// }
/// # Ok::<(), cosmos_nvidia_driver::PciAddressError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PciAddress {
    domain: u32,
    bus: u8,
    device: u8,
    function: u8,
}

impl PciAddress {
    /// An address from its numbers.
    ///
    /// ```
    /// use cosmos_nvidia_driver::PciAddress;
    /// assert_eq!(PciAddress::new(0, 59, 0, 0)?.to_string(), "0000:3b:00.0");
    /// assert!(PciAddress::new(0, 0, 32, 0).is_err());
    /// # Ok::<(), cosmos_nvidia_driver::PciAddressError>(())
    /// ```
    ///
    /// # Errors
    /// [`PciAddressError::Range`] where the device is above 31 or the function above 7.
    pub fn new(domain: u32, bus: u8, device: u8, function: u8) -> Result<Self, PciAddressError> {
        from_numbers([domain, bus.into(), device.into(), function.into()])
    }

    /// The domain: 0 on most machines, others in some clouds.
    pub const fn domain(self) -> u32 {
        self.domain
    }

    /// The bus.
    pub const fn bus(self) -> u8 {
        self.bus
    }

    /// The device, up to 31.
    pub const fn device(self) -> u8 {
        self.device
    }

    /// The function, up to 7. A GPU is function 0; its sound and USB controllers are others.
    pub const fn function(self) -> u8 {
        self.function
    }

    /// The form of NVML and nvidia-smi.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::PciAddress;
    /// assert_eq!("3b:00.0".parse::<PciAddress>()?.nvml(), "00000000:3B:00.0");
    /// # Ok::<(), cosmos_nvidia_driver::PciAddressError>(())
    /// ```
    pub fn nvml(self) -> String {
        format!("{:08X}:{:02X}:{:02X}.{:X}", self.domain, self.bus, self.device, self.function)
    }

    /// The form of `xorg.conf`, whose numbers are decimal.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::PciAddress;
    /// assert_eq!("00000001:3B:00.0".parse::<PciAddress>()?.xorg(), "PCI:59@1:0:0");
    /// # Ok::<(), cosmos_nvidia_driver::PciAddressError>(())
    /// ```
    pub fn xorg(self) -> String {
        format!("PCI:{}@{}:{}:{}", self.bus, self.domain, self.device, self.function)
    }
}

/// As `/sys/bus/pci/devices` names it.
impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.device, self.function)
    }
}

impl FromStr for PciAddress {
    type Err = PciAddressError;

    fn from_str(text: &str) -> Result<Self, PciAddressError> {
        let numbers = match text.split_once(':') {
            Some((kind, rest)) if kind.eq_ignore_ascii_case("pci") => decimal(rest),
            _ => hexadecimal(text),
        };
        let form = || PciAddressError::Form { given: text.chars().take(SHOWN).collect() };
        numbers.ok_or_else(form).and_then(from_numbers)
    }
}

/// Something that is no PCI address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PciAddressError {
    /// Not one of the forms.
    #[error(
        "PCI address {given:?}: expected domain:bus:device.function or bus:device.function in hexadecimal, as \
         00000000:3B:00.0, or PCI:bus@domain:device:function in decimal"
    )]
    Form {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// A number that no PCI bus has.
    #[error("PCI address: {part} {given}: expected 0 to {highest}")]
    Range {
        /// `bus`, `device` or `function`.
        part: &'static str,
        /// The number.
        given: u32,
        /// The highest that there is.
        highest: u32,
    },
}

/// `[domain:]bus:device[.function]`; the function may be left out only behind a domain, for `1:2` says too little.
fn hexadecimal(text: &str) -> Option<[u32; 4]> {
    let (place, function) = match text.split_once('.') {
        Some((place, function)) => (place, Some(number(function, 16, 1)?)),
        None => (text, None),
    };
    let numbers: Vec<&str> = place.splitn(4, ':').collect();
    match (&numbers[..], function) {
        ([domain, bus, device], function) => Some([
            number(domain, 16, 8)?,
            number(bus, 16, 2)?,
            number(device, 16, 2)?,
            function.unwrap_or_default(),
        ]),
        ([bus, device], Some(function)) => Some([0, number(bus, 16, 2)?, number(device, 16, 2)?, function]),
        _ => None,
    }
}

/// `bus[@domain]:device[:function]`.
fn decimal(text: &str) -> Option<[u32; 4]> {
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    let (bus, device, function) = match parts[..] {
        [bus, device] => (bus, device, "0"),
        [bus, device, function] => (bus, device, function),
        _ => return None,
    };
    let (bus, domain) = bus.split_once('@').unwrap_or((bus, "0"));
    let number = |digits| number(digits, 10, 9);
    Some([number(domain)?, number(bus)?, number(device)?, number(function)?])
}

fn from_numbers([domain, bus, device, function]: [u32; 4]) -> Result<PciAddress, PciAddressError> {
    let bus = within("bus", bus, u8::MAX)?;
    let device = within("device", device, MAX_DEVICE)?;
    let function = within("function", function, MAX_FUNCTION)?;
    Ok(PciAddress { domain, bus, device, function })
}

fn within(part: &'static str, given: u32, highest: u8) -> Result<u8, PciAddressError> {
    let fits = u8::try_from(given).ok().filter(|number| *number <= highest);
    fits.ok_or(PciAddressError::Range { part, given, highest: highest.into() })
}

/// Digits only, and no more than these many.
fn number(digits: &str, radix: u32, most: usize) -> Option<u32> {
    let fits = (1..=most).contains(&digits.len()) && digits.chars().all(|digit| digit.is_digit(radix));
    fits.then(|| u32::from_str_radix(digits, radix).ok())?
}

const MAX_DEVICE: u8 = 31;
const MAX_FUNCTION: u8 = 7;
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_is_read() {
        for (given, printed) in [
            ("00000000:00:1E.0", "0000:00:1e.0"),
            ("0000:00:06.0", "0000:00:06.0"),
            ("00000001:00:00.0", "0001:00:00.0"),
            ("0000abcd:81:1f.7", "abcd:81:1f.7"),
            ("10000:01:00.0", "10000:01:00.0"),
            ("0000:01:00", "0000:01:00.0"),
            ("01:00.0", "0000:01:00.0"),
            ("1:0.0", "0000:01:00.0"),
            ("PCI:129@43981:31:7", "abcd:81:1f.7"),
            ("pci:1:0", "0000:01:00.0"),
        ] {
            assert_eq!(given.parse::<PciAddress>().unwrap().to_string(), printed, "{given}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for text in
            ["", ":", ".", "01:00", "PCI:", "PCI:1", "PCI:0x1:0:0", "PCI:1:2:3:4", "01:00.", "01:00.10"]
                .into_iter()
                .chain([
                    "0:0:0:0.0",
                    "000000000:00:00.0",
                    "0000:0g:00.0",
                    "0000:+1:00.0",
                    " 01:00.0",
                    "GPU-0",
                    "é:00.0",
                ])
        {
            assert_eq!(text.parse::<PciAddress>(), Err(PciAddressError::Form { given: text.to_owned() }));
        }
        for (text, part) in [("PCI:256:0:0", "bus"), ("00:20.0", "device"), ("00:00.8", "function")] {
            let found = text.parse::<PciAddress>().unwrap_err();
            assert!(matches!(found, PciAddressError::Range { part: named, .. } if named == part), "{found}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(domain in 0..=999_999_999_u32, bus: u8, device in 0..32_u8, function in 0..8_u8) {
            let address = PciAddress::new(domain, bus, device, function).unwrap();
            for text in [address.to_string(), address.nvml(), address.xorg()] {
                prop_assert_eq!(text.parse(), Ok(address));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = text.parse::<PciAddress>();
        }
    }
}
