//! Nothing but benches, laws and the pictures of what they found live here.

pub mod plot;
