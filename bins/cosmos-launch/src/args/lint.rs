//! What was typed for the linter.

use std::path::PathBuf;

use cosmos_host::settings::lint::{GpuModel, InputKind, Options};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Lint {
    /// Files to look through; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print the findings as JSON.
    #[arg(long, conflicts_with = "migrate")]
    pub json: bool,
    /// Print the text with today's names instead of the older ones, and its findings on standard error.
    #[arg(long)]
    pub migrate: bool,
    /// With --migrate: write the files anew instead of printing them.
    #[arg(long, requires = "migrate")]
    pub write: bool,
    /// What the files are: docker, compose, kubernetes or env [default: told from what they hold].
    #[arg(long)]
    kind: Option<InputKind>,
    /// The GPU on which the desktop is to run, as A10G, H100 or "RTX 4090".
    #[arg(long, value_name = "MODEL")]
    gpu: Option<GpuModel>,
    /// The version of the driver there, as 535.129.03.
    #[arg(long, value_name = "VERSION", value_parser = version)]
    driver: Option<(u16, u16, u16)>,
}

impl Lint {
    /// What the linter is told.
    pub fn options(&self) -> Options {
        Options { kind: self.kind, gpu: self.gpu, driver: self.driver }
    }
}

fn version(text: &str) -> Result<(u16, u16, u16), String> {
    let refused = || "expected the version of a driver, as 535.129.03".to_owned();
    let parts: Result<Vec<u16>, _> = text.split('.').map(str::parse).collect();
    match parts.map_err(|_| refused())?[..] {
        [major] => Ok((major, 0, 0)),
        [major, minor] => Ok((major, minor, 0)),
        [major, minor, patch] => Ok((major, minor, patch)),
        _ => Err(refused()),
    }
}
