//! Hardware, software, or nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who does the work. The order is that of preference: the greatest of several is the best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nobody: it does not work.
    #[default]
    Nothing,
    /// The processor.
    Software,
    /// A GPU.
    Hardware,
}

impl Verdict {
    /// Judges an OpenGL renderer by the name it gives itself, such as `llvmpipe (LLVM 15.0.6, 256 bits)`.
    pub fn of_renderer(renderer: &str) -> Self {
        let renderer = renderer.to_ascii_lowercase();
        match SOFTWARE.iter().any(|name| renderer.contains(name)) {
            true => Self::Software,
            false if renderer.trim().is_empty() => Self::Nothing,
            false => Self::Hardware,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "nothing",
            Self::Software => "software",
            Self::Hardware => "hardware",
        })
    }
}

/// Renderers that draw on the processor: three of Mesa, two of Mesa's past, Chromium's, Windows' and Apple's.
const SOFTWARE: [&str; 8] = [
    "llvmpipe",
    "softpipe",
    "swrast",
    "software rasterizer",
    "swr (",
    "swiftshader",
    "microsoft basic render",
    "apple software",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renderers_are_told_apart() {
        for (renderer, verdict) in [
            ("llvmpipe (LLVM 15.0.6, 256 bits)", Verdict::Software),
            ("softpipe", Verdict::Software),
            ("Software Rasterizer", Verdict::Software),
            ("Google SwiftShader", Verdict::Software),
            ("SWR (LLVM 9.0, 256 bits)", Verdict::Software),
            ("NVIDIA H200/PCIe/SSE2", Verdict::Hardware),
            ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", Verdict::Hardware),
            ("zink Vulkan 1.3(llvmpipe (LLVM 15.0.6, 256 bits) (MESA_LLVMPIPE))", Verdict::Software),
            ("zink Vulkan 1.3(NVIDIA T4 (NVIDIA_PROPRIETARY))", Verdict::Hardware),
            ("", Verdict::Nothing),
        ] {
            assert_eq!(Verdict::of_renderer(renderer), verdict, "{renderer}");
        }
    }

    #[test]
    fn a_gpu_is_better_than_a_processor_and_that_than_nothing() {
        assert_eq!(
            [Verdict::Software, Verdict::Hardware, Verdict::Nothing].iter().max(),
            Some(&Verdict::Hardware)
        );
        assert!(Verdict::Software > Verdict::Nothing);
    }
}
