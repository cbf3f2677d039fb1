//! What was typed or set for a configuration of Xorg.

use std::{error::Error, fmt, str::FromStr};

use clap::ValueEnum;
use cosmos_host::settings::Value;
use cosmos_xorg_config::{
    Blanking, BusId, Compat, Cvt, HeadlessNvidia, ModeRequest, Modeline, Note, NvidiaGpu, NvidiaHead,
    Prepared, RefreshRate, SoftwareDummy, VideoPorts,
};

use super::{Desktop, Unusable};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct XorgConfig {
    #[command(flatten)]
    desktop: Desktop,
    /// Say on standard error what was changed or may surprise, and why.
    #[arg(long)]
    pub explain: bool,
    /// Whose file it is to be.
    #[arg(long, value_enum, default_value_t)]
    compat: Whose,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Whose {
    /// Our own.
    #[default]
    Own,
    /// That of the first launch script, by nvidia-xconfig.
    Seed,
    /// That of today's desktop containers, by nvidia-xconfig.
    Modern,
}

/// Why there is no file.
#[derive(Debug)]
pub enum Refused {
    /// A setting of the desktop.
    Desktop(Unusable),
    /// A setting of the file, by the name under which it was given.
    Setting(&'static str, Box<dyn Error>),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desktop(value) => value.fmt(f),
            Self::Setting(name, reason) => write!(f, "{name}: {reason}"),
        }
    }
}

impl XorgConfig {
    /// The file, and what should be known about it.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn prepare(mut self) -> Result<Prepared, Refused> {
        // A board that the driver has not seen yet has an address and no more.
        let gpus = self.desktop.flags.take("gpu");
        let gpus = gpus.iter().map(|gpu| parse("--gpu", gpu)).collect::<Result<Vec<BusId>, _>>()?;
        let compat = self.compat.into();
        let settings = self.desktop.resolve().map_err(Refused::Desktop)?.settings;
        let refresh = match settings.value("refresh") {
            Some(Value::Refresh(refresh)) => Some(*refresh),
            _ => None,
        };
        let ports = match settings.value("video_port") {
            Some(Value::Ports(ports)) => ports.clone(),
            _ => VideoPorts::default(),
        };
        let depth = settings.integer("depth").and_then(|depth| u8::try_from(depth).ok()).unwrap_or(24);
        let size = settings.screen();
        let size = [u32::from(size.width), u32::from(size.height)];
        match gpus.is_empty() {
            true => software(size, refresh, depth),
            false => nvidia(&gpus, &ports, size, refresh, depth, compat),
        }
    }
}

/// Without a rate, a mode of exactly the size; with one, the mode of the standard.
fn software(size: [u32; 2], refresh: Option<RefreshRate>, depth: u8) -> Result<Prepared, Refused> {
    let [width, height] = size;
    let (recipe, notes) = match refresh {
        None => (SoftwareDummy::for_size(width, height).map_err(because("--size"))?, Vec::new()),
        Some(refresh) => {
            let (mode, notes) = standard_mode(size, refresh)?;
            (SoftwareDummy { size, ..SoftwareDummy::new(mode) }, notes)
        }
    };
    let prepared = SoftwareDummy { depth, ..recipe }.prepare();
    with_notes(prepared.map_err(because("xorg-config"))?, notes)
}

fn nvidia(
    gpus: &[BusId],
    ports: &VideoPorts,
    size: [u32; 2],
    refresh: Option<RefreshRate>,
    depth: u8,
    compat: Compat,
) -> Result<Prepared, Refused> {
    let sixty = RefreshRate::from_hz(60).map_err(because("--refresh"))?;
    let (mode, notes) = standard_mode(size, refresh.unwrap_or(sixty))?;
    let head = NvidiaHead { size, ..NvidiaHead::from(mode.clone()) };
    let gpu = |bus_id: &BusId| NvidiaGpu { bus_id: *bus_id, ports: ports.clone(), heads: vec![head.clone()] };
    let recipe = HeadlessNvidia::new(BusId::default(), ports.clone(), mode);
    let recipe = HeadlessNvidia { gpus: gpus.iter().map(gpu).collect(), depth, compat, ..recipe };
    with_notes(recipe.prepare().map_err(because("xorg-config"))?, notes)
}

/// With reduced blanking: as `cvt` has it where `cvt` can, else as VESA has it.
fn standard_mode(size: [u32; 2], refresh: RefreshRate) -> Result<(Modeline, Vec<Note>), Refused> {
    let request = ModeRequest::new(size[0], size[1], refresh).map_err(because("--size"))?;
    let as_cvt = refresh.whole_hz().is_some_and(|hz| hz % 60 == 0);
    let cvt = match as_cvt {
        true => Cvt::XorgCompat { reduced: true },
        false => Cvt::Vesa { blanking: Blanking::Reduced, margins: false },
    };
    let mode = cvt.modeline(&request).map_err(because("--refresh"))?;
    let shown = mode.timing().refresh_rate().map(|rate| rate.to_string()).unwrap_or_default();
    let mut notes = Vec::new();
    if shown != refresh.to_string() {
        let reason = format!("{refresh} Hz were asked for; a clock in steps of 0.25 MHz comes that close");
        notes.push(Note { setting: "ModeLine", value: format!("of {shown} Hz"), reason });
    }
    if !as_cvt {
        let reason = "calculated as VESA has it, for cvt -r knows multiples of 60 Hz only".to_owned();
        notes.push(Note { setting: "ModeLine", value: mode.name().to_owned(), reason });
    }
    Ok((mode, notes))
}

fn with_notes(mut prepared: Prepared, notes: Vec<Note>) -> Result<Prepared, Refused> {
    prepared.notes.extend(notes);
    Ok(prepared)
}

fn parse<T: FromStr>(name: &'static str, text: &str) -> Result<T, Refused>
where
    T::Err: Error + 'static,
{
    text.parse().map_err(because(name))
}

fn because<E: Error + 'static>(name: &'static str) -> impl Fn(E) -> Refused {
    move |error| Refused::Setting(name, Box::new(error))
}

impl From<Whose> for Compat {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Own => Self::Own,
            Whose::Seed => Self::Seed,
            Whose::Modern => Self::Modern,
        }
    }
}
