//! The tokens of a configuration file, with their places.

/// What a token is. Comments and blanks are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word.
    Word,
    /// Text in quotes.
    Text,
    /// A number without a sign.
    Number,
    /// A comma that no letter follows.
    Comma,
    /// A dash that no letter follows.
    Dash,
    /// The end of the file.
    End,
}

/// A token: bytes `start..end` of the text, quotes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// From 1.
    pub line: u32,
}

impl Token {
    /// What stands there, without quotes.
    pub fn text(self, source: &str) -> &str {
        let text = &source[self.start..self.end];
        match self.kind {
            Kind::Text => text.trim_matches('"'),
            _ => text,
        }
    }

    /// Whether this is text whose quote ends with the line.
    pub fn is_unclosed(self, source: &str) -> bool {
        let text = &source.as_bytes()[self.start..self.end];
        self.kind == Kind::Text && (text.len() < 2 || !text.ends_with(b"\""))
    }
}

/// Hands out one token after the other. One may be put back.
pub(super) struct Lexer<'a> {
    source: &'a [u8],
    position: usize,
    line: u32,
    put_back: Option<Token>,
    /// The line of the first comment before the last token.
    pub comment: Option<u32>,
}

impl<'a> Lexer<'a> {
    pub fn new(source: &'a str) -> Self {
        Self { source: source.as_bytes(), position: 0, line: 1, put_back: None, comment: None }
    }

    pub fn next(&mut self) -> Token {
        if let Some(token) = self.put_back.take() {
            return token;
        }
        self.skip_blanks_and_comments();
        let (start, line) = (self.position, self.line);
        let kind = match self.peek() {
            None => return Token { kind: Kind::End, start, end: start, line: self.last_line() },
            Some(b'0'..=b'9') => self.number(),
            Some(b'"') => self.text(),
            Some(b',') if !self.letter_follows() => self.single(Kind::Comma),
            Some(b'-') if !self.letter_follows() => self.single(Kind::Dash),
            Some(_) => self.word(),
        };
        Token { kind, start, end: self.position, line }
    }

    pub fn put_back(&mut self, token: Token) {
        self.put_back = Some(token);
    }

    fn skip_blanks_and_comments(&mut self) {
        self.comment = None;
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                b'#' => {
                    self.comment = self.comment.or(Some(self.line));
                    self.skip_while(|byte| !matches!(byte, b'\n' | b'\r'));
                    continue;
                }
                _ => return,
            }
            self.position += 1;
        }
    }

    /// Digits and dots; `x` too, for the server only looks at the first two characters.
    fn number(&mut self) -> Kind {
        let hexadecimal = matches!(self.source[self.position..], [b'0', b'x' | b'X', ..]);
        self.skip_while(|byte| {
            byte.is_ascii_digit()
                || matches!(byte, b'.' | b'x' | b'X')
                || (hexadecimal && byte.is_ascii_hexdigit())
        });
        Kind::Number
    }

    /// There is no escape, and the end of the line ends the text too.
    fn text(&mut self) -> Kind {
        self.position += 1;
        self.skip_while(|byte| !matches!(byte, b'"' | b'\n' | b'\r'));
        self.position += usize::from(self.peek() == Some(b'"'));
        Kind::Text
    }

    fn word(&mut self) -> Kind {
        self.position += 1;
        self.skip_while(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'#'));
        Kind::Word
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.position += 1;
        kind
    }

    fn letter_follows(&self) -> bool {
        self.source.get(self.position + 1).is_some_and(u8::is_ascii_alphabetic)
    }

    fn skip_while(&mut self, fits: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&fits) {
            self.position += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    /// The line that the end of the file is on: a line feed ends a line and opens none.
    fn last_line(&self) -> u32 {
        match self.source.last() {
            Some(b'\n') => self.line.saturating_sub(1).max(1),
            _ => self.line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut lexer = Lexer::new(text);
        let mut found = Vec::new();
        loop {
            let token = lexer.next();
            if token.kind == Kind::End {
                break;
            }
            found.push(format!("{:?} {} {}", token.kind, token.line, token.text(text)));
        }
        assert_eq!(found.join("|"), expected, "{text:?}");
    }

    #[test]
    fn tokens_end_where_the_server_ends_them() {
        check("Section \"a b\"", "Word 1 Section|Text 1 a b");
        check("a#b\nc # d\r\ne", "Word 1 a|Word 2 c|Word 3 e");
        check("\"open\nnext", "Text 1 open|Word 2 next");
        check("\"open\r\nnext", "Text 1 open|Word 2 next");
        check("\"\"\"", "Text 1 |Text 1 ");
        check("\"", "Text 1 ");
        check("30-70", "Number 1 30|Dash 1 -|Number 1 70");
        check("-hsync ,a - ,", "Word 1 -hsync|Word 1 ,a|Dash 1 -|Comma 1 ,");
        check("0x1Fg 1e2 -1", "Number 1 0x1F|Word 1 g|Number 1 1|Word 1 e2|Dash 1 -|Number 1 1");
        check("a\"b\" c", "Word 1 a\"b\"|Word 1 c");
        check("# only", "");
    }
}
