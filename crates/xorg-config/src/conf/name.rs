//! How the server compares names: sections, keywords, options, booleans and identifiers alike.

/// Whether two names are one to the server: case, `_`, space and tab do not count.
///
/// A name without a single character equals only another such name; one of underscores and blanks alone equals any
/// other of its kind (`xf86nameCompare` of xorg-server).
///
/// ```
/// use cosmos_xorg_config::same_name;
/// assert!(same_name("DPMS", "d_p m s"));
/// assert!(!same_name("Monitor0", "Monitor1"));
/// ```
pub fn same_name(left: &str, right: &str) -> bool {
    if left.is_empty() || right.is_empty() {
        return left.is_empty() && right.is_empty();
    }
    let (first, second) = (left.as_bytes()[0], right.as_bytes()[0]);
    if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() && !first.eq_ignore_ascii_case(&second) {
        return false;
    }
    left.eq_ignore_ascii_case(right) || significant(left).eq(significant(right))
}

/// What a boolean option means: `None` where the server would not take it for one.
///
/// Without a value an option is on.
///
/// ```
/// use cosmos_xorg_config::boolean;
/// assert_eq!((boolean(""), boolean("Yes"), boolean("off"), boolean("maybe")), (Some(true), Some(true), Some(false), None));
/// ```
pub fn boolean(value: &str) -> Option<bool> {
    let is = |names: [&str; 4]| names.iter().any(|name| same_name(name, value));
    match value {
        "" => Some(true),
        _ if is(["1", "on", "true", "yes"]) => Some(true),
        _ if is(["0", "off", "false", "no"]) => Some(false),
        _ => None,
    }
}

/// The first 40 characters, for a message.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

fn significant(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| !matches!(byte, b'_' | b' ' | b'\t')).map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_the_server_does() {
        for (left, right, same) in [
            ("endsection", "End_Section", true),
            ("endsection", "END SECTION\t", true),
            ("", "", true),
            ("", "_", false),
            ("_", " ", true),
            ("a", "", false),
            ("screen", "screens", false),
            ("é", "É", false),
        ] {
            assert_eq!(same_name(left, right), same, "{left:?} {right:?}");
            assert_eq!(same_name(right, left), same, "{right:?} {left:?}");
        }
    }
}
