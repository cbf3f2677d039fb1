//! Setting machines up: plans of machines that are not here, and whole runs against a real apt in roots that are.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod archive;
mod golden;
mod machine;
mod machines;
