//! Names and values as they stand in addresses and forms.

/// The pairs as one text.
pub(super) fn encode(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", escape(name), escape(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A text with everything escaped that could mean something.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The value of a name; nothing where it stands there twice, is no text or is longer than any that is sent.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let mut found = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(key).as_deref() == Some(name)).then_some(value)
    });
    match (found.next(), found.next()) {
        (Some(value), None) if value.len() <= LONGEST => unescape(value),
        _ => None,
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// In bytes, escaped.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_reads_the_same_again() {
        for text in ["", "plain-._~", "a b&c=d#e%f+g", "https://h/ä?x", "\r\n\0"] {
            let query = encode(&[("before", "1"), ("it", text), ("after", "2")]);
            assert!(query.bytes().all(|byte| byte.is_ascii_graphic()), "{query}");
            assert_eq!(value(&query, "it").as_deref(), Some(text), "{query}");
        }
    }

    #[test]
    fn only_one_sound_value_counts() {
        let long = format!("a={}", "x".repeat(LONGEST + 1));
        for (query, expected) in [
            ("a=1", Some("1")),
            ("b=2&a=1", Some("1")),
            ("%61=1+2", Some("1 2")),
            ("a", Some("")),
            ("a=1&a=1", None),
            ("a=%", None),
            ("a=%4", None),
            ("a=%zz", None),
            ("a=%+4", None),
            ("a=%ff", None),
            ("", None),
            (&long, None),
        ] {
            assert_eq!(value(query, "a").as_deref(), expected, "{query:.40}");
        }
    }
}
