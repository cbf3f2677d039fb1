//! A long text in parts, so that it never stands in the way of anything else on its channel for long.

/// The most bytes of a text that travel in one message.
pub const PART: usize = 16 * 1024;

/// The longest text that is taken, in bytes.
pub const MAX_CLIPBOARD: usize = 16 * 1024 * 1024;

/// The parts in which `text` travels. An empty text has none.
pub fn parts(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().chunks(PART)
}

/// Puts the parts of a text together again.
#[derive(Debug, Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    /// Bytes of the whole text; `None` when none is being received.
    total: Option<usize>,
}

impl Assembler {
    /// A text of `total` bytes begins; what was incomplete is forgotten. Returns the text when it is empty, and so
    /// already complete. A text longer than [`MAX_CLIPBOARD`] is passed over.
    pub fn begin(&mut self, total: u32) -> Option<String> {
        self.bytes = Vec::new();
        self.total = Some(total as usize).filter(|total| *total <= MAX_CLIPBOARD);
        self.finish()
    }

    /// The next bytes. Returns the text when it is complete; one that is not UTF-8 or longer than it said is dropped.
    pub fn part(&mut self, bytes: &[u8]) -> Option<String> {
        let total = self.total?;
        if self.bytes.len() + bytes.len() > total {
            self.total = None;
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        self.finish()
    }

    fn finish(&mut self) -> Option<String> {
        if self.total? != self.bytes.len() {
            return None;
        }
        self.total = None;
        String::from_utf8(std::mem::take(&mut self.bytes)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(total: u32, parts: &[&[u8]]) -> Option<String> {
        let mut assembler = Assembler::default();
        let whole = assembler.begin(total);
        parts.iter().fold(whole, |whole, part| assembler.part(part).or(whole))
    }

    #[test]
    fn what_was_cut_comes_together() {
        let text = "漢é".repeat(20_000);
        let cut: Vec<_> = parts(&text).collect();
        assert!(cut.len() > 1 && cut.iter().all(|part| part.len() <= PART));
        assert_eq!(assemble(text.len() as u32, &cut), Some(text.clone()));
        assert_eq!(assemble(0, &[]), Some(String::new()));
    }

    #[test]
    fn what_does_not_fit_is_dropped() {
        assert_eq!(assemble(3, &[b"abcd"]), None);
        assert_eq!(assemble(3, &[b"ab"]), None);
        assert_eq!(assemble(2, &[b"\xff\xfe"]), None);
        assert_eq!(assemble(u32::MAX, &[b"a"]), None);
    }

    #[test]
    fn a_new_text_replaces_an_unfinished_one() {
        let mut assembler = Assembler::default();
        assembler.begin(10);
        assembler.part(b"abc");
        assembler.begin(2);
        assert_eq!(assembler.part(b"ok").as_deref(), Some("ok"));
        assert_eq!(assembler.part(b"more"), None);
    }
}
