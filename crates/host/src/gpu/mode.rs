//! The ways to draw a desktop.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A way to draw a desktop. The order is that of preference: the greatest is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Programs and the X server draw on the processor.
    Software,
    /// The X server is in memory, and programs draw on the GPU.
    GpuRendering,
    /// The X server runs NVIDIA's driver.
    GpuXServer,
}

impl Mode {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GpuXServer => "gpu-x-server",
            Self::GpuRendering => "gpu-rendering",
            Self::Software => "software",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::GpuXServer => "an X server on the GPU",
            Self::GpuRendering => "GPU rendering in a software X server",
            Self::Software => "software rendering in a software X server",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for mode in [Mode::Software, Mode::GpuRendering, Mode::GpuXServer] {
            assert_eq!(serde_json::to_value(mode).ok(), Some(mode.name().into()));
        }
        assert!(Mode::GpuXServer > Mode::GpuRendering && Mode::GpuRendering > Mode::Software);
    }
}
