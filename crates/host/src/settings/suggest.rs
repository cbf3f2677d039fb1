//! What somebody may have meant.

/// The nearest of the known names, if it is so near that a slip of the hand explains the difference: one letter for
/// every four, in any case, two of them swapped counting once.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MOST {
        return None;
    }
    let name = name.to_ascii_uppercase();
    let distance = |other: &str| strsim::osa_distance(&name, &other.to_ascii_uppercase());
    let near = known.map(|other| (distance(other), other)).filter(|(distance, other)| {
        *distance > 0 && *distance <= (other.len().min(name.len()) / LETTERS_PER_SLIP).min(MOST_SLIPS)
    });
    near.min_by_key(|(distance, other)| (*distance, other.len())).map(|(_, other)| other)
}

const LETTERS_PER_SLIP: usize = 4;
const MOST_SLIPS: usize = 3;
/// Longer than any name.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_and_strangers_are_not() {
        let known = || ["SIZEW", "SIZEH", "TURN_HOST", "TZ", "DPI", "PASSWD"].into_iter();
        for (name, meant) in [
            ("SIZWE", Some("SIZEW")),
            ("TURN_HOTS", Some("TURN_HOST")),
            ("turn_hosts", Some("TURN_HOST")),
            ("PASWD", Some("PASSWD")),
            ("TX", None),
            ("DPR", None),
            ("HOME", None),
            ("TURN", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known()), meant, "{name}");
        }
    }
}
