//! What was set for asking desktops whether they serve.

use std::path::PathBuf;

use cosmos_host::is_writable;

/// What was set.
#[derive(Debug, clap::Args)]
pub struct Health {
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    runtime_dir: Option<PathBuf>,
}

impl Health {
    /// Where desktops make their directories.
    pub fn base(self) -> PathBuf {
        runtime_base(self.runtime_dir)
    }
}

/// The runtime directory of the user where there is one, else the directory that is always there.
pub(super) fn runtime_base(given: Option<PathBuf>) -> PathBuf {
    given.filter(|path| is_writable(path)).unwrap_or_else(|| "/tmp".into())
}
