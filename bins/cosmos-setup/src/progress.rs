//! What people read while a machine is set up.

use std::io::{self, IsTerminal, Write};

use cosmos_host::setup::{Progress, Step};

/// A bar on a terminal, plain lines elsewhere; on standard error, so that standard output is the answer alone.
pub struct Bar {
    terminal: bool,
    at: String,
}

impl Bar {
    /// For standard error.
    pub fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), at: String::new() }
    }

    /// Takes in what happened.
    pub fn tell(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Step { number, of, step } => {
                self.at = format!("{} {number}/{of} {}", gauge(number, of), step.title);
                self.show("");
            }
            Progress::Line(line) if self.terminal => self.show(line),
            Progress::Done(step) => self.line(&format!("done      {}", named(step))),
            Progress::InForce(step) => self.line(&format!("in force  {}", named(step))),
            Progress::Undone(step) => self.line(&format!("undone    {step}")),
            Progress::Made(_) | Progress::Line(_) => {}
        }
    }

    /// A terminal that is gone is no reason to stop.
    fn line(&self, text: &str) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        let _ = writeln!(io::stderr().lock(), "{clear}{text}");
    }

    fn show(&self, line: &str) {
        if self.terminal {
            let words = format!("{} {line}", self.at);
            let text: String = words.chars().filter(|sign| !sign.is_control()).take(WIDTH).collect();
            let _ = write!(io::stderr().lock(), "\r\x1b[K{text}");
            let _ = io::stderr().flush();
        }
    }
}

fn named(step: &Step) -> String {
    format!("{:<13} {}", step.id, step.title)
}

fn gauge(number: usize, of: usize) -> String {
    let full = (number - 1) * PLACES / of.max(1);
    format!("[{}{}]", "#".repeat(full), "-".repeat(PLACES - full))
}

const PLACES: usize = 20;
/// A line that is longer than the terminal would not be overwritten.
const WIDTH: usize = 79;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauge_fills() {
        assert_eq!(gauge(1, 4), "[--------------------]");
        assert_eq!(gauge(3, 4), "[##########----------]");
        assert_eq!(gauge(4, 4), "[###############-----]");
    }
}
