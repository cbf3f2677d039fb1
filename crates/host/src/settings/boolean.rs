//! Yes and no, by a closed list of words.

/// What a word means; `None` for words that are not in the list. In any case, without spaces around.
pub(super) fn parse(text: &str) -> Option<bool> {
    let word = text.trim().to_ascii_lowercase();
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
}

/// The words, as a sentence ends with them.
pub(super) const ACCEPTED: &str = "true, false, 1, 0, yes or no";

const WORDS: [(&str, bool); 6] =
    [("true", true), ("false", false), ("1", true), ("0", false), ("yes", true), ("no", false)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_list_and_no_other() {
        for (text, meaning) in [
            ("true", Some(true)),
            ("True", Some(true)),
            (" 1 ", Some(true)),
            ("YES", Some(true)),
            ("false", Some(false)),
            ("0", Some(false)),
            ("No", Some(false)),
            ("", None),
            ("on", None),
            ("2", None),
            ("enabled", None),
            ("truee", None),
        ] {
            assert_eq!(parse(text), meaning, "{text:?}");
        }
        assert!(WORDS.iter().all(|(word, _)| ACCEPTED.contains(word)));
    }
}
