//! What others are told about the mode: the page, programs, and people.
//!
//! While a desktop runs, the file that `COSMOS_GRAPHICS_FILE` names in the environment of the stream holds this as one
//! JSON object. It is there before the stream serves, is replaced as a whole, and follows a fall to another mode:
//!
//! ```json
//! {"schema":"cosmos.graphics/1","mode":"gpu-rendering",
//!  "gpu":{"name":"NVIDIA H200","uuid":"GPU-…","address":"0000:00:06.0"},
//!  "rendering":{"glx":"NVIDIA H200/PCIe/SSE2","egl":"NVIDIA H200","vulkan":"NVIDIA H200"},
//!  "refused":[{"mode":"gpu-x-server","reasons":[{"id":"no-x-driver","text":"nvidia_drv.so, …"}]}],
//!  "warnings":[]}
//! ```
//!
//! `mode` is `gpu-x-server`, `gpu-rendering` or `software`. `gpu`, `rendering` and what is in them are `null` where
//! they are not known. The names in `id` do not change; the texts are for people. A later version may add keys.

use std::{fmt, fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::{Mode, Plan, Rendering};

/// The mode that was reached and why it is no better one, as JSON of the schema `cosmos.graphics/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphicsReport {
    schema: String,
    /// The mode.
    pub mode: Mode,
    /// The GPU, where there is one.
    pub gpu: Option<GpuReport>,
    /// The names of those who draw through GLX, EGL and Vulkan; `None` where nobody looked.
    pub rendering: Option<RenderingReport>,
    /// The better modes, best first.
    pub refused: Vec<RefusalReport>,
    /// What does not work as it should in this mode, in sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A GPU, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuReport {
    /// The product's name.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its PCI address, as `0000:01:00.0`.
    pub address: String,
}

/// Who draws, or why nobody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderingReport {
    /// Through GLX.
    pub glx: String,
    /// Through EGL.
    pub egl: String,
    /// Through Vulkan.
    pub vulkan: String,
}

/// A mode that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalReport {
    /// The mode.
    pub mode: Mode,
    /// Each reason: a name for programs, and words for people.
    pub reasons: Vec<ReasonReport>,
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonReport {
    /// A name that does not change.
    pub id: String,
    /// A sentence.
    pub text: String,
}

impl GraphicsReport {
    pub(super) fn new(plan: &Plan, seen: Option<&Rendering>, warnings: Vec<String>) -> Self {
        let gpu = plan.gpu.as_ref().map(|gpu| GpuReport {
            name: gpu.name.clone(),
            uuid: gpu.uuid.map(|uuid| uuid.to_string()),
            address: gpu.address.to_string(),
        });
        let rendering = seen.map(|seen| RenderingReport {
            glx: seen.glx.words().to_owned(),
            egl: seen.egl.words().to_owned(),
            vulkan: seen.vulkan.words().to_owned(),
        });
        let refused = plan.refused.iter().map(|refusal| {
            let reason = |reason: &super::Reason| ReasonReport {
                id: reason.id().to_owned(),
                text: reason.to_string(),
            };
            RefusalReport { mode: refusal.mode, reasons: refusal.reasons.iter().map(reason).collect() }
        });
        let (schema, refused) = (SCHEMA.to_owned(), refused.collect());
        Self { schema, mode: plan.mode, gpu, rendering, refused, warnings }
    }

    /// Writes the report so that a reader sees all of it or nothing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec(self)?)?;
        fs::rename(draft, path)
    }
}

/// The mode and who draws, then a line for each better mode, indented. That there is no GPU, or none is wanted, is
/// no news.
impl fmt::Display for GraphicsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mode)?;
        let name = self.gpu.as_ref().and_then(|gpu| gpu.name.as_deref());
        if let Some(name) = name.filter(|_| self.mode != Mode::Software) {
            write!(f, " ({name})")?;
        }
        for refusal in &self.refused {
            let news = refusal.reasons.iter().filter(|reason| !USUAL.contains(&reason.id.as_str()));
            let texts: Vec<&str> = news.map(|reason| reason.text.as_str()).collect();
            if !texts.is_empty() {
                write!(f, "\n  not {}: {}", refusal.mode, texts.join("; "))?;
            }
        }
        Ok(())
    }
}

const USUAL: [&str; 2] = ["not-wanted", "no-gpu"];
const SCHEMA: &str = "cosmos.graphics/1";
