//! Sound beside the picture, by the extension of QEMU: samples as they are, uncompressed.

use super::RfbError;

/// What a viewer says about sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioRequest {
    /// It wants to hear.
    Enable,
    /// It no longer does.
    Disable,
    /// Samples shall have this form.
    Format(AudioFormat),
}

/// The form of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioFormat {
    /// What one sample is.
    pub sample: SampleType,
    /// 1 or 2.
    pub channels: u8,
    /// Samples per second and channel.
    pub rate: u32,
}

/// What one sample is; those of several bytes have the least significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleType {
    /// 0 to 255.
    U8,
    /// -128 to 127.
    I8,
    /// 0 to 65535.
    U16,
    /// -32768 to 32767.
    I16,
    /// 32 bits without a sign.
    U32,
    /// 32 bits with a sign.
    I32,
}

const TYPES: [SampleType; 6] =
    [SampleType::U8, SampleType::I8, SampleType::U16, SampleType::I16, SampleType::U32, SampleType::I32];
/// The highest rate that is taken.
const MAX_RATE: u32 = 192_000;

impl AudioFormat {
    /// What it is where the viewer does not say.
    pub const USUAL: Self = Self { sample: SampleType::I16, channels: 2, rate: 44_100 };

    /// Bytes of a second.
    pub fn bytes_per_second(self) -> usize {
        let sample = match self.sample {
            SampleType::U8 | SampleType::I8 => 1,
            SampleType::U16 | SampleType::I16 => 2,
            SampleType::U32 | SampleType::I32 => 4,
        };
        sample * usize::from(self.channels) * self.rate as usize
    }

    /// Reads type, channels and rate.
    pub(super) fn decode([sample, channels, rate @ ..]: [u8; 6]) -> Result<Self, RfbError> {
        let sample = *TYPES.get(usize::from(sample)).ok_or(RfbError::Value("sample type"))?;
        let rate = u32::from_be_bytes(rate);
        match (channels, rate) {
            (1 | 2, 1..=MAX_RATE) => Ok(Self { sample, channels, rate }),
            (1 | 2, _) => Err(RfbError::Value("sample rate")),
            _ => Err(RfbError::Value("channels")),
        }
    }
}

/// Sound ends.
pub fn audio_end() -> Vec<u8> {
    vec![255, 1, 0, 0]
}

/// Sound begins.
pub fn audio_begin() -> Vec<u8> {
    vec![255, 1, 0, 1]
}
