//! Nothing but benches and laws live here.
