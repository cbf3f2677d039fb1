//! Why a better way to draw is not taken.

use std::path::PathBuf;

use cosmos_nvidia_driver::DriverVersion;

/// Why a way to draw is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The GPU is not to be used.
    #[error("software rendering was asked for")]
    NotWanted,
    /// There is none, or none that this process may use.
    #[error("no NVIDIA GPU can be used here")]
    NoGpu,
    /// The GPU that was asked for cannot be had.
    #[error("{0}")]
    Selection(String),
    /// The driver is not loaded.
    #[error("the NVIDIA kernel module is not loaded")]
    NoKernelModule,
    /// There is no X driver for the Linux of Windows.
    #[error("WSL has no X driver")]
    Wsl,
    /// The halves of the driver do not fit.
    #[error("{0}")]
    Mismatch(String),
    /// The X server for hardware is missing.
    #[error("Xorg is not installed; install xserver-xorg-core")]
    NoXorg,
    /// The X driver is missing.
    #[error("nvidia_drv.so, the X driver, is not installed")]
    NoXDriver,
    /// The other half of the X driver is missing.
    #[error("libglxserver_nvidia.so, the GLX of the X server, is not installed")]
    NoGlxServer,
    /// It is of another version than the kernel module.
    #[error("libglxserver_nvidia.so is of version {found}, the kernel module of {kernel}")]
    GlxServerVersion {
        /// Its version.
        found: DriverVersion,
        /// That of the kernel module.
        kernel: DriverVersion,
    },
    /// The device of the display engine is missing.
    #[error("/dev/nvidia-modeset is missing; a container needs the capability display")]
    NoModesetDevice,
    /// The kernel module of the display engine is missing.
    #[error("the kernel module nvidia_modeset is not loaded")]
    NoModesetModule,
    /// A version with a known fault.
    #[error("driver {version} cannot start a screen without a monitor on this GPU; use {fixed} or later")]
    HeadlessFault {
        /// The version.
        version: DriverVersion,
        /// The first without the fault.
        fixed: &'static str,
    },
    /// The screen cannot be made.
    #[error("{0}")]
    Screen(String),
    /// Somebody else has it, or nobody can say who.
    #[error("{0}")]
    Lease(String),
    /// It did not start, or did not come back.
    #[error("the X server on the GPU cannot be started: {0}")]
    ServerFailed(String),
    /// The libraries for programs are missing.
    #[error(
        "no library of the driver that programs draw with is installed; a container needs the capability graphics"
    )]
    NoLibraries,
    /// Nobody can say whether it would work.
    #[error("cosmos-probe, which sees what programs draw on, is not installed")]
    NoProbe,
    /// It could not say so.
    #[error("cosmos-probe {0}")]
    ProbeFailed(String),
    /// An interface draws elsewhere.
    #[error("{interface} does not draw on the GPU: {seen}")]
    NotOnGpu {
        /// GLX, EGL or Vulkan.
        interface: &'static str,
        /// What it draws with, or why it does not.
        seen: String,
    },
    /// A `.run` file that is there cannot be installed.
    #[error("{} cannot be installed: {why}", path.display())]
    NotInstalled {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Reason {
    /// A short name for programs.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::NotWanted => "not-wanted",
            Self::NoGpu => "no-gpu",
            Self::Selection(_) => "selection",
            Self::NoKernelModule => "no-kernel-module",
            Self::Wsl => "wsl",
            Self::Mismatch(_) => "driver-mismatch",
            Self::NoXorg => "no-xorg",
            Self::NoXDriver => "no-x-driver",
            Self::NoGlxServer => "no-glx-server",
            Self::GlxServerVersion { .. } => "glx-server-version",
            Self::NoModesetDevice => "no-modeset-device",
            Self::NoModesetModule => "no-modeset-module",
            Self::HeadlessFault { .. } => "headless-fault",
            Self::Screen(_) => "screen",
            Self::Lease(_) => "lease",
            Self::ServerFailed(_) => "server-failed",
            Self::NoLibraries => "no-libraries",
            Self::NoProbe => "no-probe",
            Self::ProbeFailed(_) => "probe-failed",
            Self::NotOnGpu { .. } => "not-on-gpu",
            Self::NotInstalled { .. } => "not-installed",
        }
    }
}
