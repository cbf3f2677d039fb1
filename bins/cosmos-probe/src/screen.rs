//! The screen of an X display, and its outputs as RandR has them, asked without any X library.

use std::{error::Error, fmt};

use cosmos_vulkan_probe::child::Teller;
use serde::{Deserialize, Serialize};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    protocol::{
        randr::{self, Connection, ConnectionExt as _},
        xproto::{Screen, Timestamp},
    },
    rust_connection::RustConnection,
};

/// What an X server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScreenFacts {
    /// Why not all could be asked.
    pub error: Option<String>,
    /// Who made the server.
    pub vendor: Option<String>,
    /// The number of its release.
    pub release: Option<u32>,
    /// Pixels.
    pub width: Option<u16>,
    /// Pixels.
    pub height: Option<u16>,
    /// The version of RandR; `None` where the server has none.
    pub randr: Option<String>,
    /// The outputs, in RandR's order.
    pub outputs: Vec<Output>,
}

/// One output of RandR.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output {
    /// Its name, such as `DP-0`.
    pub name: String,
    /// Whether something hangs on it.
    pub connected: bool,
    /// What it shows, in pixels, such as `1920x1080`; `None` when it is off.
    pub mode: Option<String>,
    /// How many modes it has.
    pub modes: usize,
}

/// The name of the task.
pub const TASK: &str = "screen";

/// Gathers in this process, a child which sees the display, and tells what was found after each step.
pub fn gather(teller: &mut Teller) {
    let mut facts = ScreenFacts::default();
    if let Err(error) = find(&mut facts, teller) {
        facts.error = Some(error.to_string());
    }
    teller.facts(&facts);
}

fn find(facts: &mut ScreenFacts, teller: &mut Teller) -> Result<(), Box<dyn Error>> {
    teller.doing("connecting to the X display");
    let (connection, number) = RustConnection::connect(None)?;
    let setup = connection.setup();
    let screen = setup.roots.get(number).ok_or_else(|| format!("the X display has no screen {number}"))?;
    facts.vendor = Some(String::from_utf8_lossy(&setup.vendor).into_owned());
    facts.release = Some(setup.release_number);
    (facts.width, facts.height) = (Some(screen.width_in_pixels), Some(screen.height_in_pixels));
    teller.facts(facts);
    teller.doing("asking for RandR");
    if connection.extension_information(randr::X11_EXTENSION_NAME)?.is_some() {
        outputs(&connection, screen, facts)?;
    }
    Ok(())
}

fn outputs(
    connection: &RustConnection,
    screen: &Screen,
    facts: &mut ScreenFacts,
) -> Result<(), Box<dyn Error>> {
    let version = connection.randr_query_version(1, 6)?.reply()?;
    facts.randr = Some(format!("{}.{}", version.major_version, version.minor_version));
    let resources = connection.randr_get_screen_resources_current(screen.root)?.reply()?;
    for output in resources.outputs {
        facts.outputs.push(Output::read(connection, output, resources.config_timestamp)?);
    }
    Ok(())
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.mode, self.connected) {
            (Some(mode), _) => write!(f, "{} {mode}", self.name),
            (None, true) => write!(f, "{} off", self.name),
            (None, false) => write!(f, "{} not connected", self.name),
        }
    }
}

impl Output {
    fn read(
        connection: &RustConnection,
        output: randr::Output,
        time: Timestamp,
    ) -> Result<Self, Box<dyn Error>> {
        let info = connection.randr_get_output_info(output, time)?.reply()?;
        let mut mode = None;
        if info.crtc != x11rb::NONE {
            let shown = connection.randr_get_crtc_info(info.crtc, time)?.reply()?;
            mode = Some(format!("{}x{}", shown.width, shown.height));
        }
        Ok(Self {
            name: String::from_utf8_lossy(&info.name).into_owned(),
            connected: info.connection == Connection::CONNECTED,
            mode,
            modes: info.modes.len(),
        })
    }
}
