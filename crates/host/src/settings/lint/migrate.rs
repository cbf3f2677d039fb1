//! The same text with today's names.

use std::{collections::BTreeSet, ops::Range};

use super::{
    InputKind, Options, Rule,
    check::{Decision, decisions},
    examine,
    model::{Given, Text},
    steps,
};
use crate::settings::{Known, Meaning};

/// A text with today's names, and how much was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The text.
    pub text: String,
    /// The number of variables that were renamed or taken out.
    pub changes: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// Rewrites older names to today's and takes out names that have no effect. A name whose value
/// comes from the same name outside of the text stays, for it would have to change there too. Nothing else changes: comments, order,
/// quotes and spaces stay. A text that cannot be read to its end stays as it is. What cannot be changed without rewriting more than a name, its value or a line of its
/// own stays too.
///
/// ```
/// use cosmos_host::settings::lint::{Options, migrate};
/// let old = "# the screen\nSIZEW=2560\nSIZEH=1440\nAPP_AUTO_INIT=false\n";
/// let new = migrate(old, &Options::default());
/// assert_eq!(new.text, "# the screen\nCOSMOS_WIDTH=2560\nCOSMOS_HEIGHT=1440\nCOSMOS_APP_WAIT_READY=true\n");
/// assert_eq!(new.changes, 3);
/// ```
pub fn migrate(text: &str, options: &Options) -> Migration {
    let (kind, deployment, _) = examine(text, options);
    let broken = deployment.drafts.iter().any(|draft| draft.rule == Rule::Syntax);
    if broken && kind != Some(InputKind::Env) {
        return Migration { text: text.to_owned(), changes: 0 };
    }
    let mut changes: Vec<Vec<Edit>> = Vec::new();
    for container in deployment.desktops() {
        changes
            .extend(decisions(container).into_iter().filter_map(|(given, decision)| edits(given, decision)));
    }
    // Several containers may share a list.
    changes.sort();
    changes.dedup();
    apply(text, &changes)
}

/// What one variable needs; `None` where it stays.
fn edits(given: &Given, decision: Decision) -> Option<Vec<Edit>> {
    match decision {
        Decision::Keep => None,
        Decision::Outdone(_) | Decision::Useless => Some(vec![edit(given.remove.clone()?, "")]),
        // Another name would take another value, or none.
        Decision::Rename(..) if matches!(given.value, Text::Inherited) => None,
        Decision::Rename(today, opposite) => {
            let inverted =
                matches!(given.known(), Some(Known::Older(_, older)) if older.meaning == Meaning::Inverted);
            let mut edits = vec![edit(given.name.exact.then(|| given.name.span.clone())?, &today)];
            if inverted {
                edits.push(edit(given.here()?.span.clone(), opposite?));
            }
            Some(edits)
        }
    }
}

fn edit(span: Range<usize>, text: &str) -> Edit {
    Edit { start: span.start, end: span.end, text: text.to_owned() }
}

/// Of changes that overlap, only the first is made.
fn apply(text: &str, changes: &[Vec<Edit>]) -> Migration {
    let mut accepted: BTreeSet<&Edit> = BTreeSet::new();
    let mut count = 0;
    for change in changes {
        if change.iter().all(|edit| is_apart(&accepted, edit)) {
            accepted.extend(change);
            count += 1;
        }
    }
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    for edit in accepted {
        written.push_str(text.get(at..edit.start).unwrap_or_default());
        written.push_str(&edit.text);
        at = edit.end;
    }
    written.push_str(text.get(at..).unwrap_or_default());
    Migration { text: written, changes: count }
}

/// Accepted edits do not overlap, so only the last one that begins before the end of another can overlap that.
fn is_apart(accepted: &BTreeSet<&Edit>, edit: &Edit) -> bool {
    steps::add(1);
    let end = Edit { start: edit.end, end: 0, text: String::new() };
    accepted.range::<Edit, _>(..&end).next_back().is_none_or(|other| other.end <= edit.start)
}
