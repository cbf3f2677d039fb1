//! What was typed for a compose file.

use cosmos_host::manifest;

use super::{NothingToRun, docker::Outside};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Compose {
    #[command(flatten)]
    outside: Outside,
}

impl Compose {
    /// The file.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn text(self) -> Result<String, NothingToRun> {
        Ok(manifest::compose(&self.outside.container()?)?)
    }
}
