//! Lines and columns of a text.

use std::ops::Range;

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

    /// The line and the column, in characters, of a byte; both from 1.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let before = self.text.get(self.starts[line - 1]..byte).unwrap_or_default();
        (line, before.chars().count() + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_lines_and_columns() {
        let lines = Lines::of("ab\nä=x\n\nend");
        for (byte, position) in
            [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 2)), (8, (3, 1)), (9, (4, 1)), (12, (4, 4))]
        {
            assert_eq!(lines.position(byte), position, "{byte}");
        }
        assert_eq!(lines.line(5), 3..7);
        assert_eq!(lines.whole(&(3..5)), 3..8);
        assert_eq!(lines.whole(&(9..12)), 9..12);
    }
}
