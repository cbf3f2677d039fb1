//! What an X server says when it does not start, its cause, and what to do about it.
//!
//! The last words of Xorg are almost always `no screens found`. What led there stands above, between errors that
//! harm nobody. A table of known lines tells them apart.

mod table;

use table::{Known, TABLE};

/// A known failure that was found in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A short name for programs.
    pub id: &'static str,
    /// The line that tells of it, without its time.
    pub line: String,
    /// What happened.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Finding {
    /// Cause and remedy on lines of their own, to stand below the words of the server.
    pub(crate) fn explained(&self) -> String {
        format!("\n  cause: {}\n  remedy: {}", self.cause, self.remedy)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, cause, remedy, .. } = self;
        write!(f, "{line}\ncause: {cause}\nremedy: {remedy}")
    }
}

/// The known failures in a log of Xorg, in what it printed on standard error, or in both together: each once, the
/// nearest to the cause first. What only follows from another one is left out.
pub fn findings(log: &str) -> Vec<Finding> {
    let lines: Vec<&str> = log.lines().filter(|line| is_of_interest(line)).collect();
    let found = TABLE.iter().filter_map(|known| {
        let line = lines.iter().find(|line| known.is_in(line))?;
        Some((
            known,
            Finding { id: known.id, line: stripped(line), cause: known.cause, remedy: known.remedy },
        ))
    });
    let (roots, ends): (Vec<_>, Vec<_>) = found.partition(|(known, _)| known.is_root);
    let told = if roots.is_empty() { ends.into_iter().take(1).collect() } else { roots };
    told.into_iter().map(|(_, finding)| finding).collect()
}

impl Known {
    fn is_in(&self, line: &str) -> bool {
        self.parts.iter().all(|part| line.contains(part))
    }
}

/// Neither a report that all is well, nor the legend of the marks, nor a remark.
fn is_of_interest(line: &str) -> bool {
    let fine = ["(II)", "(**)", "(==)", "(--)", "(++)", "(WW) warning"];
    !line.starts_with('#') && !fine.iter().any(|mark| line.contains(mark))
}

/// Without the time in front, the marks, and what could write to a terminal.
fn stripped(line: &str) -> String {
    let text = match line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((time, text)) if time.trim().parse::<f64>().is_ok() => text,
        _ => line,
    };
    let text = text.replace("(EE)", "");
    text.trim().chars().filter(|sign| !sign.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_its_time_and_marks_and_nothing_else() {
        for (line, text) in [
            ("[   12.000] (EE) no screens found(EE) ", "no screens found"),
            ("(EE) NVIDIA(0): x [y]", "NVIDIA(0): x [y]"),
            ("[x] y", "[x] y"),
            ("\u{1b}[2J\ty", "[2Jy"),
        ] {
            assert_eq!(stripped(line), text);
        }
    }

    #[test]
    fn ids_are_unique_and_sentences_are_whole() {
        for (at, known) in TABLE.iter().enumerate() {
            assert!(TABLE[..at].iter().all(|other| other.id != known.id), "{} stands twice", known.id);
            for text in [known.cause, known.remedy] {
                assert!(
                    text.len() > 15 && !text.ends_with('.') && !text.contains('\n'),
                    "{}: {text}",
                    known.id
                );
            }
            let length: usize = known.parts.iter().map(|part| part.len()).sum();
            assert!(length > 10, "{} would be found everywhere", known.id);
        }
    }
}
