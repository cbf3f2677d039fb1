//! Files as two launch scripts have `nvidia-xconfig` 610.57.04 write them, byte for byte.

use super::nvidia::{Arranged, Compat, HeadlessNvidia, VALIDATION};
use super::{Note, RecipeError};
use crate::port::VideoPorts;

/// The file. Only the options of one board with one mode are known.
pub(super) fn text(recipe: &HeadlessNvidia, screen: &Arranged<'_>) -> Result<String, RecipeError> {
    let single = recipe.gpus.len() == 1 && screen.gpu.heads.len() == 1;
    if !single || screen.gpu.heads[0].edid.is_some() {
        return Err(RecipeError::Compat { compat: recipe.compat });
    }
    let mode = &screen.gpu.heads[0].mode;
    let file = File { mode: mode.to_string(), name: mode.name(), depth: recipe.depth, screen };
    Ok(match recipe.compat {
        Compat::Seed => file.seed(),
        _ => file.modern(),
    })
}

/// What the scripts do and our own file does not.
pub(super) fn explain(compat: Compat, screen: &Arranged<'_>, notes: &mut Vec<Note>) {
    let seed = compat == Compat::Seed;
    let mut note = |setting, value: String, reason: &str| {
        notes.push(Note { setting, value, reason: reason.to_owned() });
    };
    if seed {
        notes_of_seed(screen, &mut note);
    }
    note(
        "InputDevice",
        "mouse, kbd".into(),
        "kept as the script has it; servers of today have no such drivers",
    );
}

fn notes_of_seed(screen: &Arranged<'_>, note: &mut impl FnMut(&'static str, String, &str)) {
    let gpu = screen.gpu;
    if gpu.bus_id.domain() != 0 {
        note(
            "BusID",
            gpu.bus_id.without_domain(),
            "the script drops the domain: this is another board, or none",
        );
    }
    if gpu.ports == VideoPorts::None {
        note("ConnectedMonitor", "NONE".into(), "the script passes NONE on, which is the name of no output");
    }
}

struct File<'a> {
    mode: String,
    name: &'a str,
    depth: u8,
    screen: &'a Arranged<'a>,
}

impl File<'_> {
    fn seed(&self) -> String {
        let port = match &self.screen.gpu.ports {
            VideoPorts::None => "NONE".to_owned(),
            ports => ports.to_string(),
        };
        let monitor = format!("    {}\n{MONITOR}    Option         \"DPMS\"\n", self.mode);
        let validation = option("ModeValidation", &VALIDATION.join(", "));
        let device = self.device(&validation, &self.screen.gpu.bus_id.without_domain());
        let options = [
            ("ProbeAllGpus", "False"),
            ("AllowEmptyInitialConfiguration", "True"),
            ("ConnectedMonitor", &port),
        ];
        self.file(&monitor, &device, &self.options(&options), "")
    }

    fn modern(&self) -> String {
        let (name, port) = match &self.screen.gpu.ports {
            VideoPorts::None => ("UseDisplayDevice", "None".to_owned()),
            ports => ("ConnectedMonitor", ports.to_string()),
        };
        let monitor = format!("{}    {}\n{MONITOR}", option("DPMS", "False"), self.mode);
        let validation = option("ModeValidation", &VALIDATION.join(","));
        let validation = format!("{}{validation}", option("AllowExternalGpus", "True"));
        let device = self.device(&validation, &self.screen.gpu.bus_id.to_string());
        let options = [
            ("ProbeAllGpus", "False"),
            ("IncludeImplicitMetaModes", "True"),
            ("ModeDebug", "True"),
            ("BaseMosaic", "False"),
            ("AllowEmptyInitialConfiguration", "True"),
            (name, &port),
        ];
        self.file(&monitor, &device, &self.options(&options), FLAGS)
    }

    fn options(&self, options: &[(&str, &str)]) -> String {
        options.iter().map(|(name, value)| option(name, value)).collect()
    }

    fn device(&self, options: &str, bus_id: &str) -> String {
        format!(
            "    Identifier     \"Device0\"\n    Driver         \"nvidia\"\n{options}    VendorName     \"NVIDIA \
             Corporation\"\n    BusID          \"{bus_id}\"\n"
        )
    }

    fn file(&self, monitor: &str, device: &str, options: &str, flags: &str) -> String {
        let (depth, [width, height]) = (self.depth, self.screen.size);
        let display = format!(
            "    SubSection     \"Display\"\n        Virtual     {width} {height}\n        Depth       {depth}\n        \
             Modes      \"{}\"\n    EndSubSection\n",
            self.name
        );
        format!(
            "{HEAD}Section \"Monitor\"\n{monitor}EndSection\n\nSection \"Device\"\n{device}EndSection\n\nSection \
             \"Screen\"\n    Identifier     \"Screen0\"\n    Device         \"Device0\"\n    Monitor        \
             \"Monitor0\"\n    DefaultDepth    {depth}\n{options}{display}EndSection\n\n{flags}"
        )
    }
}

fn option(name: &str, value: &str) -> String {
    format!("    Option         \"{name}\" \"{value}\"\n")
}

const MONITOR: &str = r#"    Identifier     "Monitor0"
    VendorName     "Unknown"
    ModelName      "Unknown"
"#;

const HEAD: &str = r#"# nvidia-xconfig: X configuration file generated by nvidia-xconfig
# nvidia-xconfig:  version 610.57.04

Section "ServerLayout"
    Identifier     "Layout0"
    Screen      0  "Screen0"
    InputDevice    "Keyboard0" "CoreKeyboard"
    InputDevice    "Mouse0" "CorePointer"
EndSection

Section "Files"
EndSection

Section "InputDevice"
    # generated from default
    Identifier     "Mouse0"
    Driver         "mouse"
    Option         "Protocol" "auto"
    Option         "Device" "/dev/mouse"
    Option         "Emulate3Buttons" "no"
    Option         "ZAxisMapping" "4 5"
EndSection

Section "InputDevice"
    # generated from default
    Identifier     "Keyboard0"
    Driver         "kbd"
EndSection

"#;

const FLAGS: &str = r#"Section "ServerFlags"
    Option         "DontVTSwitch" "True"
    Option         "DontZap" "True"
    Option         "AllowMouseOpenFail" "True"
    Option         "AutoAddGPU" "False"
EndSection
"#;
