//! Whether a change is in force: looks, and changes nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Content, Entry, Packages, Record, Seen, Tree, apt, keys, make::guacamole_users, tree::Kind,
};

/// Whether a change of a step is in force.
pub fn holds(tree: &Tree, packages: &Packages, record: &Record, step: &str, change: &Change) -> bool {
    match change {
        Change::File { path, mode, owner, content } => {
            let right = |entry: Entry| entry.kind == Kind::File && has_rights(entry, *mode, *owner, content);
            let there = tree.entry(path).ok().flatten().is_some_and(right);
            there && tree.read(path).ok().flatten().is_some_and(|bytes| has_content(tree, content, &bytes))
        }
        Change::Link { path, target } => tree.target(path).as_ref() == Some(target),
        Change::Lists { names } => {
            let lists = tree.names(LISTS);
            let is_there = |name: &String| {
                let fits = |list: &String| list.starts_with(name.as_str()) && list.ends_with("Release");
                lists.iter().any(fits)
            };
            names.iter().all(is_there)
        }
        Change::Packages { wanted } => wanted.iter().all(|wanted| apt::is_met(wanted, packages)),
        Change::Member { user, group } => is_member(tree, user, group),
        Change::Run { only_with: Some(path), .. } if !tree.exists(path) => true,
        Change::Run { seen, .. } => match seen {
            Seen::Path(path) => tree.exists(path),
            Seen::Line { file, text } => tree.text(file).is_some_and(|all| all.contains(text.as_str())),
            Seen::Journal => record.has_made(step, change),
            Seen::Always => false,
        },
    }
}

/// Whether it is a look at something rather than a change.
pub const fn is_look(change: &Change) -> bool {
    matches!(change, Change::Run { seen: Seen::Always, .. })
}

/// A file with settings of others keeps the rights that it has.
fn has_rights(entry: Entry, mode: u32, owner: u32, content: &Content) -> bool {
    let same = entry.mode == mode && (entry.uid == owner || owner == 0);
    same || matches!(content, Content::Json(_))
}

fn has_content(tree: &Tree, content: &Content, bytes: &[u8]) -> bool {
    match content {
        Content::Text(text) => bytes == text.as_bytes(),
        Content::Key { fingerprints, .. } => are_accepted(&keys::fingerprints(bytes), fingerprints),
        Content::Json(members) => serde_json::from_slice(bytes).is_ok_and(|whole| contains(&whole, members)),
        Content::Password => !bytes.is_empty(),
        Content::GuacamoleUsers { user, password, host } => {
            guacamole_users(tree, user, password, host).is_some_and(|text| text.as_bytes() == bytes)
        }
    }
}

/// Whether there are keys, and none but those that are expected.
pub fn are_accepted(found: &[String], expected: &[String]) -> bool {
    let expected: BTreeSet<String> = expected.iter().map(|print| print.to_ascii_uppercase()).collect();
    !found.is_empty() && found.iter().all(|print| expected.contains(print))
}

/// Whether all members stand in the whole, at any depth.
pub fn contains(whole: &Value, members: &Value) -> bool {
    match (whole, members) {
        (Value::Object(whole), Value::Object(members)) => {
            members.iter().all(|(name, value)| whole.get(name).is_some_and(|there| contains(there, value)))
        }
        _ => whole == members,
    }
}

fn is_member(tree: &Tree, user: &str, group: &str) -> bool {
    let text = tree.text("/etc/group").unwrap_or_default();
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    lines.any(|fields| {
        fields.len() == 4 && fields[0] == group && fields[3].split(',').any(|name| name == user)
    })
}

const LISTS: &str = "/var/lib/apt/lists";
