//! OpenGL through GLX, as a program with a window gets it.

mod ffi;

use serde::{Deserialize, Serialize};

use crate::{Verdict, child::Teller};

/// What was found of GLX on one display.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlFacts {
    /// Why there is no renderer.
    pub error: Option<String>,
    /// The name of the display, as the server knows it.
    pub display: Option<String>,
    /// The version of GLX that both sides have, such as `1.4`.
    pub glx_version: Option<String>,
    /// Who made the GLX of the X server.
    pub server_vendor: Option<String>,
    /// The version of the GLX of the X server.
    pub server_version: Option<String>,
    /// Who made the GLX of this side.
    pub client_vendor: Option<String>,
    /// The version of the GLX of this side.
    pub client_version: Option<String>,
    /// Who made the renderer: `GL_VENDOR`.
    pub vendor: Option<String>,
    /// The renderer: `GL_RENDERER`.
    pub renderer: Option<String>,
    /// The version of OpenGL, and of the driver as a rule: `GL_VERSION`.
    pub version: Option<String>,
    /// Whether drawing goes around the X server.
    pub direct: Option<bool>,
    /// Whether the X server has `NV-GLX`: it is driven by NVIDIA's X driver.
    pub nv_glx: Option<bool>,
    /// The UUID of the device that draws, from `GL_EXT_memory_object`.
    pub device_uuid: Option<String>,
}

impl GlFacts {
    /// That of the renderer.
    pub fn verdict(&self) -> Verdict {
        self.renderer.as_deref().map(Verdict::of_renderer).unwrap_or_default()
    }
}

/// Gathers in this process, and tells what was found after each step.
pub(crate) fn gather(teller: &mut Teller) {
    let mut facts = GlFacts::default();
    if let Err(error) = ffi::renderer(&mut facts, teller) {
        facts.error = Some(error);
    }
    teller.facts(&facts);
}
