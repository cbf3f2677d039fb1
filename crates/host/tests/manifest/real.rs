//! What is printed, run for real: by podman, by a Docker daemon of our own, and by kubectl against an emulator of the
//! API server. All need programs that few machines have, and most need root:
//!
//! ```text
//! COSMOS_IMAGE=localhost/cosmos:test COSMOS_PODMAN="podman --runtime runc" \
//!     cargo test -p cosmos-host --test manifest -- --ignored --show-output
//! ```
//!
//! `COSMOS_IMAGE` names an image of a desktop that podman has, `COSMOS_PODMAN` how podman is called.

mod docker;
mod emulator;
mod kubectl;
mod podman;

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(said),
        false => Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn within<T>(time: Duration, mut attempt: impl FnMut() -> Option<T>) -> Result<T, String> {
    let end = Instant::now() + time;
    loop {
        if let Some(value) = attempt() {
            return Ok(value);
        }
        if Instant::now() > end {
            return Err(format!("nothing after {time:?}"));
        }
        thread::sleep(Duration::from_millis(200));
    }
}
