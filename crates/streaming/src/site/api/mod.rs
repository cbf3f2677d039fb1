//! How things stand, in figures and in words, and what may be chosen for everybody.

pub(super) mod choices;
mod graphics;
pub(super) mod metrics;
mod state;

pub(super) use self::state::state;
