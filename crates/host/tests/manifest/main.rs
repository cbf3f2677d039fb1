//! What is printed to be run: goldens, our own linter, and the readers of others.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cases;
mod containers;
mod idle;
mod kustomize;
mod objects;
mod real;
mod schemas;
