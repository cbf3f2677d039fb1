//! What was typed for a compose file.

use cosmos_host::manifest;

use super::{
    NothingToRun,
    docker::{Beside, Outside},
};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Compose {
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    beside: Beside,
}

impl Compose {
    /// The file.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn text(self) -> Result<String, NothingToRun> {
        Ok(manifest::compose(&self.beside.add(self.outside.container()?))?)
    }
}
