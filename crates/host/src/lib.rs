//! What runs around the stream: an X server, a session bus, sound and a desktop session, started in the order they
//! need each other, supervised, and taken down without a trace.
//!
//! The rules are pure ([`Supervisor`]: events and the time in, actions out). [`run`] is the shell that does what
//! they say with real processes, on one thread.

mod account;
mod bus;
mod config;
mod desktop;
mod display;
mod environment;
mod error;
mod ffi;
pub mod gpu;
mod ice;
mod lease;
mod logs;
pub mod manifest;
mod process;
mod ready;
mod roles;
mod runtime;
mod service;
mod session;
pub mod settings;
pub mod setup;
mod signals;
mod sound;
mod supervisor;
mod surroundings;
mod x11wire;
mod xauth;
mod xorg_log;
mod xserver;

pub use config::{Config, Installed, Login, XServerChoice, is_writable};
pub use desktop::{Report, run};
pub use environment::MARK;
pub use error::HostError;
pub use lease::{Holder, Lease, LeaseError};
pub use process::conceal;
pub use ready::{SCHEMA as READY_SCHEMA, StreamReady};
pub use runtime::{desktops_in, guard};
pub use service::{Comeback, Exit, ServiceId, Spec, Tie};
pub use session::Session;
pub use supervisor::{Action, Event, Notice, Outcome, Supervisor};
pub use xorg_log::{Finding as XorgFinding, findings as xorg_findings};

#[cfg(test)]
fn test_config() -> Config {
    Config {
        size: cosmos_desktop::Size::new(1280, 720),
        dpi: 96,
        xserver: XServerChoice::Auto,
        graphics: gpu::Graphics::default(),
        session: None,
        audio: true,
        listen: ([127, 0, 0, 1], 0).into(),
        stream: "/bin/true".into(),
        stream_arguments: Vec::new(),
        settings: None,
        login: None,
        secrets: Vec::new(),
        account_password: None,
        environment: Vec::new(),
        runtime_base: "/tmp".into(),
        state_dir: None,
        guard: None,
        display: None,
        installed: Installed::usual("/usr/bin:/bin".into()),
    }
}
