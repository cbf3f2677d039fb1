//! Settings as variables of a container, by today's names.

use super::ManifestError;
use crate::settings::{Consumer, Origin, Setting, Settings, settings as table};

/// Everything that was set and that nobody needs to hide, in the order of the table.
pub(super) fn of(settings: &Settings) -> Result<Vec<(&'static str, String)>, ManifestError> {
    let carried = table().filter(|setting| is_carried(setting, settings));
    carried
        .filter_map(|setting| Some((setting.variable, text(setting.key, settings)?)))
        .map(one_line)
        .collect()
}

fn is_carried(setting: &Setting, settings: &Settings) -> bool {
    let terminal = ["lang", "language", "lc_all"].contains(&setting.key)
        && matches!(settings.origin(setting.key), Origin::Environment(_));
    let set = |keys: &[&str]| keys.iter().any(|key| settings.is_set(key));
    let set = match setting.key {
        "size" => set(&["size", "width", "height"]),
        "listen" => set(&["listen", "listen_address", "listen_port"]),
        // Part of those two, which may have been set in different places: in one place the whole would win.
        "width" | "height" | "listen_address" | "listen_port" => false,
        key => set(&[key]),
    };
    set && !terminal && setting.consumer != Consumer::Runtime
}

fn text(key: &str, settings: &Settings) -> Option<String> {
    match key {
        "size" => {
            let size = settings.screen();
            Some(format!("{}x{}", size.width, size.height))
        }
        "listen" => Some(settings.listen().to_string()),
        _ => settings.value(key)?.printed(),
    }
}

fn one_line((name, text): (&'static str, String)) -> Result<(&'static str, String), ManifestError> {
    if text.contains(char::is_control) { Err(ManifestError::Control { name }) } else { Ok((name, text)) }
}
