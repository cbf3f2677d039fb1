//! How the desktop is drawn, as the program that started it wrote it down.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::{Map, Value};

use crate::metrics::Graphics;

/// The file as it is now; `None` where there is none, or it is none of ours.
pub(super) fn read(path: &Path) -> Option<Map<String, Value>> {
    match load(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "how the desktop is drawn cannot be read");
            None
        }
    }
}

fn load(path: &Path) -> io::Result<Map<String, Value>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let found: Map<String, Value> = serde_json::from_slice(&bytes)?;
    match found.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => Ok(found),
        other => Err(io::Error::other(format!("its schema is {other:?}, not {SCHEMA}"))),
    }
}

/// The part of it that figures tell.
pub(super) fn figures(found: &Map<String, Value>) -> Graphics {
    let text = |value: &Value, key: &str| {
        let text = value.get(key).and_then(Value::as_str).filter(|text| text.len() <= LONGEST_NAME);
        text.map(str::to_owned)
    };
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let found = Value::Object(found.clone());
    let reasons = |refused: &Value| {
        let mode = text(refused, "mode");
        let reasons = list(refused, "reasons").into_iter().filter_map(move |reason| text(&reason, "id"));
        mode.into_iter()
            .flat_map(move |mode| reasons.clone().map(move |id| (mode.clone(), id)))
            .collect::<Vec<_>>()
    };
    let refused = list(&found, "refused").iter().flat_map(reasons).collect();
    Graphics { mode: text(&found, "mode").unwrap_or_default(), refused }
}

/// In bytes.
const LONGEST_NAME: usize = 64;
const SCHEMA: &str = "cosmos.graphics/1";
/// Such a file has a few hundred bytes for each GPU.
const MOST_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn only_a_whole_file_of_the_schema_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("graphics.json");
        let long = format!(r#"{{"schema":"cosmos.graphics/1","mode":"{}"}}"#, "x".repeat(70_000));
        for (text, taken) in [
            (r#"{"schema":"cosmos.graphics/1","mode":"software"}"#, true),
            (r#"{"schema":"cosmos.graphics/1","mode":"#, false),
            (r#"{"schema":"cosmos.graphics/2"}"#, false),
            (r#"{"mode":"software"}"#, false),
            ("[]", false),
            ("", false),
            (&long, false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path).is_some(), taken, "{text:.80}");
        }
        assert_eq!(read(Path::new("/no/such/file")), None);
    }
}
