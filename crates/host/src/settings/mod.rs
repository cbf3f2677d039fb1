//! The settings: one table, from which flags, environment, file, help, documentation and linter come.
//!
//! A setting has today's name and older ones, those of the first launch scripts and those of the containers that
//! followed them. [`resolve`] takes what was typed, the environment and one TOML file, in this order of strength,
//! and says of every value where it came from. It reads neither: its caller hands everything over.
//!
//! ```
//! use cosmos_host::settings::{Origin, Sources, resolve};
//! let environment = [("SIZEW".to_owned(), "2560".to_owned()), ("WEBRTC_ENCODER".to_owned(), "x264enc".to_owned())];
//! let settings = resolve(&Sources { environment: &environment, ..Sources::default() })?;
//! assert_eq!(settings.integer("width"), Some(2560));
//! assert_eq!(*settings.origin("width"), Origin::Environment("SIZEW".to_owned()));
//! assert_eq!(settings.integer("dpi"), Some(96));
//! # Ok::<(), cosmos_host::settings::SettingsError>(())
//! ```

mod boolean;
mod conflict;
mod docs;
mod encoder;
mod error;
mod file;
mod guacamole;
mod kind;
pub mod lint;
mod report;
mod resolve;
mod secret;
mod suggest;
mod table;
mod turn;
mod value;

pub use conflict::Conflict;
pub use docs::{help, markdown};
pub use encoder::{Codec, Encoder};
pub use error::SettingsError;
pub use guacamole::{VNC_PORT, user_mapping};
pub use kind::{Invalid, Kind};
pub use report::{Report, Reported};
pub use resolve::{Origin, ReadFile, Settings, Sources, resolve};
pub use secret::Hidden;
pub use table::{
    Consumer, Known, Meaning, Older, Project, Retired, Setting, known, retired, setting, settings,
};
pub use turn::{BadTurnUser, TurnUser};
pub use value::{Clipboard, Value};
