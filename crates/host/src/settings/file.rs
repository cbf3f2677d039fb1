//! The TOML file: `key = value`, one for each setting, and no tables.

use toml::Value;

use super::{Setting, SettingsError, setting, settings, suggest};

/// One line of the file, as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub setting: &'static Setting,
    /// Whether the value names a file that holds the secret.
    pub names_file: bool,
    pub key: String,
    pub value: String,
}

/// Reads the file. `name` is for messages.
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<Entry>, SettingsError> {
    let table: toml::Table = text.parse().map_err(|error| syntax(name, text, &error))?;
    table.into_iter().map(|(key, value)| entry(name, key, &value)).collect()
}

fn entry(file: &str, key: String, value: &Value) -> Result<Entry, SettingsError> {
    let secret = || key.strip_suffix("_file").and_then(setting).filter(|setting| setting.is_secret());
    let found =
        setting(&key).map(|setting| (setting, false)).or_else(|| secret().map(|setting| (setting, true)));
    let Some((setting, names_file)) = found else { return Err(unknown(file, key)) };
    let Some(text) = plain(value) else {
        let reason = format!("an entry of type {} is not {}", value.type_str(), setting.kind.accepted());
        return Err(SettingsError::Reason { name: format!("{file}: {key}"), reason });
    };
    Ok(Entry { setting, names_file, key, value: text })
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

fn unknown(file: &str, key: String) -> SettingsError {
    let suggestion = suggest::nearest(&key, settings().map(|setting| setting.key)).map(str::to_owned);
    SettingsError::UnknownKey { file: file.to_owned(), key, suggestion }
}

/// The parser's message without its picture of the line, which may hold a secret.
fn syntax(file: &str, text: &str, error: &toml::de::Error) -> SettingsError {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let reason = error.message().lines().next().unwrap_or_default().to_owned();
    SettingsError::Syntax { file: file.to_owned(), line, reason }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_plain_value_is_read_as_text() {
        let text =
            "framerate = 30\nrefresh = 59.94\naudio = false\nuser = \"ann\"\npassword_file = '/run/p'\n";
        let read = parse("c.toml", text).unwrap();
        let shown: Vec<_> =
            read.iter().map(|entry| (entry.setting.key, entry.value.as_str(), entry.names_file)).collect();
        for expected in [
            ("framerate", "30", false),
            ("refresh", "59.94", false),
            ("audio", "false", false),
            ("user", "ann", false),
            ("password", "/run/p", true),
        ] {
            assert!(shown.contains(&expected), "{shown:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, told) in [
            ("framerat = 30", "c.toml: \"framerat\" is no setting; did you mean framerate?"),
            ("zebra = 1", "c.toml: \"zebra\" is no setting"),
            ("user_file = 'x'", "\"user_file\" is no setting"),
            ("framerate = [1]", "c.toml: framerate: an entry of type array is not a number from 1 to 240"),
            ("[screen]\nwidth = 1", "c.toml: \"screen\" is no setting"),
            ("\n\nwidth = ", "c.toml:3: "),
            ("password = [\"s3cret\"]", "c.toml: password: an entry of type array"),
            ("password = \"s3cret", "c.toml:1: "),
        ] {
            let error = parse("c.toml", text).unwrap_err().to_string();
            assert!(error.starts_with("c.toml") && error.contains(told), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
