//! For whom a GPU was made, and whether it can drive a monitor.

use std::fmt;

use crate::DriverVersion;

/// The market of a GPU. Limits on display modes and on encoding sessions go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum GpuClass {
    /// GeForce and TITAN.
    Consumer,
    /// Quadro, RTX A, RTX Ada, RTX PRO and the T series.
    Professional,
    /// Tesla, A, H, L and B, and slices of them.
    DataCentre,
}

impl GpuClass {
    /// How many encoding sessions a driver allows at once on all GPUs of the machine together; `None` is no limit.
    ///
    /// Consumer GPUs only have one, which grew over the years. It was not announced: the table is what users
    /// observed, and the figures before 530 are the least certain.
    ///
    /// ```
    /// use cosmos_nvidia_driver::GpuClass;
    /// assert_eq!(GpuClass::Consumer.nvenc_sessions(&"550.54.14".parse()?), Some(8));
    /// assert_eq!(GpuClass::DataCentre.nvenc_sessions(&"550.54.14".parse()?), None);
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub fn nvenc_sessions(self, driver: &DriverVersion) -> Option<u32> {
        if self != Self::Consumer {
            return None;
        }
        Some(match (driver.branch(), driver.minor()) {
            (..455, _) => 2,
            (..530, _) => 3,
            (530, ..41) => 3,
            (535, 183..) => 8,
            (..550, _) => 5,
            (..591, _) => 8,
            (591, ..59) => 8,
            _ => 12,
        })
    }
}

impl fmt::Display for GpuClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Consumer => "consumer",
            Self::Professional => "professional",
            Self::DataCentre => "data centre",
        })
    }
}

/// Whether a GPU can drive a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Display {
    /// It has connectors.
    Connectors,
    /// It has none: an X screen on it must be told `UseDisplayDevice` `None`, and has no RandR outputs.
    None,
    /// A laptop's GPU that draws, while the connectors hang on the processor's.
    Muxless,
    /// Nobody could say.
    Unknown,
}

/// The class that a name tells, where it tells one.
pub(crate) fn class_of_name(name: &str) -> Option<GpuClass> {
    let words: Vec<&str> = name.split(|sign: char| sign.is_whitespace() || sign == '-').collect();
    let has =
        |known: &[&str]| words.iter().any(|word| known.iter().any(|one| word.eq_ignore_ascii_case(one)));
    if has(&["GRID", "Tesla"]) || name.contains("Server Edition") {
        Some(GpuClass::DataCentre)
    } else if has(&["GeForce", "TITAN", "CMP"]) || words.iter().any(|word| is_consumer(word)) {
        Some(GpuClass::Consumer)
    } else if has(&["Quadro", "RTX", "NVS"]) || words.iter().any(|word| is_t_series(word)) {
        Some(GpuClass::Professional)
    } else {
        words.iter().any(|word| is_data_centre(word)).then_some(GpuClass::DataCentre)
    }
}

/// `MX450`, and boards for mining as `P106`.
fn is_consumer(word: &str) -> bool {
    letters_and_number(word)
        .is_some_and(|(letters, number)| letters == "MX" || (letters == "P" && (101..=106).contains(&number)))
}

/// `T400` to `T2000`. `T4` is a data centre's.
fn is_t_series(word: &str) -> bool {
    letters_and_number(word).is_some_and(|(letters, number)| letters == "T" && number >= 400)
}

/// `A10G`, `A100`, `B200`, `GH200`, `H100`, `K80`, `L40S`, `M60`, `P40`, `T4`, `V100`.
fn is_data_centre(word: &str) -> bool {
    let word = word.trim_end_matches(['G', 'S', 'X', 'c', 'm', 't', 'x']);
    letters_and_number(word).is_some_and(|(letters, number)| {
        let series = ["A", "B", "GB", "GH", "H", "K", "L", "M", "P", "T", "V"].contains(&letters);
        series && (1..=800).contains(&number)
    })
}

fn letters_and_number(word: &str) -> Option<(&str, u32)> {
    let (letters, digits) = word.split_at_checked(word.find(|sign: char| sign.is_ascii_digit())?)?;
    digits.parse().ok().map(|number| (letters, number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::Gpu;

    #[test]
    fn names_tell_the_class() {
        use GpuClass::{Consumer, DataCentre, Professional};
        for (name, class) in [
            ("NVIDIA GeForce RTX 4090", Consumer),
            ("GeForce GT 1030", Consumer),
            ("NVIDIA TITAN RTX", Consumer),
            ("TITAN V", Consumer),
            ("NVIDIA GeForce MX450", Consumer),
            ("P106-100", Consumer),
            ("NVIDIA CMP 30HX", Consumer),
            ("Quadro RTX 5000 with Max-Q Design", Professional),
            ("Quadro P1000", Professional),
            ("NVIDIA RTX A6000", Professional),
            ("NVIDIA RTX 6000 Ada Generation", Professional),
            ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", Professional),
            ("NVIDIA RTX PRO 6000 Blackwell Server Edition", DataCentre),
            ("NVIDIA T400 4GB", Professional),
            ("NVIDIA T1000", Professional),
            ("Tesla T4", DataCentre),
            ("NVIDIA T4G", DataCentre),
            ("Tesla M60", DataCentre),
            ("Tesla V100-SXM2-16GB", DataCentre),
            ("NVIDIA A10G", DataCentre),
            ("NVIDIA A100-SXM4-80GB", DataCentre),
            ("NVIDIA H100 80GB HBM3", DataCentre),
            ("NVIDIA H200", DataCentre),
            ("NVIDIA GH200 480GB", DataCentre),
            ("NVIDIA L4", DataCentre),
            ("NVIDIA L40S", DataCentre),
            ("NVIDIA B200", DataCentre),
            ("GRID T4-1B", DataCentre),
            ("NVIDIA A40-8Q", DataCentre),
        ] {
            assert_eq!(class_of_name(name), Some(class), "{name}");
        }
        assert_eq!(class_of_name("NVIDIA Graphics Device"), None);
    }

    #[test]
    fn what_the_name_leaves_open_is_told_by_brand_and_shape() {
        let mut gpu = Gpu::at("01:00.0".parse().unwrap());
        gpu.name = Some("NVIDIA Graphics Device".to_owned());
        assert_eq!((gpu.class(), gpu.display()), (GpuClass::Consumer, Display::Unknown));
        gpu.pci_class = Some(0x03_02_00);
        assert_eq!((gpu.class(), gpu.display()), (GpuClass::DataCentre, Display::None));
        gpu.brand = Some(GpuClass::Consumer);
        assert_eq!((gpu.class(), gpu.display()), (GpuClass::Consumer, Display::Muxless));
        gpu.pci_class = Some(0x03_00_00);
        assert_eq!(gpu.display(), Display::Connectors);
        gpu.name = Some("NVIDIA RTX A2000 Laptop GPU".to_owned());
        gpu.pci_class = Some(0x03_02_00);
        assert_eq!((gpu.class(), gpu.display()), (GpuClass::Professional, Display::Muxless));
    }

    #[test]
    fn slices_are_told_from_whole_gpus() {
        for (name, slice) in [
            ("GRID T4-1B", true),
            ("NVIDIA A40-8Q", true),
            ("NVIDIA L40S-48C", true),
            ("NVIDIA A100-SXM4-80GB", false),
            ("Tesla V100-SXM2-16GB", false),
            ("NVIDIA A10G", false),
            ("P106-100", false),
        ] {
            let mut gpu = Gpu::at("01:00.0".parse().unwrap());
            gpu.name = Some(name.to_owned());
            assert_eq!(gpu.is_vgpu(), slice, "{name}");
        }
    }

    #[test]
    fn every_step_of_the_session_limit() {
        for (driver, limit) in [
            ("450.80.02", 2),
            ("455.23", 3),
            ("530.30.02", 3),
            ("530.41.03", 5),
            ("535.161.07", 5),
            ("535.183.01", 8),
            ("545.29.06", 5),
            ("550.54.14", 8),
            ("590.48.01", 8),
            ("591.58", 8),
            ("591.59", 12),
            ("610.57.04", 12),
        ] {
            let driver = driver.parse().unwrap();
            assert_eq!(GpuClass::Consumer.nvenc_sessions(&driver), Some(limit), "{driver}");
            assert_eq!(GpuClass::Professional.nvenc_sessions(&driver), None);
        }
    }
}
