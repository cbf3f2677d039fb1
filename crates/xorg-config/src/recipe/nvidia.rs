//! NVIDIA boards without a monitor.

use super::{Note, Prepared, RecipeError, check_depth, check_size, compat, desktop};
use crate::bus_id::BusId;
use crate::conf::{
    Config, ConfiguredMode, Device, Display, Document, LayoutScreen, Monitor, Options, Position, Screen,
    ServerFlags, ServerLayout,
};
use crate::modeline::Modeline;
use crate::port::{VideoPort, VideoPorts};

/// A configuration for the driver `nvidia` on boards to which no monitor is connected.
///
/// ```
/// use cosmos_xorg_config::{HeadlessNvidia, Modeline};
/// let mode: Modeline = r#"Modeline "1920x1080R" 138.50 1920 1968 2000 2080 1080 1083 1088 1111 +hsync -vsync"#.parse()?;
/// let prepared = HeadlessNvidia::new("00000001:00:1E.0".parse()?, "DP-0".parse()?, mode).prepare()?;
/// let text = prepared.document.as_str();
/// assert!(text.contains("BusID          \"PCI:0@1:30:0\"") && text.contains("\"ConnectedMonitor\" \"DP-0\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadlessNvidia {
    /// The boards. Each one is a screen of its own, side by side from left to right.
    pub gpus: Vec<NvidiaGpu>,
    /// Bits of colour: 8, 15, 16, 24 or 30.
    pub depth: u8,
    /// Whose file it is to be.
    pub compat: Compat,
    /// Whether the driver says in its log how it judges each mode.
    pub mode_debug: bool,
    /// Keeps the desktop as small as it was asked for where the mode is larger, so that the driver refuses the mode:
    /// what the scripts did. Only for comparing files with theirs.
    pub smaller_desktop: bool,
}

/// A board and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvidiaGpu {
    /// Where it sits.
    pub bus_id: BusId,
    /// The outputs that count as connected, or none.
    pub ports: VideoPorts,
    /// A mode for each output, side by side from left to right; or one for all of them.
    pub heads: Vec<NvidiaHead>,
}

/// What an output shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvidiaHead {
    /// The mode.
    pub mode: Modeline,
    /// Width and height that were asked for. The desktop is larger where the mode is.
    pub size: [u32; 2],
    /// The absolute path of a file with the EDID that stands for a monitor.
    pub edid: Option<String>,
}

/// Whose file a recipe writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compat {
    /// Our own: what the driver needs and nothing else.
    #[default]
    Own,
    /// What the first launch script of this project wrote with `nvidia-xconfig`: without the PCI domain, and with
    /// `none` passed on as the name of an output.
    Seed,
    /// What desktop containers write with `nvidia-xconfig` today.
    Modern,
}

impl HeadlessNvidia {
    /// One board with one mode, at 24 bits.
    ///
    /// ```
    /// use cosmos_xorg_config::{BusId, HeadlessNvidia, VideoPorts};
    /// let mode = "Modeline \"vga\" 25.175 640 656 752 800 480 490 492 525 -hsync -vsync".parse()?;
    /// let recipe = HeadlessNvidia::new(BusId::default(), VideoPorts::None, mode);
    /// assert_eq!(recipe.gpus.len(), 1);
    /// # Ok::<(), cosmos_xorg_config::ModelineError>(())
    /// ```
    pub fn new(bus_id: BusId, ports: VideoPorts, mode: Modeline) -> Self {
        let heads = vec![NvidiaHead::from(mode)];
        let gpus = vec![NvidiaGpu { bus_id, ports, heads }];
        Self { gpus, depth: 24, compat: Compat::Own, mode_debug: false, smaller_desktop: false }
    }

    /// The configuration.
    ///
    /// ```
    /// use cosmos_xorg_config::{BusId, HeadlessNvidia, VideoPorts};
    /// let mode = "Modeline \"vga\" 25.175 640 656 752 800 480 490 492 525 -hsync -vsync".parse()?;
    /// let recipe = HeadlessNvidia::new(BusId::default(), VideoPorts::None, mode);
    /// assert!(recipe.prepare()?.document.as_str().contains("\"UseDisplayDevice\" \"None\""));
    /// assert!(HeadlessNvidia { depth: 7, ..recipe }.prepare().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Every [`RecipeError`].
    pub fn prepare(&self) -> Result<Prepared, RecipeError> {
        check_depth(self.depth)?;
        let mut notes = Vec::new();
        let mut screens = Vec::new();
        for (index, gpu) in self.gpus.iter().enumerate() {
            if self.gpus[..index].iter().any(|earlier| earlier.bus_id == gpu.bus_id) {
                return Err(RecipeError::Twice { gpu: gpu.bus_id });
            }
            screens.push(self.arrange(index, gpu, &mut notes)?);
        }
        let first = screens.first().ok_or(RecipeError::Missing { missing: "gpu" })?;
        let text = match self.compat {
            Compat::Own => self.own(&screens).to_string(),
            compat => {
                compat::explain(compat, first, &mut notes);
                compat::text(self, first)?
            }
        };
        let document = Document::parse(text).expect("a printed configuration is one");
        Ok(Prepared { document, notes })
    }

    /// A board with its desktop and the places of its outputs on it.
    fn arrange<'a>(
        &self,
        index: usize,
        gpu: &'a NvidiaGpu,
        notes: &mut Vec<Note>,
    ) -> Result<Arranged<'a>, RecipeError> {
        let first = gpu.heads.first().ok_or(RecipeError::Missing { missing: "head" })?;
        let ports: Vec<Option<&VideoPort>> = match &gpu.ports {
            VideoPorts::None => vec![None],
            ports => ports.iter().map(Some).collect(),
        };
        if gpu.heads.len() != 1 && gpu.heads.len() != ports.len() {
            return Err(RecipeError::Heads { gpu: gpu.bus_id, heads: gpu.heads.len(), ports: ports.len() });
        }
        let (mut places, mut size) = (Vec::new(), [0, 0]);
        for (at, port) in ports.into_iter().enumerate() {
            let head = gpu.heads.get(at).unwrap_or(first);
            check_edid(head)?;
            let own = if self.smaller_desktop { head.size } else { desktop(head.size, &head.mode, notes)? };
            places.push(Placed { port, head, left: size[0] });
            size = [size[0].saturating_add(own[0]), size[1].max(own[1])];
        }
        check_size(size)?;
        explain(gpu, notes);
        Ok(Arranged { index, gpu, places, size })
    }

    fn own(&self, screens: &[Arranged<'_>]) -> Config {
        let layout = screens.iter().map(|screen| LayoutScreen {
            number: u32::try_from(screen.index).ok(),
            screen: format!("Screen{}", screen.index),
            position: match screen.index.checked_sub(1) {
                Some(left) => Position::RightOf(format!("Screen{left}")),
                None => Position::Unset,
            },
        });
        let layout = ServerLayout {
            identifier: "Layout0".into(),
            screens: layout.collect(),
            ..ServerLayout::default()
        };
        let flags = [("AutoAddGPU", "False"), ("DontVTSwitch", "True"), ("DontZap", "True")];
        Config {
            layouts: vec![layout],
            flags: Some(ServerFlags { options: options(&flags) }),
            monitors: screens.iter().map(Arranged::monitor).collect(),
            devices: screens.iter().map(Arranged::device).collect(),
            screens: screens.iter().map(|screen| screen.screen(self)).collect(),
            ..Config::default()
        }
    }
}

/// As large as the mode, and without an EDID.
impl From<Modeline> for NvidiaHead {
    fn from(mode: Modeline) -> Self {
        let timing = mode.timing();
        Self { size: [timing.horizontal.active, timing.vertical.active], mode, edid: None }
    }
}

/// A board with its desktop.
pub(super) struct Arranged<'a> {
    pub index: usize,
    pub gpu: &'a NvidiaGpu,
    pub places: Vec<Placed<'a>>,
    pub size: [u32; 2],
}

/// An output and where its picture begins.
pub(super) struct Placed<'a> {
    pub port: Option<&'a VideoPort>,
    pub head: &'a NvidiaHead,
    pub left: u32,
}

impl Arranged<'_> {
    fn monitor(&self) -> Monitor {
        let mut modes: Vec<ConfiguredMode> = Vec::new();
        for place in &self.places {
            let mode = ConfiguredMode::from(&place.head.mode);
            if !modes.contains(&mode) {
                modes.push(mode);
            }
        }
        Monitor {
            identifier: format!("Monitor{}", self.index),
            modes,
            options: options(&[("DPMS", "False")]),
            ..Monitor::default()
        }
    }

    fn device(&self) -> Device {
        Device {
            identifier: format!("Device{}", self.index),
            driver: Some("nvidia".into()),
            bus_id: Some(self.gpu.bus_id.to_string()),
            options: options(&[("AllowExternalGpus", "True"), ("ProbeAllGpus", "False")]),
            ..Device::default()
        }
    }

    fn screen(&self, recipe: &HeadlessNvidia) -> Screen {
        let depth = Some(u32::from(recipe.depth));
        let mode = self.places.first().map(|place| place.head.mode.name().to_owned());
        let display = Display {
            name: "Display".into(),
            depth,
            virtual_size: Some(self.size),
            modes: mode.into_iter().filter(|_| self.places.len() == 1).collect(),
            ..Display::default()
        };
        Screen {
            identifier: format!("Screen{}", self.index),
            device: Some(format!("Device{}", self.index)),
            monitor: Some(format!("Monitor{}", self.index)),
            default_depth: depth,
            options: self.screen_options(recipe),
            displays: vec![display],
            ..Screen::default()
        }
    }

    fn screen_options(&self, recipe: &HeadlessNvidia) -> Options {
        let mut options = options(&[("AllowEmptyInitialConfiguration", "True")]);
        if self.gpu.ports == VideoPorts::None {
            // No mode is set then, so none is judged.
            return options.with("UseDisplayDevice", "None");
        }
        options = options.with("ConnectedMonitor", self.gpu.ports.to_string());
        options = options.with("ModeValidation", VALIDATION.join(", "));
        let edids = self.places.iter().filter_map(|place| Some((place.port?, place.head.edid.as_ref()?)));
        let edids: Vec<String> = edids.map(|(port, path)| format!("{port}:{path}")).collect();
        if !edids.is_empty() {
            options = options.with("CustomEDID", edids.join("; "));
        }
        if self.places.len() > 1 {
            options = options.with("MetaModes", self.meta_mode());
        }
        match recipe.mode_debug {
            true => options.with("ModeDebug", "True"),
            false => options,
        }
    }

    fn meta_mode(&self) -> String {
        let part = |place: &Placed<'_>| {
            let port = place.port.map(|port| format!("{port}: ")).unwrap_or_default();
            format!("{port}{} +{}+0", place.head.mode.name(), place.left)
        };
        self.places.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}

fn check_edid(head: &NvidiaHead) -> Result<(), RecipeError> {
    let fits = |path: &str| path.starts_with('/') && !path.contains(['"', ';', '\n', '\r', '\0']);
    match head.edid.as_deref().filter(|path| !fits(path)) {
        Some(path) => Err(RecipeError::EdidPath { path: path.to_owned() }),
        None => Ok(()),
    }
}

fn explain(gpu: &NvidiaGpu, notes: &mut Vec<Note>) {
    let mut note = |setting, value: String, reason: &str| {
        notes.push(Note { setting, value, reason: reason.to_owned() });
    };
    if gpu.bus_id.domain() != 0 {
        let reason =
            "the board is not in PCI domain 0; without the domain the server would look for another one";
        note("BusID", gpu.bus_id.to_string(), reason);
    }
    match gpu.ports {
        VideoPorts::None => {
            let reason =
                "the board renders and shows nothing: no mode is set, and applications that need RandR fail";
            note("UseDisplayDevice", "None".into(), reason);
        }
        _ => {
            let reason =
                "the driver acts as if monitors were there and judges no mode by what they could show";
            note("ConnectedMonitor", gpu.ports.to_string(), reason);
        }
    }
}

fn options(pairs: &[(&str, &str)]) -> Options {
    pairs.iter().fold(Options::new(), |options, (name, value)| options.with(*name, *value))
}

/// What the driver does not check (the driver's README, appendix on `ModeValidation`).
pub(super) const VALIDATION: [&str; 15] = [
    "NoMaxPClkCheck",
    "NoEdidMaxPClkCheck",
    "NoMaxSizeCheck",
    "NoHorizSyncCheck",
    "NoVertRefreshCheck",
    "NoVirtualSizeCheck",
    "NoExtendedGpuCapabilitiesCheck",
    "NoTotalSizeCheck",
    "NoDualLinkDVICheck",
    "NoDisplayPortBandwidthCheck",
    "AllowNon3DVisionModes",
    "AllowNonHDMI3DModes",
    "AllowNonEdidModes",
    "NoEdidHDMI2Check",
    "AllowDpInterlaced",
];
