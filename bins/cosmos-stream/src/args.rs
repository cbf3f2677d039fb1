//! What was typed, and what it means. Nothing else of this program reads flags or the environment.

mod access;
mod acme;
mod handed;
mod network;
mod page;
mod rfb;
mod sign_in;
mod told;

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use cosmos_auth::{
    Secret,
    store::{self, Made, StoreError},
};
use cosmos_encoder::{AudioConfig, Choice};
use cosmos_streaming::{IceConfig, TlsConfig};
use serde_json::{Map, Value};

use self::network::NetworkError;

pub use self::access::{Access, AccessError, Command, Given};
use self::{acme::AcmeArgs, rfb::RfbArgs};

/// Streams an X display to browsers.
#[derive(Debug, Parser)]
#[command(name = "cosmos-stream", version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Something else than to stream
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Address and port to listen on: TCP for HTTP and WebRTC, UDP for WebRTC
    #[arg(long, value_name = "ADDRESS:PORT", env = "COSMOS_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// X display to stream
    #[arg(long, value_name = ":N", env = "DISPLAY")]
    pub display: Option<String>,
    /// Most frames per second, 1 to 240
    #[arg(long, env = "SELKIES_FRAMERATE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub fps: u32,
    /// Most that one viewer's picture may take, in kbit/s, 300 to 100000
    #[arg(long, value_name = "KBPS", env = "SELKIES_VIDEO_BITRATE", default_value_t = 8000,
          value_parser = clap::value_parser!(u32).range(300..=100_000))]
    pub bitrate: u32,
    /// Send less where the network carries less: true or false, for a fixed bitrate
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_CONGESTION_CONTROL", default_value_t = true,
          action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    pub congestion_control: bool,
    /// Encoder: auto, or the name of a GStreamer element
    #[arg(long, env = "SELKIES_ENCODER", default_value = "auto")]
    pub encoder: Choice,
    /// Code colours at 4:4:4 where the encoder can and all who watch decode it: true or false
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_FULL_COLOUR", default_value_t = false,
          action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    pub full_colour: bool,
    /// Threads that encode one picture
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub encoder_threads: Option<u32>,
    /// Stream no sound
    #[arg(long)]
    pub no_audio: bool,
    /// PulseAudio source to stream
    #[arg(long, value_name = "SOURCE", default_value = "@DEFAULT_MONITOR@")]
    pub audio_device: String,
    /// PulseAudio server
    #[arg(long, value_name = "ADDRESS", env = "PULSE_SERVER")]
    pub pulse_server: Option<String>,
    /// Bitrate of the sound, in bit/s
    #[arg(long, env = "SELKIES_AUDIO_BITRATE", default_value_t = 128_000,
          value_parser = clap::value_parser!(u32).range(6000..=510_000))]
    pub audio_bitrate: u32,
    /// Channels of the sound
    #[arg(long, value_name = "N", env = "COSMOS_AUDIO_CHANNELS", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(1..=2))]
    pub audio_channels: u8,
    #[command(flatten)]
    pub page: page::Page,
    /// Name to log in with
    #[arg(long, env = "SELKIES_BASIC_AUTH_USER", default_value = "user")]
    pub user: String,
    /// File that holds the password, instead of BASIC_AUTH_PASSWORD or PASSWD
    #[arg(long, value_name = "FILE", env = "BASIC_AUTH_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    /// Descriptor that was left open, from which the password is read to its end; it wins over all others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(3..))]
    pub password_fd: Option<i32>,
    /// Where the password behind the descriptor comes from, for people
    #[arg(long, value_name = "NAME", default_value = "a descriptor", hide = true)]
    pub password_source: String,
    /// Let everybody in without a password; beyond loopback only together with --allow-insecure
    #[arg(long)]
    pub no_password: bool,
    /// Accept --no-password on an address that others can reach
    #[arg(long)]
    pub allow_insecure: bool,
    /// Who else may come in
    #[command(flatten)]
    pub access: Access,
    /// Another origin that may use the page, scheme and host, when a proxy changes the host
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,
    /// Serve TLS as well, on the same port: true or false
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_HTTPS", default_value_t = true, action = clap::ArgAction::Set,
          value_parser = clap::builder::BoolishValueParser::new())]
    pub https: bool,
    /// Certificate in PEM form, read again when it changes; without one, a certificate is made and kept
    #[arg(long, value_name = "FILE", env = "COSMOS_HTTPS_CERTIFICATE", requires = "https_key")]
    pub https_certificate: Option<PathBuf>,
    /// Private key of the certificate, in PEM form
    #[arg(long, value_name = "FILE", env = "COSMOS_HTTPS_KEY", requires = "https_certificate")]
    pub https_key: Option<PathBuf>,
    /// Where a certificate comes from that others trust
    #[command(flatten)]
    pub acme: AcmeArgs,
    /// Viewers of VNC
    #[command(flatten)]
    pub rfb: RfbArgs,
    /// Directory for the password and the key that are made at the first start
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// JSON file that says how the desktop is drawn, for the page to show
    #[arg(long, value_name = "FILE", env = "COSMOS_GRAPHICS_FILE", hide = true)]
    pub graphics_file: Option<PathBuf>,
    /// JSON file that says what was set for the whole desktop; what this program was given otherwise
    #[arg(long, value_name = "FILE", env = "COSMOS_SETTINGS_FILE", hide = true)]
    pub settings_file: Option<PathBuf>,
    /// Write a JSON file here once the server serves
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or by module
    #[arg(
        long,
        value_name = "FILTER",
        env = "COSMOS_LOG",
        default_value = "info,str0m=warn,is=warn,turn_client_proto=warn"
    )]
    pub log: String,
    #[command(flatten)]
    network: network::Network,
}

/// Variables that hold the password, the stronger one first.
const PASSWORDS: [&str; 2] = ["BASIC_AUTH_PASSWORD", "PASSWD"];

const AFTER_HELP: &str = "The password is taken from --password-fd, else from BASIC_AUTH_PASSWORD, else from PASSWD, else from --password-file; \
without any, and without --users and --oidc-only, one is made at the first start and kept in the state directory.";

/// What cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    #[error(
        "without a password, {0} would let anybody who can reach it in; give a password, listen on 127.0.0.1, or \
             say --allow-insecure"
    )]
    Insecure(SocketAddr),
    #[error("neither HOME nor XDG_CONFIG_HOME is set; say where to keep the password with --state-dir")]
    NoHome,
    #[error("the password from {0} is empty; set one, or leave it out and one is made")]
    EmptyPassword(String),
    #[error(
        "the password may not be \"mypasswd\", which everybody knows; choose another, or leave it out and one is made"
    )]
    DefaultPassword,
    #[error("--oidc-only takes no password, and {0} holds one; leave one of them out")]
    OidcOnly(String),
    #[error("--oidc-only lets nobody in without a provider; name one with --oidc-issuer")]
    NoProvider,
    #[error("cannot read the password from descriptor {number}")]
    PasswordFd { number: i32, source: std::io::Error },
    #[error("cannot read the password from {}", path.display())]
    PasswordFile { path: PathBuf, source: std::io::Error },
    #[error("cannot read what is set from {}", path.display())]
    Settings { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("--acme asks for a certificate, and --https=false serves no TLS; leave one of them out")]
    AcmeWithoutTls,
    #[error("cannot read a password from standard input; it is one line of at most 4096 bytes")]
    Stdin(#[source] std::io::Error),
}

/// A password, and where it came from.
pub struct Password {
    pub secret: Secret,
    pub source: String,
    pub file: Option<PathBuf>,
    pub made_now: bool,
}

impl Args {
    /// What was typed and set, and where each part of it came from.
    pub fn try_parse_with_sources() -> Result<(Self, ArgMatches), clap::Error> {
        let matches = Self::command().try_get_matches()?;
        Ok((Self::from_arg_matches(&matches)?, matches))
    }

    /// What is set for the desktop, by key: as whoever started this wrote it down, else as this program was given it.
    pub fn settings(&self, sources: &ArgMatches) -> Result<Map<String, Value>, ArgsError> {
        match &self.settings_file {
            Some(path) => {
                told::read(path).map_err(|source| ArgsError::Settings { path: path.clone(), source })
            }
            None => Ok(told::of_arguments(&Self::command(), sources)),
        }
    }

    /// How TLS is served: not at all where there is no folder to keep a certificate in, unless one is to be kept.
    pub fn tls(&self) -> Result<Option<TlsConfig>, ArgsError> {
        if self.acme.is_wanted() && !self.https {
            return Err(ArgsError::AcmeWithoutTls);
        }
        if !self.https {
            return Ok(None);
        }
        if let (Some(certificate), Some(key)) = (&self.https_certificate, &self.https_key) {
            return Ok(Some(TlsConfig::Files { certificate: certificate.clone(), key: key.clone() }));
        }
        if self.acme.is_wanted() {
            let dir = self.state_dir()?;
            return Ok(Some(TlsConfig::Acme { acme: self.acme.config(&dir), own: dir.join("tls.pem") }));
        }
        Ok(self.state_dir().ok().map(|dir| TlsConfig::Own(dir.join("tls.pem"))))
    }

    /// The ways through the network. To be called once, before this process opens anything.
    pub fn ice(&self) -> Result<IceConfig, ArgsError> {
        self.network.resolve()
    }

    /// The password to log in with; `None` when everybody may come in, or only those in the file of users, or only those
    /// whom a provider knows. To be called once, before this process opens anything.
    pub fn password(&self) -> Result<Option<Password>, ArgsError> {
        if self.access.sign_in.oidc_only {
            return self.nothing_but_a_provider();
        }
        if self.no_password {
            let safe = self.allow_insecure || self.listen.ip().is_loopback();
            return if safe { Ok(None) } else { Err(ArgsError::Insecure(self.listen)) };
        }
        if let Some(number) = self.password_fd {
            let text = handed::read(number).map_err(|source| ArgsError::PasswordFd { number, source })?;
            return given(text, self.password_source.clone(), None).map(Some);
        }
        for name in PASSWORDS {
            if let Ok(text) = env::var(name) {
                return given(text, name.to_owned(), None).map(Some);
            }
        }
        match &self.password_file {
            Some(path) => read(path).map(Some),
            // Whoever stands in the file has a password already.
            None if self.access.users.is_some() => Ok(None),
            None => self.kept().map(Some),
        }
    }

    fn nothing_but_a_provider(&self) -> Result<Option<Password>, ArgsError> {
        let number = self.password_fd.map(|_| self.password_source.clone());
        let variable = || PASSWORDS.into_iter().find(|name| env::var_os(name).is_some()).map(str::to_owned);
        let file = || self.password_file.as_ref().map(|path| path.display().to_string());
        match number.or_else(variable).or_else(file).or_else(|| self.access.passwords_from()) {
            Some(place) => Err(ArgsError::OidcOnly(place)),
            None if !self.access.sign_in.is_set() => Err(ArgsError::NoProvider),
            None => Ok(None),
        }
    }

    fn kept(&self) -> Result<Password, ArgsError> {
        let path = self.state_dir()?.join("password");
        let (secret, made) = store::password(&path)?;
        let made_now = made == Made::Now;
        let source = if made_now { "made at this start" } else { "made at an earlier start" };
        Ok(Password {
            secret,
            source: format!("{source}, kept in {}", path.display()),
            file: Some(path),
            made_now,
        })
    }

    /// Where the password and the key are kept.
    pub fn state_dir(&self) -> Result<PathBuf, ArgsError> {
        if let Some(dir) = &self.state_dir {
            return Ok(dir.clone());
        }
        let path = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = path("XDG_CONFIG_HOME").or_else(|| path("HOME").map(|home| home.join(".config")));
        config.map(|config| config.join("cosmos")).ok_or(ArgsError::NoHome)
    }

    /// The sound to stream.
    pub fn audio(&self) -> Option<AudioConfig> {
        (!self.no_audio).then(|| AudioConfig {
            device: self.audio_device.clone(),
            server: self.pulse_server.clone(),
            bitrate: self.audio_bitrate,
            channels: self.audio_channels,
        })
    }
}

fn read(path: &Path) -> Result<Password, ArgsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ArgsError::PasswordFile { path: path.to_owned(), source })?;
    given(text.trim_end_matches(['\r', '\n']).to_owned(), path.display().to_string(), Some(path.to_owned()))
}

fn given(text: String, source: String, file: Option<PathBuf>) -> Result<Password, ArgsError> {
    match text.as_str() {
        "" => Err(ArgsError::EmptyPassword(source)),
        "mypasswd" => Err(ArgsError::DefaultPassword),
        _ => Ok(Password {
            secret: Secret::new(text),
            source: format!("from {source}"),
            file,
            made_now: false,
        }),
    }
}
