//! In place of asking an authority, where it was left out: nobody is asked.

use super::{AcmeConfig, Challenges};

pub(crate) const IS_BUILT: bool = false;

pub(crate) async fn keep(_: AcmeConfig, _: Challenges) {}
