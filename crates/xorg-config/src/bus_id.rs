//! Where a graphics board sits on the PCI bus, and how `xorg.conf` says it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A PCI address: domain, bus, device and function.
///
/// It reads every form in which Linux and NVIDIA's tools give an address, whose numbers are hexadecimal, and the
/// form of `xorg.conf`, whose numbers are decimal. It prints the form of `xorg.conf`, with the domain.
///
/// ```
/// use cosmos_xorg_config::BusId;
/// for form in ["00000000:3B:00.0", "0000:3b:00.0", "3b:00.0", "PCI:59@0:0:0", "PCI:59:0", "59:0:0"] {
///     assert_eq!(form.parse::<BusId>()?.to_string(), "PCI:59@0:0:0", "{form}");
/// }
/// # Ok::<(), cosmos_xorg_config::BusIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BusId {
    domain: u32,
    bus: u8,
    device: u8,
    function: u8,
}

impl BusId {
    /// The highest domain that the server can be told: it computes with 32 bits, the bus in the lower eight.
    pub const MAX_DOMAIN: u32 = 0x7f_ffff;

    /// An address from its numbers.
    ///
    /// ```
    /// use cosmos_xorg_config::BusId;
    /// assert_eq!(BusId::new(0, 1, 0, 0)?, "PCI:1:0:0".parse()?);
    /// assert!(BusId::new(0, 1, 32, 0).is_err());
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    ///
    /// # Errors
    /// [`BusIdError::Range`] where the domain is above [`MAX_DOMAIN`](Self::MAX_DOMAIN), the device above 31 or the
    /// function above 7.
    pub fn new(domain: u32, bus: u8, device: u8, function: u8) -> Result<Self, BusIdError> {
        check("domain", u64::from(domain), u64::from(Self::MAX_DOMAIN))?;
        check("device", u64::from(device), MAX_DEVICE)?;
        check("function", u64::from(function), MAX_FUNCTION)?;
        Ok(Self { domain, bus, device, function })
    }

    /// The domain: 0 on most machines, others in some clouds.
    ///
    /// ```
    /// # use cosmos_xorg_config::BusId;
    /// assert_eq!("00000001:00:00.0".parse::<BusId>()?.domain(), 1);
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    pub const fn domain(self) -> u32 {
        self.domain
    }

    /// The bus.
    ///
    /// ```
    /// # use cosmos_xorg_config::BusId;
    /// assert_eq!("3b:00.0".parse::<BusId>()?.bus(), 59);
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    pub const fn bus(self) -> u8 {
        self.bus
    }

    /// The device, up to 31.
    ///
    /// ```
    /// # use cosmos_xorg_config::BusId;
    /// assert_eq!("00:1e.0".parse::<BusId>()?.device(), 30);
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    pub const fn device(self) -> u8 {
        self.device
    }

    /// The function, up to 7.
    ///
    /// ```
    /// # use cosmos_xorg_config::BusId;
    /// assert_eq!("00:1e.1".parse::<BusId>()?.function(), 1);
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    pub const fn function(self) -> u8 {
        self.function
    }

    /// The form without the domain, which means domain 0 to the server.
    ///
    /// ```
    /// # use cosmos_xorg_config::BusId;
    /// assert_eq!("00000001:00:1e.0".parse::<BusId>()?.without_domain(), "PCI:0:30:0");
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    pub fn without_domain(self) -> String {
        format!("PCI:{}:{}:{}", self.bus, self.device, self.function)
    }

    /// The form of `/sys/bus/pci/devices`: hexadecimal, four digits of domain or as many as it needs.
    ///
    /// ```
    /// # use cosmos_xorg_config::BusId;
    /// assert_eq!("PCI:59:0:0".parse::<BusId>()?.sysfs(), "0000:3b:00.0");
    /// # Ok::<(), cosmos_xorg_config::BusIdError>(())
    /// ```
    pub fn sysfs(self) -> String {
        format!("{:04x}:{:02x}:{:02x}.{}", self.domain, self.bus, self.device, self.function)
    }
}

/// As `xorg.conf` takes it: decimal, with the domain.
impl fmt::Display for BusId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PCI:{}@{}:{}:{}", self.bus, self.domain, self.device, self.function)
    }
}

impl FromStr for BusId {
    type Err = BusIdError;

    fn from_str(text: &str) -> Result<Self, BusIdError> {
        let refused = || BusIdError::Form { given: text.chars().take(40).collect() };
        if let Some(rest) = strip_type(text) {
            return decimal(rest, 2).ok_or_else(refused)?;
        }
        let (address, function) = match text.rsplit_once('.') {
            Some((address, function)) => (address, number(function, 16, 1).ok_or_else(refused)?),
            None => return decimal(text, 3).ok_or_else(refused)?,
        };
        let numbers: Vec<&str> = address.split(':').collect();
        let (domain, bus, device) = match numbers[..] {
            [bus, device] => ("0", bus, device),
            [domain, bus, device] => (domain, bus, device),
            _ => return Err(refused()),
        };
        let domain = number(domain, 16, 8).ok_or_else(refused)?;
        let bus = number(bus, 16, 2).ok_or_else(refused)?;
        let device = number(device, 16, 2).ok_or_else(refused)?;
        from_numbers(domain, bus, device, function)
    }
}

/// Why something is no PCI address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BusIdError {
    /// Not one of the forms.
    #[error(
        "bus id {given:?}: expected PCI:bus@domain:device:function or PCI:bus:device:function in decimal, \
         or domain:bus:device.function or bus:device.function in hexadecimal, as 00000000:3B:00.0"
    )]
    Form {
        /// What was given, cut after 40 characters.
        given: String,
    },
    /// A number that no PCI bus has.
    #[error("bus id: {part} {given}: expected 0 to {highest}")]
    Range {
        /// `domain`, `bus`, `device` or `function`.
        part: &'static str,
        /// The number.
        given: u64,
        /// The highest that there is.
        highest: u64,
    },
}

/// `bus[@domain]:device[:function]` with so many parts at least; `None` where it has another form.
fn decimal(text: &str, least: usize) -> Option<Result<BusId, BusIdError>> {
    let parts: Vec<&str> = text.split(':').collect();
    let (bus, device, function) = match parts[..] {
        _ if parts.len() < least => return None,
        [bus, device] => (bus, device, "0"),
        [bus, device, function] => (bus, device, function),
        _ => return None,
    };
    let (bus, domain) = bus.split_once('@').unwrap_or((bus, "0"));
    let number = |digits| number(digits, 10, 9);
    Some(from_numbers(number(domain)?, number(bus)?, number(device)?, number(function)?))
}

fn from_numbers(domain: u64, bus: u64, device: u64, function: u64) -> Result<BusId, BusIdError> {
    check("domain", domain, u64::from(BusId::MAX_DOMAIN))?;
    check("bus", bus, u64::from(u8::MAX))?;
    check("device", device, MAX_DEVICE)?;
    check("function", function, MAX_FUNCTION)?;
    BusId::new(domain as u32, bus as u8, device as u8, function as u8)
}

fn check(part: &'static str, given: u64, highest: u64) -> Result<(), BusIdError> {
    match given <= highest {
        true => Ok(()),
        false => Err(BusIdError::Range { part, given, highest }),
    }
}

/// Digits only, and no more than these many.
fn number(digits: &str, radix: u32, most: usize) -> Option<u64> {
    let fits = (1..=most).contains(&digits.len()) && digits.chars().all(|digit| digit.is_digit(radix));
    fits.then(|| u64::from_str_radix(digits, radix).ok())?
}

/// What follows `PCI:` or `AGP:`, which are one to the server.
fn strip_type(text: &str) -> Option<&str> {
    let (kind, rest) = text.split_once(':')?;
    ["pci", "agp"].iter().any(|known| kind.eq_ignore_ascii_case(known)).then_some(rest)
}

const MAX_DEVICE: u64 = 31;
const MAX_FUNCTION: u64 = 7;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_form_is_read_and_printed_in_decimal() {
        for (given, printed) in [
            ("00000000:00:1E.0", "PCI:0@0:30:0"),
            ("00000001:00:00.0", "PCI:0@1:0:0"),
            ("0000abcd:81:1f.7", "PCI:129@43981:31:7"),
            ("0000:01:00.0", "PCI:1@0:0:0"),
            ("01:00.0", "PCI:1@0:0:0"),
            ("ff:1f.7", "PCI:255@0:31:7"),
            ("PCI:1:0:0", "PCI:1@0:0:0"),
            ("pci:1:0", "PCI:1@0:0:0"),
            ("PCI:129@43981:31:7", "PCI:129@43981:31:7"),
            ("1:0:0", "PCI:1@0:0:0"),
        ] {
            let id: BusId = given.parse().unwrap();
            assert_eq!(id.to_string(), printed, "{given}");
            assert_eq!(id.sysfs().parse(), Ok(id), "{given}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for text in [
            "",
            "PCI:",
            "PCI:x",
            "PCI:1",
            "PCI:1:",
            "PCI:1:0:0:0",
            "PCI:1@:0:0",
            "PCI:-1:0:0",
            "PCI:0x1:0:0",
            "PCI 1:0:0",
            "01:00",
            ":00.0",
            "01:00.",
            "01:00.10",
            "0000:0g:00.0",
            "000000000:01:00.0",
            "USB:1:0:0",
            "GPU-1",
            "01:00.0 ",
        ] {
            assert_eq!(text.parse::<BusId>(), Err(BusIdError::Form { given: text.to_owned() }));
        }
        for (text, part) in [("PCI:256:0:0", "bus"), ("00:20.0", "device"), ("PCI:0:0:8", "function")] {
            assert!(
                matches!(text.parse::<BusId>(), Err(BusIdError::Range { part: found, .. }) if found == part),
                "{text}"
            );
        }
        assert!("ffffffff:00:00.0".parse::<BusId>().is_err());
    }
}
