//! What must be done to an object to make another of it, as JSON Patch (RFC 6902).

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::Object;

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Operation {
    op: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// Steps for one object, or for all of a kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Patch {
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
    pub(super) operations: Vec<Operation>,
}

/// The steps from the objects `before` to those `after`, which are of the same kinds and names in the same order.
/// Where they are the same for all of a kind, they are said once.
pub(super) fn patches(before: &[Object], after: &[Object]) -> Vec<Patch> {
    let mut patches: Vec<Patch> = Vec::new();
    for (before, after) in before.iter().zip(after) {
        let mut steps = Vec::new();
        difference(String::new(), &before.value, &after.value, &mut steps);
        patches.push(Patch { kind: before.kind, name: Some(before.name.clone()), operations: steps });
    }
    merged(&patches)
}

impl Operation {
    pub(super) fn add(path: &str, value: Value) -> Self {
        Self { op: "add", path: path.to_owned(), value: Some(value) }
    }
}

fn merged(patches: &[Patch]) -> Vec<Patch> {
    let mut merged: Vec<Patch> = Vec::new();
    for patch in patches {
        let mut of_kind = patches.iter().filter(|other| other.kind == patch.kind);
        let same = of_kind.all(|other| other.operations == patch.operations);
        let name = if same { None } else { patch.name.clone() };
        let patch = Patch { kind: patch.kind, name, operations: patch.operations.clone() };
        if !patch.operations.is_empty() && !merged.contains(&patch) {
            merged.push(patch);
        }
    }
    merged
}

fn difference(path: String, before: &Value, after: &Value, steps: &mut Vec<Operation>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(before), Value::Object(after)) => of_objects(&path, before, after, steps),
        (Value::Array(before), Value::Array(after)) if after.len() >= before.len() => {
            let (common, more) = after.split_at(before.len());
            for (at, (before, after)) in before.iter().zip(common).enumerate() {
                difference(format!("{path}/{at}"), before, after, steps);
            }
            // At the end, wherever that is once other patches have been applied.
            steps.extend(more.iter().map(|value| Operation::add(&format!("{path}/-"), value.clone())));
        }
        (_, after) => steps.push(Operation { op: "replace", path, value: Some(after.clone()) }),
    }
}

fn of_objects(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    steps: &mut Vec<Operation>,
) {
    let below = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    for (key, value) in before {
        match after.get(key) {
            Some(after) => difference(below(key), value, after, steps),
            None => steps.push(Operation { op: "remove", path: below(key), value: None }),
        }
    }
    let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
    steps.extend(new.map(|(key, value)| Operation::add(&below(key), value.clone())));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_steps_lead_from_one_to_the_other() {
        for (before, after, steps) in [
            (json!({"a": 1}), json!({"a": 1}), json!([])),
            (json!({"a": 1}), json!({"a": 2}), json!([{"op": "replace", "path": "/a", "value": 2}])),
            (json!({"a": 1}), json!({}), json!([{"op": "remove", "path": "/a"}])),
            (json!({}), json!({"x/y~": 1}), json!([{"op": "add", "path": "/x~1y~0", "value": 1}])),
            (json!([1]), json!([1, 2]), json!([{"op": "add", "path": "/-", "value": 2}])),
            (json!([1, 2]), json!([1]), json!([{"op": "replace", "path": "", "value": [1]}])),
            (
                json!({"a": [{"b": 1}]}),
                json!({"a": [{"b": 2}]}),
                json!([{"op": "replace", "path": "/a/0/b", "value": 2}]),
            ),
        ] {
            let mut found = Vec::new();
            difference(String::new(), &before, &after, &mut found);
            assert_eq!(serde_json::to_value(found).unwrap_or_default(), steps, "{before} {after}");
        }
    }

    #[test]
    fn what_is_the_same_for_all_of_a_kind_is_said_once() {
        let object = |name: &str, value| Object { kind: "Service", name: name.to_owned(), value };
        let before = [object("a", json!({})), object("b", json!({}))];
        let alike = patches(&before, &[object("a", json!({"x": 1})), object("b", json!({"x": 1}))]);
        assert!(matches!(&alike[..], [Patch { name: None, .. }]));
        let unlike = patches(&before, &[object("a", json!({"x": 1})), object("b", json!({"x": 2}))]);
        assert!(
            matches!(&unlike[..], [Patch { name: Some(a), .. }, Patch { name: Some(b), .. }] if a == "a" && b == "b")
        );
        let one = patches(&before, &[object("a", json!({"x": 1})), object("b", json!({}))]);
        assert!(matches!(&one[..], [Patch { name: Some(a), .. }] if a == "a"));
    }
}
