//! The table as people read it.

use std::fmt::Write as _;

use super::{Consumer, Meaning, Project, Setting, retired, settings, table::FILE};

/// The help of one flag: what it does, its unit, the values it takes, its variables and its default.
pub fn help(setting: &Setting) -> String {
    let mut text = setting.help.trim_end_matches('.').to_owned();
    if !setting.unit.is_empty() {
        let _ = write!(text, ", in {}", setting.unit);
    }
    if setting.is_secret() {
        text.push_str("; the file that holds it");
    }
    let file = if setting.is_secret() { FILE } else { "" };
    let _ = write!(text, " [env: {}{file}", setting.variable);
    if let Some(older) = setting.older.first() {
        let _ = write!(text, ", older {}{file}", older.name);
    }
    text.push(']');
    if let Some(default) = setting.default {
        let _ = write!(text, " [default: {default}]");
    }
    text
}

/// The whole of `docs/settings.md`.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for setting in settings() {
        let _ = writeln!(text, "{}", row(setting));
    }
    text.push_str(RETIRED);
    for retired in retired() {
        let _ = writeln!(text, "| `{}` | {} | {} |", retired.name, project(retired.project), retired.advice);
    }
    text
}

fn row(setting: &Setting) -> String {
    let flag = setting.flag.map_or(String::new(), |flag| format!("`--{flag}`"));
    let default = setting.default.map_or(String::new(), |default| format!("`{default}`"));
    let accepted = match setting.unit {
        "" => setting.kind.accepted(),
        unit => format!("{}, {unit}", setting.kind.accepted()),
    };
    let consumer = match setting.consumer {
        Consumer::Launch => "cosmos-launch",
        Consumer::XServer => "X server",
        Consumer::Session => "session",
        Consumer::Stream => "cosmos-stream",
        Consumer::Runtime => "container runtime",
    };
    let cells = [format!("`{}`", setting.variable), flag, format!("`{}`", setting.key), older(setting)];
    let rest = [accepted, default, setting.help.to_owned(), consumer.to_owned()];
    format!("| {} | {} |", cells.join(" | "), rest.join(" | "))
}

fn older(setting: &Setting) -> String {
    let name = |older: &super::Older| {
        let inverted = if older.meaning == Meaning::Inverted { ", inverted" } else { "" };
        format!("`{}` ({}{inverted})", older.name, project(older.project))
    };
    setting.older.iter().map(name).collect::<Vec<_>>().join(", ")
}

const fn project(project: Project) -> &'static str {
    match project {
        Project::Seed => "seed",
        Project::Successor => "successor",
    }
}

const HEAD: &str = "\
# Settings

This file is made from the table in `crates/host/src/settings/table.rs`; `UPDATE_EXPECT=1 cargo test -p cosmos-host`
writes it anew.

A flag wins over the environment, the environment over the file that `--config FILE` or `COSMOS_CONFIG` names, and the
file over the default. What a person chooses in the page (`framerate`, `video_bitrate`, `audio`, `resize`) is kept; it is
weaker than flags and environment, and stronger than the file. Of several names in the environment the newest wins, and
a warning says so. A value that is set to nothing counts as not set; one that is not understood is refused. A secret has
no flag: its flag, its variable with `_FILE` and its key with `_file` name the file that holds it. The file is TOML,
`key = value`, one line for each setting.

The older names are those of the first launch scripts (seed) and of the containers that followed (successor).
`cosmos-launch lint --migrate FILE` rewrites them.

| variable | flag | key | older names | accepted | default | meaning | acted on by |
|---|---|---|---|---|---|---|---|
";

const RETIRED: &str = "
## Names without a counterpart

| variable | of | instead |
|---|---|---|
";
