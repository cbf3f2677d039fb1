//! From text to containers.

use super::{InputKind, model::Deployment};

mod compose;
pub(super) mod docker;
pub(super) mod env;
mod kubernetes;
mod tree;

/// Reads a text of this kind. What cannot be read is told in the drafts.
pub(super) fn read(kind: InputKind, text: &str) -> Deployment {
    match kind {
        InputKind::Docker => docker::read(text),
        InputKind::Compose => compose::read(text),
        InputKind::Kubernetes => kubernetes::read(text),
        InputKind::Env => env::read(text),
    }
}
