//! What can be probed, and the probing of several areas side by side.

use std::{
    fmt,
    path::PathBuf,
    str::FromStr,
    thread::{self, Scope, ScopedJoinHandle},
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Answer, EglFacts, GlFacts, NvencFacts, PresentFacts, VulkanFacts, parent};

/// One interface of the graphics stack, probed in one child process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The Vulkan loader, its drivers and their devices.
    Vulkan,
    /// OpenGL through GLX, on an X display.
    Gl,
    /// EGL devices and platforms.
    Egl,
    /// The video encoder of NVIDIA GPUs.
    Nvenc,
    /// Vulkan in windows of an X display. Apart from [`Vulkan`](Self::Vulkan), which sees no display, since drivers
    /// are known to hang where there is one.
    Present,
}

/// The name of an area could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no area; vulkan, gl, egl, nvenc and present are")]
pub struct UnknownArea(pub String);

/// How to probe. Nothing here is read from the environment, but children inherit it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The program to start as `program --child AREA`. Its `main` must call [`child::main`](crate::child::main)
    /// first.
    pub program: PathBuf,
    /// How long a child may take before it is ended, by SIGTERM and 400 ms later by SIGKILL.
    pub timeout: Duration,
    /// The X display that everything but [`Area::Vulkan`] and [`Area::Nvenc`] sees, such as `:0`. Without one,
    /// children see no `DISPLAY` at all.
    pub display: Option<String>,
    /// Manifests of Vulkan drivers, and directories of them: see [`vulkan_manifests`](crate::vulkan_manifests).
    pub vulkan_manifests: Vec<PathBuf>,
    /// Manifests of EGL drivers, and directories of them: see [`egl_manifests`](crate::egl_manifests).
    pub egl_manifests: Vec<PathBuf>,
    /// Variables added to a child's environment.
    pub environment: Vec<(String, String)>,
}

/// The answers of the areas that were asked for; the others are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The answer of [`Area::Vulkan`].
    pub vulkan: Option<Answer<VulkanFacts>>,
    /// The answer of [`Area::Gl`].
    pub gl: Option<Answer<GlFacts>>,
    /// The answer of [`Area::Egl`].
    pub egl: Option<Answer<EglFacts>>,
    /// The answer of [`Area::Nvenc`].
    pub nvenc: Option<Answer<NvencFacts>>,
    /// The answer of [`Area::Present`].
    pub present: Option<Answer<PresentFacts>>,
}

/// Probes areas side by side, each in a child. Returns at the latest one second, and a little for starting and
/// reading, after the time-out.
pub fn probe(config: &Config, areas: &[Area]) -> Report {
    thread::scope(|scope| {
        let vulkan = start(scope, config, areas, Area::Vulkan);
        let gl = start(scope, config, areas, Area::Gl);
        let egl = start(scope, config, areas, Area::Egl);
        let nvenc = start(scope, config, areas, Area::Nvenc);
        let present = start(scope, config, areas, Area::Present);
        Report {
            vulkan: vulkan.and_then(|thread| thread.join().ok()),
            gl: gl.and_then(|thread| thread.join().ok()),
            egl: egl.and_then(|thread| thread.join().ok()),
            nvenc: nvenc.and_then(|thread| thread.join().ok()),
            present: present.and_then(|thread| thread.join().ok()),
        }
    })
}

fn start<'scope, F: DeserializeOwned + Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    config: &'scope Config,
    areas: &[Area],
    area: Area,
) -> Option<ScopedJoinHandle<'scope, Answer<F>>> {
    areas.contains(&area).then(|| scope.spawn(move || parent::ask_area(config, area)))
}

impl Area {
    /// All areas.
    pub const ALL: [Self; 5] = [Self::Vulkan, Self::Gl, Self::Egl, Self::Nvenc, Self::Present];

    /// Whether there is nothing to ask without a display.
    pub const fn needs_display(self) -> bool {
        matches!(self, Self::Gl | Self::Present)
    }

    /// The name, as on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vulkan => "vulkan",
            Self::Gl => "gl",
            Self::Egl => "egl",
            Self::Nvenc => "nvenc",
            Self::Present => "present",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Area {
    type Err = UnknownArea;

    fn from_str(name: &str) -> Result<Self, UnknownArea> {
        let found = Self::ALL.into_iter().find(|area| area.name() == name);
        found.ok_or_else(|| UnknownArea(name.to_owned()))
    }
}

impl Config {
    /// A configuration with ten seconds, no display and the manifests of the usual places.
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            timeout: Duration::from_secs(10),
            display: None,
            vulkan_manifests: crate::vulkan_manifests(|_| None),
            egl_manifests: crate::egl_manifests(|_| None),
            environment: Vec::new(),
        }
    }
}
