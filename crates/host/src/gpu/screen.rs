//! The screen of an X server on a GPU: its mode and its configuration.

use cosmos_desktop::Size;
use cosmos_nvidia_driver::{Gpu, GpuClass};
use cosmos_xorg_config::{
    BusId, Connector, Cvt, GpuClass as Limits, HeadlessNvidia, ModeRequest, NvidiaGpu, NvidiaHead,
    RefreshRate, Refused, VideoPort, VideoPorts, allowed,
};

use super::{Facts, Wish};

/// What the server is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The text of xorg.conf.
    pub config: String,
    /// The size that it comes up with.
    pub size: Size,
    /// What was changed, or may surprise, and why.
    pub notes: Vec<String>,
}

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScreenError {
    #[error("no mode: {0}")]
    Mode(#[from] cosmos_xorg_config::GenerateError),
    #[error("no configuration: {0}")]
    Config(#[from] cosmos_xorg_config::RecipeError),
    #[error("no place on the bus: {0}")]
    Bus(#[from] cosmos_xorg_config::BusIdError),
    #[error("no refresh rate: {0}")]
    Refresh(#[from] cosmos_xorg_config::UnitError),
    #[error("{0}")]
    Refused(Box<Refused>),
}

/// Makes the mode and the configuration, and says where they differ from what was asked for.
pub(super) fn prepare(facts: &Facts, wish: &Wish<'_>, gpu: &Gpu) -> Result<Screen, ScreenError> {
    let asked = [u32::from(wish.size.width), u32::from(wish.size.height)];
    let refresh = wish.graphics.refresh.map_or_else(|| RefreshRate::from_hz(60), Ok)?;
    let mode = Cvt::reduced_for(refresh).modeline(&ModeRequest::new(asked[0], asked[1], refresh)?)?;
    let mut notes = Vec::new();
    let head = NvidiaHead { size: asked, ..NvidiaHead::from(mode) };
    let (ports, head) = fit(facts, wish, gpu, head, &mut notes)?;
    let address = gpu.address;
    let bus_id = BusId::new(address.domain(), address.bus(), address.device(), address.function())?;
    let timing = head.mode.timing();
    let shown = [timing.horizontal.active.max(head.size[0]), timing.vertical.active.max(head.size[1])];
    let mut recipe = HeadlessNvidia::new(bus_id, ports.clone(), head.mode.clone());
    recipe.gpus = vec![NvidiaGpu { bus_id, ports, heads: vec![head] }];
    let prepared = recipe.prepare()?;
    notes.extend(prepared.notes.iter().map(ToString::to_string));
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    let size = Size::new(side(shown[0]), side(shown[1]));
    Ok(Screen { config: prepared.document.to_string(), size, notes })
}

/// The outputs, and a mode that the driver sets on them.
fn fit(
    facts: &Facts,
    wish: &Wish<'_>,
    gpu: &Gpu,
    head: NvidiaHead,
    notes: &mut Vec<String>,
) -> Result<(VideoPorts, NvidiaHead), ScreenError> {
    let limits = cosmos_xorg_config::Gpu { class: class(gpu), driver: driver(facts) };
    let asked = wish.graphics.ports.as_ref();
    let ports = asked.cloned().unwrap_or_default();
    let Some(refused) = ports.iter().find_map(|port| allowed(&head.mode.timing(), *port, limits).err())
    else {
        return Ok((ports, head));
    };
    if asked.is_none() {
        let Refused { port, limit, why, .. } = &refused;
        let asked = format!("{}x{} needs {}", head.size[0], head.size[1], refused.timing.clock);
        notes.push(format!("{asked}; {port} allows {limit} {why}: DP-0 is taken"));
        return Ok((VideoPort::new(Connector::DisplayPort { index: 0, branch: None }).into(), head));
    }
    notes.push(refused.to_string());
    match refused.best {
        Some(best) => Ok((ports, NvidiaHead::from(*best))),
        None => Err(ScreenError::Refused(Box::new(refused))),
    }
}

fn class(gpu: &Gpu) -> Limits {
    match gpu.class() {
        GpuClass::Consumer => Limits::Consumer,
        GpuClass::Professional => Limits::Professional,
        GpuClass::DataCentre => Limits::DataCentre,
    }
}

/// The version in the numbers by which limits go.
fn driver(facts: &Facts) -> Option<(u16, u16, u16)> {
    let version = facts.driver.kernel()?;
    let number = |part: u32| u16::try_from(part).ok();
    Some((number(version.branch())?, number(version.minor())?, number(version.patch().unwrap_or(0))?))
}
