//! From claims to a person: who they are, and what they may do.

use cosmos_auth::{MAX_USER, Rights, Role};
use serde_json::{Map, Value};

use super::OidcConfig;

/// What a provider says of somebody.
pub(super) type Claims = Map<String, Value>;

/// Why somebody whom the provider knows may not come in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPerson {
    /// The claim that names them is missing, or no name.
    #[error("the claim {0:?} names nobody, in one text of 1 to {MAX_USER} bytes")]
    Nameless(String),
    /// Anybody may have entered this address.
    #[error("the provider has not checked that the address {0:?} is theirs")]
    Unchecked(String),
    /// No list names them.
    #[error("{user:?} has no value of the claim {claim:?} that gives a role")]
    Uninvited { user: String, claim: String },
}

/// Their name, and the most that any value of their claim gives.
pub(super) fn person(config: &OidcConfig, claims: &Claims) -> Result<(String, Rights), NoPerson> {
    let user = name(claims, &config.user_claim)?;
    if [&config.user_claim, &config.role_claim].iter().any(|claim| *claim == EMAIL) && !is_checked(claims) {
        return Err(NoPerson::Unchecked(user));
    }
    let values = claim(claims, &config.role_claim).map(texts).unwrap_or_default();
    let gives = |list: &[String]| {
        list.iter().any(|known| !values.is_empty() && known == ALL || values.contains(&known.as_str()))
    };
    let role: Option<Role> = config.roles.iter().filter(|(_, list)| gives(list)).map(|(role, _)| *role).max();
    let uninvited = || NoPerson::Uninvited { user: user.clone(), claim: config.role_claim.clone() };
    let rights = Rights::of(role.ok_or_else(uninvited)?);
    Ok((user, rights))
}

/// Whether all that is asked for is there.
pub(super) fn is_complete(config: &OidcConfig, claims: &Claims) -> bool {
    let there = |name: &str| claim(claims, name).is_some() && (name != EMAIL || claims.contains_key(CHECKED));
    there(&config.user_claim) && there(&config.role_claim)
}

fn name(claims: &Claims, of: &str) -> Result<String, NoPerson> {
    let sound =
        |name: &&str| !name.is_empty() && name.len() <= MAX_USER && !name.chars().any(char::is_control);
    let name = claim(claims, of).and_then(Value::as_str).filter(sound);
    name.map(str::to_owned).ok_or_else(|| NoPerson::Nameless(of.to_owned()))
}

fn is_checked(claims: &Claims) -> bool {
    match claims.get(CHECKED) {
        Some(Value::Bool(checked)) => *checked,
        // Some providers write everything as text.
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// A claim by its name, or else by the way to it, as `realm_access.roles`: names of claims may hold dots themselves.
fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut way = name.split('.');
        let first = claims.get(way.next()?)?;
        way.try_fold(first, |value, name| value.get(name))
    })
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

const EMAIL: &str = "email";
const CHECKED: &str = "email_verified";
const ALL: &str = "*";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;

    fn config(user: &str, role: &str, lists: [&str; 3]) -> OidcConfig {
        let list = |text: &str| text.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        OidcConfig {
            issuer: "https://id.example.org".parse().unwrap(),
            client_id: "desk".into(),
            client_secret: None,
            name: "Example".into(),
            scopes: "openid".into(),
            user_claim: user.into(),
            role_claim: role.into(),
            roles: Role::ALL.into_iter().zip(lists.map(list)).collect(),
            redirect: None,
        }
    }

    fn check(config: &OidcConfig, claims: &Value, expected: &str) {
        let found = match person(config, claims.as_object().unwrap()) {
            Ok((user, rights)) => format!("{user} {rights}"),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected) && !expected.is_empty(), "{claims}: {found}");
    }

    #[test]
    fn nobody_comes_in_until_somebody_is_named() {
        check(&config("sub", "sub", ["", "", ""]), &json!({ "sub": "ada" }), "gives a role");
        check(
            &config("sub", "groups", ["", "", ""]),
            &json!({ "sub": "ada", "groups": ["*", ""] }),
            "gives a role",
        );
    }

    #[test]
    fn the_most_that_a_claim_gives_counts() {
        let groups = config("sub", "groups", ["*", "staff", "admins,root"]);
        for (claims, expected) in [
            (json!({ "sub": "ada", "groups": ["staff", "admins"] }), "ada owner"),
            (json!({ "sub": "ada", "groups": "staff" }), "ada controller"),
            (json!({ "sub": "ada", "groups": ["guests"] }), "ada viewer"),
            (json!({ "sub": "ada", "groups": ["Staff", 7, null] }), "ada viewer"),
            (json!({ "sub": "ada", "groups": [] }), "gives a role"),
            (json!({ "sub": "ada", "groups": { "staff": true } }), "gives a role"),
            (json!({ "sub": "ada" }), "gives a role"),
        ] {
            check(&groups, &claims, expected);
        }
        let nested = config("sub", "realm_access.roles", ["", "", "admins"]);
        check(&nested, &json!({ "sub": "ada", "realm_access": { "roles": ["admins"] } }), "ada owner");
        check(&nested, &json!({ "sub": "ada", "realm_access.roles": "admins" }), "ada owner");
        check(&nested, &json!({ "sub": "ada", "realm_access": "admins" }), "gives a role");
    }

    #[test]
    fn an_address_counts_where_it_was_checked() {
        let mail = config("email", "email", ["", "", "ada@example.org"]);
        for (claims, expected) in [
            (json!({ "email": "ada@example.org", "email_verified": true }), "ada@example.org owner"),
            (json!({ "email": "ada@example.org", "email_verified": "true" }), "ada@example.org owner"),
            (json!({ "email": "ada@example.org", "email_verified": false }), "has not checked"),
            (json!({ "email": "ada@example.org" }), "has not checked"),
            (json!({ "email": "eve@example.org", "email_verified": true }), "gives a role"),
        ] {
            check(&mail, &claims, expected);
        }
        let named = config("sub", "email", ["", "", "ada@example.org"]);
        check(&named, &json!({ "sub": "eve", "email": "ada@example.org" }), "has not checked");
    }

    #[test]
    fn a_name_is_one_short_text() {
        let all = config("name", "sub", ["*", "", ""]);
        for name in [json!(""), json!("x".repeat(65)), json!("a\nb"), json!(["ada"]), json!(7), json!(null)] {
            check(&all, &json!({ "name": name, "sub": "1" }), "names nobody");
        }
        check(&all, &json!({ "name": "Ada L.", "sub": "1" }), "Ada L. viewer");
    }
}
