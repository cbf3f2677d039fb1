//! What is set, and where it came from, for those who administer the desktop.

use std::{fs, io, path::Path};

use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use serde_json::{Map, Value, json};

/// What whoever started this program wrote down.
///
/// # Errors
/// What the file system says, and [`io::ErrorKind::InvalidData`] for a file of another schema.
pub fn read(path: &Path) -> io::Result<Map<String, Value>> {
    let mut file: Value = serde_json::from_slice(&fs::read(path)?)?;
    let settings = file["settings"].take();
    match (file["schema"].as_str(), settings) {
        (Some(SCHEMA), Value::Object(settings)) => Ok(settings),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is none of the schema {SCHEMA}"))),
    }
}

/// What this program was given.
pub fn of_arguments(command: &Command, sources: &ArgMatches) -> Map<String, Value> {
    let row = |(key, id, shape): &(&str, &str, Shape)| {
        let arg = command.get_arguments().find(|arg| arg.get_id() == id)?;
        let texts = sources.get_raw(id).into_iter().flatten().map(|text| text.to_string_lossy());
        let text = texts.collect::<Vec<_>>().join(",");
        let (source, name) = origin(arg, sources.value_source(id));
        let told = json!({ "value": shape.read(&text), "source": source, "name": name });
        Some(((*key).to_owned(), told))
    };
    ROWS.iter().filter_map(row).collect()
}

/// The kind of place, and its name there.
fn origin(arg: &Arg, source: Option<ValueSource>) -> (&'static str, Option<String>) {
    match source {
        Some(ValueSource::CommandLine) => ("flag", arg.get_long().map(|long| format!("--{long}"))),
        Some(ValueSource::EnvVariable) => {
            ("environment", arg.get_env().map(|name| name.to_string_lossy().into_owned()))
        }
        _ => ("default", None),
    }
}

/// What a text stands for.
enum Shape {
    Text,
    Number,
    Switch,
    /// A switch that says the opposite.
    Off,
}

impl Shape {
    fn read(&self, text: &str) -> Value {
        match self {
            Self::Text if text.is_empty() => Value::Null,
            Self::Text => text.into(),
            Self::Number => text.parse::<i64>().map_or(Value::Null, Value::from),
            Self::Switch => (text == "true").into(),
            Self::Off => (text != "true").into(),
        }
    }
}

/// Keys of settings, the arguments that hold them, and what these stand for.
const ROWS: [(&str, &str, Shape); 34] = [
    ("allow_insecure", "allow_insecure", Shape::Switch),
    ("app_ready_file", "app_ready_file", Shape::Text),
    ("app_wait_ready", "app_wait_ready", Shape::Switch),
    ("audio", "no_audio", Shape::Off),
    ("audio_bitrate", "audio_bitrate", Shape::Number),
    ("audio_channels", "audio_channels", Shape::Number),
    ("audio_device", "audio_device", Shape::Text),
    ("base_path", "base_path", Shape::Text),
    ("basic_auth", "no_password", Shape::Off),
    ("clipboard", "clipboard", Shape::Text),
    ("congestion_control", "congestion_control", Shape::Switch),
    ("cursors", "cursors", Shape::Switch),
    ("encoder", "encoder", Shape::Text),
    ("encoder_threads", "encoder_threads", Shape::Number),
    ("framerate", "fps", Shape::Number),
    ("full_colour", "full_colour", Shape::Switch),
    ("https", "https", Shape::Switch),
    ("https_certificate", "https_certificate", Shape::Text),
    ("https_key", "https_key", Shape::Text),
    ("keyframe_distance", "keyframe_distance", Shape::Number),
    ("listen", "listen", Shape::Text),
    ("metrics", "metrics", Shape::Switch),
    ("metrics_address", "metrics_address", Shape::Text),
    ("metrics_port", "metrics_port", Shape::Number),
    ("novnc", "novnc", Shape::Switch),
    ("novnc_root", "novnc_root", Shape::Text),
    ("origins", "origins", Shape::Text),
    ("pwa_name", "pwa_name", Shape::Text),
    ("pwa_short_name", "pwa_short_name", Shape::Text),
    ("pwa_start_url", "pwa_start_url", Shape::Text),
    ("resize", "resize", Shape::Switch),
    ("user", "user", Shape::Text),
    ("video_bitrate", "bitrate", Shape::Number),
    ("vnc_listen", "vnc_listen", Shape::Text),
];
const SCHEMA: &str = "cosmos.settings/1";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    #[test]
    fn what_was_typed_and_what_was_not_is_told_apart() {
        let command = Args::command();
        for (key, id, _) in &ROWS {
            assert!(command.get_arguments().any(|arg| arg.get_id() == id), "{key}");
        }
        let typed =
            ["cosmos-stream", "--fps", "24", "--no-audio", "--origin", "https://a", "--origin", "https://b"];
        let sources = command.clone().get_matches_from(typed);
        let told = of_arguments(&command, &sources);
        for (key, expected) in [
            ("framerate", json!({ "value": 24, "source": "flag", "name": "--fps" })),
            ("audio", json!({ "value": false, "source": "flag", "name": "--no-audio" })),
            ("origins", json!({ "value": "https://a,https://b", "source": "flag", "name": "--origin" })),
            ("basic_auth", json!({ "value": true, "source": "default", "name": null })),
            ("audio_device", json!({ "value": "@DEFAULT_MONITOR@", "source": "default", "name": null })),
            ("encoder_threads", json!({ "value": null, "source": "default", "name": null })),
        ] {
            assert_eq!(told[key], expected, "{key}");
        }
    }

    #[test]
    fn a_file_of_another_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        for (text, taken) in [
            (r#"{"schema":"cosmos.settings/1","settings":{"dpi":{"value":96}}}"#, true),
            (r#"{"schema":"cosmos.settings/2","settings":{}}"#, false),
            (r#"{"schema":"cosmos.settings/1"}"#, false),
            ("", false),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).is_ok(), taken, "{text}");
        }
    }
}
