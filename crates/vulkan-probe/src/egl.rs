//! EGL: drivers, devices, and the platforms on which a context can be made.

mod ffi;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Manifest, Verdict, child::Teller, manifest};

/// What was found of EGL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EglFacts {
    /// Why there is no EGL.
    pub error: Option<String>,
    /// The manifests of drivers.
    pub manifests: Vec<Manifest>,
    /// The extensions that need no display, sorted.
    pub client_extensions: Vec<String>,
    /// The devices, in EGL's order.
    pub devices: Vec<EglDevice>,
    /// Each platform, whether it works or not.
    pub platforms: Vec<EglPlatform>,
}

/// One device, of `EGL_EXT_device_enumeration`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EglDevice {
    /// Its place in the list.
    pub index: usize,
    /// Its UUID, from `EGL_EXT_device_persistent_id`.
    pub uuid: Option<String>,
    /// Its index in CUDA, from `EGL_NV_device_cuda`.
    pub cuda: Option<i64>,
    /// Its DRM device file, from `EGL_EXT_device_drm`.
    pub drm_device: Option<String>,
    /// Its DRM render node, from `EGL_EXT_device_drm_render_node`.
    pub drm_render_node: Option<String>,
    /// Its extensions, sorted.
    pub extensions: Vec<String>,
    /// A context on it, as on a platform named `device`.
    pub platform: EglPlatform,
}

/// A try to make a context on one platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EglPlatform {
    /// The name: `surfaceless`, `device`, `x11`, `xcb`, `wayland` or `gbm`.
    pub name: String,
    /// Whether a display could be initialised.
    pub works: bool,
    /// What did not work, the context included.
    pub error: Option<String>,
    /// The version of EGL and of the driver: `EGL_VERSION`.
    pub version: Option<String>,
    /// Who made the driver: `EGL_VENDOR`.
    pub vendor: Option<String>,
    /// The interfaces that it draws with, such as `OpenGL OpenGL_ES`.
    pub apis: Option<String>,
    /// The renderer of a context: `GL_RENDERER`.
    pub renderer: Option<String>,
    /// The version of OpenGL of that context: `GL_VERSION`.
    pub gl_version: Option<String>,
    /// Hardware or software.
    pub verdict: Verdict,
}

impl EglFacts {
    /// That of the best device or platform.
    pub fn verdict(&self) -> Verdict {
        let devices = self.devices.iter().map(|device| &device.platform);
        devices.chain(&self.platforms).map(|platform| platform.verdict).max().unwrap_or_default()
    }
}

/// Gathers in this process, and tells what was found after each step.
pub(crate) fn gather(places: &[PathBuf], teller: &mut Teller) {
    let mut facts = EglFacts { manifests: manifest::read_all(places), ..EglFacts::default() };
    for at in 0..facts.manifests.len() {
        teller.doing(&format!("opening the library of {}", facts.manifests[at].path.display()));
        facts.manifests[at].try_library();
        teller.facts(&facts);
    }
    if let Err(error) = ffi::displays(&mut facts, teller) {
        facts.error = Some(error);
    }
    teller.facts(&facts);
}

/// A platform: its name, its number, and the extensions of which one must be there.
struct Known {
    name: &'static str,
    number: u32,
    offered: &'static [&'static str],
}

/// Those that crash least come first, so that a crash takes little with it.
const PLATFORMS: [Known; 5] = [
    Known { name: "surfaceless", number: 0x31dd, offered: &["EGL_MESA_platform_surfaceless"] },
    Known { name: "x11", number: 0x31d5, offered: &["EGL_KHR_platform_x11", "EGL_EXT_platform_x11"] },
    Known { name: "xcb", number: 0x31dc, offered: &["EGL_EXT_platform_xcb", "EGL_MESA_platform_xcb"] },
    Known {
        name: "wayland",
        number: 0x31d8,
        offered: &["EGL_KHR_platform_wayland", "EGL_EXT_platform_wayland"],
    },
    Known { name: "gbm", number: 0x31d7, offered: &["EGL_KHR_platform_gbm", "EGL_MESA_platform_gbm"] },
];

/// The name of an error of `eglGetError`.
fn error_name(code: i32) -> String {
    let names = [
        "EGL_SUCCESS",
        "EGL_NOT_INITIALIZED",
        "EGL_BAD_ACCESS",
        "EGL_BAD_ALLOC",
        "EGL_BAD_ATTRIBUTE",
        "EGL_BAD_CONFIG",
        "EGL_BAD_CONTEXT",
        "EGL_BAD_CURRENT_SURFACE",
        "EGL_BAD_DISPLAY",
        "EGL_BAD_MATCH",
        "EGL_BAD_NATIVE_PIXMAP",
        "EGL_BAD_NATIVE_WINDOW",
        "EGL_BAD_PARAMETER",
        "EGL_BAD_SURFACE",
        "EGL_CONTEXT_LOST",
    ];
    let index = usize::try_from(code.wrapping_sub(0x3000)).ok();
    index.and_then(|index| names.get(index)).map_or_else(|| format!("{code:#x}"), |name| (*name).to_owned())
}

fn sorted(list: &str) -> Vec<String> {
    let mut names = list.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_names() {
        assert_eq!(error_name(0x3001), "EGL_NOT_INITIALIZED");
        assert_eq!(error_name(0x300e), "EGL_CONTEXT_LOST");
        assert_eq!(error_name(0x300f), "0x300f");
        assert_eq!(error_name(i32::MIN), "-0x80000000".replace('-', ""));
    }
}
