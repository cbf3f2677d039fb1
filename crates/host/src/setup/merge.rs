//! Settings of several people in one file: ours put in, and taken out again without theirs.

use serde_json::{Map, Value};

/// Puts members into a whole, at any depth; what stands there under the same names gives way.
pub fn put(whole: &mut Value, members: &Value) {
    let Value::Object(members) = members else {
        *whole = members.clone();
        return;
    };
    if !whole.is_object() {
        *whole = Value::Object(Map::new());
    }
    let Value::Object(whole) = whole else { unreachable!("it was made an object") };
    for (name, value) in members {
        put(whole.entry(name.clone()).or_insert(Value::Null), value);
    }
}

/// What is now, without the difference between what was before and what we have made of it. A member that was changed
/// since is its user's, and stays.
pub fn take_out(before: Option<&Value>, ours: &Value, now: &Value) -> Option<Value> {
    if now == ours {
        return before.cloned();
    }
    let (Value::Object(ours), Value::Object(now)) = (ours, now) else { return Some(now.clone()) };
    let empty = Map::new();
    let earlier = before.and_then(Value::as_object).unwrap_or(&empty);
    let mut result = Map::new();
    for (name, value) in now {
        let kept = match ours.get(name) {
            Some(ours) => take_out(earlier.get(name), ours, value),
            None => Some(value.clone()),
        };
        result.extend(kept.map(|value| (name.clone(), value)));
    }
    // What we have replaced and its user has removed since stays removed; what we have left alone is in `now`.
    match result.is_empty() && before.is_none() {
        true => None,
        false => Some(Value::Object(result)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_go_in_and_come_out() {
        let ours = json!({"runtimes": {"nvidia": {"args": [], "path": "p"}}});
        for (before, later, after) in [
            (json!(null), json!({}), json!(null)),
            (json!({}), json!({}), json!({})),
            (json!({"a": 1}), json!({}), json!({"a": 1})),
            (json!({"a": 1}), json!({"a": 2, "b": 3}), json!({"a": 2, "b": 3})),
            (json!(null), json!({"b": 3}), json!({"b": 3})),
            (json!({"runtimes": {"kata": {}}}), json!({}), json!({"runtimes": {"kata": {}}})),
            (json!(null), json!({"runtimes": {"kata": {}}}), json!({"runtimes": {"kata": {}}})),
            (
                json!({"runtimes": {"nvidia": {"path": "old"}}}),
                json!({}),
                json!({"runtimes": {"nvidia": {"path": "old"}}}),
            ),
            (
                json!({}),
                json!({"runtimes": {"nvidia": {"path": "mine"}}}),
                json!({"runtimes": {"nvidia": {"path": "mine"}}}),
            ),
        ] {
            let was = Some(&before).filter(|before| !before.is_null());
            let mut written = before.clone();
            put(&mut written, &ours);
            let mut now = written.clone();
            put(&mut now, &later);
            let result = take_out(was, &written, &now).unwrap_or(Value::Null);
            assert_eq!(result, after, "{before} {later}");
        }
    }
}
