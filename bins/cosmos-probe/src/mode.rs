//! The best that a machine can do.

use std::fmt;

use cosmos_vulkan_probe::Answer;

use crate::{
    encoders::EncoderFacts,
    machine::{Machine, facts},
};

/// Ways to run a desktop, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// An X server with NVIDIA's X driver.
    GpuXServer,
    /// An X server in memory; programs draw on the GPU.
    GpuRendering,
    /// An X server in memory; programs draw on the processor.
    Software,
    /// No X server at all.
    None,
}

/// A way, and the video encoder to go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Best {
    pub mode: Mode,
    pub video: Video,
}

/// The video encoder that streams would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Its element of GStreamer; `None` when none works.
    pub encoder: Option<String>,
    /// Whether it is a circuit of the GPU.
    pub hardware: bool,
    /// Whether it was tried, rather than concluded from what NVENC said.
    pub tried: bool,
}

/// Decides from what was gathered.
pub fn best(machine: &Machine) -> Best {
    let mode = match () {
        () if why_no_x_driver(machine).is_empty() => Mode::GpuXServer,
        () if !has_server(machine) => Mode::None,
        () if machine.draws_on_hardware() => Mode::GpuRendering,
        () => Mode::Software,
    };
    Best { mode, video: video(machine) }
}

/// Each reason why NVIDIA's X driver cannot run here.
pub fn why_no_x_driver(machine: &Machine) -> Vec<&'static str> {
    let (Some(driver), Some(xorg)) = (&machine.driver, &machine.xorg) else {
        return vec!["driver and X server were not looked at"];
    };
    let loaded = |module: &str| driver.modules.iter().any(|name| name == module);
    let reasons = [
        (driver.kernel_version.is_none(), "the NVIDIA kernel module is not loaded"),
        (driver.wsl, "WSL has no X driver"),
        (xorg.xorg.is_none(), "Xorg is not installed"),
        (xorg.nvidia_drv.is_none(), "nvidia_drv.so, the X driver, is not installed"),
        (xorg.glx_server.is_none(), "libglxserver_nvidia.so, the GLX of the X server, is not installed"),
        (!xorg.modeset_device, "/dev/nvidia-modeset is missing"),
        (!loaded("nvidia_modeset"), "the kernel module nvidia_modeset is not loaded"),
    ];
    reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
}

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.mode.words();
        match &self.video.encoder {
            Some(encoder) if self.video.tried => write!(f, "{words}; video by {encoder}"),
            Some(encoder) => write!(f, "{words}; video by {encoder}, which was not tried"),
            None => write!(f, "{words}; no video: no encoder works"),
        }
    }
}

impl Mode {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GpuXServer => "gpu-x-server",
            Self::GpuRendering => "gpu-rendering",
            Self::Software => "software",
            Self::None => "none",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::GpuXServer => "an X server on the GPU",
            Self::GpuRendering => "GPU rendering in a software X server",
            Self::Software => "software rendering in a software X server",
            Self::None => "no desktop: there is no X server",
        }
    }
}

fn has_server(machine: &Machine) -> bool {
    machine.xorg.as_ref().is_some_and(|xorg| xorg.xorg.is_some() || xorg.xvfb.is_some())
}

fn video(machine: &Machine) -> Video {
    let is_over = machine.encoders.as_ref().is_some_and(Answer::is_complete);
    let chosen = facts(&machine.encoders).and_then(EncoderFacts::chosen);
    if chosen.is_none() && !is_over {
        return likely(machine);
    }
    Video {
        encoder: chosen.map(|encoder| encoder.element.clone()),
        hardware: chosen.is_some_and(|encoder| encoder.hardware == Some(true)),
        tried: true,
    }
}

fn likely(machine: &Machine) -> Video {
    let devices = facts(&machine.report.nvenc).into_iter().flat_map(|facts| &facts.devices);
    let hardware = devices.flat_map(|device| &device.codecs).any(|codec| codec.name == "h264");
    let encoder = if hardware { "nvh264enc" } else { "x264enc" };
    Video { encoder: Some(encoder.to_owned()), hardware, tried: false }
}

#[cfg(test)]
mod tests;
