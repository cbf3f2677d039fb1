//! What programs were seen to draw with, by cosmos-probe.

use serde::Deserialize;

/// What each interface draws with on one display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// OpenGL through GLX: what most programs with a window use.
    pub glx: Drawn,
    /// OpenGL through EGL.
    pub egl: Drawn,
    /// Vulkan.
    pub vulkan: Drawn,
}

/// Who draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// The GPU, under this name.
    Gpu(String),
    /// The processor, under this name.
    Processor(String),
    /// Nobody, for this reason.
    Nobody(String),
}

/// What a probe wrote is no answer.
#[derive(Debug, thiserror::Error)]
#[error("wrote what is no answer of the schema {SCHEMA}: {why}")]
pub struct BadAnswer {
    why: String,
}

impl Rendering {
    /// Reads what `cosmos-probe --gl --egl --vulkan --json` wrote.
    ///
    /// # Errors
    /// [`BadAnswer`] for text that is no such answer.
    pub fn of_probe(json: &[u8]) -> Result<Self, BadAnswer> {
        let answer: Probe =
            serde_json::from_slice(json).map_err(|error| BadAnswer { why: error.to_string() })?;
        if answer.schema != SCHEMA {
            return Err(BadAnswer { why: format!("its schema is {:?}", answer.schema) });
        }
        Ok(Self { glx: Drawn::of(answer.gl), egl: Drawn::of(answer.egl), vulkan: Drawn::of(answer.vulkan) })
    }

    /// Each interface by its name, the most used first.
    pub fn interfaces(&self) -> [(&'static str, &Drawn); 3] {
        [("GLX", &self.glx), ("EGL", &self.egl), ("Vulkan", &self.vulkan)]
    }

    /// Whether anything draws on the GPU.
    pub fn is_on_gpu(&self) -> bool {
        self.interfaces().iter().any(|(_, drawn)| drawn.is_on_gpu())
    }
}

impl Drawn {
    /// Whether the GPU draws.
    pub const fn is_on_gpu(&self) -> bool {
        matches!(self, Self::Gpu(_))
    }

    /// The name of who draws; else the reason why nobody does.
    pub fn words(&self) -> &str {
        let (Self::Gpu(text) | Self::Processor(text) | Self::Nobody(text)) = self;
        text
    }

    /// The verdict is the probe's; the name is that of the renderer to which it belongs.
    fn of(area: Option<Area>) -> Self {
        let Some(Area { facts, failure, verdict }) = area else {
            return Self::Nobody("it was not asked".to_owned());
        };
        let facts = facts.unwrap_or_default();
        let name = || facts.name(&verdict).unwrap_or_else(|| "a renderer without a name".to_owned());
        match verdict.as_str() {
            "hardware" => Self::Gpu(name()),
            "software" => Self::Processor(name()),
            _ => {
                let why = failure.map(|failure| failure.words()).or(facts.error);
                Self::Nobody(why.unwrap_or_else(|| "there is no renderer".to_owned()))
            }
        }
    }
}

#[derive(Deserialize)]
struct Probe {
    schema: String,
    gl: Option<Area>,
    egl: Option<Area>,
    vulkan: Option<Area>,
}

/// The answer of one interface.
#[derive(Deserialize)]
struct Area {
    facts: Option<Facts>,
    failure: Option<Failure>,
    verdict: String,
}

/// What the interfaces tell of their renderers: each has its own part of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Facts {
    error: Option<String>,
    renderer: Option<String>,
    devices: Vec<Device>,
    platforms: Vec<Device>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Device {
    name: Option<String>,
    renderer: Option<String>,
    verdict: Option<String>,
    /// A context on a device of EGL.
    platform: Option<Box<Device>>,
}

#[derive(Deserialize)]
struct Failure {
    kind: String,
    doing: Option<String>,
    reason: Option<String>,
}

impl Facts {
    /// The renderer of this verdict.
    fn name(&self, verdict: &str) -> Option<String> {
        let devices = self.devices.iter().map(|device| device.platform.as_deref().unwrap_or(device));
        let fitting =
            devices.chain(&self.platforms).find(|device| device.verdict.as_deref() == Some(verdict));
        let named = fitting.and_then(|device| device.renderer.as_ref().or(device.name.as_ref()));
        self.renderer.as_ref().or(named).cloned()
    }
}

impl Failure {
    fn words(&self) -> String {
        let at = self.doing.as_ref().map(|doing| format!(" at: {doing}"));
        let why = self.reason.as_ref().map(|reason| format!(": {reason}"));
        format!("its probe {}{}", self.kind.replace('_', " "), at.or(why).unwrap_or_default())
    }
}

const SCHEMA: &str = "cosmos.probe/1";

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(areas: &str) -> Result<Rendering, BadAnswer> {
        Rendering::of_probe(format!("{{\"schema\":\"cosmos.probe/1\",{areas}}}").as_bytes())
    }

    #[test]
    fn each_interface_has_its_renderer() {
        let seen = probe(
            r#""gl":{"facts":{"renderer":"NVIDIA H200/PCIe/SSE2"},"failure":null,"verdict":"hardware"},
            "egl":{"facts":{"devices":[{"index":0,"platform":{"name":"device","renderer":"NVIDIA H200/PCIe/SSE2",
            "verdict":"hardware"}}],"platforms":[{"name":"x11","renderer":"llvmpipe","verdict":"software"}]},
            "failure":null,"verdict":"hardware"},
            "vulkan":{"facts":{"devices":[{"name":"llvmpipe (LLVM 15)","verdict":"software"}]},"failure":null,
            "verdict":"software"}"#,
        );
        let seen = seen.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(seen.glx, Drawn::Gpu("NVIDIA H200/PCIe/SSE2".to_owned()));
        assert_eq!(seen.egl, Drawn::Gpu("NVIDIA H200/PCIe/SSE2".to_owned()));
        assert_eq!(seen.vulkan, Drawn::Processor("llvmpipe (LLVM 15)".to_owned()));
        assert!(seen.is_on_gpu());
    }

    #[test]
    fn who_does_not_draw_says_why() {
        let seen = probe(
            r#""gl":{"facts":{"error":"no display"},"failure":null,"verdict":"nothing"},
            "egl":{"facts":null,"failure":{"kind":"hung","after_ms":9,"doing":"opening x"},"verdict":"nothing"},
            "vulkan":null"#,
        );
        let seen = seen.unwrap_or_else(|error| panic!("{error}"));
        let words = seen.interfaces().map(|(_, drawn)| drawn.words().to_owned());
        assert_eq!(words, ["no display", "its probe hung at: opening x", "it was not asked"]);
        assert!(!seen.is_on_gpu());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in
            ["", "{}", "[]", r#"{"schema":"cosmos.probe/2"}"#, r#"{"schema":"cosmos.probe/1","gl":3}"#]
        {
            assert!(Rendering::of_probe(text.as_bytes()).is_err(), "{text}");
        }
    }
}
