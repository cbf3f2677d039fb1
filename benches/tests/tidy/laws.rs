//! The laws. Each looks at one file.

use crate::file::{File, Violation, code_of};

/// Crates and their layers. Dependencies point to lower layers only. The last column is what a crate must not
/// see though it lies lower, or comes from outside.
const LAYERS: &[(&str, u8, &[&str])] = &[
    ("cosmos-desktop", 0, &["*"]),
    ("cosmos-manual", 0, &["tokio", "cosmos-desktop"]),
    ("cosmos-auth", 1, &["tokio", "cosmos-desktop"]),
    ("cosmos-encoder", 1, &["tokio", "x11rb"]),
    ("cosmos-nvidia-driver", 1, &["tokio"]),
    ("cosmos-protocol", 1, &["tokio"]),
    ("cosmos-x11", 1, &["tokio", "gstreamer"]),
    ("cosmos-xorg-config", 1, &["tokio"]),
    ("cosmos-host", 2, &["tokio", "cosmos-x11", "cosmos-encoder", "cosmos-auth", "cosmos-protocol"]),
    ("cosmos-streaming", 2, &["cosmos-x11", "x11rb", "gstreamer"]),
    ("cosmos-vulkan-probe", 2, &["tokio", "cosmos-x11", "cosmos-auth", "cosmos-protocol"]),
    ("cosmos-launch", 3, &["cosmos-streaming", "cosmos-x11"]),
    ("cosmos-probe", 3, &["cosmos-streaming"]),
    ("cosmos-setup", 3, &["cosmos-streaming", "cosmos-x11", "cosmos-encoder"]),
    ("cosmos-stream", 3, &["cosmos-host"]),
    ("cosmos-benches", 4, &[]),
    ("xtask", 0, &["*"]),
];

/// Where a dependency may be used at all.
const ONLY: &[(&str, &[&str])] = &[
    ("axum", &["cosmos-streaming", "cosmos-stream"]),
    ("hyper", &["cosmos-streaming", "cosmos-stream"]),
    ("hyper-util", &["cosmos-streaming", "cosmos-stream"]),
    ("str0m", &["cosmos-streaming", "cosmos-stream", "cosmos-benches"]),
    ("tokio", &["cosmos-streaming", "cosmos-stream"]),
    ("gstreamer", &["cosmos-encoder", "cosmos-benches"]),
    ("x11rb", &["cosmos-x11", "cosmos-probe", "cosmos-benches"]),
];

const MAX_LINES: usize = 500;

pub fn layers(file: &File) -> Vec<Violation> {
    let name = package_name(file);
    let Some((_, layer, unseen)) = LAYERS.iter().find(|(known, ..)| *known == name) else {
        return file.violation(1, &format!("{name} is in no layer; give it one in the table of this test"));
    };
    let mut violations = Vec::new();
    for (line, dependency) in dependencies(file) {
        let below =
            LAYERS.iter().find(|(known, ..)| *known == dependency).is_none_or(|(_, at, _)| at < layer);
        let seen = !unseen.iter().any(|hidden| *hidden == "*" || *hidden == dependency);
        let here =
            ONLY.iter().find(|(only, _)| *only == dependency).is_none_or(|(_, at)| at.contains(&&*name));
        if !(below && seen && here) {
            violations.extend(file.violation(line, &format!("{name} must not depend on {dependency}")));
        }
    }
    violations
}

pub fn manifest(file: &File) -> Vec<Violation> {
    let mut section = "";
    let (mut lints, mut description) = (false, false);
    for line in file.text.lines() {
        section = if line.starts_with('[') { line.trim() } else { section };
        lints |= section == "[lints]" && line == "workspace = true";
        let text = line.strip_prefix("description = \"").and_then(|text| text.strip_suffix('"'));
        description |= section == "[package]" && text.is_some_and(|text| text.len() > 10);
    }
    let rules = [(lints, "[lints] workspace = true"), (description, "a description")];
    rules
        .iter()
        .filter(|(holds, _)| !holds)
        .flat_map(|(_, rule)| file.violation(1, &format!("lacks {rule}")))
        .collect()
}

pub fn length(file: &File) -> Vec<Violation> {
    let lines = file.text.lines().count();
    match (file.is("rs") || file.is("js")) && lines > MAX_LINES {
        true => file.violation(lines, &format!("has more than {MAX_LINES} lines")),
        false => Vec::new(),
    }
}

pub fn commands(file: &File) -> Vec<Violation> {
    let allowed = ["crates/host/", "crates/vulkan-probe/", "crates/encoder/src/child.rs", "xtask/"];
    if allowed.iter().any(|place| file.path.starts_with(place)) {
        return Vec::new();
    }
    file.product_lines_with(&[concat!("process::", "Command"), concat!("Command::", "new(")])
}

pub fn environment(file: &File) -> Vec<Violation> {
    if file.path.starts_with("xtask/") || is_args(&file.path) {
        return Vec::new();
    }
    file.product_lines_with(&[concat!("env::", "var"), concat!("env::", "set_var")])
}

pub fn unsafety(file: &File) -> Vec<Violation> {
    if !file.is("rs") {
        return Vec::new();
    }
    let island = ["ffi.rs", "shm.rs"].contains(&file.name());
    let lines: Vec<&str> = file.text.lines().collect();
    let mut violations = Vec::new();
    for (at, code) in lines.iter().map(|line| code_of(line)).enumerate() {
        let argued = lines[at.saturating_sub(8)..at].iter().any(|line| line.contains("SAFETY:"));
        let opens = has_word(code, concat!("uns", "afe")) && (code.contains('{') || code.contains("impl"));
        let allows = code.contains(concat!("allow(uns", "afe_code"));
        if (opens || allows) && !island {
            violations.extend(file.violation(at + 1, "only ffi.rs and shm.rs may do this"));
        } else if opens && !code.contains(" fn ") && !argued {
            violations.extend(file.violation(at + 1, "lacks its SAFETY argument"));
        }
    }
    violations
}

pub fn leftovers(file: &File) -> Vec<Violation> {
    let paths = [concat!("/wo", "rk/"), concat!("../sha", "red")];
    let macros = [concat!("db", "g!("), concat!("tod", "o!("), concat!("unimpl", "emented!(")];
    let macros = if file.is("rs") { &macros[..] } else { &[] };
    file.lines_with(&[&paths[..], macros].concat())
}

/// The page's Content-Security-Policy refuses these at run time; text that comes from others must never become
/// markup.
pub fn inline_code(file: &File) -> Vec<Violation> {
    if !file.path.starts_with("web/") {
        return Vec::new();
    }
    match file.extension() {
        "js" if !file.is_test() => file.lines_with(&[
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function(",
        ]),
        "html" => {
            let inline = |line: &str| {
                line.contains("<style")
                    || line.contains("javascript:")
                    || (line.contains("<script") && !line.contains("src="))
                    || attributes(line).any(|name| name == "style" || name.starts_with("on"))
            };
            file.lines_where(inline, |line| format!("inline code: {}", line.trim()))
        }
        _ => Vec::new(),
    }
}

/// A manifest of a member, and neither the root's nor that of another workspace.
pub fn is_manifest(file: &File) -> bool {
    file.name() == "Cargo.toml" && file.path != "Cargo.toml" && !file.path.starts_with("fuzz/")
}

fn package_name(file: &File) -> String {
    let name = file.text.lines().find_map(|line| line.strip_prefix("name = \""));
    name.unwrap_or_default().trim_end_matches('"').to_owned()
}

/// All dependencies, of tests and build scripts too, with the lines they stand on.
fn dependencies(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (line, number) in file.text.lines().zip(1..) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies");
            if let Some((_, name)) = section.split_once("dependencies.") {
                found.push((number, name.trim_matches('"').to_owned()));
            }
        } else if inside && !line.trim_start().is_empty() && !line.trim_start().starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.push((number, name.trim_matches('"').to_owned()));
        }
    }
    found
}

/// `bins/NAME/src/args.rs`, or a file of a module of that name.
fn is_args(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], ["bins", _, "src", "args.rs"] | ["bins", _, "src", "args", ..])
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

/// The names of the attributes on a line of HTML.
fn attributes(line: &str) -> impl Iterator<Item = &str> {
    let names = line.split(['=']).filter_map(|before| before.rsplit([' ', '"', '\'', '<', '>']).next());
    names.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
