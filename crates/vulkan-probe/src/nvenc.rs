//! NVENC, the video encoder of NVIDIA GPUs: whether a session can really be opened, and what it offers.
//!
//! NVML tells of an encoder on GPUs that have none, so a session is opened on each.

mod ffi;

use serde::{Deserialize, Serialize};

use crate::{Verdict, child::Teller};

/// What was found of NVENC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvencFacts {
    /// Why there is no encoder to ask, such as a library that is missing.
    pub error: Option<String>,
    /// The version of CUDA that the driver has, such as `13.0`.
    pub cuda: Option<String>,
    /// The newest version of the NVENC interface that the driver has, such as `13.0`.
    pub max_api: Option<String>,
    /// The GPUs that CUDA sees, in its order.
    pub devices: Vec<NvencDevice>,
}

/// One GPU, and the answer to opening a session on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvencDevice {
    /// Its index in CUDA.
    pub index: i32,
    /// Its name.
    pub name: String,
    /// Its UUID, that of NVML without `GPU-`.
    pub uuid: Option<String>,
    /// Its PCI address, such as `0000:00:06.0`.
    pub pci: Option<String>,
    /// The version of the interface that the session was opened with.
    pub api: Option<String>,
    /// The status of `nvEncOpenEncodeSessionEx`; `None` when it did not come to that.
    pub open: Option<u32>,
    /// What the status means, or what went wrong before.
    pub meaning: String,
    /// What can be encoded; empty without a session.
    pub codecs: Vec<NvencCodec>,
}

/// One codec, with the capabilities of the encoder; `None` where the driver does not know one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvencCodec {
    /// `h264`, `hevc`, `av1`, or the GUID of an unknown one.
    pub name: String,
    /// The greatest width, in pixels.
    pub max_width: Option<i32>,
    /// The greatest height, in pixels.
    pub max_height: Option<i32>,
    /// Whether it encodes 10 bits.
    pub ten_bit: Option<bool>,
    /// Whether it encodes 4:4:4.
    pub yuv444: Option<bool>,
    /// How many engines the GPU has.
    pub engines: Option<i32>,
    /// Macroblocks per second.
    pub max_macroblocks_per_second: Option<i32>,
}

impl NvencFacts {
    /// Hardware where a session was opened, and nothing otherwise: NVENC is never software.
    pub fn verdict(&self) -> Verdict {
        match self.devices.iter().any(|device| !device.codecs.is_empty()) {
            true => Verdict::Hardware,
            false => Verdict::Nothing,
        }
    }
}

/// What a status of the NVENC interface means.
///
/// Source: `NVENCSTATUS` in nvEncodeAPI.h; the words tell what the cause is in practice.
pub const fn nvenc_meaning(status: u32) -> &'static str {
    match status {
        0 => "works",
        1 => "no device that can encode",
        2 => "no NVENC engine: the GPU cannot encode video",
        3 => "invalid encoder device",
        4 => "invalid device",
        5 => "the device was lost",
        6 => "invalid pointer",
        7 => "invalid event",
        8 => "invalid parameter",
        9 => "invalid call",
        10 => "out of memory: all NVENC sessions are in use",
        11 => "the encoder is not initialised",
        12 => "unsupported parameter",
        13 => "lock busy",
        14 => "not enough buffer",
        15 => "invalid version: library and driver do not fit together",
        16 => "map failed",
        17 => "need more input",
        18 => "encoder busy",
        19 => "event not registered",
        20 => "generic error",
        21 => "incompatible client key",
        22 => "unimplemented",
        _ => "unknown status",
    }
}

/// Gathers in this process, and tells what was found after each step.
pub(crate) fn gather(teller: &mut Teller) {
    let mut facts = NvencFacts::default();
    if let Err(error) = ffi::sessions(&mut facts, teller) {
        facts.error = Some(error);
    }
    teller.facts(&facts);
}

/// A version of the NVENC interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Api {
    major: u32,
    minor: u32,
}

impl Api {
    /// As `NvEncodeAPIGetMaxSupportedVersion` packs it.
    const fn from_supported(packed: u32) -> Self {
        Self { major: packed >> 4, minor: packed & 0xf }
    }

    /// `NVENCAPI_VERSION`.
    const fn version(self) -> u32 {
        self.major | self.minor << 24
    }

    /// `NVENCAPI_STRUCT_VERSION`.
    const fn of_struct(self, version: u32) -> u32 {
        self.version() | version << 16 | 7 << 28
    }
}

/// The newest version whose structures are known here. Older drivers get their own.
const KNOWN: Api = Api { major: 13, minor: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_packed_as_the_header_does() {
        let api = Api::from_supported(0xd0);
        assert_eq!((api.major, api.minor), (13, 0));
        assert_eq!(Api::from_supported(0xc2).version(), 0x0200_000c);
        assert_eq!(Api { major: 12, minor: 2 }.of_struct(2), 0x7202_000c);
        assert!(Api { major: 11, minor: 1 } < KNOWN);
    }

    #[test]
    fn a_gpu_without_the_engine_is_told_in_these_words() {
        assert!(nvenc_meaning(2).contains("no NVENC engine"));
        assert!(nvenc_meaning(10).contains("sessions are in use"));
    }
}
