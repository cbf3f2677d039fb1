//! What was typed and set for pages: what they may do, what they are called, and when they see something.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{ArgAction, builder::BoolishValueParser};
use cosmos_streaming::{BasePath, PageConfig, Policy};

/// What was typed and set for pages.
#[derive(Debug, clap::Args)]
pub struct Page {
    /// Let pages change the size of the screen: true or false
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_RESIZE", default_value_t = true, action = ArgAction::Set,
          value_parser = BoolishValueParser::new())]
    resize: bool,
    /// Tell pages the shape of the desktop's pointer: true or false
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_CURSORS", default_value_t = true, action = ArgAction::Set,
          value_parser = BoolishValueParser::new())]
    cursors: bool,
    /// Carry the clipboard: true, false, in (to the desktop) or out
    #[arg(
        long,
        value_name = "DIRECTION",
        env = "COSMOS_CLIPBOARD",
        default_value = "true",
        ignore_case = true
    )]
    clipboard: Clipboard,
    /// Longest time between keyframes, in seconds up to 3600; -1 makes them on demand only
    #[arg(long, value_name = "SECONDS", env = "COSMOS_KEYFRAME_DISTANCE", default_value_t = -1,
          allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1..=3600))]
    keyframe_distance: i64,
    /// Path below which the page is served too, for a proxy that does not take it off
    #[arg(long, value_name = "PATH", env = "COSMOS_BASE_PATH", default_value = "/")]
    base_path: BasePath,
    /// Name of the page once it is installed
    #[arg(long, value_name = "TEXT", env = "COSMOS_PWA_NAME")]
    pwa_name: Option<String>,
    /// The same, short
    #[arg(long, value_name = "TEXT", env = "COSMOS_PWA_SHORT_NAME")]
    pwa_short_name: Option<String>,
    /// Where the installed page begins
    #[arg(long, value_name = "URL", env = "COSMOS_PWA_START_URL")]
    pwa_start_url: Option<String>,
    /// Serve figures for Prometheus on a port of their own, to everybody who reaches it: true or false
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_METRICS", default_value_t = false, action = ArgAction::Set,
          value_parser = BoolishValueParser::new())]
    metrics: bool,
    /// That port
    #[arg(long, value_name = "PORT", env = "COSMOS_METRICS_PORT", default_value_t = 8000,
          value_parser = clap::value_parser!(u16).range(1..))]
    metrics_port: u16,
    /// Address of that port
    #[arg(long, value_name = "ADDRESS", env = "COSMOS_METRICS_ADDRESS", default_value = "127.0.0.1")]
    metrics_address: IpAddr,
    /// Show the desktop once the application says that it is ready: true or false
    #[arg(long, value_name = "BOOLEAN", env = "COSMOS_APP_WAIT_READY", default_value_t = false,
          action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    app_wait_ready: bool,
    /// File by which the application says so
    #[arg(long, value_name = "FILE", env = "COSMOS_APP_READY_FILE", default_value = "/tmp/cosmos-appready")]
    app_ready_file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Clipboard {
    #[value(aliases = ["yes", "1", "on"])]
    True,
    #[value(aliases = ["no", "0", "off"])]
    False,
    In,
    Out,
}

impl Page {
    /// What pages may do.
    pub fn policy(&self) -> Policy {
        use Clipboard::{In, Out, True};
        Policy {
            resize: self.resize,
            cursors: self.cursors,
            clipboard_in: matches!(self.clipboard, True | In),
            clipboard_out: matches!(self.clipboard, True | Out),
        }
    }

    /// The longest time between keyframes.
    pub fn keyframe_every(&self) -> Option<Duration> {
        u64::try_from(self.keyframe_distance).ok().map(Duration::from_secs)
    }

    /// Where figures are served.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics.then(|| SocketAddr::new(self.metrics_address, self.metrics_port))
    }

    /// The file to wait for.
    pub fn app_ready(&self) -> Option<PathBuf> {
        self.app_wait_ready.then(|| self.app_ready_file.clone())
    }

    /// Where the page is, and what it is called.
    pub fn config(&self) -> PageConfig {
        let usual = PageConfig::default();
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        PageConfig {
            base: self.base_path.clone(),
            name: given(&self.pwa_name).unwrap_or(usual.name),
            short_name: given(&self.pwa_short_name).unwrap_or(usual.short_name),
            start_url: given(&self.pwa_start_url).unwrap_or(usual.start_url),
        }
    }
}
