//! What was typed or set, and what it means.

use std::{ffi::OsString, net::SocketAddr, ops::RangeInclusive, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use cosmos_desktop::Size;
use cosmos_host::{
    Config, Installed, XServerChoice,
    gpu::{self, Graphics},
    is_writable,
};

mod xorg_config;

pub use xorg_config::XorgConfig;

/// Starts a desktop and streams it.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// What the log on standard error tells, as tracing's filter directives.
    #[arg(long, env = "RUST_LOG", default_value = "warn", global = true)]
    pub log: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring up an X server, sound, a desktop session and its stream, and keep them up. Fit for process number 1 of
    /// a container. Exit codes: 0 stopped on request, 2 cannot work, 64 usage.
    Desktop(Desktop),
    /// Print a configuration for Xorg: the one that a desktop of these settings is given, or one for NVIDIA boards
    /// without a monitor.
    XorgConfig(XorgConfig),
    /// Wait for the end of standard input, then end what a desktop left.
    #[command(hide = true)]
    Guard {
        /// The runtime directory of the desktop.
        directory: PathBuf,
    },
}

/// What was typed for a desktop.
#[derive(Debug, clap::Args)]
pub struct Desktop {
    /// Draw on the CPU, encode on the CPU.
    #[arg(long)]
    software: bool,
    /// The size of the screen, as WIDTHxHEIGHT in pixels [env: DISPLAY_SIZEW and DISPLAY_SIZEH, older SIZEW and
    /// SIZEH] [default: 1920x1080].
    #[arg(long, value_name = "WxH")]
    size: Option<String>,
    #[arg(long, env = "DISPLAY_SIZEW", hide = true)]
    display_sizew: Option<String>,
    #[arg(long, env = "DISPLAY_SIZEH", hide = true)]
    display_sizeh: Option<String>,
    #[arg(long, env = "SIZEW", hide = true)]
    sizew: Option<String>,
    #[arg(long, env = "SIZEH", hide = true)]
    sizeh: Option<String>,
    /// Dots per inch that applications are told [env: DISPLAY_DPI, older DPI] [default: 96].
    #[arg(long)]
    dpi: Option<String>,
    #[arg(long, env = "DISPLAY_DPI", hide = true)]
    display_dpi: Option<String>,
    #[arg(long, env = "DPI", hide = true)]
    old_dpi: Option<String>,
    /// The command of the desktop session [default: the best one installed].
    #[arg(long, value_name = "COMMAND")]
    session: Option<String>,
    /// Where to serve.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    listen: String,
    /// The X server.
    #[arg(long, value_enum, default_value_t)]
    xserver: Server,
    /// The display number [default: the first free one from 20 on].
    #[arg(long, value_name = ":NUMBER")]
    display: Option<String>,
    /// Start no sound server.
    #[arg(long)]
    no_audio: bool,
    #[arg(long, env = "ENABLE_AUDIO", hide = true)]
    enable_audio: Option<String>,
    /// Where logs are kept [default: $XDG_STATE_HOME/cosmos or ~/.local/state/cosmos].
    #[arg(long, env = "COSMOS_STATE_DIR", value_name = "DIRECTORY")]
    state_dir: Option<PathBuf>,
    /// The program that streams [default: cosmos-stream beside this program, else on PATH].
    #[arg(long, value_name = "PROGRAM")]
    stream: Option<PathBuf>,
    /// More arguments for the program that streams.
    #[arg(last = true, value_name = "STREAM ARGUMENTS")]
    stream_arguments: Vec<OsString>,
    #[arg(long, env = "PATH", hide = true, default_value = "/usr/local/bin:/usr/bin:/bin")]
    path: OsString,
    #[arg(long, env = "HOME", hide = true)]
    home: Option<PathBuf>,
    #[arg(long, env = "XDG_STATE_HOME", hide = true)]
    state_home: Option<PathBuf>,
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    runtime_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Server {
    /// Xorg with the dummy driver, else Xvfb.
    #[default]
    Auto,
    /// Xorg with the dummy driver.
    Xorg,
    /// Xvfb.
    Xvfb,
}

/// What it means.
pub struct Wanted {
    /// What the host is to do.
    pub config: Config,
    /// What people should know before.
    pub warnings: Vec<String>,
}

/// A value that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct BadValue {
    name: &'static str,
    value: String,
    accepted: String,
}

impl std::fmt::Display for BadValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is {:?}, which is not {}", self.name, self.value, self.accepted)
    }
}

impl Desktop {
    /// What was typed wins over what was set, the newer name over the older one.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn resolve(self) -> Result<Wanted, BadValue> {
        let mut warnings = Vec::new();
        let config = Config {
            size: self.size(&mut warnings)?,
            dpi: self.dpi(&mut warnings)?,
            xserver: self.xserver.into(),
            graphics: self.graphics(),
            session: self.session.clone(),
            audio: self.audio()?,
            listen: self.listen()?,
            stream: self.stream(),
            stream_arguments: self.stream_arguments.clone(),
            environment: std::env::vars_os().collect(),
            runtime_base: self.runtime_dir.clone().filter(|path| is_writable(path)).unwrap_or("/tmp".into()),
            state_dir: self.state_directory(),
            guard: std::env::current_exe().ok(),
            display: self.display()?,
            installed: Installed::usual(self.path),
        };
        Ok(Wanted { config, warnings })
    }

    fn size(&self, warnings: &mut Vec<String>) -> Result<Size, BadValue> {
        if let Some(text) = &self.size {
            return text
                .parse()
                .ok()
                .filter(|size: &Size| fits(*size))
                .ok_or_else(|| bad("--size", text, format!("WIDTHxHEIGHT with both {}", range(&SIDES))));
        }
        let width = [("DISPLAY_SIZEW", &self.display_sizew), ("SIZEW", &self.sizew)];
        let height = [("DISPLAY_SIZEH", &self.display_sizeh), ("SIZEH", &self.sizeh)];
        let width = newest(width, &SIDES, warnings)?.unwrap_or(1920);
        let height = newest(height, &SIDES, warnings)?.unwrap_or(1080);
        Ok(Size::new(width, height))
    }

    fn dpi(&self, warnings: &mut Vec<String>) -> Result<u16, BadValue> {
        const ACCEPTED: RangeInclusive<u16> = 24..=960;
        if let Some(dpi) = number("--dpi", &self.dpi, &ACCEPTED)? {
            return Ok(dpi);
        }
        let names = [("DISPLAY_DPI", &self.display_dpi), ("DPI", &self.old_dpi)];
        Ok(newest(names, &ACCEPTED, warnings)?.unwrap_or(96))
    }

    fn audio(&self) -> Result<bool, BadValue> {
        let text = self.enable_audio.as_deref().unwrap_or_default();
        let enabled = match text.to_ascii_lowercase().as_str() {
            "" | "true" | "1" | "yes" => true,
            "false" | "0" | "no" => false,
            _ => return Err(bad("ENABLE_AUDIO", text, "true, false, 1, 0, yes or no".to_owned())),
        };
        Ok(enabled && !self.no_audio)
    }

    fn listen(&self) -> Result<SocketAddr, BadValue> {
        let accepted = || "ADDRESS:PORT, for example 0.0.0.0:8080 or [::]:8080".to_owned();
        self.listen.parse().map_err(|_| bad("--listen", &self.listen, accepted()))
    }

    fn display(&self) -> Result<Option<u16>, BadValue> {
        let Some(text) = &self.display else { return Ok(None) };
        let number = text.strip_prefix(':').unwrap_or(text).parse();
        number.map(Some).map_err(|_| bad("--display", text, "a number from :0 to :65535".to_owned()))
    }

    fn stream(&self) -> PathBuf {
        self.stream.clone().or_else(|| self.found(STREAM)).unwrap_or_else(|| STREAM.into())
    }

    fn graphics(&self) -> Graphics {
        let wanted = if self.software { gpu::Wanted::Software } else { gpu::Wanted::Best };
        Graphics { wanted, probe: self.found(PROBE), ..Graphics::default() }
    }

    /// A program beside this one, else on the path.
    fn found(&self, name: &str) -> Option<PathBuf> {
        let beside = || std::env::current_exe().ok()?.parent().map(|directory| directory.join(name));
        let on_path = || Installed::usual(self.path.clone()).program(name);
        beside().filter(|path| path.is_file()).or_else(on_path)
    }

    fn state_directory(&self) -> Option<PathBuf> {
        let home = self.home.clone().filter(|home| is_writable(home));
        let usual = || self.state_home.clone().or_else(|| home.map(|home| home.join(".local/state")));
        self.state_dir.clone().or_else(|| usual().map(|state| state.join("cosmos")))
    }
}

impl From<Server> for XServerChoice {
    fn from(server: Server) -> Self {
        match server {
            Server::Auto => Self::Auto,
            Server::Xorg => Self::Xorg,
            Server::Xvfb => Self::Xvfb,
        }
    }
}

fn newest(
    names: [(&'static str, &Option<String>); 2],
    accepted: &RangeInclusive<u16>,
    warnings: &mut Vec<String>,
) -> Result<Option<u16>, BadValue> {
    let [(new, new_text), (old, old_text)] = names;
    match (number(new, new_text, accepted)?, number(old, old_text, accepted)?) {
        (Some(value), Some(_)) => {
            warnings.push(format!("{new} and {old} are both set; {new}={value} is used"));
            Ok(Some(value))
        }
        (new, old) => Ok(new.or(old)),
    }
}

/// A variable that is set to nothing counts as not set.
fn number(
    name: &'static str,
    text: &Option<String>,
    accepted: &RangeInclusive<u16>,
) -> Result<Option<u16>, BadValue> {
    let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    let number = text.trim().parse().ok().filter(|number| accepted.contains(number));
    number.map(Some).ok_or_else(|| bad(name, text, format!("a number {}", range(accepted))))
}

fn fits(size: Size) -> bool {
    SIDES.contains(&size.width) && SIDES.contains(&size.height)
}

fn range(range: &RangeInclusive<u16>) -> String {
    format!("from {} to {}", range.start(), range.end())
}

fn bad(name: &'static str, value: &str, accepted: String) -> BadValue {
    BadValue { name, value: value.to_owned(), accepted }
}

const STREAM: &str = "cosmos-stream";
const PROBE: &str = "cosmos-probe";
/// What the dummy driver and X11 can show.
const SIDES: RangeInclusive<u16> = 128..=16384;
