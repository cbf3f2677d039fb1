//! Reports for people and for programs.

use std::{fmt::Write as _, ops::Range};

use super::{Finding, InputKind, Report, lines::Lines, steps};

/// The schema of [`Document`].
pub const SCHEMA: &str = "cosmos.lint/1";

/// All reports, for `--json`.
#[derive(Debug, serde::Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    files: Vec<FileReport<'a>>,
}

#[derive(Debug, serde::Serialize)]
struct FileReport<'a> {
    file: &'a str,
    kind: Option<InputKind>,
    findings: &'a [Finding],
}

impl<'a> Document<'a> {
    /// The reports of files, by their names.
    pub fn of(reports: impl IntoIterator<Item = (&'a str, &'a Report)>) -> Self {
        let file = |(file, report): (&'a str, &'a Report)| FileReport {
            file,
            kind: report.kind,
            findings: &report.findings,
        };
        Self { schema: SCHEMA, files: reports.into_iter().map(file).collect() }
    }
}

/// A report as compilers write theirs: the line, the place in it, what, why and what to do. Secrets are shown as
/// stars.
pub fn render(file: &str, text: &str, report: &Report) -> String {
    let lines = Lines::of(text);
    let mut written = String::new();
    for finding in &report.findings {
        let _ = writeln!(written, "{}[{}]: {}", finding.level, finding.rule.id(), finding.what);
        let _ = writeln!(written, "  --> {file}:{}:{}", finding.line, finding.column);
        written.push_str(&excerpt(text, &lines, finding, &report.hidden));
        let _ = writeln!(written, "   = why: {}", finding.why);
        let _ = writeln!(written, "   = fix: {}\n", finding.fix);
    }
    written
}

/// A text in which each secret is three stars.
pub fn redacted(text: &str, report: &Report) -> String {
    pieces(0..text.len(), &report.hidden).iter().map(|piece| piece.shown(text).unwrap_or(STARS)).collect()
}

/// The line around a finding, cut where it is long.
fn excerpt(text: &str, lines: &Lines<'_>, finding: &Finding, secrets: &[Range<usize>]) -> String {
    let line = lines.line(finding.span.start);
    let window = window(text, &line, finding.span.start);
    let pieces = pieces(window.clone(), secrets);
    let shown: Option<Vec<&str>> = pieces.iter().map(|piece| piece.shown(text)).collect();
    let Some(shown) = shown else { return String::new() };
    let shown = shown.concat();
    let shown = shown.trim_end_matches('\r');
    let [from, to] = [(finding.span.start, false), (finding.span.end, true)]
        .map(|(byte, whole)| column(text, &pieces, byte.clamp(window.start, window.end), whole));
    let [before, after] =
        [window.start > line.start, window.end < line.end].map(|cut| if cut { CUT } else { "" });
    let indent: String = before
        .chars()
        .chain(shown.chars().take(from))
        .map(|sign| if sign == '\t' { '\t' } else { ' ' })
        .collect();
    let marks = "^".repeat(to.saturating_sub(from).max(1));
    let number = finding.line.to_string();
    let gutter = " ".repeat(number.len());
    format!("{gutter} |\n{number} | {before}{shown}{after}\n{gutter} | {indent}{marks}\n")
}

/// The part of a line that is shown.
fn window(text: &str, line: &Range<usize>, at: usize) -> Range<usize> {
    let start = if line.len() <= LONGEST { line.start } else { at.saturating_sub(BEFORE).max(line.start) };
    let start = text.floor_char_boundary(start).max(line.start);
    start..text.floor_char_boundary(line.end.min(start + LONGEST))
}

/// A part of the text that is shown, or stars in its place.
struct Piece {
    place: Range<usize>,
    secret: bool,
}

impl Piece {
    fn shown<'a>(&self, text: &'a str) -> Option<&'a str> {
        if self.secret { Some(STARS) } else { text.get(self.place.clone()) }
    }
}

fn pieces(range: Range<usize>, secrets: &[Range<usize>]) -> Vec<Piece> {
    steps::add(range.len());
    let mut pieces = Vec::new();
    let mut at = range.start;
    let first = secrets.partition_point(|secret| secret.end <= range.start);
    for secret in secrets[first..].iter().take_while(|secret| secret.start < range.end) {
        let place = secret.start.max(range.start)..secret.end.min(range.end);
        pieces.push(Piece { place: at..place.start, secret: false });
        at = place.end;
        pieces.push(Piece { place, secret: true });
    }
    pieces.push(Piece { place: at..range.end, secret: false });
    pieces
}

/// How many characters are shown before a byte; with `whole`, those of a secret in which it lies included.
fn column(text: &str, pieces: &[Piece], byte: usize, whole: bool) -> usize {
    let before = pieces.iter().take_while(|piece| piece.place.start < byte);
    let width = |piece: &Piece| match piece.secret {
        true if whole || piece.place.end <= byte => STARS.len(),
        true => 0,
        false => text.get(piece.place.start..piece.place.end.min(byte)).unwrap_or_default().chars().count(),
    };
    before.map(width).sum()
}

const STARS: &str = "***";
const CUT: &str = "…";
/// In bytes: so much of a line is shown, and so much of that before the finding.
const LONGEST: usize = 240;
const BEFORE: usize = 80;
