//! What was typed or set for a configuration of Xorg.

use std::{error::Error, fmt, str::FromStr};

use clap::ValueEnum;
use cosmos_xorg_config::{
    Blanking, BusId, Compat, Cvt, HeadlessNvidia, ModeRequest, Modeline, Note, NvidiaGpu, NvidiaHead,
    Prepared, RefreshRate, SoftwareDummy, VideoPorts,
};

use super::{BadValue, Desktop};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct XorgConfig {
    #[command(flatten)]
    desktop: Desktop,
    /// Say on standard error what was changed or may surprise, and why.
    #[arg(long)]
    pub explain: bool,
    /// The PCI address of an NVIDIA board, as 00000000:3B:00.0 or PCI:59:0:0: its driver then draws. May be given
    /// several times [default: the CPU draws].
    #[arg(long, value_name = "ADDRESS")]
    gpu: Vec<String>,
    /// The output of the board that counts as connected, as DFP, DP-0 or HDMI-0; none for no output [default: DFP].
    #[arg(long, env = "VIDEO_PORT", value_name = "OUTPUT")]
    port: Option<String>,
    /// Pictures per second, as 60, 59.94 or 60000/1001 [env: DISPLAY_REFRESH, older REFRESH] [default: 60].
    #[arg(long, value_name = "HERTZ")]
    refresh: Option<String>,
    #[arg(long, env = "DISPLAY_REFRESH", hide = true)]
    display_refresh: Option<String>,
    #[arg(long, env = "REFRESH", hide = true)]
    old_refresh: Option<String>,
    /// Bits of colour: 8, 15, 16, 24 or 30 [env: DISPLAY_CDEPTH, older CDEPTH] [default: 24].
    #[arg(long, value_name = "BITS")]
    depth: Option<String>,
    #[arg(long, env = "DISPLAY_CDEPTH", hide = true)]
    display_cdepth: Option<String>,
    #[arg(long, env = "CDEPTH", hide = true)]
    old_cdepth: Option<String>,
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
    Desktop(BadValue),
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
    pub fn prepare(self) -> Result<Prepared, Refused> {
        let refresh: Option<RefreshRate> = newest([
            ("--refresh", &self.refresh),
            ("DISPLAY_REFRESH", &self.display_refresh),
            ("REFRESH", &self.old_refresh),
        ])?;
        let depths = [
            ("--depth", &self.depth),
            ("DISPLAY_CDEPTH", &self.display_cdepth),
            ("CDEPTH", &self.old_cdepth),
        ];
        let depth = newest(depths)?.unwrap_or(24);
        let ports: VideoPorts = newest([("--port", &self.port)])?.unwrap_or_default();
        let gpus = self.gpu.iter().map(|gpu| parse("--gpu", gpu)).collect::<Result<Vec<BusId>, _>>()?;
        let compat = self.compat.into();
        let size = self.desktop.resolve().map_err(Refused::Desktop)?.config.size;
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

/// The first that is set to something.
fn newest<T: FromStr, const N: usize>(
    names: [(&'static str, &Option<String>); N],
) -> Result<Option<T>, Refused>
where
    T::Err: Error + 'static,
{
    let set =
        names.into_iter().find_map(|(name, text)| Some((name, text.as_deref().filter(|t| !t.is_empty())?)));
    set.map(|(name, text)| parse(name, text)).transpose()
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
