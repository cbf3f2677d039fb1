//! What was typed and set for a desktop, and what it means.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use cosmos_host::{
    Config, Installed, XServerChoice,
    gpu::{self, Graphics},
    is_writable,
    settings::{Settings, SettingsError, Sources, Value, known, resolve},
};

use super::{flags::SettingFlags, health::runtime_base, stream};

/// What was typed for a desktop.
#[derive(Debug, clap::Args)]
pub struct Desktop {
    /// A TOML file of settings; the environment wins over it.
    #[arg(long, env = "COSMOS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) flags: SettingFlags,
    /// Start no sound server: the same as --audio=false.
    #[arg(long, conflicts_with = "audio")]
    no_audio: bool,
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

/// What it means.
pub struct Wanted {
    /// What the host is to do.
    pub config: Config,
    /// What people should know before.
    pub warnings: Vec<String>,
    /// All settings, with where each came from.
    pub settings: Settings,
}

/// Settings that cannot be used.
#[derive(Debug)]
pub enum Unusable {
    /// The file cannot be read.
    File(PathBuf, io::Error),
    /// A setting.
    Setting(SettingsError),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Setting(SettingsError::SecretFile { source, .. }) => {
                let Self::Setting(error) = self else { unreachable!("matched above") };
                write!(f, "{error}: {source}")
            }
            Self::Setting(error) => error.fmt(f),
        }
    }
}

impl Desktop {
    /// What was typed wins over what was set, and that over the file.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn resolve(self) -> Result<Wanted, Unusable> {
        let settings = self.settings()?;
        let mut warnings = settings.warnings().to_vec();
        let stream_arguments = stream::arguments(&settings, &self.stream_arguments);
        warnings.extend(depth_that_is_not_shown(&settings));
        let number = |key| settings.integer(key).and_then(|number| u16::try_from(number).ok());
        let config = Config {
            size: settings.screen(),
            dpi: number("dpi").unwrap_or(96),
            xserver: xserver(&settings),
            graphics: self.graphics(&settings),
            session: settings.text("session").map(str::to_owned),
            audio: settings.is("audio"),
            listen: settings.listen(),
            stream: self.stream(),
            stream_arguments,
            settings: Some(stream::report(&settings, &self.stream_arguments)),
            login: stream::login(&settings, &self.stream_arguments),
            secrets: stream::secrets(&settings, &self.stream_arguments),
            account_password: settings.secret("account_password").cloned(),
            environment: stream::environment(&settings, std::env::vars_os()),
            runtime_base: runtime_base(self.runtime_dir.clone()),
            state_dir: self.state_directory(&settings),
            guard: std::env::current_exe().ok(),
            display: number("display"),
            installed: Installed::usual(self.path),
        };
        Ok(Wanted { config, warnings, settings })
    }

    fn settings(&self) -> Result<Settings, Unusable> {
        let mut flags = self.flags.0.clone();
        if self.no_audio {
            flags.push(("audio", "false".to_owned()));
        }
        let environment = environment()?;
        let path = self.config.as_deref().filter(|path| !path.as_os_str().is_empty());
        let text = path.map(|path| read(path).map_err(|error| Unusable::File(path.to_owned(), error)));
        let text = text.transpose()?;
        let name = path.map(|path| path.display().to_string()).unwrap_or_default();
        let file = text.as_deref().map(|text| (name.as_str(), text));
        let sources = Sources { flags: &flags, environment: &environment, file, read: &read };
        resolve(&sources).map_err(Unusable::Setting)
    }

    fn stream(&self) -> PathBuf {
        self.stream.clone().or_else(|| self.found(STREAM)).unwrap_or_else(|| STREAM.into())
    }

    fn graphics(&self, settings: &Settings) -> Graphics {
        let wanted = match (settings.is("software"), settings.is("require_gpu")) {
            (true, _) => gpu::Wanted::Software,
            (false, true) => gpu::Wanted::Required,
            (false, false) => gpu::Wanted::Best,
        };
        let devices = ["gpu", "visible_devices"].into_iter().find_map(|key| match settings.value(key) {
            Some(Value::Devices(devices)) => Some((devices.clone(), stream::name_of(settings, key))),
            _ => None,
        });
        let ports = match settings.value("video_port") {
            Some(Value::Ports(ports)) if settings.is_set("video_port") => Some(ports.clone()),
            _ => None,
        };
        let refresh = match settings.value("refresh") {
            Some(Value::Refresh(rate)) => Some(*rate),
            _ => None,
        };
        let path = |key| settings.text(key).map(PathBuf::from);
        let (leases, drivers, probe) = (path("lease_dir"), path("driver_dir"), self.found(PROBE));
        let usual = Graphics::default();
        let (gpu, named_by) = devices.unwrap_or((usual.gpu, usual.named_by));
        Graphics { wanted, gpu, named_by, ports, refresh, leases, drivers, probe, root: usual.root }
    }

    /// A program beside this one, else on the path.
    fn found(&self, name: &str) -> Option<PathBuf> {
        let beside = || std::env::current_exe().ok()?.parent().map(|directory| directory.join(name));
        let on_path = || Installed::usual(self.path.clone()).program(name);
        beside().filter(|path| path.is_file()).or_else(on_path)
    }

    fn state_directory(&self, settings: &Settings) -> Option<PathBuf> {
        let home = self.home.clone().filter(|home| is_writable(home));
        let usual = || self.state_home.clone().or_else(|| home.map(|home| home.join(".local/state")));
        settings.text("state_dir").map(PathBuf::from).or_else(|| usual().map(|state| state.join("cosmos")))
    }
}

/// The stream shows 24 bits of colour.
fn depth_that_is_not_shown(settings: &Settings) -> Option<String> {
    let depth = settings.integer("depth").filter(|depth| *depth != 24)?;
    let name = stream::name_of(settings, "depth");
    Some(format!("{name}: a depth of {depth} cannot be streamed; the screen has 24"))
}

/// The variables that are text. A setting that is none is refused, as nobody could see that it is missing.
pub(super) fn environment() -> Result<Vec<(String, String)>, Unusable> {
    let mut pairs = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => pairs.push((name, value)),
            Err(_) if known(&name).is_some() => {
                let reason = "the value is no UTF-8 text".to_owned();
                return Err(Unusable::Setting(SettingsError::Reason { name, reason }));
            }
            Err(_) => {}
        }
    }
    Ok(pairs)
}

pub(super) fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

fn xserver(settings: &Settings) -> XServerChoice {
    match settings.text("xserver") {
        Some("xorg") => XServerChoice::Xorg,
        Some("xvfb") => XServerChoice::Xvfb,
        _ => XServerChoice::Auto,
    }
}

const STREAM: &str = "cosmos-stream";
const PROBE: &str = "cosmos-probe";
