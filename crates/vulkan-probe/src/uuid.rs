//! UUIDs, by which the interfaces mean the same GPU.

/// Whether two spellings mean the same UUID: `GPU-` in front, upper case and missing hyphens do not matter.
pub fn same_uuid(one: &str, other: &str) -> bool {
    let digits = |text: &str| {
        let text =
            text.get(..4).filter(|start| start.eq_ignore_ascii_case("gpu-")).map_or(text, |_| &text[4..]);
        text.chars().filter(|digit| *digit != '-').map(|digit| digit.to_ascii_lowercase()).collect::<String>()
    };
    let one = digits(one);
    one.len() == 32 && one == digits(other)
}

/// The usual spelling, with hyphens. Sixteen zeroes mean that there is none.
pub(crate) fn text(bytes: &[u8; 16]) -> Option<String> {
    if bytes == &[0; 16] {
        return None;
    }
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_joined() {
        let vulkan = "01234567-89ab-cdef-0123-456789abcdef";
        for (other, same) in [
            ("GPU-01234567-89ab-cdef-0123-456789abcdef", true),
            ("gpu-01234567-89AB-CDEF-0123-456789ABCDEF", true),
            ("0123456789abcdef0123456789abcdef", true),
            ("GPU-01234567-89ab-cdef-0123-456789abcdee", false),
            ("GPU-01234567", false),
            ("", false),
        ] {
            assert_eq!(same_uuid(vulkan, other), same, "{other}");
        }
        assert!(!same_uuid("", ""), "nothing is not the same GPU as nothing");
    }

    #[test]
    fn bytes_become_the_usual_spelling() {
        let bytes = std::array::from_fn(|index| index as u8);
        assert_eq!(text(&bytes).as_deref(), Some("00010203-0405-0607-0809-0a0b0c0d0e0f"));
        assert_eq!(text(&[0; 16]), None);
    }
}
