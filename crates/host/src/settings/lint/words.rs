//! The words of a shell command, with their places.

use std::ops::Range;

use super::model::Spanned;

/// A word after quotes and backslashes were taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    /// In bytes of the file, quotes included.
    pub span: Range<usize>,
    /// Where each byte of the text stands.
    map: Vec<usize>,
    /// Whether the shell would put something else in the place of a part of it.
    pub substituted: bool,
}

/// A quote or a bracket that is never closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclosed(pub usize);

impl Word {
    /// A part of the word.
    pub fn part(&self, source: &str, range: Range<usize>) -> Spanned {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let span =
            match (self.map.get(range.start), range.end.checked_sub(1).and_then(|last| self.map.get(last))) {
                (Some(first), Some(last)) if !text.is_empty() => *first..last + 1,
                _ => self.span.end..self.span.end,
            };
        let exact = source.get(span.clone()) == Some(&text);
        Spanned { text, span, exact }
    }
}

/// Splits a text into commands and these into words: at line ends, `;`, `&`, `|`, brackets and redirections.
/// Comments are left out. What follows an unclosed quote belongs to the last word.
pub(super) fn commands(source: &str) -> (Vec<Vec<Word>>, Option<Unclosed>) {
    let mut reader =
        Reader { source, at: 0, word: None, command: Vec::new(), commands: Vec::new(), unclosed: None };
    while let Some(sign) = reader.peek() {
        reader.step(sign);
    }
    reader.end_command();
    (reader.commands, reader.unclosed)
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    word: Option<Word>,
    command: Vec<Word>,
    commands: Vec<Vec<Word>>,
    unclosed: Option<Unclosed>,
}

impl Reader<'_> {
    fn step(&mut self, sign: char) {
        match sign {
            '\\' => self.escape(),
            '\'' => self.single(),
            '"' => self.double(),
            '$' => self.dollar(),
            '`' => self.until('`'),
            '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => {
                self.end_command();
                self.skip();
            }
            '#' if self.word.is_none() => self.comment(),
            sign if sign.is_whitespace() => {
                self.end_word();
                self.skip();
            }
            sign => self.take(sign),
        }
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn skip(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn begin(&mut self) -> &mut Word {
        let at = self.at;
        self.word.get_or_insert_with(|| Word {
            text: String::new(),
            span: at..at,
            map: Vec::new(),
            substituted: false,
        })
    }

    fn take(&mut self, sign: char) {
        let at = self.at;
        let word = self.begin();
        word.text.push(sign);
        word.map.extend(at..at + sign.len_utf8());
        self.skip();
    }

    fn end_word(&mut self) {
        if let Some(mut word) = self.word.take() {
            word.span.end = self.at;
            self.command.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    fn comment(&mut self) {
        self.at += self.source[self.at..].find('\n').unwrap_or(self.source.len() - self.at);
    }

    /// A backslash before a line end joins the lines, of files from Windows too.
    fn escape(&mut self) {
        let rest = &self.source[self.at + 1..];
        if let Some(end) = ["\n", "\r\n"].iter().find(|end| rest.starts_with(**end)) {
            self.at += 1 + end.len();
            return;
        }
        self.begin();
        self.skip();
        if let Some(sign) = self.peek() {
            self.take(sign);
        }
    }

    fn single(&mut self) {
        let open = self.at;
        self.begin();
        self.skip();
        loop {
            match self.peek() {
                None => return self.lacks(open),
                Some('\'') => return self.skip(),
                Some(sign) => self.take(sign),
            }
        }
    }

    fn double(&mut self) {
        let open = self.at;
        self.begin();
        self.skip();
        loop {
            match self.peek() {
                None => return self.lacks(open),
                Some('"') => return self.skip(),
                Some('$') => self.dollar(),
                Some('`') => self.until('`'),
                Some('\\') if self.source[self.at + 1..].starts_with(['"', '\\', '$', '`']) => {
                    self.skip();
                    self.peek().into_iter().for_each(|sign| self.take(sign));
                }
                Some('\\') if self.source[self.at + 1..].starts_with('\n') => self.at += 2,
                Some(sign) => self.take(sign),
            }
        }
    }

    fn dollar(&mut self) {
        let next = self.source[self.at + 1..].chars().next();
        match next {
            Some('(') => self.brackets('(', ')'),
            Some('{') => self.brackets('{', '}'),
            Some(sign) => {
                let substituted = sign.is_alphanumeric() || "_?$!@*#-'\"".contains(sign);
                self.begin().substituted |= substituted;
                self.take('$');
            }
            None => self.take('$'),
        }
    }

    /// Something that the shell runs or replaces, taken as it stands.
    fn brackets(&mut self, open: char, close: char) {
        let start = self.at;
        self.begin().substituted = true;
        self.take('$');
        let mut depth = 0_usize;
        while let Some(sign) = self.peek() {
            depth += usize::from(sign == open);
            depth -= usize::from(sign == close && depth > 0);
            self.take(sign);
            if depth == 0 {
                return;
            }
        }
        self.lacks(start);
    }

    fn until(&mut self, close: char) {
        let start = self.at;
        self.begin().substituted = true;
        self.take(close);
        while let Some(sign) = self.peek() {
            self.take(sign);
            if sign == close {
                return;
            }
        }
        self.lacks(start);
    }

    fn lacks(&mut self, open: usize) {
        self.unclosed.get_or_insert(Unclosed(open));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::*;

    fn texts(source: &str) -> Vec<Vec<String>> {
        let (commands, _) = commands(source);
        commands.into_iter().map(|words| words.into_iter().map(|word| word.text).collect()).collect()
    }

    #[test]
    fn commands_end_where_the_shell_ends_them() {
        for (source, expected) in [
            ("a b\nc", vec![vec!["a", "b"], vec!["c"]]),
            ("a \\\n  b # c\nd;e", vec![vec!["a", "b"], vec!["d"], vec!["e"]]),
            ("a \\\r\n b", vec![vec!["a", "b"]]),
            ("a 'b c' \"d \\\" e\" f\\ g", vec![vec!["a", "b c", "d \" e", "f g"]]),
            ("a$(b c) `d e` ${f g}", vec![vec!["a$(b c)", "`d e`", "${f g}"]]),
            ("a && b | c > d", vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"]]),
            ("a#b ''", vec![vec!["a#b", ""]]),
        ] {
            assert_eq!(texts(source), expected, "{source}");
        }
    }

    #[test]
    fn parts_know_their_places() {
        let source = "docker -e 'NAME=va lue' NA\"M\"E=x";
        let (commands, _) = commands(source);
        let quoted = commands[0][2].part(source, 5..11);
        assert_eq!((quoted.text.as_str(), quoted.exact, &source[quoted.span]), ("va lue", true, "va lue"));
        let broken = commands[0][3].part(source, 0..4);
        assert_eq!((broken.text.as_str(), broken.exact), ("NAME", false));
    }

    #[test]
    fn what_the_shell_replaces_and_what_is_not_closed_is_told() {
        let substituted = |source: &str| commands(source).0[0][0].substituted;
        assert!(substituted("a$B") && substituted("\"$B\"") && substituted("$(a)") && substituted("`a`"));
        assert!(!substituted("'$B'") && !substituted("\\$B") && !substituted("a$"));
        for (source, at) in [("a 'b", 2), ("a \"b", 2), ("a $(b", 2), ("a `b", 2)] {
            assert_eq!(commands(source).1, Some(Unclosed(at)), "{source}");
        }
    }

    proptest! {
        #[test]
        fn plain_words_are_those_of_another_reader(source in "([a-z=äÖ,.:/-]{1,4}|'[^'\n]{0,4}'|\"[a-z ']{0,4}\"|\\\\[a-z \"']| |\t){0,12}") {
            let expected = shell_words::split(&source).unwrap();
            prop_assert_eq!(texts(&source).concat(), expected);
        }

        #[test]
        fn no_text_panics_and_every_place_is_a_place(source in "(\\PC|[$`'\"\\\\(){}#;\n]){0,40}") {
            for word in commands(&source).0.concat() {
                prop_assert!(source.get(word.span.clone()).is_some());
                for end in (0..=word.text.len()).filter(|end| word.text.is_char_boundary(*end)) {
                    let part = word.part(&source, 0..end);
                    prop_assert!(source.get(part.span).is_some());
                }
            }
        }
    }
}
