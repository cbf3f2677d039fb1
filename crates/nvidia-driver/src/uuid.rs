//! The name of a GPU that no reboot and no container changes.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The UUID of a GPU: `GPU-` and 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
///
/// ```
/// use cosmos_nvidia_driver::GpuUuid;
/// let uuid: GpuUuid = "GPU-01234567-89AB-cdef-0123-456789abcdef".parse()?;
/// assert_eq!(uuid.to_string(), "GPU-01234567-89ab-cdef-0123-456789abcdef");
/// assert_eq!(uuid.bytes()[..3], [0x01, 0x23, 0x45]);
/// # Ok::<(), cosmos_nvidia_driver::GpuUuidError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GpuUuid(u128);

impl GpuUuid {
    /// The sixteen bytes, as Vulkan's `deviceUUID` and CUDA's `cuDeviceGetUuid` give them.
    pub const fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The UUID of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for GpuUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        write!(
            f,
            "GPU-{}-{}-{}-{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..]
        )
    }
}

/// Case does not matter; nothing may be left out.
impl FromStr for GpuUuid {
    type Err = GpuUuidError;

    fn from_str(text: &str) -> Result<Self, GpuUuidError> {
        let digits = strip_prefix(text, "GPU-").and_then(uuid_digits);
        digits.map(Self).ok_or_else(|| GpuUuidError { given: text.chars().take(SHOWN).collect() })
    }
}

/// Something that is no UUID of a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("GPU UUID {given:?}: expected GPU- and 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12")]
pub struct GpuUuidError {
    /// What was given, cut after 48 characters.
    pub given: String,
}

/// The first digits of a GPU's UUID, at least one and not all: `GPU-fef8089b`.
///
/// NVIDIA's documentation of `NVIDIA_VISIBLE_DEVICES` has that form, and container runtimes took it until slices of
/// GPUs (MIG) came; newer ones want all digits.
///
/// ```
/// use cosmos_nvidia_driver::{GpuUuid, GpuUuidStart};
/// let start: GpuUuidStart = "GPU-fef8089b".parse()?;
/// let uuid: GpuUuid = "GPU-fef8089b-4820-abfc-e83e-94318197576e".parse()?;
/// assert!(start.begins(uuid));
/// # Ok::<(), cosmos_nvidia_driver::GpuUuidError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GpuUuidStart {
    /// The digits, as many as `digits` says.
    number: u128,
    digits: u8,
}

impl GpuUuidStart {
    /// Whether a UUID begins with these digits.
    pub const fn begins(self, uuid: GpuUuid) -> bool {
        uuid.0 >> (4 * (ALL_DIGITS - self.digits)) == self.number
    }
}

impl fmt::Display for GpuUuidStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0width$x}", self.number, width = usize::from(self.digits));
        f.write_str("GPU")?;
        let mut rest = digits.as_str();
        for length in GROUPS {
            let (group, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            if !group.is_empty() {
                write!(f, "-{group}")?;
            }
        }
        Ok(())
    }
}

/// Case does not matter; the groups must be those of a UUID.
impl FromStr for GpuUuidStart {
    type Err = GpuUuidError;

    fn from_str(text: &str) -> Result<Self, GpuUuidError> {
        let start = strip_prefix(text, "GPU-").and_then(uuid_start);
        start.ok_or_else(|| GpuUuidError { given: text.chars().take(SHOWN).collect() })
    }
}

/// What follows a prefix written in any case.
pub(crate) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The number that a UUID's digits are; `None` where the groups are others.
pub(crate) fn uuid_digits(text: &str) -> Option<u128> {
    let groups: Vec<&str> = text.splitn(GROUPS.len() + 1, '-').collect();
    let shaped = groups.iter().map(|group| group.len()).eq(GROUPS);
    let plain = groups.iter().all(|group| group.bytes().all(|digit| digit.is_ascii_hexdigit()));
    (shaped && plain).then(|| u128::from_str_radix(&groups.concat(), 16).ok())?
}

/// The start that some of a UUID's digits are; `None` where the groups are others.
fn uuid_start(text: &str) -> Option<GpuUuidStart> {
    let groups: Vec<&str> = text.splitn(GROUPS.len() + 1, '-').collect();
    let (last, whole) = groups.split_last()?;
    let shaped = whole.iter().zip(GROUPS).all(|(group, length)| group.len() == length);
    let fits = GROUPS.get(whole.len()).is_some_and(|length| (1..=*length).contains(&last.len()));
    let digits = groups.concat();
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let count =
        u8::try_from(digits.len()).ok().filter(|count| shaped && fits && plain && *count < ALL_DIGITS)?;
    Some(GpuUuidStart { number: u128::from_str_radix(&digits, 16).ok()?, digits: count })
}

const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
const ALL_DIGITS: u8 = 32;
const SHOWN: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_that_the_driver_does_not_know_yet_is_none() {
        for text in [
            "GPU-????????-????-????-????-????????????",
            "GPU-01234567",
            "01234567-89ab-cdef-0123-456789abcdef",
            "MIG-01234567-89ab-cdef-0123-456789abcdef",
            "GPU-0123456-789ab-cdef-0123-456789abcdef",
            "GPU-01234567-89ab-cdef-0123-456789abcdef-",
            "GPU-+1234567-89ab-cdef-0123-456789abcdef",
            "GPÜ-",
            "",
        ] {
            assert!(text.parse::<GpuUuid>().is_err(), "{text}");
        }
        let zeros = "GPU-00000000-0000-0000-0000-00000000000a";
        assert_eq!(zeros.parse::<GpuUuid>().map(|uuid| uuid.to_string()), Ok(zeros.to_owned()));
    }

    #[test]
    fn a_start_is_some_of_the_digits_in_the_groups_of_a_uuid() {
        let uuid = "GPU-01234567-89ab-cdef-0123-456789abcdef";
        for length in "GPU-0".len()..uuid.len() {
            let text = &uuid[..length];
            let start = text.parse::<GpuUuidStart>();
            assert_eq!(start.is_ok(), !text.ends_with('-'), "{text}");
            let begins = |start: GpuUuidStart, uuid: &str| uuid.parse().is_ok_and(|uuid| start.begins(uuid));
            let Ok(start) = start else { continue };
            assert_eq!(start.to_string(), text);
            assert!(begins(start, uuid), "{text}");
            assert!(!begins(start, "GPU-f1234567-89ab-cdef-0123-456789abcdef"), "{text}");
        }
        for text in ["GPU-", "GPU-0123-", "GPU-0123-4", "GPU-+1", "GPU-012345678", "MIG-0123", "0123", uuid] {
            assert!(text.parse::<GpuUuidStart>().is_err(), "{text}");
        }
    }
}
