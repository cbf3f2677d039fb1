//! What programs were seen to draw with, by cosmos-probe.

use serde::Deserialize;

/// What each interface draws with on one display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// OpenGL through GLX: what most programs with a window use.
    pub glx: Drawn,
    /// OpenGL through EGL.
    pub egl: Drawn,
    /// Vulkan, in windows where that could be asked.
    pub vulkan: Drawn,
    /// The UUID of the GPU that draws through GLX, as 32 hexadecimal digits; `None` where it does not tell.
    pub glx_device: Option<String>,
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
        let glx_device =
            answer.gl.as_ref().and_then(|gl| gl.facts.as_ref()?.device_uuid.as_deref().map(digits));
        let vulkan = Drawn::of(answer.vulkan).in_windows(answer.present);
        Ok(Self { glx: Drawn::of(answer.gl), egl: Drawn::of(answer.egl), vulkan, glx_device })
    }

    /// Each interface by its name, the most used first.
    pub fn interfaces(&self) -> [(&'static str, &Drawn); 3] {
        [("GLX", &self.glx), ("EGL", &self.egl), ("Vulkan", &self.vulkan)]
    }

    /// Whether another GPU than that of this UUID draws through GLX.
    pub fn is_elsewhere(&self, uuid: &str) -> bool {
        self.glx_device.as_ref().is_some_and(|device| self.glx.is_on_gpu() && *device != digits(uuid))
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

    /// What draws and cannot show it is of no use to a desktop.
    fn in_windows(self, present: Option<Area>) -> Self {
        let Some(area) = present.filter(|area| self.is_on_gpu() && area.verdict != "hardware") else {
            return self;
        };
        let told = match Self::of(Some(Area { verdict: String::new(), ..area })) {
            Self::Nobody(why) => why,
            drawn => drawn.words().to_owned(),
        };
        Self::Nobody(format!("{} draws, and cannot show it in windows: {told}", self.words()))
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
                let refused = || facts.devices.into_iter().find_map(|device| device.present_modes_error);
                let why = failure.map(|failure| failure.words()).or(facts.error).or_else(refused);
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
    /// Vulkan in windows: probes of older versions do not ask.
    present: Option<Area>,
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
    device_uuid: Option<String>,
    devices: Vec<Device>,
    platforms: Vec<Device>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Device {
    name: Option<String>,
    renderer: Option<String>,
    verdict: Option<String>,
    /// Why Vulkan cannot show this device's pictures in windows.
    present_modes_error: Option<String>,
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

/// Interfaces spell the UUID of one GPU in different ways.
fn digits(uuid: &str) -> String {
    let uuid = uuid.strip_prefix("GPU-").unwrap_or(uuid);
    uuid.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect()
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

    /// What cosmos-probe said of an H200 in a software X server; lists that are not read are cut out.
    #[test]
    fn the_answer_of_a_real_machine_is_read() {
        let answer = include_bytes!("../../testdata/gpu/h200-probe.json");
        let seen = Rendering::of_probe(answer).unwrap_or_else(|error| panic!("{error}"));
        let names = seen.interfaces().map(|(_, drawn)| drawn.clone());
        let gl = Drawn::Gpu("NVIDIA H200/PCIe/SSE2".to_owned());
        assert_eq!(names, [gl.clone(), gl, Drawn::Gpu("NVIDIA H200".to_owned())]);
        assert!(!seen.is_elsewhere("GPU-01234567-89ab-cdef-0123-456789abcdef"));
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
    fn vulkan_counts_where_it_can_show_in_windows() {
        let vulkan = r#""vulkan":{"facts":{"devices":[{"name":"NVIDIA H200","verdict":"hardware"}]},"failure":null,
            "verdict":"hardware"}"#;
        for (present, shown) in [
            ("null", true),
            (r#"{"facts":{"devices":[]},"failure":null,"verdict":"hardware"}"#, true),
            (r#"{"facts":{"error":"no surface"},"failure":null,"verdict":"nothing"}"#, false),
            (r#"{"facts":{"devices":[]},"failure":null,"verdict":"software"}"#, false),
            (
                r#"{"facts":{"devices":[{"name":"x","present_modes_error":"ERROR"}]},"failure":null,
                "verdict":"nothing"}"#,
                false,
            ),
        ] {
            let seen =
                probe(&format!("{vulkan},\"present\":{present}")).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(seen.vulkan.is_on_gpu(), shown, "{present}");
            assert!(seen.vulkan.words().starts_with("NVIDIA H200"), "{}", seen.vulkan.words());
        }
    }

    #[test]
    fn another_gpu_is_told_by_its_uuid() {
        let gl = r#""gl":{"facts":{"renderer":"x","device_uuid":"44cc3e1c-b578-d7ef-f5a8-9f0098e63d85"},
            "failure":null,"verdict":"hardware"}"#;
        let seen = probe(gl).unwrap_or_else(|error| panic!("{error}"));
        assert!(!seen.is_elsewhere("GPU-44CC3E1C-b578-d7ef-f5a8-9f0098e63d85"));
        assert!(seen.is_elsewhere("GPU-00000000-b578-d7ef-f5a8-9f0098e63d85"));
        let unknown = Rendering { glx_device: None, ..seen };
        assert!(!unknown.is_elsewhere("GPU-00000000-b578-d7ef-f5a8-9f0098e63d85"));
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
