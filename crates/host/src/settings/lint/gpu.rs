//! Models of GPUs by name, for those who are not at the machine.

use std::{fmt, str::FromStr};

use cosmos_nvidia_driver::{Chip, GpuClass as Market, NvencExpectation};
use cosmos_xorg_config::GpuClass;

use crate::settings::Codec;

/// A model of an NVIDIA GPU.
///
/// ```
/// use cosmos_host::settings::{Codec, lint::GpuModel};
/// let a100: GpuModel = "NVIDIA A100-SXM4-40GB".parse().unwrap();
/// assert_eq!(a100.encodes(Codec::H264), Some(false));
/// let card: GpuModel = "GeForce RTX 4090".parse().unwrap();
/// assert_eq!(card.encodes(Codec::Av1), Some(true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuModel {
    name: &'static str,
    /// The PCI device id of one board with this chip.
    device: u16,
    market: Market,
}

/// A name that is none of the models known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no model of a GPU that is known; expected a name as A10G, T4, H100 or \"RTX 4090\"")]
pub struct UnknownModel(pub String);

impl GpuModel {
    /// For whom it was made.
    pub const fn class(self) -> GpuClass {
        match self.market {
            Market::Consumer => GpuClass::Consumer,
            Market::Professional => GpuClass::Professional,
            Market::DataCentre => GpuClass::DataCentre,
        }
    }

    /// Whether NVENC of this model makes pictures of this kind; `None` where that is not known.
    pub fn encodes(self, codec: Codec) -> Option<bool> {
        let known = NvencExpectation::of(Chip::of_device(self.device), None, Some(self.name))?;
        Some(match codec {
            Codec::H264 => known.h264,
            Codec::Hevc => known.hevc,
            Codec::Av1 => known.av1,
            Codec::Vp8 | Codec::Vp9 => false,
        })
    }
}

impl fmt::Display for GpuModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// By the words of the name, in any case; what surrounds them does not matter.
impl FromStr for GpuModel {
    type Err = UnknownModel;

    fn from_str(text: &str) -> Result<Self, UnknownModel> {
        let words: Vec<String> = text.split([' ', '-', '_']).map(str::to_ascii_uppercase).collect();
        let has = |name: &str| {
            let name: Vec<&str> = name.split(' ').collect();
            words
                .windows(name.len())
                .any(|part| part.iter().map(String::as_str).eq(name.iter().map(|word| word.trim())))
        };
        let found =
            MODELS.iter().find(|(name, ..)| name.split('|').any(&has)).map(|(names, device, market)| {
                let name = names.split('|').find(|name| has(name)).unwrap_or(names);
                Self { name, device: *device, market: *market }
            });
        found.ok_or_else(|| UnknownModel(text.chars().take(80).collect()))
    }
}

/// Names, the device id of a board with their chip, and their market. Longer names stand before those that they
/// contain. Sources: the PCI ID Repository and NVIDIA's lists of products.
static MODELS: [(&str, u16, Market); 44] = [
    ("RTX PRO 6000", 0x2bb1, Market::Professional),
    ("RTX 6000 ADA|RTX 5000 ADA|RTX 4500 ADA", 0x26b1, Market::Professional),
    ("RTX 4000 ADA|RTX 2000 ADA", 0x27b0, Market::Professional),
    ("RTX A6000|RTX A5500|RTX A5000|RTX A4500", 0x2230, Market::Professional),
    ("RTX A4000", 0x24b0, Market::Professional),
    ("RTX A2000", 0x2531, Market::Professional),
    ("QUADRO RTX 8000|QUADRO RTX 6000", 0x1e30, Market::Professional),
    ("QUADRO RTX 5000|QUADRO RTX 4000", 0x1eb1, Market::Professional),
    ("QUADRO P6000|QUADRO P5000|QUADRO P4000", 0x1b30, Market::Professional),
    ("RTX 5090|RTX 5080|RTX 5070", 0x2b85, Market::Consumer),
    ("RTX 4090|RTX 4080|RTX 4070", 0x2684, Market::Consumer),
    ("RTX 4060|RTX 4050", 0x2882, Market::Consumer),
    ("RTX 3090|RTX 3080", 0x2204, Market::Consumer),
    ("RTX 3070", 0x2484, Market::Consumer),
    ("RTX 3060|RTX 3050", 0x2504, Market::Consumer),
    ("RTX 2080|RTX 2070|RTX 2060", 0x1e87, Market::Consumer),
    ("GTX 1660|GTX 1650", 0x2184, Market::Consumer),
    ("GTX 1080|GTX 1070|GTX 1060", 0x1b80, Market::Consumer),
    ("GTX 1050", 0x1c81, Market::Consumer),
    ("GT 1030", 0x1d01, Market::Consumer),
    ("GTX 980|GTX 970", 0x13c0, Market::Consumer),
    ("GTX 960|GTX 950", 0x1401, Market::Consumer),
    ("A10G", 0x2237, Market::DataCentre),
    ("A100|A100X", 0x20b0, Market::DataCentre),
    ("A10M|A10", 0x2236, Market::DataCentre),
    ("A16", 0x25b6, Market::DataCentre),
    ("A2", 0x25b6, Market::DataCentre),
    ("A30", 0x20b7, Market::DataCentre),
    ("A40", 0x2235, Market::DataCentre),
    ("B100|B200|GB200", 0x2901, Market::DataCentre),
    ("H100|H800|H20", 0x2330, Market::DataCentre),
    ("H200", 0x2335, Market::DataCentre),
    ("GH200", 0x2342, Market::DataCentre),
    ("K80", 0x102d, Market::DataCentre),
    ("L40S", 0x26b9, Market::DataCentre),
    ("L40", 0x26b5, Market::DataCentre),
    ("L4", 0x27b8, Market::DataCentre),
    ("M60", 0x13f2, Market::DataCentre),
    ("P100", 0x15f8, Market::DataCentre),
    ("P40", 0x1b38, Market::DataCentre),
    ("P4", 0x1bb3, Market::DataCentre),
    ("T4", 0x1eb8, Market::DataCentre),
    ("T4G", 0x1eb4, Market::DataCentre),
    ("V100", 0x1db4, Market::DataCentre),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_model_has_a_chip_whose_encoder_is_known() {
        for (names, ..) in &MODELS {
            for name in names.split('|') {
                let model: GpuModel = name.parse().unwrap();
                assert_eq!(model.to_string(), name);
                assert!(model.encodes(Codec::H264).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn names_are_found_among_other_words() {
        for (text, name, codecs) in [
            ("NVIDIA A10G", "A10G", [true, true, false]),
            ("NVIDIA-A100-SXM4-80GB", "A100", [false; 3]),
            ("NVIDIA H100 80GB HBM3", "H100", [false; 3]),
            ("tesla t4", "T4", [true, true, false]),
            ("NVIDIA L40S", "L40S", [true; 3]),
            ("NVIDIA GeForce RTX 4090", "RTX 4090", [true; 3]),
            ("NVIDIA GeForce GT 1030", "GT 1030", [false; 3]),
            ("Tesla K80", "K80", [true, false, false]),
        ] {
            let model: GpuModel = text.parse().unwrap();
            let encodes = [Codec::H264, Codec::Hevc, Codec::Av1].map(|codec| model.encodes(codec).unwrap());
            assert_eq!((model.to_string().as_str(), encodes), (name, codecs), "{text}");
        }
        assert!("Radeon".parse::<GpuModel>().is_err() && "".parse::<GpuModel>().is_err());
    }
}
