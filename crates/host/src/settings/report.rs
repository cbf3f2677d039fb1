//! What every setting is and where it came from, for programs.
//!
//! A desktop hands it to its stream, which shows it to those who administer it:
//!
//! ```json
//! {"schema":"cosmos.settings/1","settings":{
//!   "width":{"value":1920,"source":"environment","name":"SIZEW","variable":"COSMOS_WIDTH"},
//!   "password":{"set":true,"source":"environment","name":"PASSWD_FILE","variable":"COSMOS_PASSWORD"}}}
//! ```
//!
//! `source` is `flag`, `environment`, `file` or `default`, and `name` the flag, variable or key that set it, `null` for
//! a default. `value` is `null` where nothing was set and something else decides. A secret has `set` in its place.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::{Origin, Setting, Settings, Value, settings as table};

/// All settings, by their keys, as JSON of the schema `cosmos.settings/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    schema: &'static str,
    /// Each setting.
    pub settings: BTreeMap<&'static str, Reported>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reported {
    /// What it is; `None` for a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// Whether it is set, of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<bool>,
    /// What kind of place it came from.
    pub source: &'static str,
    /// The flag, the variable or the key of the file.
    pub name: Option<String>,
    /// Today's variable.
    pub variable: &'static str,
}

impl Report {
    /// What these settings are.
    pub fn new(settings: &Settings) -> Self {
        let entries = table().map(|setting| (setting.key, Reported::new(setting, settings)));
        Self { schema: SCHEMA, settings: entries.collect() }
    }

    /// Notes that the program which acts on a setting was told otherwise, by a flag of its own.
    pub fn override_by(&mut self, key: &str, flag: &str, value: &str) {
        if let Some(reported) = self.settings.get_mut(key).filter(|reported| reported.set.is_none()) {
            let number = value.parse::<i64>().map(Json::from);
            reported.value = Some(number.unwrap_or_else(|_| value.into()));
            reported.source = FLAG;
            reported.name = Some(flag.to_owned());
        }
    }
}

impl Reported {
    fn new(setting: &Setting, settings: &Settings) -> Self {
        let (source, name) = match settings.origin(setting.key) {
            Origin::Flag(name) => (FLAG, Some(name)),
            Origin::Environment(name) => ("environment", Some(name)),
            Origin::File(name) => ("file", Some(name)),
            Origin::Default => ("default", None),
        };
        let value = settings.value(setting.key);
        let is_secret = setting.is_secret();
        Self {
            value: (!is_secret).then(|| value.map_or(Json::Null, json)),
            set: is_secret.then_some(value.is_some()),
            source,
            name: name.cloned(),
            variable: setting.variable,
        }
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Boolean(yes) => (*yes).into(),
        Value::Integer(number) => (*number).into(),
        value => value.printed().into(),
    }
}

const SCHEMA: &str = "cosmos.settings/1";
const FLAG: &str = "flag";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::settings::{Sources, resolve};

    #[test]
    fn each_setting_tells_where_it_came_from_and_no_secret_what_it_is() {
        let flags = [("dpi", "120".to_owned())];
        let environment = [("SIZEW", "1366"), ("PASSWD", "hunter2"), ("WEBRTC_ENCODER", "x264enc")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let file = Some(("c.toml", "clipboard = \"in\"\nrefresh = 59.94\n"));
        let sources = Sources { flags: &flags, environment: &environment, file, ..Sources::default() };
        let mut report = Report::new(&resolve(&sources).unwrap());
        report.override_by("framerate", "--fps", "7");
        report.override_by("password", "--password", "hunter3");
        let text = serde_json::to_string(&report).unwrap();
        assert!(!text.contains("hunter"), "{text}");
        for (key, expected) in [
            ("dpi", r#"{"value":120,"source":"flag","name":"--dpi","variable":"COSMOS_DPI"}"#),
            ("width", r#"{"value":1366,"source":"environment","name":"SIZEW","variable":"COSMOS_WIDTH"}"#),
            (
                "encoder",
                r#"{"value":"x264enc","source":"environment","name":"WEBRTC_ENCODER","variable":"COSMOS_ENCODER"}"#,
            ),
            (
                "clipboard",
                r#"{"value":"in","source":"file","name":"c.toml: clipboard","variable":"COSMOS_CLIPBOARD"}"#,
            ),
            (
                "refresh",
                r#"{"value":"59.94","source":"file","name":"c.toml: refresh","variable":"COSMOS_REFRESH"}"#,
            ),
            ("size", r#"{"value":"1920x1080","source":"default","name":null,"variable":"COSMOS_SIZE"}"#),
            ("gpu", r#"{"value":null,"source":"default","name":null,"variable":"COSMOS_GPU"}"#),
            ("audio", r#"{"value":true,"source":"default","name":null,"variable":"COSMOS_AUDIO"}"#),
            ("framerate", r#"{"value":7,"source":"flag","name":"--fps","variable":"COSMOS_FRAMERATE"}"#),
            (
                "account_password",
                r#"{"set":true,"source":"environment","name":"PASSWD","variable":"COSMOS_ACCOUNT_PASSWORD"}"#,
            ),
            ("password", r#"{"set":false,"source":"default","name":null,"variable":"COSMOS_PASSWORD"}"#),
        ] {
            assert_eq!(serde_json::to_string(&report.settings[key]).unwrap(), expected);
        }
        assert_eq!(report.settings.len(), table().count());
    }
}
