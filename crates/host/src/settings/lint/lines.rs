//! Lines and columns of a text.

use std::ops::Range;

use super::steps;

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// Positions from the beginning on.
    pub const fn walk(&self) -> Walk<'_> {
        Walk { lines: self, at: 0, column: 1 }
    }

    /// The bytes of the line of a byte, without its end.
    pub fn line(&self, byte: usize) -> Range<usize> {
        let at = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[at - 1];
        let end = self.starts.get(at).map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }

    /// The bytes of whole lines, ends included, from the line of the first byte to that of the last one.
    pub fn whole(&self, span: &Range<usize>) -> Range<usize> {
        let last = span.end.saturating_sub(1).max(span.start);
        let end = self.line(last).end;
        self.line(span.start).start..(end + 1).min(self.text.len())
    }
}

/// Finds the positions of bytes in the order of the text, so that each character is counted once.
pub(super) struct Walk<'a> {
    lines: &'a Lines<'a>,
    at: usize,
    column: usize,
}

impl Walk<'_> {
    /// The line and the column, in characters, of a byte; both from 1.
    pub fn position(&mut self, byte: usize) -> (usize, usize) {
        let line = self.lines.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.lines.starts[line - 1];
        if self.at < start || byte < self.at {
            (self.at, self.column) = (start, 1);
        }
        let passed = self.lines.text.get(self.at..byte).unwrap_or_default();
        steps::add(passed.len());
        self.column += passed.chars().count();
        self.at = byte;
        (line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_lines_and_columns() {
        let lines = Lines::of("ab\nä=x\n\nend");
        let mut walk = lines.walk();
        for (byte, position) in
            [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 2)), (8, (3, 1)), (9, (4, 1)), (12, (4, 4))]
        {
            assert_eq!(lines.walk().position(byte), position, "{byte}");
            assert_eq!(walk.position(byte), position, "{byte} after others");
        }
        assert_eq!(lines.line(5), 3..7);
        assert_eq!(lines.whole(&(3..5)), 3..8);
        assert_eq!(lines.whole(&(9..12)), 9..12);
    }
}
